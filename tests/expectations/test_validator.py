"""What is logged, what blocks data, and how that reads."""

import logging
import pickle

import pandas as pd
import pytest
from kit import ops

from .expectations_project import GOOD

results, Finding = ops("expectations.validator"), ops("core.findings").Finding


def result(level, passed=False):
    place = "cars.yml, line 2"
    return Finding("expect_a failed", "cars", place, level=level, passed=passed)


def test_only_a_critical_failure_blocks_data():
    results.raise_for([result("warning"), result("note")])
    results.raise_for([result("error", passed=True)])
    results.raise_for([])

    with pytest.raises(results.FailedChecks) as caught:
        results.raise_for([result("warning"), *[result("error")] * 2], "Sorry: ")
    line = "\n  cars: expect_a failed [cars.yml, line 2]"
    assert str(caught.value) == f"Sorry: 2 checks failed.{line}{line}"


def test_only_a_warning_is_logged(caplog):
    with caplog.at_level(logging.INFO):
        results.report(
            [result("warning"), result("error"), result("warning", passed=True)]
        )

    assert caplog.messages == ["cars: expect_a failed [cars.yml, line 2]"]


@pytest.mark.parametrize(
    ("mode", "text"),
    [
        ("save", "'cars' is not saved: bad"),
        ("load", "'cars' is not loaded: bad"),
        (None, "bad"),
    ],
)
def test_the_error_names_the_dataset_also_after_its_way_from_a_worker(mode, text):
    failed = results.FailedChecks("bad")
    failed.dataset_name, failed.mode = "cars", mode

    for each in (failed, pickle.loads(pickle.dumps(failed))):
        assert each.format_message() == str(each) == text
        assert each.exit_code == 1


def test_without_the_hook_there_is_no_suite_to_check():
    with pytest.raises(results.FailedChecks, match="Add Expectations"):
        results.SuiteValidator("cars", "cars").validate(GOOD)


def test_the_data_themselves_are_passed_on():
    suite = results.SuiteValidator("cars", "cars")
    text = "expectations: [{type: expect_column_to_exist, kwargs: {column: id}}]"
    suite.__dict__["_suite"] = ops("expectations.suites").parsed(
        "cars", text, "cars.yml"
    )
    table = pd.DataFrame({"id": [1]})

    assert suite.validate(table) is table

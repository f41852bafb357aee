"""Results: what is logged, what blocks data, and how that reads."""

import logging
import pickle

import pytest
from kit import ops

suites, results = ops("expectations.suites"), ops("expectations.results")


def result(severity, passed=False, message="expect_a failed"):
    expectation = suites.Expectation("expect_a", {}, severity, "cars.yml, line 2")
    return results.Result("cars", expectation, passed, message)


def test_only_a_critical_failure_blocks_data():
    results.raise_for([result("warning"), result("info")])
    results.raise_for([result("critical", passed=True)])
    results.raise_for([])

    with pytest.raises(results.FailedChecks) as caught:
        results.raise_for([result("warning"), *[result("critical")] * 2], "Sorry: ")
    line = "\n  cars: expect_a failed [cars.yml, line 2]"
    assert str(caught.value) == f"Sorry: 2 checks failed.{line}{line}"


def test_only_a_warning_is_logged(caplog):
    with caplog.at_level(logging.INFO):
        results.report(
            [result("warning"), result("critical"), result("warning", passed=True)]
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

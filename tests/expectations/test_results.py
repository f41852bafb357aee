"""Verdicts: what is logged, what refuses, and how that reads."""

import logging
import pickle

import pytest
from kit import ops

suites, verdicts = ops("expectations.suites"), ops("expectations.results")


def verdict(severity, passed=False, message="expect_a fails"):
    expectation = suites.Expectation("expect_a", {}, severity, "cars.yml, line 2")
    return verdicts.Verdict("cars", expectation, passed, message)


def test_only_what_is_critical_refuses():
    assert verdicts.refusal([verdict("warning"), verdict("info")]) is None
    assert verdicts.refusal([verdict("critical", passed=True)]) is None
    assert verdicts.refusal([]) is None

    refused = verdicts.refusal([verdict("warning"), verdict("critical")])
    assert str(refused) == (
        "the data are not as expected.\n  cars: expect_a fails [cars.yml, line 2]"
    )


def test_what_does_not_refuse_is_logged(caplog):
    with caplog.at_level(logging.INFO):
        verdicts.report(
            [verdict("warning"), verdict("critical"), verdict("warning", passed=True)]
        )

    assert caplog.messages == ["cars: expect_a fails [cars.yml, line 2]"]


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("save", "'cars' is not saved: bad"),
        ("load", "'cars' is not used: bad"),
        (None, "bad"),
    ],
)
def test_a_refusal_says_what_is_not_done_and_survives_the_way_from_a_worker(mode, said):
    refused = verdicts.Refused("bad")
    refused.dataset_name, refused.mode = "cars", mode

    for each in (refused, pickle.loads(pickle.dumps(refused))):
        assert each.format_message() == str(each) == said
        assert each.exit_code == 1

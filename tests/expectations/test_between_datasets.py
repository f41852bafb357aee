"""Expectations about several datasets."""

import pandas as pd
import pytest
from kit import ops

across, suites = ops("expectations.between_datasets"), ops("expectations.suites")
OpsError = ops("core.errors").OpsError

DATA = {
    "all": pd.DataFrame({"id": [1, 2, 3, None], "kind": ["a", "a", "b", "b"]}),
    "train": pd.DataFrame({"id": [1, 2], "kind": ["a", "a"]}),
    "test": pd.DataFrame({"id": [3, 7], "kind": ["b", "b"]}),
    "parts": {"x": pd.DataFrame({"id": [1]}), "y": lambda: pd.DataFrame({"id": [2]})},
}
ROWS = {"type": "expect_row_counts_to_add_up"}
KEYS = {"type": "expect_keys_to_be_contained"}


def suite(kind, **kwargs):
    each = suites.Expectation(kind["type"], kwargs, "critical", "x.yml, line 2")
    return suites.Suite("x", "x.yml", (each,), True)


def check(kind, **kwargs):
    [verdict] = across.check(suite(kind, **kwargs), DATA.__getitem__)
    return verdict.passed, verdict.message


def test_rows_add_up_or_do_not():
    assert check(ROWS, dataset="all", parts=["train", "test"]) == (
        True,
        "expect_row_counts_to_add_up holds",
    )
    assert check(ROWS, dataset="all", parts=["train"]) == (
        False,
        "expect_row_counts_to_add_up fails: 4 rows are not 2 (train)",
    )
    assert check(ROWS, dataset="train", parts=["parts"])[0]


def test_keys_are_contained_or_are_not():
    assert check(KEYS, dataset="train", columns=["id"], other="all")[0]
    assert check(KEYS, dataset="all", columns=["kind"], other="all")[0]
    assert check(KEYS, dataset="test", columns=["id"], other="all") == (
        False,
        "expect_keys_to_be_contained fails: 1 keys (id) are not in all, such as 7",
    )
    passed, said = check(KEYS, dataset="test", columns=["id", "kind"], other="train")
    assert not passed
    assert "2 keys (id, kind) are not in train, such as (3, 'b'), (7, 'b')" in said


def test_a_key_that_is_missing_refers_to_nothing():
    assert check(KEYS, dataset="all", columns=["id"], other="all")[0]


def test_a_column_that_is_not_there_is_an_error():
    with pytest.raises(OpsError, match="no column 'kind'"):
        check(KEYS, dataset="train", columns=["kind"], other="parts")


@pytest.mark.parametrize(
    ("kind", "kwargs", "message"),
    [
        ({"type": "expect_more"}, {}, "'expect_more' is not about several datasets"),
        (ROWS, {"dataset": "all"}, "are dataset \\(a name\\), parts \\(a list\\)"),
        (ROWS, {"dataset": "all", "parts": "train"}, "parts \\(a list\\)"),
        (KEYS, {"dataset": "all", "columns": ["id"]}, "other \\(a name\\)"),
        (KEYS, {"dataset": "a", "columns": [], "other": "b", "c": 1}, "columns"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(kind, kwargs, message):
    for ask in (across.check_written, across.datasets):
        with pytest.raises(OpsError, match=f"x.yml, line 2: .*{message}"):
            ask(suite(kind, **kwargs))


def test_the_datasets_of_a_suite_are_known():
    assert across.datasets(suite(ROWS, dataset="a", parts=["b", "c"])) == set("abc")
    assert across.datasets(suite(KEYS, dataset="a", columns=["x"], other="b")) == set(
        "ab"
    )

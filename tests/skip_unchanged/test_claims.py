"""Runs at the same time know of each other."""

import pytest
from kit import ops


@pytest.fixture(params=["local", "memory"])
def mark(request, tmp_path):
    url = str(tmp_path) if request.param == "local" else f"memory://m-{tmp_path.name}"
    return lambda: ops("skip_unchanged.claims").RunMark(url, {})


def begun(mark, *places):
    mark.begin(places)
    return mark


def test_a_run_of_its_own_is_alone(mark):
    assert begun(mark(), "a").alone_at(["a"])


def test_before_it_begins_nothing_is_known(mark):
    assert not mark().alone_at(["a"])


def test_another_run_counts_where_both_write(mark):
    one, other = begun(mark(), "a", "b"), begun(mark(), "b", "c")

    assert not one.alone_at(["b"]) and not other.alone_at(["b"])
    assert one.alone_at(["a"]) and other.alone_at(["c"])


def test_a_run_that_was_over_before_does_not_count(mark):
    begun(mark(), "a").end()

    assert begun(mark(), "a").alone_at(["a"])


def test_a_run_that_does_not_say_where_it_writes_counts_everywhere(mark):
    one = begun(mark(), "a")
    begun(mark(), "*")

    assert not one.alone_at(["a"])


def test_a_run_that_was_killed_does_not_count(mark, monkeypatch):
    begun(mark(), "a")
    monkeypatch.setattr(ops("skip_unchanged.claims"), "_is_gone", lambda mark: True)

    assert begun(mark(), "a").alone_at(["a"])

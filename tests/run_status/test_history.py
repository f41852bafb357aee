"""The history: the runs in a store."""

import calendar
import time

import pytest
from kit import ops

from .test_replay import ENDED, WHOLE, main, text

module = ops("run_status.history")
OpsError = ops("core.errors").OpsError


@pytest.fixture
def history(tmp_path):
    store = ops("core.store").Store(str(tmp_path))
    for age, key in enumerate(["2026-c", "2026-b", "2025-a"]):
        store.write(f"{key}/2026010{9 - age}T000000-vm-1.jsonl", text(main(ENDED)))
    return module.History(store)


def outdated(history, keep, days):
    return history.outdated(module.all_files(history.store), keep, days, "new")


def test_the_last_run_comes_first(history):
    assert [run.started for run in history] == [100] * 3
    assert history.find("last") == "2026-c"
    assert len(list(history.without({"2026-c"}))) == 2


def test_a_run_is_found_by_the_start_or_the_end_of_its_key(history):
    assert history.find("a") == "2025-a"
    assert history.find("2025") == "2025-a"
    assert history.find("2026-b") == "2026-b"


@pytest.mark.parametrize(
    "name, said", [("2026", "matches 2 runs"), ("x", "Run 'x' does not exist")]
)
def test_else_it_is_refused(history, name, said):
    with pytest.raises(OpsError, match=said):
        history.find(name)


def test_without_runs_it_says_how_to_make_one(tmp_path):
    empty = module.History(ops("core.store").Store(str(tmp_path)))

    with pytest.raises(OpsError, match="kedro run"):
        empty.find("last")


def test_the_oldest_are_forgotten_but_not_what_goes_on(history):
    history.store.write("2025-a/vm-1.jsonl", text(main(at=time.time())))
    assert outdated(history, 2, 0) == ["2026-b"]


@pytest.mark.parametrize("keep, old", [(1, 3), (2, 2), (3, 1), (4, 0), (50, 0)])
def test_so_many_are_kept_with_the_current_one(history, keep, old):
    assert len(outdated(history, keep, 0)) == old


@pytest.mark.parametrize("days, old", [(0, 2), (2.5, 1), (3.5, 0)])
def test_runs_of_the_last_days_are_kept(history, monkeypatch, days, old):
    now = calendar.timegm((2026, 1, 10, 0, 0, 0))  # the last run started a day before
    monkeypatch.setattr(module.time, "time", lambda: now)

    assert len(outdated(history, 2, days)) == old


def test_what_was_never_told_is_left_out(history):
    history.store.write("x/vm-1.jsonl", b"")

    assert len(list(history)) == 3


def test_a_run_may_take_as_long_as_the_last_one_of_the_same_nodes(history):
    history.store.write("2026-d/vm-1.jsonl", text(main(*WHOLE, ENDED)))
    run = next(iter(history))

    assert history.expected_seconds("new", {"clean"}) == run.ended - run.started
    assert history.expected_seconds("2026-d", {"clean"}) is None  # none did that
    assert history.expected_seconds("new", {"another"}) is None

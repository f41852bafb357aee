"""What is known of a run by whoever tells its end."""

import json

import pytest
from kit import ops

from .told_runs import START, failed, good

module = ops("notifications.run_marks")
State = ops("run_status.model").State
Mark = module.Mark


def marks(*all_, failed=()):
    return module.Marks(list(all_), list(failed))


def test_marks_are_read_from_the_journals_of_a_run(tmp_path):
    store = ops("run_status.run_store").RunStore(str(tmp_path))
    mark = Mark(shared=True, last_try=False, parameters={"a": "0123"})
    first = {"at": 1.0, "event": module.EVENT, **mark.as_event(), "new": 1}
    second = {"at": 2.0, "event": "run_failed", "message": "notifications"}
    store.put("r1/a.jsonl", f"{json.dumps(first)}\n{json.dumps(second)}\n".encode())
    store.put("r1/b.jsonl", b'{"at": 3.0, "event": "run_failed"}\n')

    found = module.Marks.of(store, "r1", own=Mark())

    assert (found.all, found.failed) == ([mark], [mark, Mark()])
    assert found.are_shared
    assert found.parameters == {"a": "0123"}
    assert module.Marks.of(store, "r1").failed == [mark]


def test_a_run_without_marks_is_not_watched(tmp_path):
    store = ops("run_status.run_store").RunStore(str(tmp_path))
    found = module.Marks.of(store, "r1")

    assert (found.are_watched, found.are_shared, found.parameters) == (False, False, {})
    assert module.Marks.of(store, "r1", Mark()).are_watched


def test_a_run_of_one_process_is_over_when_it_has_ended():
    alone = marks(Mark())
    assert alone.is_over(good("r1"), START)
    assert alone.is_over(failed("r1"), START)
    assert alone.is_over(good("r1", state=State.INTERRUPTED), START)
    assert not alone.is_over(good("r1", state=State.RUNNING), START)


def test_a_run_of_many_is_over_when_all_nodes_are_done():
    run = good("r1")
    shared = marks(Mark(shared=True))
    assert shared.is_over(run, START)

    run.nodes["fit"].state = State.NOT_SELECTED
    assert not shared.is_over(run, START)
    assert marks(Mark()).is_over(run, START)


def test_a_run_of_many_fails_with_the_last_try():
    first, last = Mark(shared=True, last_try=False), Mark(shared=True)
    assert not marks(first, failed=[first]).is_over(failed("r1"), START)
    assert marks(first, last, failed=[first, last]).is_over(failed("r1"), START)


def test_a_run_of_many_that_was_killed_may_be_started_again():
    run = good("r1", state=State.INTERRUPTED)
    shared = marks(Mark(shared=True))
    assert not shared.is_over(run, run.last_news + 60)
    assert shared.is_over(run, run.last_news + 3600)


@pytest.mark.parametrize(
    ("retries", "number", "last"),
    [(0, "1", True), (2, "2", False), (2, "3", True), (2, "", True)],
)
def test_airflow_says_which_try_it_is(retries, number, last):
    environ = {"AIRFLOW_CTX_TRY_NUMBER": number}
    assert module.is_last_try(retries, environ) is last


def test_a_changed_parameter_is_seen_and_no_value():
    given = {"model": {"depth": 3, "columns": ["a"]}, "api_token": "hunter2", "e": {}}
    before = module.stand_ins(given)
    given["model"]["depth"], given["api_token"] = 4, "hunter3"
    after = module.stand_ins(given)

    changed = {name for name in before if before[name] != after[name]}
    assert before.keys() == {"model.depth", "model.columns", "api_token", "e"}
    assert changed == {"model.depth"}  # of a secret nothing is kept
    assert module.stand_ins({}) == {}

"""What notifications keep of runs."""

import json

import pytest
from kit import ops

from .notification_samples import START, failed, record_runs, succeeded

module = ops("notifications.record")
State = ops("run_status.model").State
Attempt = module.Attempt


@pytest.fixture
def store(tmp_path):
    return ops("run_status.journal").RunStore(str(tmp_path))


def test_attempts_are_read_from_the_journals_of_a_run(store):
    entry = {"shared": True, "last_try": False, "parameters": {"a": "0123"}}
    first = {"at": 1.0, "event": module.EVENT, **entry, "new": 1}
    second = {"at": 2.0, "event": "run_failed", "message": "notifications"}
    third = {"at": 3.0, "event": module.EVENT, "notify": False}
    store.put("r1/a.jsonl", f"{json.dumps(first)}\n{json.dumps(second)}\n".encode())
    store.put("r1/b.jsonl", f"{json.dumps(third)}\n".encode())

    assert module.read_attempts(store, "r1") == [
        Attempt(**entry, failed=True),
        Attempt(notify=False),
    ]
    assert module.read_attempts(store, "r2") == []


def finished(run, *attempts, now=START):
    return module.is_finished(run, list(attempts), now)


def test_a_run_of_one_process_is_finished_when_it_has_ended():
    assert finished(succeeded("r1"), Attempt())
    assert finished(failed("r1"), Attempt())
    assert finished(succeeded("r1", state=State.INTERRUPTED), Attempt())
    assert not finished(succeeded("r1", state=State.RUNNING), Attempt())


def test_a_shared_run_is_finished_when_all_nodes_are_done():
    run, shared = succeeded("r1"), Attempt(shared=True)
    assert finished(run, shared)

    run.nodes["fit"].state = State.NOT_SELECTED
    assert not finished(run, shared)
    assert finished(run, Attempt())


def test_a_shared_run_fails_with_the_last_try():
    first = Attempt(shared=True, last_try=False, failed=True)
    last = Attempt(shared=True, failed=True)
    assert not finished(failed("r1"), first)
    assert finished(failed("r1"), first, last)


def test_a_shared_run_that_was_killed_may_be_started_again():
    run, shared = succeeded("r1", state=State.INTERRUPTED), Attempt(shared=True)
    assert not finished(run, shared, now=run.last_news + 60)
    assert finished(run, shared, now=run.last_news + 3600)


@pytest.mark.parametrize(
    ("retries", "number", "last"),
    [(0, "1", True), (2, "2", False), (2, "3", True), (2, "", True)],
)
def test_airflow_says_which_try_it_is(retries, number, last):
    environ = {"AIRFLOW_CTX_TRY_NUMBER": number}
    assert module.is_last_try(retries, environ) is last


def test_a_changed_parameter_is_seen_without_its_value():
    given = {"model": {"depth": 3, "columns": ["a"]}, "api_token": "hunter2", "e": {}}
    before = module.hash_parameters(given)
    given["model"]["depth"], given["api_token"] = 4, "hunter3"
    after = module.hash_parameters(given)

    changed = {name for name in before if before[name] != after[name]}
    assert before.keys() == {"model.depth", "model.columns", "api_token", "e"}
    assert changed == {"model.depth"}  # of a secret nothing is kept
    assert module.hash_parameters({}) == {}


def test_one_of_many_writes_the_record(store):
    run = succeeded("r1")
    store.put("r1/vm-1.jsonl", b"")

    written = [module.RunRecord.from_run(run, []).write_once(store) for _ in range(3)]

    assert written == [True, False, False]


def previous(store, run=None):
    return module.PreviousRuns.read(store, run or succeeded("r9"))


def test_only_runs_of_the_same_pipelines_branch_and_environment_are_previous(store):
    others = succeeded("r1", branch="main"), succeeded("r3", env="prod")
    record_runs(store, others[0], succeeded("r2"), others[1])

    assert [record.key for record in previous(store).records] == ["r2"]


def test_what_is_damaged_or_of_another_version_is_left_out(store):
    record_runs(store, succeeded("r1"))
    store.put("r2/notified.json", b'{"format": 2, "key"')
    store.put("r3/notified.json", b'{"format": 3, "key": "r3"}')
    store.put("r4/notified.json", b'{"format": 2, "new": "r3"}')

    assert [record.key for record in previous(store).records] == ["r1"]


def test_bad_runs_are_counted_since_the_last_good_one_of_all_nodes(store):
    part = succeeded("r5")
    part.nodes["fit"].state = State.NOT_SELECTED
    record_runs(store, failed("r0"), succeeded("r1"), failed("r2"), failed("r3"), part)

    assert [record.key for record in previous(store).bad()] == ["r3", "r2"]
    assert previous(store).last_good().key == "r1"


def test_what_a_bad_run_left_is_left_until_it_is_done(store):
    record_runs(store, failed("r1"))
    assert previous(store).left() == {"fit", "score"}

    part = succeeded("r2")
    part.nodes["score"].state = State.NOT_SELECTED
    record_runs(store, part)
    assert previous(store).left() == {"score"}

    record_runs(store, succeeded("r3"))
    assert previous(store).left() == set()
    assert previous(store, succeeded("r9", branch="new")).left() == set()

"""The timeline: journals folded into a run, however damaged they are."""

import json
import time
from uuid import uuid4

import pytest
from kit import ops

from .test_session import START, WHOLE

module = ops("run_status.replay")
Store = ops("core.store").Store
State = ops("run_status.model").State
identity = ops("core.process").identity

PROCESS = {
    "event": "process",
    "key": "key",
    "run_id": "run",
    "joined": "",
    **identity(),
}


def events(*told, first=None, at=100):
    told = [(each[0], each[1] if len(each) > 1 else {}) for each in told]
    found = [{"at": at, **(first or PROCESS)}]
    return found + [{"at": at, "event": event, **fields} for event, fields in told]


def main(*told, at=100, **start):
    one, *rest = events(*told, at=at)
    return [one, {"at": at, **START, **start}, *rest]


ENDED = ("run_ended", {"state": "succeeded"})


def text(found):
    return b"".join(json.dumps(each).encode() + b"\n" for each in found)


@pytest.fixture
def store(tmp_path):
    return Store(str(tmp_path))


def test_events_of_all_processes_count(store):
    worker = events(*WHOLE, first=PROCESS | {"joined": "main.jsonl"})
    run = fold({"a-worker": worker, "main": main()}, now=101)

    assert run.nodes["clean"].state == State.SUCCEEDED
    assert (run.key, run.run_id, run.branch) == ("key", "run", "dev")
    assert run.state == State.RUNNING


def test_nothing_at_all_is_a_run_that_has_not_started(store):
    run = module.read(store, "key")

    assert (run.key, run.started, run.nodes) == ("key", None, {})


@pytest.mark.parametrize("size", range(0, 900, 37))
def test_a_journal_that_was_cut_off_anywhere_can_be_read(store, size):
    store.write("key/vm-1.jsonl", text(main(*WHOLE))[:size])

    module.read(store, "key")


def test_damaged_lines_cost_no_others(store):
    lines = text(main(*WHOLE)).splitlines()
    rubbish = [b"", b"{", b"[]", b'{"event": "x"}', b'{"at": "now"}', b"\xff\xfe", b"7"]
    mixed = [line for line in lines for line in (*rubbish, line)]
    store.write("key/vm-1.jsonl", b"\n".join(mixed) + b"\n")

    assert module.read(store, "key").nodes["clean"].state == State.SUCCEEDED


def test_a_follower_reads_what_has_come(store):
    follower = module.Follower(store, "key")
    whole = text(main(*WHOLE, ENDED))
    seen = []
    for size in range(0, len(whole) + 1, 10):
        store.write("key/vm-1.jsonl", whole[:size])
        seen.append(follower.run())
    store.write("key/vm-1.jsonl", whole)
    last = follower.run()

    assert seen[0].started is None
    assert last.state == State.SUCCEEDED
    assert last.nodes["clean"].state == State.SUCCEEDED
    assert last == module.read(store, "key")


def test_who_is_alone_does_not_look_for_others(monkeypatch):
    where = Store(f"memory://{uuid4().hex}")
    own = ops("core.store").OwnFile(where, "key")
    own.append(text(main(*WHOLE)))
    monkeypatch.delattr(Store, "files")

    assert module.Follower(where, "key", own, alone=True).run().started == 100


def fold(files, now):
    """The run that the journals of these processes tell."""
    where = Store(f"memory://{uuid4().hex}")
    for name, found in files.items():
        where.write(f"key/{name}.jsonl", text(found))
    return module.read(where, "key", now)


def session(*names, at, **states):
    """A session that ran some nodes, which ended in some states."""
    nodes = [{**each, "selected": each["name"] in names} for each in START["nodes"]]
    told = []
    for name, state in states.items():
        told.append(("node_started", {"node": name}))
        if state == "succeeded":
            told.append(("node_computed", {"node": name}))
            told.append(("node_completed", {"node": name}))
        else:
            told.append(("node_failed", {"node": name, "message": "no"}))
    failed = "failed" in states.values()
    told += [("run_failed", {"message": "no"})] if failed else []
    told.append(("run_ended", {"state": "failed" if failed else "succeeded"}))
    return main(*told, at=at, nodes=nodes, pipelines=[f"at {at}"])


def test_sessions_with_one_key_are_one_run():
    files = {
        "one": session("clean", at=100, clean="succeeded"),
        "two": session("quiet", at=200, quiet="succeeded"),
    }
    run = fold(files, now=300)

    assert run.state == State.SUCCEEDED
    assert (run.started, run.ended) == (100, 200)
    assert run.nodes["clean"].state == run.nodes["quiet"].state == State.SUCCEEDED
    assert run.nodes["parts"].state == State.NOT_SELECTED
    assert run.pipelines == ["at 100", "at 200"]


def test_one_that_failed_fails_the_run_until_it_is_made_good():
    files = {
        "one": session("clean", at=100, clean="failed"),
        "two": session("quiet", at=200, quiet="succeeded"),
    }
    assert fold(files, now=300).state == State.FAILED

    files["three"] = session("clean", at=250, clean="succeeded")
    run = fold(files, now=300)
    assert run.state == State.SUCCEEDED
    assert run.failure is None
    assert run.nodes["clean"].failure is None


def test_of_a_node_that_ran_again_the_tries_are_counted():
    files = {
        "one": session("clean", at=100, clean="failed"),
        "two": session("clean", at=200, clean="failed"),
        "three": session("clean", at=300, clean="succeeded"),
        "four": session("quiet", at=400, quiet="succeeded"),
    }
    nodes = fold(files, now=500).nodes

    assert (nodes["clean"].state, nodes["clean"].attempts) == (State.SUCCEEDED, 3)
    assert nodes["quiet"].attempts == 1


@pytest.mark.parametrize("shared", [True, False])
def test_what_other_sessions_would_run_after_a_failed_node_is_upstream_failed(shared):
    only = session("clean", at=100, clean="failed")
    only[1]["shared"] = shared
    run = fold({"one": only}, now=200)

    assert run.nodes["clean"].state == State.FAILED
    left = State.UPSTREAM_FAILED if shared else State.NOT_SELECTED
    assert {run.nodes[name].state for name in ("parts", "quiet", "left")} == {left}


def test_what_needs_a_node_of_a_task_that_was_killed_is_upstream_failed():
    killed = session("clean", at=100, clean="failed")[:3]
    killed[0] |= {"born": 1, "pid": 2**22 + 1}
    killed[1]["shared"] = True
    run = fold({"one": killed}, now=200)

    assert run.nodes["clean"].state == State.INTERRUPTED
    assert run.nodes["quiet"].state == State.UPSTREAM_FAILED
    assert run.nodes["quiet"].reason == "clean was interrupted"


def test_the_number_of_a_try_counts_those_that_left_no_record():
    second = session("clean", at=100, clean="succeeded")
    second[1] |= {"shared": True, "try_number": 2}
    run = fold({"one": second}, now=200)

    assert (run.nodes["clean"].attempts, run.nodes["quiet"].attempts) == (2, 1)


def test_a_run_may_be_tried_again_unless_one_of_its_tasks_has_no_try_left():
    files = {}
    for name, at, left in [("clean", 100, 1), ("quiet", 200, 0)]:
        files[name] = session(name, at=at, **{name: "failed"})
        files[name][1] |= {"shared": True, "tries_left": left}

    assert fold({"one": files["clean"]}, now=300).tries_left == 1
    assert fold(files, now=300).tries_left == 0
    del files["clean"][1]["tries_left"]
    assert fold(files, now=300).tries_left is None


def test_when_the_scheduler_says_that_all_tasks_ended_no_earlier_one_goes_on():
    silent = session("clean", at=100, clean="failed")[:3]
    silent[0] |= {"machine": "another"}
    silent[1]["shared"] = True
    said = main(("run_failed", {"message": "no"}), at=110, nodes=[], datasets=[])
    said[1] |= {"shared": True, "others_ended": True}
    said.append({"at": 110, "event": "run_ended", "state": "failed"})
    run = fold({"one": silent, "two": said}, now=120)

    assert run.nodes["clean"].state == State.INTERRUPTED
    assert run.state == State.FAILED
    assert fold({"one": silent}, now=120).state == State.RUNNING


def test_what_is_upstream_failed_runs_once_the_node_is_mended():
    one = session("clean", at=100, clean="failed")
    one[1]["shared"] = True
    two = session("clean", at=200, clean="succeeded")
    two[1]["shared"] = True
    run = fold({"one": one, "two": two}, now=300)

    assert run.state == State.SUCCEEDED
    assert run.nodes["quiet"].state == State.NOT_SELECTED


def test_what_goes_on_is_not_over(store):
    alive = main(at=time.time())
    dead = main(at=1)
    dead[0] |= {"born": 1, "pid": 2**22 + 1}
    elsewhere = main(at=time.time())
    elsewhere[0] |= {"machine": "another"}
    for key, found in [("alive", alive), ("dead", dead), ("elsewhere", elsewhere)]:
        store.write(f"{key}/vm-1.jsonl", text(found))
    store.write("ended/vm-1.jsonl", text(main(ENDED, at=time.time())))

    history = ops("run_status.history")
    files = history.all_files(store)
    found = history.History(store).outdated(files, keep=1, days=0, key="new")
    assert {*found} == {"dead", "ended"}

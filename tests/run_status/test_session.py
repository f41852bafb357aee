"""A session: what the events of its processes say."""

import pytest
from kit import ops

module = ops("run_status.session")
State = ops("run_status.model").State
Phase = ops("run_status.model").Phase
identity = ops("core.process").identity

NODES = [
    {"name": "clean", "inputs": ["raw"], "outputs": ["mid"]},
    {"name": "parts", "inputs": ["mid"], "outputs": ["a", "b"], "generator": True},
    {"name": "quiet", "inputs": ["mid"], "outputs": []},
    {"name": "left", "inputs": ["mid"], "outputs": ["c"], "selected": False},
]
START = {
    "event": "run_started",
    "nodes": NODES,
    "datasets": [{"name": "raw"}, {"name": "mid"}],
    "branch": "dev",
}


@pytest.fixture
def tell():
    """Tells a session events, a second apart; returns its run."""
    session = module.Session()
    clock = iter(range(100, 1000))

    def act(*events):
        for event, *rest in events:
            fields = rest[0] if rest else {}
            session.add({"at": next(clock), "event": event, **fields})
        return session

    session.add({"at": 99, **START})
    act.session = session
    return act


def node(name, **more):
    return {"node": name, **more}


WHOLE = [
    ("load_started", node("clean", dataset="raw")),
    ("node_started", node("clean")),
    ("node_computed", node("clean")),
    ("dataset_saved", node("clean", dataset="mid")),
]


def test_nodes_wait_unless_they_are_not_selected(tell):
    nodes = tell().run.nodes

    assert nodes["clean"].state == State.QUEUED
    assert nodes["left"].state == State.NOT_SELECTED


@pytest.mark.parametrize("count, phase", list(enumerate(Phase, start=1)))
def test_a_node_loads_computes_and_saves(tell, count, phase):
    found = tell(*WHOLE[:count]).run.nodes["clean"]

    assert found.state == State.RUNNING
    assert [span.phase for span in found.spans] == list(Phase)[:count]
    assert found.spans[-1].phase == phase
    assert found.spans[-1].end is None
    assert found.ended is None


def test_a_node_is_complete_when_its_outputs_are_saved(tell):
    found = tell(*WHOLE).run.nodes["clean"]

    assert found.state == State.SUCCEEDED
    times = [(span.start, span.end) for span in found.spans]
    assert times == [(100, 101), (101, 102), (102, 103)]
    assert (found.started, found.ended) == (100, 103)


def test_a_node_without_outputs_is_complete_when_it_has_computed(tell):
    events = [("node_started", node("quiet")), ("node_computed", node("quiet"))]

    assert tell(*events).run.nodes["quiet"].state == State.SUCCEEDED


GENERATOR = [
    ("node_started", node("parts")),
    ("node_computed", node("parts")),
    ("dataset_saved", node("parts", dataset="a")),
    ("dataset_saved", node("parts", dataset="b")),
]


def test_a_generator_goes_on_until_it_is_said_to_be_complete(tell):
    assert tell(*GENERATOR).run.nodes["parts"].state == State.RUNNING

    ended = tell(("node_completed", node("parts")))
    assert ended.run.nodes["parts"].state == State.SUCCEEDED


def test_a_generator_is_complete_when_the_pipeline_is(tell):
    session = tell(*GENERATOR, ("pipeline_ran",))
    session._close_nodes()

    assert session.run.nodes["parts"].state == State.SUCCEEDED


FAILED = ("run_failed", {"type": "ValueError", "message": "no"})


def test_what_is_open_when_the_pipeline_fails_has_failed(tell):
    session = tell(*WHOLE[:3], FAILED)
    session._close_nodes()

    found = session.run.nodes["clean"]
    assert (found.state, found.failure.message) == (State.FAILED, "no")
    assert session.run.state == State.FAILED
    assert found.spans[-1].end is not None


def test_a_generator_beside_what_failed_is_interrupted(tell):
    run = tell(*GENERATOR, *WHOLE[:1], FAILED).settled(now=200)

    assert run.nodes["parts"].state == State.INTERRUPTED
    assert run.nodes["clean"].state == State.FAILED


def test_a_generator_that_alone_is_open_has_failed(tell):
    session = tell(*GENERATOR, FAILED)
    session._close_nodes()

    assert session.run.nodes["parts"].state == State.FAILED


def test_the_error_of_a_node_is_its_own(tell):
    own = ("node_failed", node("clean", type="KeyError", message="x", traceback="t"))
    run = tell(*WHOLE[:2], own, *GENERATOR, FAILED).settled(now=200)

    assert run.nodes["clean"].failure.type == "KeyError"
    assert run.nodes["parts"].state == State.INTERRUPTED
    assert run.failure.type == "ValueError"


def test_an_error_after_the_pipeline_is_of_no_node(tell):
    session = tell(*WHOLE, *GENERATOR, ("pipeline_ran",), FAILED)
    session._close_nodes()

    assert session.run.state == State.FAILED
    states = {each.state for each in session.run.nodes.values()}
    assert State.FAILED not in states


def test_other_events_add_what_they_say(tell):
    check = {"guard": "expectations", "subject": "mid", "level": "error"}
    stats = {
        "peak": {"clean": 7},
        "saved": {"mid": {"row_count": 3, "schema": {"a": "Int64"}}},
        "loaded": {"raw": {"size": 9}},
    }
    run = tell(
        ("node_skipped", node("quiet", reason="unchanged")),
        ("stats", stats),
        ("marked", {"dataset": "mid", "marks": ["3 rows, usually 9"]}),
        ("marked", node("clean", marks=["took 9 s"])),
        ("usual", {"seconds": {"clean": 2.5, "gone": 1}}),
        ("check", {**check, "passed": True, "message": "fine"}),
        ("origin", {"commit": "abc", "dirty": True}),
        ("resume", {"command": "kedro run"}),
    ).run

    assert (run.nodes["quiet"].state, run.nodes["quiet"].reason) == (
        State.SKIPPED,
        "unchanged",
    )
    assert (run.nodes["clean"].peak_memory, run.nodes["clean"].usual) == (7, 2.5)
    assert run.nodes["clean"].marks == ["took 9 s"]
    assert run.datasets["mid"].saved.row_count == 3
    assert run.datasets["mid"].saved.size is None
    assert run.datasets["raw"].loaded.size == 9
    assert run.datasets["mid"].marks == ["3 rows, usually 9"]
    assert [(each.guard, each.passed) for each in run.checks] == [
        ("expectations", True)
    ]
    assert (run.commit, run.dirty, run.resume) == ("abc", True, "kedro run")


@pytest.mark.parametrize(
    "event",
    [
        ("of_a_newer_version", {}),
        ("node_started", {}),
        ("node_started", node("never heard of")),
        ("stats", {"peak": {"clean": "much"}}),
        ("stats", {"saved": {"never heard of": {"size": 1}}}),
        ("stats", {"saved": ["of a newer version"]}),
        ("run_ended", {"state": "splendid"}),
    ],
)
def test_what_is_not_understood_is_left_out(tell, event):
    run = tell(event, *WHOLE).run

    assert run.nodes["clean"].state == State.SUCCEEDED
    assert run.state == State.RUNNING


def test_a_clock_that_goes_backwards_gives_no_negative_time(tell):
    session = tell(("load_started", node("clean", dataset="raw")))
    for at, (event, fields) in zip([90, 80, 70], WHOLE[1:], strict=True):
        session.add({"at": at, "event": event, **fields})
    session.add({"at": 10, "event": "run_ended", "state": "succeeded"})

    found = session.run.nodes["clean"]
    assert found.ended >= found.started
    assert all(span.end >= span.start for span in found.spans)
    assert session.run.ended >= session.run.started


def test_what_a_worker_says_before_the_run_is_known_counts():
    session = module.Session()
    for at, (event, fields) in enumerate(WHOLE):
        session.add({"at": at, "event": event, **fields})
    session.add({"at": 9, **START})

    assert session.run.nodes["clean"].state == State.SUCCEEDED


# How it ended, or that nobody was there to end it

ELSEWHERE = {"machine": "another", "pid": 1, "born": 1}


@pytest.fixture
def session():
    session = module.Session()
    session.add({"at": 100, **START, "params": {}})
    session.who = identity()
    return session


def add(session, *events, at=100):
    for event, fields in events:
        session.add({"at": at, "event": event, **fields})
    return session


def states(run):
    return {name: node.state for name, node in run.nodes.items()}


STARTED = ("node_started", {"node": "clean"})
LEFT = {"left": State.NOT_SELECTED}


def test_a_run_whose_process_lives_goes_on(session):
    run = add(session, STARTED).settled(now=1e9)

    assert run.state == State.RUNNING
    assert states(run)["clean"] == State.RUNNING


def test_a_run_whose_process_is_gone_was_interrupted(session):
    session.who = identity() | {"born": 1, "pid": 2**22 + 1}
    run = add(session, STARTED).settled(now=101)

    assert run.state == State.INTERRUPTED
    assert run.failure.message == "its process is gone"
    assert states(run) == LEFT | dict.fromkeys(
        ["clean", "parts", "quiet"], State.INTERRUPTED
    )
    assert run.nodes["parts"].started is None
    assert run.nodes["parts"].reason.startswith("not started")


@pytest.mark.parametrize(
    "silence, run_state, node_state",
    [
        (30, State.RUNNING, State.RUNNING),
        (50, State.UNKNOWN, State.UNKNOWN),
        (301, State.INTERRUPTED, State.INTERRUPTED),
    ],
)
def test_elsewhere_the_heartbeat_tells(session, silence, run_state, node_state):
    session.who = ELSEWHERE
    run = add(session, STARTED).settled(now=100 + silence)

    assert (run.state, states(run)["clean"]) == (run_state, node_state)


def test_news_after_all_count(session):
    session.who = ELSEWHERE
    assert add(session, STARTED).settled(now=500).state == State.INTERRUPTED
    run = add(session, ("heartbeat", {}), at=499).settled(now=500)

    assert (run.state, states(run)["clean"]) == (State.RUNNING, State.RUNNING)


def end(session, state):
    return add(session, ("run_ended", {"state": state.value})).settled(now=101)


def test_what_was_not_needed_is_skipped_where_that_was_asked_for(session):
    session.run.params = {"only_missing_outputs": True}
    run = end(session, State.SUCCEEDED)

    assert set(states(run).values()) == {State.SKIPPED, State.NOT_SELECTED}
    assert run.nodes["clean"].reason == "its outputs exist"


def test_of_what_nothing_was_heard_nothing_is_known(session):
    assert states(end(session, State.SUCCEEDED))["clean"] == State.UNKNOWN


def test_what_needs_a_failed_node_says_which(session):
    failed = ("node_failed", {"node": "clean", "message": "no"})
    add(session, STARTED, failed, ("run_failed", {"message": "no"}))
    run = end(session, State.FAILED)

    assert states(run) == LEFT | {
        "clean": State.FAILED,
        "parts": State.UPSTREAM_FAILED,
        "quiet": State.UPSTREAM_FAILED,
    }
    assert run.nodes["quiet"].reason == "clean failed"


def test_a_run_that_was_stopped_before_it_began_has_no_guilty_node(session):
    run = end(add(session, ("run_failed", {"message": "no"})), State.FAILED)

    assert set(states(run).values()) == {State.SKIPPED, State.NOT_SELECTED}
    assert run.nodes["clean"].reason == "the run was not started"


def test_workers_without_hooks_leave_nodes_unknown(session):
    session.is_blind = True
    run = end(session, State.FAILED)

    assert set(states(run).values()) == {State.UNKNOWN, State.NOT_SELECTED}


def test_a_dataset_that_is_transcoded_is_missing_in_all_its_forms():
    session = module.Session()
    nodes = [
        {"name": "one", "inputs": [], "outputs": ["cars@pandas"]},
        {"name": "two", "inputs": ["cars@spark"], "outputs": []},
    ]
    session.add({"at": 100, **START, "nodes": nodes})
    failed = ("node_failed", {"node": "one", "message": "no"})
    add(session, failed, ("run_failed", {"message": "no"}))

    assert end(session, State.FAILED).nodes["two"].state == State.UPSTREAM_FAILED

"""The verdict: what follows from how a run ended, or from nobody being there."""

import pytest
from kit import ops

from .test_session import START

module = ops("run_status.outcome")
State = ops("run_status.model").State
identity = ops("core.process").identity

ELSEWHERE = {"machine": "another", "pid": 1, "born": 1}


@pytest.fixture
def session():
    session = ops("run_status.session").Session()
    session.add({"at": 100, **START, "params": {}})
    session.who = identity()
    return session


def tell(session, *events, at=100):
    for event, fields in events:
        session.add({"at": at, "event": event, **fields})
    return session


def states(run):
    return {name: node.state for name, node in run.nodes.items()}


STARTED = ("node_started", {"node": "clean"})
LEFT = {"left": State.NOT_SELECTED}


def test_a_run_whose_process_lives_goes_on(session):
    run = module.run_of_session(tell(session, STARTED), now=1e9)

    assert run.state == State.RUNNING
    assert states(run)["clean"] == State.RUNNING


def test_a_run_whose_process_is_gone_was_interrupted(session):
    session.who = identity() | {"born": 1, "pid": 2**22 + 1}
    run = module.run_of_session(tell(session, STARTED), now=101)

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
    run = module.run_of_session(tell(session, STARTED), now=100 + silence)

    assert (run.state, states(run)["clean"]) == (run_state, node_state)


def test_news_after_all_count(session):
    session.who = ELSEWHERE
    assert (
        module.run_of_session(tell(session, STARTED), now=500).state
        == State.INTERRUPTED
    )
    run = module.run_of_session(tell(session, ("heartbeat", {}), at=499), now=500)

    assert (run.state, states(run)["clean"]) == (State.RUNNING, State.RUNNING)


def end(session, state):
    return module.run_of_session(
        tell(session, ("run_ended", {"state": state.value})), now=101
    )


def test_what_was_not_needed_is_skipped_where_that_was_asked_for(session):
    session.run.params = {"only_missing_outputs": True}
    run = end(session, State.COMPLETE)

    assert set(states(run).values()) == {State.SKIPPED, State.NOT_SELECTED}
    assert run.nodes["clean"].reason == "its outputs are there"


def test_of_what_nothing_was_heard_nothing_is_known(session):
    assert states(end(session, State.COMPLETE))["clean"] == State.UNKNOWN


def test_what_needs_a_failed_node_says_which(session):
    failed = ("node_failed", {"node": "clean", "message": "no"})
    tell(session, STARTED, failed, ("run_failed", {"message": "no"}))
    run = end(session, State.ERROR)

    assert states(run) == LEFT | {
        "clean": State.ERROR,
        "parts": State.UPSTREAM_FAILED,
        "quiet": State.UPSTREAM_FAILED,
    }
    assert run.nodes["quiet"].reason == "clean failed"


def test_a_run_that_was_stopped_before_it_began_has_no_guilty_node(session):
    run = end(tell(session, ("run_failed", {"message": "no"})), State.ERROR)

    assert set(states(run).values()) == {State.SKIPPED, State.NOT_SELECTED}
    assert run.nodes["clean"].reason == "the run was not started"


def test_workers_without_hooks_leave_nodes_unknown(session):
    session.is_blind = True
    run = end(session, State.ERROR)

    assert set(states(run).values()) == {State.UNKNOWN, State.NOT_SELECTED}

"""What follows from how a session ended, or from nobody being there to end it."""

from __future__ import annotations

import copy

from ..core import process
from ..core.process import LOST, is_gone
from .model import Failure, Node, Run, State
from .session import Session

SILENT = 40.0  # seconds without news after which it is not known what a process does

ENDED = {State.COMPLETE, State.ERROR, State.INTERRUPTED}
_NOT_STARTED = "not started: the run had ended"


def run_of_session(session: Session, now: float) -> Run:
    """The run of a session as it stands; it may be the session's own."""
    run = session.run
    session.close_nodes()
    if run.state in ENDED:
        _settle(run, session.is_blind)
        return run
    state, why = _by_its_process(session, now)
    if state == State.RUNNING:
        return run
    run = copy.deepcopy(run)  # there may be news after all
    run.state = state
    if state == State.INTERRUPTED:
        run.failure = run.failure or Failure("", why)
        run.ended = run.last_news
        _settle(run, session.is_blind)
    else:
        _replace(run, State.RUNNING, State.UNKNOWN, why)
    return run


def _by_its_process(session: Session, now: float) -> tuple[State, str]:
    silence = now - (session.run.last_news or now)
    alive = process.is_alive(session.who)
    if alive is False:
        return State.INTERRUPTED, "its process is gone"
    if is_gone(session.who, silence):
        return State.INTERRUPTED, f"no news for more than {LOST:.0f} s"
    if alive is None and silence > SILENT:
        return State.UNKNOWN, f"no news for more than {SILENT:.0f} s"
    return State.RUNNING, ""


def _settle(run: Run, blind: bool) -> None:
    """Say of every node that has no end why it has none."""
    if blind:
        why = "the runner's workers run no hooks"
        _replace(run, State.QUEUED, State.UNKNOWN, why)
    if run.state == State.COMPLETE:
        if run.params.get("only_missing_outputs"):
            _replace(run, State.QUEUED, State.SKIPPED, "its outputs are there")
        _replace(run, State.QUEUED, State.UNKNOWN, "nothing was heard of it")
    _replace(run, State.RUNNING, State.INTERRUPTED, "the run ended while it ran")
    if run.state == State.ERROR:
        _mark_upstream_failed(run)
        if all(node.started is None for node in run.nodes.values()):
            _replace(run, State.QUEUED, State.SKIPPED, "the run was not started")
    _replace(run, State.QUEUED, State.INTERRUPTED, _NOT_STARTED)


def _mark_upstream_failed(run: Run) -> None:
    """The nodes are in the order of the layers: what fails is before what needs it."""
    broken = {
        output: node.name
        for node in run.nodes.values()
        if node.state == State.ERROR
        for output in node.outputs
    }
    for node in run.nodes.values():
        if node.state != State.QUEUED:
            continue
        for name in node.inputs:
            if culprit := broken.get(name) or broken.get(_bare(name)):
                node.state, node.reason = State.UPSTREAM_FAILED, f"{culprit} failed"
                broken.update((output, culprit) for output in node.outputs)
                break


def _bare(dataset: str) -> str:
    return dataset.partition("@")[0]


def _replace(run: Run, old: State, new: State, reason: str) -> None:
    for node in run.nodes.values():
        if node.state == old:
            node.state, node.reason = new, reason
            _end(node, run)


def _end(node: Node, run: Run) -> None:
    if node.started is None or node.state == State.UNKNOWN:
        return
    node.ended = max(run.ended or node.started, node.started)
    if node.spans and node.spans[-1].end is None:
        node.spans[-1].end = node.ended

"""One session of a run: derives its states from the events of its processes.

No event contains the state of a node. It follows from the node's events, and from how
the session ended or whether its process is gone.
"""

from __future__ import annotations

import copy
from typing import Any

from ..core import process
from ..core.process import LOST, is_gone
from .model import (
    ENDED,
    Check,
    Dataset,
    Failure,
    Figures,
    Node,
    Phase,
    Run,
    Span,
    State,
)

Event = dict[str, Any]

SILENT = 40.0  # seconds without news after which it is not known what a process does

_FIRST = {"process", "run_started"}  # events; others are about nodes
_FAILED = {State.FAILED: "failed"}
_NOT_BEGUN = {State.QUEUED, State.NOT_SELECTED, State.SKIPPED}


class Session:
    """Applies events one by one; ``run`` is the result so far."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self.run = Run("", "")
        self.who: Event = {}  # its first process
        self.others_ended = 0.0  # when its scheduler said that no other session goes on
        self.is_blind = False  # whether its workers run no hooks: nodes say nothing
        self._generators: set[str] = set()  # nodes
        self._computed: set[str] = set()  # nodes whose function has returned
        self._saved: dict[str, set[str]] = {}  # datasets, by node
        self._ran: float | None = None  # when all nodes had
        self._early: list[Event] = []  # read before the nodes that they are about

    def add(self, event: Event) -> None:
        """Apply an event; ignore unknown ones."""
        at = float(event["at"])
        self.run.last_news = max(self.run.last_news or at, at)
        if self.run.started is None and event["event"] not in _FIRST:
            self._early.append(event)
            return
        try:
            getattr(self, f"_take_{event['event']}")(event, at)
        except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
            return  # of a newer version, or about what was never said

    def settled(self, now: float, over: float = 0.0) -> Run:
        """The run so far; it may be the session's own object.

        Args:
            now: the time.
            over: sessions that started before do not go on.
        """
        run = self.run
        self._close_nodes()
        if run.state in ENDED:
            _explain_nodes(run, self.is_blind)
            return run
        state, why = self._state_by_process(now)
        if over > (run.started or over):
            state, why = State.INTERRUPTED, "its task was killed"
        if state == State.RUNNING:
            return run
        run = copy.deepcopy(run)  # there may be news after all
        run.state = state
        if state == State.INTERRUPTED:
            run.failure = run.failure or Failure("", why)
            run.ended = run.last_news
            _explain_nodes(run, self.is_blind)
        else:
            _replace(run, State.RUNNING, State.UNKNOWN, why)
        return run

    def _state_by_process(self, now: float) -> tuple[State, str]:
        silence = now - (self.run.last_news or now)
        alive = process.is_alive(self.who)
        if alive is False:
            return State.INTERRUPTED, "its process is gone"
        if is_gone(self.who, silence):
            return State.INTERRUPTED, f"no news for more than {LOST:.0f} s"
        if alive is None and silence > SILENT:
            return State.UNKNOWN, f"no news for more than {SILENT:.0f} s"
        return State.RUNNING, ""

    def _take_process(self, event: Event, at: float) -> None:
        if not event.get("joined"):
            self.who = event
            self.run.key = str(event["key"])
            self.run.run_id = str(event["run_id"])
            self.run.host = str(event["host"])

    def _take_run_started(self, event: Event, at: float) -> None:
        run = self.run
        for item in event["nodes"]:
            known = dict(item)
            selected = known.pop("selected", True)
            if known.pop("generator", False):
                self._generators.add(known["name"])
            state = State.QUEUED if selected else State.NOT_SELECTED
            node = run.nodes[known["name"]] = Node(**known, state=state)
            # A process that is killed may not have recorded an earlier attempt.
            node.attempts = int(event.get("try_number", 1)) if selected else 1
        for item in event["datasets"]:
            run.datasets[item["name"]] = Dataset(**item)
        for name in ("pipelines", "env", "runner", "project", "branch", "user"):
            setattr(run, name, event.get(name) or getattr(run, name))
        run.params = event.get("params") or {}
        self.is_blind = bool(event.get("blind"))
        self.others_ended = at if event.get("others_ended") else 0.0
        run.shared = bool(event.get("shared"))
        run.tries_left = event.get("tries_left")
        run.parameter_hashes = event.get("parameter_hashes") or {}
        run.state, run.started = State.RUNNING, at
        for early in self._early:
            self.add(early)
        self._early.clear()

    def _take_origin(self, event: Event, at: float) -> None:
        self.run.commit = str(event.get("commit") or "")
        self.run.dirty = bool(event.get("dirty"))

    def _take_notify(self, event: Event, at: float) -> None:
        self.run.notify = True

    def _take_load_started(self, event: Event, at: float) -> None:
        node = self._begin(event, at)
        if not node.spans:
            node.spans.append(Span(Phase.LOADING, at))

    def _take_node_started(self, event: Event, at: float) -> None:
        _enter_phase(self._begin(event, at), Phase.COMPUTING, at)

    def _take_node_computed(self, event: Event, at: float) -> None:
        node = self._begin(event, at)
        self._computed.add(node.name)
        if node.outputs:
            _enter_phase(node, Phase.SAVING, at)
        else:
            _succeed(node, at)

    def _take_dataset_saved(self, event: Event, at: float) -> None:
        node = self._begin(event, at)
        self._saved.setdefault(node.name, set()).add(event["dataset"])
        if node.name not in self._generators and self._has_saved_all(node):
            _succeed(node, at)

    def _take_node_completed(self, event: Event, at: float) -> None:
        _succeed(self.run.nodes[event["node"]], at)

    def _take_node_failed(self, event: Event, at: float) -> None:
        _fail(self._begin(event, at), _failure(event), at)

    def _take_node_skipped(self, event: Event, at: float) -> None:
        node = self.run.nodes[event["node"]]
        node.state, node.reason = State.SKIPPED, str(event.get("reason", ""))

    def _take_stats(self, event: Event, at: float) -> None:
        for name, peak in event.get("peak", {}).items():
            self.run.nodes[name].peak_memory = int(peak)
        for way in ("loaded", "saved"):
            for name, known in event.get(way, {}).items():
                names = ("row_count", "size", "schema", "null_count")
                figures = {n: known[n] for n in names if known.get(n) is not None}
                setattr(self.run.datasets[name], way, Figures(**figures))

    def _take_marked(self, event: Event, at: float) -> None:
        """Something is unusual, of a dataset or else of a node."""
        marks = list(map(str, event["marks"]))
        if "dataset" in event:
            self.run.datasets[event["dataset"]].marks += marks
        else:
            self.run.nodes[event["node"]].marks += marks

    def _take_usual(self, event: Event, at: float) -> None:
        for name, seconds in event["seconds"].items():
            if name in self.run.nodes:
                self.run.nodes[name].usual = float(seconds)

    def _take_check(self, event: Event, at: float) -> None:
        names = ("guard", "subject", "level", "message")
        texts = {name: str(event.get(name, "")) for name in names}
        self.run.checks.append(Check(**texts, passed=bool(event.get("passed"))))

    def _take_pipeline_ran(self, event: Event, at: float) -> None:
        self._ran = at

    def _take_run_failed(self, event: Event, at: float) -> None:
        self.run.failure = _failure(event)
        self._end(State.FAILED, at)

    def _take_resume(self, event: Event, at: float) -> None:
        self.run.resume = str(event["command"])

    def _take_run_ended(self, event: Event, at: float) -> None:
        self._end(State(event["state"]), at)

    def _take_run_interrupted(self, event: Event, at: float) -> None:
        self._end(State.INTERRUPTED, at)
        self.run.failure = _failure(event)

    def _end(self, state: State, at: float) -> None:
        self.run.state, self.run.ended = state, max(at, self.run.started or at)

    def _begin(self, event: Event, at: float) -> Node:
        node = self.run.nodes[event["node"]]
        node.started = at if node.started is None else node.started
        if node.state in _NOT_BEGUN:
            node.state = State.RUNNING
        return node

    def _has_saved_all(self, node: Node) -> bool:
        return self._saved.get(node.name, set()) >= set(node.outputs)

    def _close_nodes(self) -> None:
        """Set the state of open nodes when the pipeline has ended.

        An error in loading or saving reaches no hook of the node: what is open has failed.
        An open generator may be complete: it has failed only if no other node has.
        """
        run, end = self.run, self.run.ended or 0.0
        nodes = [n for n in run.nodes.values() if n.state == State.RUNNING]
        if self._ran is not None:
            for node in nodes:
                if node.name in self._computed:
                    _succeed(node, self._ran)  # a generator has no other end
        elif run.state == State.FAILED and run.failure:
            failing = [node for node in nodes if node.name not in self._generators]
            if not failing and all(n.state != State.FAILED for n in run.nodes.values()):
                failing = nodes
            for node in failing:
                _fail(node, run.failure, end)


def _failure(event: Event) -> Failure:
    return Failure(*(str(event.get(n, "")) for n in ("type", "message", "traceback")))


def _enter_phase(node: Node, phase: Phase, at: float) -> None:
    _close_span(node, at)
    node.spans.append(Span(phase, max(at, node.started or at)))


def _close_span(node: Node, at: float) -> None:
    if node.spans and node.spans[-1].end is None:
        node.spans[-1].end = max(at, node.spans[-1].start)


def _succeed(node: Node, at: float) -> None:
    if node.state != State.FAILED:
        _close_span(node, at)
        node.state, node.ended = State.SUCCEEDED, max(at, node.started or at)


def _fail(node: Node, failure: Failure, at: float) -> None:
    _close_span(node, at)
    node.state, node.ended = State.FAILED, max(at, node.started or at)
    node.failure = failure


# The end of the run decides the state of unfinished nodes


def _explain_nodes(run: Run, blind: bool) -> None:
    """Set the state and reason of every node that has not ended."""
    if blind:
        why = "the runner's workers run no hooks"
        _replace(run, State.QUEUED, State.UNKNOWN, why)
    if run.state == State.SUCCEEDED:
        if run.params.get("only_missing_outputs"):
            _replace(run, State.QUEUED, State.SKIPPED, "its outputs exist")
        _replace(run, State.QUEUED, State.UNKNOWN, "nothing was heard of it")
    _replace(run, State.RUNNING, State.INTERRUPTED, "the run ended while it ran")
    if run.state == State.FAILED:
        run.mark_upstream_failed(State.QUEUED, _FAILED)
        if all(node.started is None for node in run.nodes.values()):
            _replace(run, State.QUEUED, State.SKIPPED, "the run was not started")
    _replace(run, State.QUEUED, State.INTERRUPTED, "not started: the run had ended")


def _replace(run: Run, old: State, new: State, reason: str) -> None:
    for node in run.nodes.values():
        if node.state != old:
            continue
        node.state, node.reason = new, reason
        if node.started is not None and new != State.UNKNOWN:
            node.ended = max(run.ended or node.started, node.started)
            if node.spans and node.spans[-1].end is None:
                node.spans[-1].end = node.ended

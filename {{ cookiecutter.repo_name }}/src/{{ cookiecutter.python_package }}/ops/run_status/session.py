"""What one session of Kedro did, from the events of its processes."""

from __future__ import annotations

from typing import Any

from attrs import define, field

from .model import Check, Dataset, Failure, Figures, Node, Phase, Run, Span, State

Event = dict[str, Any]

_FIRST = {"process", "run_started"}
_NOT_BEGUN = {State.QUEUED, State.NOT_SELECTED, State.SKIPPED}
_FIGURES = ("row_count", "size", "schema", "null_count")


@define
class _Progress:
    """How far a node has come, beside what its ``Node`` says."""

    is_generator: bool = False
    computed: bool = False
    saved: set[str] = field(factory=set)
    touched: str = ""  # the dataset that is being loaded


class Session:
    """Takes in events one by one; ``run`` is what they say.

    What follows from how it ended, or from nobody being there to end it, is for
    ``outcome`` to say.
    """

    def __init__(self) -> None:
        """Nothing is known yet."""
        self.run = Run("", "")
        self.who: Event = {}  # its first process
        self.is_blind = False  # whether its workers run no hooks, and so tell nothing
        self._progress: dict[str, _Progress] = {}
        self._ran: float | None = None  # when all nodes had
        self._early: list[Event] = []  # read before what it is about

    def add(self, event: Event) -> None:
        """Take in an event; one that is not understood is left out."""
        at = float(event["at"])
        self.run.last_news = max(self.run.last_news or at, at)
        if self.run.started is None and event["event"] not in _FIRST:
            self._early.append(event)
            return
        if "stats" in event:
            self._take("stats", event, at)
        self._take(event.get("event"), event, at)

    def close_nodes(self) -> None:
        """Say of open nodes what the end of the pipeline says of them."""
        run = self.run
        open_nodes = [n for n in run.nodes.values() if n.state == State.RUNNING]
        if run.state == State.ERROR and run.failure and self._ran is None:
            for node in self._failing(open_nodes):
                _fail(node, run.failure, run.ended or 0.0)
        elif self._ran is not None:
            for node in open_nodes:
                if self._progress[node.name].computed:
                    _complete(node, self._ran)  # a generator has no other end

    def _take(self, what: Any, event: Event, at: float) -> None:
        try:
            getattr(self, f"_take_{what}")(event, at)
        except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
            return  # of a newer version, or about what was never said

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
            generator = known.pop("generator", False)
            state = State.QUEUED if selected else State.NOT_SELECTED
            node = Node(**known, state=state)
            run.nodes[node.name] = node
            self._progress[node.name] = _Progress(generator)
        for item in event["datasets"]:
            run.datasets[item["name"]] = Dataset(**item)
        for name in ("pipelines", "env", "runner", "project", "branch", "user"):
            setattr(run, name, event.get(name) or getattr(run, name))
        run.params = event.get("params") or {}
        self.is_blind = bool(event.get("blind"))
        run.state, run.started = State.RUNNING, at
        for early in self._early:
            self.add(early)
        self._early.clear()

    def _take_origin(self, event: Event, at: float) -> None:
        self.run.commit = str(event.get("commit") or "")
        self.run.dirty = bool(event.get("dirty"))

    def _take_load_started(self, event: Event, at: float) -> None:
        node = self._begin(event, at)
        self._progress[node.name].touched = str(event["dataset"])
        if not node.spans:
            node.spans.append(Span(Phase.LOADING, at))

    def _take_node_started(self, event: Event, at: float) -> None:
        node = self._begin(event, at)
        self._progress[node.name].touched = ""
        _turn_to(node, Phase.COMPUTING, at)

    def _take_node_computed(self, event: Event, at: float) -> None:
        node = self._begin(event, at)
        self._progress[node.name].computed = True
        if node.outputs:
            _turn_to(node, Phase.SAVING, at)
        else:
            _complete(node, at)

    def _take_dataset_saved(self, event: Event, at: float) -> None:
        node = self._begin(event, at)
        progress = self._progress[node.name]
        progress.saved.add(event["dataset"])
        if not progress.is_generator and progress.saved >= set(node.outputs):
            _complete(node, at)

    def _take_node_completed(self, event: Event, at: float) -> None:
        _complete(self.run.nodes[event["node"]], at)

    def _take_node_failed(self, event: Event, at: float) -> None:
        _fail(self._begin(event, at), failure_of(event), at)

    def _take_node_skipped(self, event: Event, at: float) -> None:
        node = self.run.nodes[event["node"]]
        node.state, node.reason = State.SKIPPED, str(event.get("reason", ""))

    def _take_stats(self, event: Event, at: float) -> None:
        """Figures come with whatever event was the next."""
        stats = event["stats"]
        for name, peak in stats.get("peak", {}).items():
            self.run.nodes[name].peak_memory = int(peak)
        for way in ("loaded", "saved"):
            for name, figures in stats.get(way, {}).items():
                setattr(self.run.datasets[name], way, _figures(figures))

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
        self.run.failure = failure_of(event)
        self.run.state, self.run.ended = State.ERROR, max(at, self.run.started or at)

    def _take_resume(self, event: Event, at: float) -> None:
        self.run.resume = str(event["command"])

    def _take_run_ended(self, event: Event, at: float) -> None:
        self.run.state = State(event["state"])
        self.run.ended = max(at, self.run.started or at)

    def _take_run_interrupted(self, event: Event, at: float) -> None:
        self._take_run_ended({"state": State.INTERRUPTED}, at)
        self.run.failure = failure_of(event)

    def _begin(self, event: Event, at: float) -> Node:
        node = self.run.nodes[event["node"]]
        node.started = at if node.started is None else node.started
        if node.state in _NOT_BEGUN:
            node.state = State.RUNNING
        return node

    def _failing(self, open_nodes: list[Node]) -> list[Node]:
        """The nodes that an error of the pipeline is about.

        An error in loading or saving reaches no hook of the node: it is what is open.
        """
        between = [node for node in open_nodes if self._is_between_parts(node)]
        failing = [node for node in open_nodes if node not in between]
        failed = any(node.state == State.ERROR for node in self.run.nodes.values())
        if not failing and not failed:
            return between
        for node in between:
            _complete(node, self.run.ended or 0.0)
        return failing

    def _is_between_parts(self, node: Node) -> bool:
        """Whether it is a generator that has saved what it has made so far."""
        progress = self._progress[node.name]
        return progress.is_generator and progress.saved >= set(node.outputs)


def failure_of(event: Event) -> Failure:
    """The failure that an event tells."""
    names = ("type", "message", "traceback")
    return Failure(**{name: str(event.get(name, "")) for name in names})


def _figures(given: dict[str, Any]) -> Figures:
    known = {name: given[name] for name in _FIGURES if given.get(name) is not None}
    return Figures(**known)


def _turn_to(node: Node, phase: Phase, at: float) -> None:
    _close(node, at)
    node.spans.append(Span(phase, max(at, node.started or at)))


def _close(node: Node, at: float) -> None:
    if node.spans and node.spans[-1].end is None:
        node.spans[-1].end = max(at, node.spans[-1].start)


def _complete(node: Node, at: float) -> None:
    if node.state != State.ERROR:
        _close(node, at)
        node.state, node.ended = State.COMPLETE, max(at, node.started or at)


def _fail(node: Node, failure: Failure, at: float) -> None:
    _close(node, at)
    node.state, node.ended = State.ERROR, max(at, node.started or at)
    node.failure = failure

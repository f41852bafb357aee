"""A run: its nodes, its datasets and its checks.

Times are seconds since 1970 (UTC), durations are seconds. An unknown value is None,
never zero.
"""

from __future__ import annotations

from collections import Counter
from enum import Enum
from typing import Any

from attrs import Factory, define


class State(str, Enum):
    """The state of a run or a node."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UPSTREAM_FAILED = (
        "upstream failed"  # a node only: it needs the output of one that failed
    )
    SKIPPED = "skipped"  # a node only: unchanged, or not needed; `reason` says which
    NOT_SELECTED = "not selected"  # a node only: in the pipeline, but not in this run
    INTERRUPTED = "interrupted"
    UNKNOWN = "unknown"  # there is no news from its process


ENDED = frozenset({State.SUCCEEDED, State.FAILED, State.INTERRUPTED})  # of a run


class Phase(str, Enum):
    """The phase of a running node."""

    LOADING = "loading"
    COMPUTING = "computing"
    SAVING = "saving"


@define
class Span:
    """One phase of a node; ``end`` is None while it lasts."""

    phase: Phase
    start: float
    end: float | None = None


@define
class Failure:
    """Why a node or a run failed."""

    type: str
    message: str
    traceback: str = ""


@define
class Figures:
    """Figures of a dataset's data, named as in OpenLineage's facets."""

    row_count: int | None = None
    size: int | None = None  # bytes
    schema: dict[str, str] = Factory(dict)  # column: type
    null_count: dict[str, int] = Factory(dict)  # column: nulls


@define
class Dataset:
    """An entry of the catalog, a parameter or a value in memory, in one run."""

    name: str
    type: str = ""  # of the catalog's entry, e.g. pandas.ParquetDataset
    place: str = ""  # where it is, relative to the project; no user's home, no password
    loaded: Figures | None = None
    saved: Figures | None = None
    marks: list[str] = Factory(list)  # unusual: "12,031 rows, usually 98,000"


@define
class Check:
    """The result of a guard's check."""

    guard: str  # the module of ops/ that checked
    subject: str  # what was checked: a dataset, a node, a tool
    level: str  # "error" or "warning"
    passed: bool
    message: str


@define
class Node:
    """A node of the pipeline in one run."""

    name: str
    inputs: list[str]
    outputs: list[str]
    short_name: str = ""
    namespace: str | None = None
    tags: list[str] = Factory(list)
    state: State = State.QUEUED
    reason: str = ""  # why it was skipped
    started: float | None = None
    ended: float | None = None
    spans: list[Span] = Factory(list)
    peak_memory: int | None = None  # bytes, of the process while the node ran
    failure: Failure | None = None
    marks: list[str] = Factory(list)
    usual: float | None = None  # seconds that it took in earlier runs (median)
    attempts: int = 1  # sessions of the run that ran it


@define
class Run:
    """One run of a pipeline. ``nodes`` are in the order of the pipeline's layers."""

    key: str  # the name of its folder in the store
    run_id: str  # Kedro's
    state: State = State.QUEUED
    pipelines: list[str] = Factory(list)
    env: str = ""
    runner: str = ""
    project: str = ""
    branch: str = ""
    commit: str = ""
    dirty: bool = False
    user: str = ""
    host: str = ""
    started: float | None = None
    ended: float | None = None
    last_news: float | None = None
    params: dict[str, Any] = Factory(dict)  # Kedro's run_params, without secrets
    parameter_hashes: dict[str, str] = Factory(dict)  # they show which have changed
    shared: bool = False  # whether other processes may go on with it
    tries_left: int | None = None  # of its failed task; None if that is not known
    notify: bool = False  # whether to send a notification when it ends
    resume: str = ""  # the command that resumes a failed run
    failure: Failure | None = None
    nodes: dict[str, Node] = Factory(dict)
    datasets: dict[str, Dataset] = Factory(dict)
    checks: list[Check] = Factory(list)

    def short_key(self) -> str:
        """The end of its key, which identifies it in a list."""
        return self.key.rpartition("-")[2]

    def seconds(self) -> float | None:
        """How long it took, or has taken so far."""
        end = self.ended or self.last_news
        return None if self.started is None or end is None else end - self.started

    def counts(self) -> dict[str, int]:
        """The number of nodes in each state, without those that are not selected."""
        found = Counter(node.state for node in self.nodes.values())
        states = (state for state in State if state != State.NOT_SELECTED)
        return {state.value: found[state] for state in states if found[state]}

    def node_summary(self) -> str:
        """The same in words: ``4 succeeded, 1 failed``."""
        return ", ".join(f"{count:,} {state}" for state, count in self.counts().items())

    def marks(self) -> list[str]:
        """Unusual figures, each with its node or dataset."""
        things: list[Node | Dataset] = [*self.nodes.values(), *self.datasets.values()]
        return [f"{thing.name}: {mark}" for thing in things for mark in thing.marks]

    def mark_upstream_failed(self, waiting: State, causes: dict[State, str]) -> None:
        """Mark nodes in the state ``waiting`` whose inputs are missing as upstream
        failed.

        Nodes are in the order of the layers: one that fails is before those that need it.

        Args:
            waiting: the state of nodes that have not begun.
            causes: the states in which a node has left no output, in words.
        """
        broken: dict[str, str] = {}  # datasets that are missing, and why
        for node in self.nodes.values():
            missing = (broken.get(_untranscoded(name)) for name in node.inputs)
            if node.state in causes:
                why = f"{node.name} {causes[node.state]}"
            else:
                why = next(filter(None, missing), "")
            if not why or node.state not in {*causes, State.UPSTREAM_FAILED, waiting}:
                continue
            if node.state == waiting:
                node.state, node.reason = State.UPSTREAM_FAILED, why
            broken.update((_untranscoded(output), why) for output in node.outputs)


def _untranscoded(dataset: str) -> str:
    return dataset.partition("@")[0]  # the forms of a transcoded dataset are one

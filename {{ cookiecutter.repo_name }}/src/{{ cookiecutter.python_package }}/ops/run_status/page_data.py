"""What the status page knows of a run: short lists instead of names, to be small.

model.js reads it. Times are milliseconds since the start of the run.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from enum import IntEnum
from typing import Any

from attrs import define, field

from .graph import Graph, is_parameter
from .model import Dataset, Failure, Figures, Node, Phase, Run, State

_STATE = {state: number for number, state in enumerate(State)}
_PHASE = {phase: number for number, phase in enumerate(Phase)}

# A path from the root of a disk; no part of a URL is one, unless it is a file's.
_PATH = re.compile(
    r"(?:(?<![\w./\\~*<-])|(?<=file://)|(?<=file:///))(?:[A-Za-z]:)?"
    r"(?:[/\\](?![/\\])[^/\\\s\"'`:;,()\[\]{}<>|=]+){2,}"
)
_HOMES = {"home": 2, "Users": 2, "root": 1}
_USER = re.compile(r"(?<=://)[^/\s@\"']+@")  # with or without a password


NAME = "\x00"  # stands for the name of a dataset in its place


class Detail(IntEnum):
    """How much of a run the page holds: each adds to the one before."""

    SUMMARY = 0  # its state, and how many nodes came how far
    NODES = 1  # states and times of nodes, rows of datasets: to compare and for trends
    FIGURES = 2  # all but the columns of datasets
    ALL = 3


def text(data: Any) -> str:
    """JSON in which nothing can end a script, whatever names and messages say."""
    packed = json.dumps(data, separators=(",", ":"), allow_nan=False)  # and all ASCII
    for letter in "<>&":
        packed = packed.replace(letter, f"\\u{ord(letter):04x}")
    return packed


def record(run: Run, graph: Graph, detail: Detail, publish: bool) -> dict[str, Any]:
    """A run for the page.

    Args:
        run: what the timeline tells.
        graph: of the run.
        detail: how much of it.
        publish: whether others than the team may read it: then it has no tracebacks,
            and does not say where and with which parameters it ran.
    """
    return _Record(run, graph, detail, publish, run.started or 0.0).all()


def without_paths(given: str) -> str:
    """A text in which paths from the root are cut short and URLs have no user."""
    if "/" not in given and "\\" not in given:
        return given
    given = _USER.sub("", given) if "://" in given else given
    return _PATH.sub(_shortened, given)


def _shortened(found: re.Match[str]) -> str:
    parts = re.split(r"[/\\]", found[0])[1:]
    for start in ("site-packages", "src"):
        if start in parts[:-1]:
            return "/".join(parts[parts.index(start) :])
    parts = parts[_HOMES.get(parts[0], 0) :]
    return "/".join(["…", *parts[-2:]])


@define
class _Record:
    run: Run
    graph: Graph
    detail: Detail
    publish: bool
    began: float
    types: dict[str, int] = field(factory=dict)
    places: dict[str, int] = field(factory=dict)
    schemas: dict[tuple[tuple[str, str], ...], int] = field(factory=dict)

    def all(self) -> dict[str, Any]:
        run = self.run
        counts = Counter(node.state for node in run.nodes.values())
        known: dict[str, Any] = {
            "key": run.key,
            "id": run.run_id,
            "state": _STATE[run.state],
            "detail": int(self.detail),
            "pipelines": run.pipelines,
            "env": run.env,
            "runner": run.runner,
            "branch": run.branch,
            "commit": run.commit,
            "dirty": run.dirty,
            "user": "" if self.publish else run.user,
            "host": "" if self.publish else run.host,
            "started": run.started,
            "ended": run.ended,
            "news": run.last_news,
            "bytes": run.bytes,
            "resume": without_paths(run.resume),
            "failure": self._failure(run.failure),
            "counts": [counts[state] for state in State],
        }
        if self.detail >= Detail.NODES:
            known["graph"] = self.graph.key
            known["nodes"] = [self._node(node) for node in run.nodes.values()]
            datasets = map(self._dataset, run.datasets.values())
            known["datasets"] = [told for told in datasets if told]
        if self.detail >= Detail.FIGURES:
            known["params"] = {} if self.publish else self._params()
            known["checks"] = [
                [c.guard, c.subject, c.level, int(c.passed), without_paths(c.message)]
                for c in run.checks
            ]
            known["types"] = list(self.types)
            known["places"] = list(self.places)
            known["schemas"] = list(self.schemas)
        return known

    def _node(self, node: Node) -> list[Any]:
        at = self._at
        times = [_STATE[node.state], at(node.started), at(node.ended)]
        if self.detail == Detail.NODES:
            return trimmed([*times, self._failure(node.failure)])
        usual = None if node.usual is None else round(node.usual * 1000)
        memory = None if node.peak_memory is None else node.peak_memory // 1000
        return trimmed(
            [
                *times,
                self._failure(node.failure),
                self._spans(node),
                memory,
                usual,
                without_paths(node.reason),
                [without_paths(mark) for mark in node.marks],
            ]
        )

    def _spans(self, node: Node) -> list[int | None]:
        """Of each its phase, how long after the one before it began, how long it took."""
        told: list[int | None] = []
        before = self._at(node.started) or 0
        for span in node.spans:
            start, end = self._at(span.start) or 0, self._at(span.end)
            told += (_PHASE[span.phase], start - before, end and end - start)
            before = end or start
        return told

    def _dataset(self, dataset: Dataset) -> list[Any] | None:
        if is_parameter(dataset.name):
            return None
        number = self.graph.number[dataset.name]
        loaded, saved = self._figures(dataset.loaded), self._figures(dataset.saved)
        if self.detail == Detail.NODES:
            return [number, loaded, saved] if loaded or saved else None
        return trimmed(
            [
                number,
                loaded,
                saved,
                self.types.setdefault(dataset.type, len(self.types)),
                self._place(dataset),
                [without_paths(mark) for mark in dataset.marks],
            ]
        )

    def _place(self, dataset: Dataset) -> int:
        """Most places are alike, but for the dataset's name."""
        place = without_paths(dataset.place).replace(dataset.name, NAME)
        return self.places.setdefault(place, len(self.places))

    def _figures(self, figures: Figures | None) -> list[Any] | None:
        if figures is None:
            return None
        if self.detail == Detail.NODES:
            return [figures.row_count] if figures.row_count is not None else None
        told = [figures.row_count, figures.size]
        if self.detail == Detail.ALL and figures.schema:
            columns = tuple(figures.schema.items())
            told.append(self.schemas.setdefault(columns, len(self.schemas)))
            told += map(figures.null_count.get, figures.schema)
        return trimmed(told)

    def _failure(self, failure: Failure | None) -> list[str] | None:
        if failure is None:
            return None
        told = [failure.type, without_paths(failure.message)]
        if failure.traceback and not self.publish and self.detail >= Detail.FIGURES:
            told.append(without_paths(failure.traceback))
        return told

    def _params(self) -> dict[str, str]:
        return {
            name: without_paths(value if isinstance(value, str) else json.dumps(value))
            for name, value in self.run.params.items()
            if value not in (None, "", [], {})
        }

    def _at(self, moment: float | None) -> int | None:
        if moment is None:
            return None
        return round((moment - self.began) * 1000)


def trimmed(values: list[Any]) -> list[Any]:
    """A list without what is not known at the end."""
    while values and values[-1] in (None, "", []):
        values.pop()
    return values

"""A run as the status page shows it: made of the run, or taken from an earlier page."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import Any

from .graph import Graph
from .model import Run
from .page_data import Detail, record, text, trimmed


class Shown:
    """A run for the page. What is made of it is made once, however often it is written.

    ``key``, ``started`` and ``project`` are the run's.
    """

    def __init__(self, run: Run) -> None:
        """Take the run."""
        self.key, self.started, self.project = run.key, run.started or 0.0, run.project
        self._run = run
        self._texts: dict[tuple[Detail, bool], str] = {}

    def text(self, detail: Detail, publish: bool = False) -> str:
        """The run in that detail, for others than the team or not."""
        key = detail, publish
        if key not in self._texts:
            self._texts[key] = text(self._record(detail, publish))
        return self._texts[key]

    @property
    def graph(self) -> str:
        """The key of its graph, which is the same for runs of the same nodes."""
        return self._graph.key

    @property
    def drawing(self) -> str:
        """Its graph as the page has it."""
        return _drawn(self._graph)

    def _record(self, detail: Detail, publish: bool) -> dict[str, Any]:
        graph = self._graph if detail else Graph([])
        return record(self._run, graph, detail, publish)

    @cached_property
    def _graph(self) -> Graph:
        return Graph.of(self._run)


class Printed(Shown):
    """A run as a page has it that was written before.

    ``bytes`` are those of the journals that told it.
    """

    graph, drawing = "", ""

    def __init__(
        self, known: dict[str, Any], drawings: dict[str, str], project: str
    ) -> None:
        """Take its record, the drawings on that page by key, and the project's name."""
        self.key, self.started, self.project = known["key"], known["started"], project
        self.bytes, self.is_over = known["bytes"], known["ended"] is not None
        self.graph = known.get("graph", "")
        self.drawing = drawings.get(self.graph, "")
        self._known = known
        self._texts = {}

    def _record(self, detail: Detail, publish: bool) -> dict[str, Any]:
        return less(self._known, detail)


def less(known: dict[str, Any], detail: Detail) -> dict[str, Any]:
    """A record as it would be with no more than that detail."""
    if known["detail"] <= detail:
        return known
    told = {**known, "detail": int(detail)}
    if detail == Detail.FIGURES:
        told["datasets"] = [_without_columns(each) for each in known["datasets"]]
        return told | {"schemas": []}
    for name in ("params", "checks", "types", "places", "schemas"):
        told.pop(name, None)
    told["failure"] = told["failure"] and told["failure"][:2]
    if detail == Detail.NODES:
        told["nodes"] = [_brief_node(each) for each in known["nodes"]]
        told["datasets"] = [*filter(None, map(_brief_dataset, known["datasets"]))]
        return told
    for name in ("graph", "nodes", "datasets"):
        told.pop(name, None)
    return told


def _without_columns(dataset: list[Any]) -> list[Any]:
    number, loaded, saved, *rest = dataset
    figures = (each and trimmed(each[:2]) for each in (loaded, saved))
    return [number, *figures, *rest]


def _brief_node(node: list[Any]) -> list[Any]:
    *times, failure = [*node, None][:4]
    return trimmed([*times, failure and failure[:2]])


def _brief_dataset(dataset: list[Any]) -> list[Any] | None:
    number, *figures = dataset[:3]
    rows = [each[:1] if each and each[0] is not None else None for each in figures]
    return [number, *rows] if any(rows) else None


@lru_cache(maxsize=8)
def _drawn(graph: Graph) -> str:
    """A graph as text: a run is written twice, and is drawn once."""
    return text(graph.data())

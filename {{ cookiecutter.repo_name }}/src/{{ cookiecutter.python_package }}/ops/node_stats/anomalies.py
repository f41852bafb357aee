"""What is usual for the nodes and datasets of a branch, and what is not."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable

from attrs import asdict, define, field, frozen

from ..run_status.model import Dataset, Node, Run, State
from ..run_status.run_store import RunStore

FILE = "figures.json"
_FORMAT = 1
_LAST = 10  # runs that are looked at
_ENOUGH = 3  # runs that make a number usual
_LESS, _MORE = 0.8, 1.25  # of the least and the most rows
_LONGER, _SECONDS = 2.0, 5.0  # times, and at least so many seconds more


@define
class Summary:
    """The figures of one run."""

    branch: str
    seconds: dict[str, float] = field(factory=dict)  # by node
    rows: dict[str, int] = field(factory=dict)  # by dataset saved
    schemas: dict[str, dict[str, str]] = field(factory=dict)

    @classmethod
    def of(cls, run: Run) -> Summary:
        """Those of a run."""
        summary = cls(run.branch)
        for name, node in run.nodes.items():
            if node.state == State.COMPLETE and node.started and node.ended:
                summary.seconds[name] = round(node.ended - node.started, 3)
        for name, dataset in run.datasets.items():
            if dataset.saved and dataset.saved.row_count is not None:
                summary.rows[name] = dataset.saved.row_count
            if dataset.saved and dataset.saved.schema:
                summary.schemas[name] = dataset.saved.schema
        return summary

    def write(self, store: RunStore, key: str) -> None:
        """Put it beside the journals of its run."""
        text = json.dumps({"format": _FORMAT, **asdict(self)})
        store.put(f"{key}/{FILE}", text.encode())


@frozen
class Usual:
    """What the last runs showed, the newest first."""

    runs: list[Summary]

    @classmethod
    def of(cls, store: RunStore, branch: str, trunk: Iterable[str]) -> Usual:
        """What is usual on a branch; on a new one, what is on the trunk."""
        branches: dict[str, list[Summary]] = {branch: []}
        for key in reversed(store.keys()):
            if summary := _read(store, key):
                branches.setdefault(summary.branch, []).append(summary)
            if len(branches[branch]) == _LAST:
                break
        ours = branches[branch]
        if len(ours) < _ENOUGH:
            ours = max([ours, *(branches.get(name, []) for name in trunk)], key=len)
        return cls(ours[:_LAST])

    def seconds(self) -> dict[str, float]:
        """How long each node usually takes."""
        names = dict.fromkeys(name for run in self.runs for name in run.seconds)
        times = {n: [r.seconds[n] for r in self.runs if n in r.seconds] for n in names}
        return {name: round(statistics.median(each), 3) for name, each in times.items()}

    def marks_of_node(self, node: Node) -> list[str]:
        """What is unusual of a node."""
        times = [
            run.seconds[node.name] for run in self.runs if node.name in run.seconds
        ]
        if node.started is None or node.ended is None or len(times) < _ENOUGH:
            return []
        took, most = node.ended - node.started, max(times)
        if took < most * _LONGER or took < most + _SECONDS:
            return []
        return [f"took {took:,.0f} s, usually {statistics.median(times):,.0f} s"]

    def marks_of_dataset(self, dataset: Dataset) -> list[str]:
        """What is unusual of what was saved."""
        if dataset.saved is None:
            return []
        marks = []
        rows, name = dataset.saved.row_count, dataset.name
        counts = [run.rows[name] for run in self.runs if name in run.rows]
        if rows is not None and len(counts) >= _ENOUGH:
            if not min(counts) * _LESS <= rows <= max(counts) * _MORE:
                usually = round(statistics.median(counts))
                marks.append(f"{rows:,} rows, usually {usually:,}")
        before = next((r.schemas[name] for r in self.runs if name in r.schemas), None)
        if before is not None and dataset.saved.schema:
            marks += _changes(before, dataset.saved.schema)
        return marks


def _changes(before: dict[str, str], now: dict[str, str]) -> list[str]:
    new, gone = [c for c in now if c not in before], [c for c in before if c not in now]
    changed = [c for c in now if c in before and now[c] != before[c]]
    marks = [f"new columns: {', '.join(new)}"] if new else []
    marks += [f"columns gone: {', '.join(gone)}"] if gone else []
    return marks + [f"column {c} is {now[c]}, was {before[c]}" for c in changed]


def _read(store: RunStore, key: str) -> Summary | None:
    text = store.get(f"{key}/{FILE}")
    try:
        known = json.loads(text) if text else {}
    except ValueError:  # a kill tore it
        return None
    if not isinstance(known, dict) or known.pop("format", None) != _FORMAT:
        return None
    return Summary(**known)

"""What is unusual about a run, compared with the last runs of its branch."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable

from attrs import asdict, define, field, frozen

from ..run_status.journal import RunStore
from ..run_status.model import Dataset, Node, Run, State

FILE = "figures.json"
_FORMAT = 1
_LAST = 10  # runs to compare with
_ENOUGH = 3  # runs without which nothing is unusual
_LESS, _MORE = 0.8, 1.25  # of the least and the most rows
_LONGER, _SECONDS = 2.0, 5.0  # times, and at least so many seconds more


@define
class Summary:
    """The figures of one run."""

    branch: str
    seconds: dict[str, float] = field(factory=dict)  # by node
    rows: dict[str, int] = field(factory=dict)  # by dataset saved
    schemas: dict[str, dict[str, str]] = field(factory=dict)

    def write(self, store: RunStore, key: str) -> None:
        """Put it beside the journals of its run."""
        text = json.dumps({"format": _FORMAT, **asdict(self)})
        store.put(f"{key}/{FILE}", text.encode())


def summarize(run: Run) -> Summary:
    """The figures of a run."""
    summary = Summary(run.branch)
    for name, node in run.nodes.items():
        if node.state == State.COMPLETE and node.started and node.ended:
            summary.seconds[name] = round(node.ended - node.started, 3)
    for name, dataset in run.datasets.items():
        if dataset.saved and dataset.saved.row_count is not None:
            summary.rows[name] = dataset.saved.row_count
        if dataset.saved and dataset.saved.schema:
            summary.schemas[name] = dataset.saved.schema
    return summary


@frozen
class LastRuns:
    """The figures of the last runs, the newest first."""

    runs: list[Summary]

    @classmethod
    def read(cls, store: RunStore, branch: str, trunk: Iterable[str]) -> LastRuns:
        """The last runs of a branch; if it is new, those of the trunk."""
        branches: dict[str, list[Summary]] = {branch: []}
        for key in reversed(store.keys()):
            if summary := _read(store, key):
                branches.setdefault(summary.branch, []).append(summary)
            if len(branches[branch]) == _LAST:
                break
        runs = branches[branch]
        if len(runs) < _ENOUGH:
            runs = max([runs, *(branches.get(name, []) for name in trunk)], key=len)
        return cls(runs[:_LAST])

    def median_seconds(self) -> dict[str, float]:
        """How long each node usually takes."""
        names = dict.fromkeys(name for run in self.runs for name in run.seconds)
        return {n: round(statistics.median(self._seconds(n)), 3) for n in names}

    def _seconds(self, node: str) -> list[float]:
        return [run.seconds[node] for run in self.runs if node in run.seconds]

    def unusual_node(self, node: Node) -> list[str]:
        """What is unusual about a node."""
        times = self._seconds(node.name)
        if node.started is None or node.ended is None or len(times) < _ENOUGH:
            return []
        took, most = node.ended - node.started, max(times)
        if took < max(most * _LONGER, most + _SECONDS):
            return []
        return [f"took {took:,.0f} s, usually {statistics.median(times):,.0f} s"]

    def unusual_dataset(self, dataset: Dataset) -> list[str]:
        """What is unusual about the data that was saved."""
        if dataset.saved is None:
            return []
        found, name, rows = [], dataset.name, dataset.saved.row_count
        counts = [run.rows[name] for run in self.runs if name in run.rows]
        if rows is not None and len(counts) >= _ENOUGH:
            if not min(counts) * _LESS <= rows <= max(counts) * _MORE:
                usually = round(statistics.median(counts))
                found.append(f"{rows:,} rows, usually {usually:,}")
        before = next((r.schemas[name] for r in self.runs if name in r.schemas), None)
        if before is not None and dataset.saved.schema:
            found += _changed_columns(before, dataset.saved.schema)
        return found


def _changed_columns(before: dict[str, str], now: dict[str, str]) -> list[str]:
    new, removed = now.keys() - before.keys(), before.keys() - now.keys()
    found = [f"new columns: {', '.join(sorted(new))}"] if new else []
    found += [f"missing columns: {', '.join(sorted(removed))}"] if removed else []
    both = [column for column in now if column in before]
    changed = [column for column in both if now[column] != before[column]]
    return found + [f"column {c} is {now[c]}, was {before[c]}" for c in changed]


def _read(store: RunStore, key: str) -> Summary | None:
    text = store.get(f"{key}/{FILE}")
    try:
        known = json.loads(text) if text else {}
    except ValueError:  # a process was killed while it wrote
        return None
    if not isinstance(known, dict) or known.pop("format", None) != _FORMAT:
        return None
    return Summary(**known)

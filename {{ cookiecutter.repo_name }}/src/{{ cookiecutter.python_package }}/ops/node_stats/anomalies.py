"""Unusual figures of a run, compared with the last runs of its branch."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable

from attrs import asdict, define, field

from ..core.git import slug
from ..core.store import Store
from ..run_status.model import Dataset, Node, Run, State

_FOLDER = "figures"  # of the runs, with a file for each branch
_FORMAT = 2
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

    def write(self, store: Store) -> None:
        """Save it for later runs. If two runs end at the same time, one may be lost."""
        name = _file(self.branch)
        runs = [self, *_parsed(store.read(name))][:_LAST]
        found = {"format": _FORMAT, "runs": [asdict(run) for run in runs]}
        store.write(name, json.dumps(found).encode())


def summarize(run: Run) -> Summary:
    """The figures of a run."""
    summary = Summary(run.branch)
    for name, node in run.nodes.items():
        if node.state == State.SUCCEEDED and node.started and node.ended:
            summary.seconds[name] = round(node.ended - node.started, 3)
    for name, dataset in run.datasets.items():
        if dataset.saved and dataset.saved.row_count is not None:
            summary.rows[name] = dataset.saved.row_count
        if dataset.saved and dataset.saved.schema:
            summary.schemas[name] = dataset.saved.schema
    return summary


def last_runs(store: Store, branch: str, trunk: Iterable[str]) -> list[Summary]:
    """The last runs of a branch, the newest first; if it is new, those of the trunk."""
    runs = _parsed(store.read(_file(branch)))
    if len(runs) < _ENOUGH:
        others = (_parsed(store.read(_file(name))) for name in trunk if name != branch)
        runs = max(runs, next(filter(None, others), []), key=len)
    return runs


def _file(branch: str) -> str:
    return f"{_FOLDER}/{slug(branch)}.json"


def _parsed(text: bytes | None) -> list[Summary]:
    try:
        known = json.loads(text or b"{}")
        return [Summary(**run) for run in known["runs"] if known["format"] == _FORMAT]
    except (KeyError, TypeError, ValueError):  # there is none, or it was damaged
        return []


def median_seconds(runs: list[Summary]) -> dict[str, float]:
    """The usual duration of each node."""
    times: dict[str, list[float]] = {}
    for run in runs:
        for node, seconds in run.seconds.items():
            times.setdefault(node, []).append(seconds)
    return {node: round(statistics.median(each), 3) for node, each in times.items()}


def unusual_node(node: Node, runs: list[Summary]) -> list[str]:
    """Whether a node is unusual: it took far longer than in all of these runs."""
    times = [run.seconds[node.name] for run in runs if node.name in run.seconds]
    if node.started is None or node.ended is None or len(times) < _ENOUGH:
        return []
    took, most = node.ended - node.started, max(times)
    if took < max(most * _LONGER, most + _SECONDS):
        return []
    return [f"took {took:,.0f} s, usually {statistics.median(times):,.0f} s"]


def unusual_dataset(dataset: Dataset, runs: list[Summary]) -> list[str]:
    """What is unusual about the saved data: its rows or columns."""
    if dataset.saved is None:
        return []
    found, name, rows = [], dataset.name, dataset.saved.row_count
    counts = [run.rows[name] for run in runs if name in run.rows]
    if rows is not None and len(counts) >= _ENOUGH:
        if not min(counts) * _LESS <= rows <= max(counts) * _MORE:
            usually = round(statistics.median(counts))
            found.append(f"{rows:,} rows, usually {usually:,}")
    before = next((run.schemas[name] for run in runs if name in run.schemas), None)
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

"""What is said of a run when it has ended, and in lists of runs."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from enum import Enum
from typing import Any

from attrs import asdict

from .model import Dataset, Node, Run, State


def report_of_run(run: Run, page: str = "", viz: str = "") -> str:
    """A short table for the end of a run."""
    lines = [
        ("run", run.key),
        ("state", run.state.value),
        ("nodes", nodes(run)),
        ("time", duration(seconds(run))),
        ("branch", run.branch),
        ("page", page),
        ("viz", viz),
        ("go on", run.resume),
    ]
    text = "\n".join(f"  {name:<8}{value}" for name, value in lines if value)
    return "\n".join([f"Run status:\n{text}", *(f"  {mark}" for mark in marks(run))])


def last_lines(run: Run, page: str = "", viz: str = "") -> list[tuple[str, str]]:
    """What is said after a run beside how it ended, each with its name."""
    lines = [("resume", run.resume), ("page", page), ("viz", viz)]
    lines += [("unusual", mark) for mark in marks(run)]
    return [(name, text) for name, text in lines if text]


def row(run: Run, exact: bool) -> dict[str, Any]:
    """A run as a row of a table: for a person, or with exact numbers."""
    started, took = run.started, seconds(run)
    return {
        "run": run.key,
        "state": run.state.value,
        "nodes": counts(run) if exact else nodes(run),
        "started": started if exact else moment(started),
        "seconds" if exact else "time": took if exact else duration(took),
        "branch": run.branch,
        "pipelines": run.pipelines,
        "user": run.user,
    }


def as_data(run: Run) -> dict[str, Any]:
    """All of a run, as JSON has it."""
    return asdict(run, value_serializer=_plain)


def marks(run: Run) -> list[str]:
    """What is unusual, each with what it is about."""
    things: list[Node | Dataset] = [*run.nodes.values(), *run.datasets.values()]
    return [f"{thing.name}: {mark}" for thing in things for mark in thing.marks]


def counts(run: Run) -> dict[str, int]:
    """How many nodes there are in which state, but for those not selected."""
    found = Counter(node.state for node in run.nodes.values())
    shown = (state for state in State if state != State.NOT_SELECTED)
    return {state.value: found[state] for state in shown if found[state]}


def nodes(run: Run) -> str:
    """The same in words."""
    return ", ".join(f"{count} {state}" for state, count in counts(run).items())


def seconds(run: Run) -> float | None:
    """How long the run took, or has taken so far."""
    end = run.ended or run.last_news
    return None if run.started is None or end is None else end - run.started


def moment(time: float | None) -> str:
    """A time for a person here."""
    if time is None:
        return ""
    return datetime.fromtimestamp(time).isoformat(" ", timespec="seconds")


def duration(seconds: float | None) -> str:
    """A duration for a person."""
    if seconds is None:
        return ""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:  # noqa: PLR2004
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def _plain(_: Any, __: Any, value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value

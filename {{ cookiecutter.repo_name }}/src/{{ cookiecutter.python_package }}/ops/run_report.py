"""What is said of a run when it has ended, and in lists of runs."""

from __future__ import annotations

from collections import Counter
from typing import Any

from .runs import Run, State


def of(run: Run) -> str:
    """A short table."""
    figures = row(run)
    lines = [
        ("run", run.key),
        ("state", run.state.value),
        ("nodes", figures["nodes"]),
        ("branch", run.branch),
        ("time", figures["time"]),
    ]
    text = "\n".join(f"  {name:<8}{value}" for name, value in lines if value)
    return f"Run status\n{text}"


def row(run: Run) -> dict[str, Any]:
    """A run as a row of a table."""
    return {
        "run": run.key,
        "state": run.state.value,
        "nodes": nodes(run),
        "time": duration(seconds(run)),
        "branch": run.branch,
        "user": run.user,
    }


def nodes(run: Run) -> str:
    """How many nodes there are in which state, but for those not selected."""
    counts = Counter(node.state for node in run.nodes.values())
    return ", ".join(
        f"{counts[state]} {state.value}"
        for state in State
        if counts[state] and state != State.NOT_SELECTED
    )


def seconds(run: Run) -> float | None:
    """How long the run took, or has taken so far."""
    end = run.ended or run.last_news
    return None if run.started is None or end is None else end - run.started


def duration(seconds: float | None) -> str:
    """A duration for a person."""
    if seconds is None:
        return ""
    if seconds < 60:  # noqa: PLR2004
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"

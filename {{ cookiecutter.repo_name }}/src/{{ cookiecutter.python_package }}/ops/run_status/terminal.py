"""Shows a run in the terminal: as a table, or live."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from enum import Enum
from typing import Any

from attrs import asdict
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ..core.formats import duration, local_time, printable, size
from ..core.terminal import print_long, progress_bar, table
from .describe import report
from .history import History
from .model import ENDED, Dataset, Figures, Node, Phase, Run, State
from .replay import Follower

_EVERY = 0.5  # seconds

# Shape as well as colour.
_LOOKS = {
    State.QUEUED: ("·", "dim"),
    State.RUNNING: ("▶", "cyan"),
    State.SUCCEEDED: ("✓", "green"),
    State.FAILED: ("✗", "bold red"),
    State.UPSTREAM_FAILED: ("↯", "red"),
    State.SKIPPED: ("↷", "dim"),
    State.NOT_SELECTED: ("-", "dim"),
    State.INTERRUPTED: ("■", "yellow"),
    State.UNKNOWN: ("?", "yellow"),
}


def row(run: Run) -> dict[str, Any]:
    """A run in a list of runs, for a person."""
    pipelines = [name for name in run.pipelines if name != "__default__"]
    counts = run.counts()
    done = sum(counts.get(state, 0) for state in (State.SUCCEEDED, State.SKIPPED))
    return {
        "run": run.short_key(),
        "state": _state(run.state),
        "started": local_time(run.started),
        "took": duration(run.seconds()),
        "nodes": f"{done:,} of {sum(counts.values()):,}",
        "branch": run.branch,
        "pipelines": ", ".join(pipelines),
        "user": run.user,
    }


def row_as_data(run: Run) -> dict[str, Any]:
    """A run in a list of runs, for JSON."""
    names = ("started", "branch", "pipelines", "user")
    facts = {name: getattr(run, name) for name in names}
    counts = {"nodes": run.counts(), "seconds": run.seconds()}
    return {"run": run.key, "state": run.state.value, **counts, **facts}


def as_data(run: Run) -> dict[str, Any]:
    """All of a run, for JSON."""
    return asdict(run, value_serializer=_plain)


def _plain(_: Any, __: Any, value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


def show(run: Run) -> None:
    """Print everything about a run."""
    parts: list[Any] = [_title(run)]
    if nodes := [_node_row(node, run) for node in run.nodes.values()]:
        parts.append(table(nodes, whole=("state", *Phase)))
    figures = [each for each in run.datasets.values() if each.loaded or each.saved]
    if figures:
        parts.append(table([_dataset_row(each) for each in figures], whole=_NUMBERS))
    failed = [check for check in run.checks if not check.passed]
    lines = [f"{c.level} of {c.guard}: {c.subject}: {c.message}" for c in failed]
    parts += [Text(printable(line)) for line in lines]
    if run.failure:
        what = f"{run.failure.type}: {run.failure.message}".strip(": ")
        parts.append(Text(printable(what), style="red"))
    if run.resume:
        parts.append(Text(printable(f"Resume with: {run.resume}")))
    print_long(*parts)


def watch(follower: Follower, history: History) -> None:
    """Print changes until a run ends; at a terminal, above the bar of `kedro run`."""
    console = Console()
    run = follower.run()
    expected = history.expected_seconds(run.key, {n.name for n in _selected(run)})
    before: dict[str, State] = {}
    with Live(console=console, auto_refresh=False, transient=True) as live:
        for run in _until_it_ends(follower):
            for node in _selected(run):
                if node.state not in {before.get(node.name), State.QUEUED}:
                    line = _state(node.state).append(f"  {printable(node.name)}")
                    console.print(line, soft_wrap=True)
                before[node.name] = node.state
            live.update(_bar(run, expected, console.width), refresh=True)
    console.print(report(run), markup=False, highlight=False, soft_wrap=True)


def _until_it_ends(follower: Follower) -> Iterator[Run]:
    while True:
        run = follower.run()
        yield run
        if run.state in ENDED:
            return
        time.sleep(_EVERY)


def _selected(run: Run) -> list[Node]:
    return [node for node in run.nodes.values() if node.state != State.NOT_SELECTED]


def _bar(run: Run, expected: float | None, width: int) -> Table:
    nodes = _selected(run)
    counts = Counter(node.state for node in nodes)
    return progress_bar(
        counts[State.SUCCEEDED] + counts[State.SKIPPED],
        len(nodes),
        [node.name for node in nodes if node.state == State.RUNNING],
        counts[State.SKIPPED],
        time.time() - (run.started or time.time()),
        expected,
        width,
    )


def _title(run: Run) -> Text:
    names = [run.key, run.branch, run.runner]
    facts = [duration(run.seconds()), run.node_summary(), local_time(run.started)]
    lines = [printable(" · ".join(filter(None, line))) for line in (names, facts)]
    return _state(run.state).append("  " + "\n".join(lines), style="default")


def _state(state: State) -> Text:
    mark, style = _LOOKS[state]
    return Text(f"{mark} {state.value}", style=style)


def _node_row(node: Node, run: Run) -> dict[str, Any]:
    error = f"{node.failure.type}: {node.failure.message}" if node.failure else ""
    attempt = f"attempt {node.attempts}" if node.attempts > 1 else ""
    note = "; ".join(filter(None, [attempt, error, node.reason, *node.marks]))
    times = {each.value: duration(_seconds_in(each, node, run)) for each in Phase}
    first = note.partition("\n")[0]
    return {"node": node.name, "state": _state(node.state), **times, "note": first}


def _seconds_in(phase: Phase, node: Node, run: Run) -> float | None:
    spans = [span for span in node.spans if span.phase == phase]
    if not spans:
        return None
    return sum((s.end or run.last_news or s.start) - s.start for s in spans)


_NUMBERS = ("rows_loaded", "rows_saved", "size")


def _dataset_row(dataset: Dataset) -> dict[str, Any]:
    loaded, saved = dataset.loaded or Figures(), dataset.saved or Figures()
    rows = [
        "" if number is None else f"{number:,}"
        for number in (loaded.row_count, saved.row_count)
    ]
    numbers = dict(zip(_NUMBERS, [*rows, size(saved.size or loaded.size)], strict=True))
    return {"dataset": dataset.name, **numbers, "note": dataset.marks}

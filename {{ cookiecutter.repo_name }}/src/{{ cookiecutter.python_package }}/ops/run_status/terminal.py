"""A run on the terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from . import report
from .model import Dataset, Node, Phase, Run, State
from .outcome import ENDED
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


def show(run: Run) -> None:
    """Print all that is known of a run."""
    Console().print(_whole(run))


def watch(follower: Follower) -> None:
    """Show a run until it ends; where nobody looks, print what changes."""
    console = Console()
    if console.is_terminal:
        with Live(console=console, auto_refresh=False, screen=False) as live:
            for run in _until_it_ends(follower):
                live.update(_short(run, console.height), refresh=True)
        return
    before: dict[str, State] = {}
    for run in _until_it_ends(follower):
        for name, node in run.nodes.items():
            if node.state not in {before.get(name), State.QUEUED, State.NOT_SELECTED}:
                console.print(f"{node.state.value}: {name}", markup=False)
            before[name] = node.state
    console.print(report.report_of_run(run), markup=False, highlight=False)


def _until_it_ends(follower: Follower) -> Iterator[Run]:
    while True:
        run = follower.run()
        yield run
        if run.state in ENDED:
            return
        time.sleep(_EVERY)


def _whole(run: Run) -> Group:
    parts: list[Any] = [_title(run), _nodes(list(run.nodes.values()), run)]
    figures = [each for each in run.datasets.values() if each.loaded or each.saved]
    if figures:
        parts.append(_datasets(figures))
    failed = [check for check in run.checks if not check.passed]
    parts += [Text(f"{c.level} of {c.guard}: {c.subject}: {c.message}") for c in failed]
    if run.failure:
        what = f"{run.failure.type}: {run.failure.message}".strip(": ")
        parts.append(Text(what, style="red"))
    if run.resume:
        parts.append(Text(f"To resume: {run.resume}"))
    return Group(*parts)


def _short(run: Run, height: int) -> Group:
    """What fits on the screen: what goes on now, and what is wrong, first."""
    order = [State.FAILED, State.RUNNING, State.UNKNOWN, State.INTERRUPTED]
    nodes = sorted(
        (node for node in run.nodes.values() if node.state != State.NOT_SELECTED),
        key=lambda n: (
            order.index(n.state) if n.state in order else 9,
            -(n.ended or 0),
        ),
    )
    return Group(_title(run), _nodes(nodes[: max(1, height - 6)], run))


def _title(run: Run) -> Text:
    mark, style = _LOOKS[run.state]
    taken = report.duration(report.seconds(run))
    title = Text(f"{mark} {run.state.value} ", style=style)
    rest = [run.key, run.branch, run.runner, taken, report.nodes(run)]
    return title.append(" · ".join(filter(None, rest)), style="default")


def _nodes(nodes: list[Node], run: Run) -> Table:
    table = Table()
    for heading in ("node", "state", *(phase.value for phase in Phase), "note"):
        table.add_column(heading, overflow="fold")
    for node in nodes:
        mark, style = _LOOKS[node.state]
        note = "; ".join(filter(None, [_error(node), node.reason, *node.marks]))
        table.add_row(
            escape(node.name),
            f"[{style}]{mark} {node.state.value}[/]",
            *(report.duration(_spent(node, phase, run)) for phase in Phase),
            escape(note.splitlines()[0] if note else ""),
        )
    return table


def _error(node: Node) -> str:
    return f"{node.failure.type}: {node.failure.message}" if node.failure else ""


def _spent(node: Node, phase: Phase, run: Run) -> float | None:
    spans = [span for span in node.spans if span.phase == phase]
    if not spans:
        return None
    return sum((s.end or run.last_news or s.start) - s.start for s in spans)


def _datasets(datasets: list[Dataset]) -> Table:
    table = Table()
    for heading in ("dataset", "rows loaded", "rows saved", "bytes", "note"):
        table.add_column(heading, overflow="fold")
    for each in datasets:
        loaded, saved = each.loaded, each.saved
        numbers = (
            loaded and loaded.row_count,
            saved and saved.row_count,
            (saved and saved.size) or (loaded and loaded.size),
        )
        texts = ("" if number is None else f"{number:,}" for number in numbers)
        table.add_row(escape(each.name), *texts, escape("; ".join(each.marks)))
    return table

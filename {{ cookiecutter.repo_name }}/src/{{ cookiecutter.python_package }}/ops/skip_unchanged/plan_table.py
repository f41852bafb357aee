"""A plan as a table, and as data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from attrs import frozen
from kedro.framework import project
from kedro.pipeline import Pipeline
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ..core.errors import OpsError
from .groups import bare
from .plan import MAYBE, RUN, SKIP, Plan, Step
from .run import SkipRun, in_words
from .settings import Forced

_WORDS = {RUN: "[yellow]run[/]", MAYBE: "[cyan]maybe[/]", SKIP: "[green]skip[/]"}
_WIDE = 140  # columns, where there is no terminal that says how many it has


@frozen
class View:
    """What is shown of a plan."""

    plan: Plan
    folder: Path
    old: dict[str, list[str]]  # by dataset: nodes that have changed and do not run

    @classmethod
    def of_run(cls, run: SkipRun, pipeline: Pipeline, selected: dict[str, Any]) -> View:
        """The view of a run that would have been.

        Args:
            run: the run.
            pipeline: what it would run.
            selected: the options of ``kedro run``.
        """
        run.cache.save()
        names = selected.get("pipelines") or [selected.get("pipeline") or "__default__"]
        whole = Pipeline([])
        with suppress(KeyError):
            for name in names:
                whole += project.pipelines[name]
        folder = run.plan.datasets.project
        return cls(run.plan, folder, dict(_old(run.plan, pipeline, whole)))

    @property
    def is_something_to_do(self) -> bool:
        """Whether a node would run, or may have to."""
        return any(step.action != SKIP for step in self.plan.steps)

    def as_data(self) -> list[dict[str, Any]]:
        """One mapping for each node."""
        return [row for step in self.plan.steps for row in self._rows(step)]

    def show(self) -> None:
        """Print the table."""
        console = _console()
        table = Table(title=escape(self._title()), title_justify="left")
        for column in ("", "node", "why", "expected", "writes to"):
            table.add_column(column, overflow="fold")
        for row in self.as_data():
            seconds = row["seconds"]
            why = "\n".join([*row["reasons"], *row["built_on_old"]])
            table.add_row(
                _WORDS[row["action"]],
                escape(row["node"]),
                escape(why),
                "" if seconds is None else in_words(seconds),
                escape("\n".join(row["writes"].values())),
            )
        console.print(table)

    def explained(self, name: str) -> list[dict[str, str]]:
        """All that goes into the fingerprint of a node, item by item.

        Raises:
            OpsError: if the run has no such node.
        """
        step = self._find(name)
        details = step.last.details if step.last else {}
        then = {**_of(details, "items"), **_named(_of(details, "inputs"), "input")}
        then |= _named(_of(details, "outputs"), "output")
        inputs = {key: held.print or held.why_not for key, held in step.inputs.items()}
        outputs = {
            key: held.print or held.why_not for key, held in step.outputs.items()
        }
        now = {**step.recipe.items, **_named(inputs, "input")}
        now |= _named(outputs, "output")
        shown = _of(details, "shown")
        return [
            {
                "item": key,
                "state": _state(then.get(key), now.get(key), bool(details)),
                "then": str(shown.get(key, then.get(key, ""))),
                "now": step.recipe.shown.get(key, now.get(key, "")),
            }
            for key in dict.fromkeys([*now, *then])
        ]

    def show_explained(self, name: str, rows: list[dict[str, str]]) -> None:
        """Print what ``explained`` tells."""
        step = self._find(name)
        console = _console()
        console.print(f"{_WORDS[step.action]} {escape(step.name)}: ", end="")
        console.print(escape("; ".join(step.reasons)))
        details = step.last.details if step.last else {}
        when = (
            f"{details.get('time')} on '{details.get('branch')}'"
            if details
            else "never"
        )
        table = Table(title=f"Last record: {escape(when)}", title_justify="left")
        for column in ("item", "", "then", "now"):
            table.add_column(column, overflow="fold")
        for row in rows:
            colour = "yellow" if row["state"] not in {"same", "open"} else ""
            cells = [escape(row[key]) for key in ("item", "state", "then", "now")]
            table.add_row(*cells, style=colour)
        console.print(table)

    def _rows(self, step: Step) -> Iterator[dict[str, Any]]:
        seconds = _of(step.last.details if step.last else {}, "seconds")
        for node in step.group.nodes:
            places = {name: self.plan.places.get(name, "") for name in node.outputs}
            yield {
                "node": node.name,
                "action": step.action,
                "reasons": step.reasons,
                "seconds": seconds.get(node.name),
                "writes": {
                    n: self._short(place) for n, place in places.items() if place
                },
                "together_with": [n.name for n in step.group.nodes if n is not node],
                "built_on_old": [
                    f"`{name}` is old: {', '.join(self.old[bare(name)])} would run, but is "
                    "not selected"
                    for name in node.inputs
                    if bare(name) in self.old
                ],
            }

    def _title(self) -> str:
        nodes = {RUN: 0, MAYBE: 0, SKIP: 0}
        times = {RUN: 0.0, MAYBE: 0.0, SKIP: 0.0}
        for step in self.plan.steps:
            nodes[step.action] += len(step.group.nodes)
            times[step.action] += step.seconds or 0.0
        maybe = (
            f", {nodes[MAYBE]} perhaps ({in_words(times[MAYBE])})"
            if nodes[MAYBE]
            else ""
        )
        return (
            f"Plan: {nodes[RUN]} to run (about {in_words(times[RUN])}){maybe}, "
            f"{nodes[SKIP]} unchanged ({in_words(times[SKIP])} saved)"
        )

    def _find(self, name: str) -> Step:
        for step in self.plan.steps:
            if any(name in {node.name, node.short_name} for node in step.group.nodes):
                return step
        raise OpsError(f"There is no node '{name}' in this run: see kedro plan.")

    def _short(self, place: str) -> str:
        return place.removeprefix("file://").removeprefix(f"{self.folder.as_posix()}/")


def _old(
    plan: Plan, part: Pipeline, whole: Pipeline
) -> Iterator[tuple[str, list[str]]]:
    """What the run would read of nodes that have changed, but that it leaves out."""
    selected = {node.name for node in part.nodes}
    if not part.nodes or selected >= {node.name for node in whole.nodes}:
        return
    above = whole.to_nodes(*(name for name in selected if name in _names(whole)))
    rest = Pipeline([node for node in above.nodes if node.name not in selected])
    others = Plan(rest, plan.recipes, plan.log, Forced())
    stale: set[int] = set()
    for number, step in enumerate(others.steps):
        if step.action == RUN or step.group.parents & stale:
            stale.add(number)
            for name in step.group.outputs:
                yield bare(name), [node.name for node in step.group.nodes]


def _names(pipeline: Pipeline) -> set[str]:
    return {node.name for node in pipeline.nodes}


def _state(then: object, now: object, recorded: bool) -> str:
    if not recorded:
        return "new"
    if then == now:
        return "same"
    return "gone" if now is None else "new" if then is None else "changed"


def _of(details: dict[str, Any], key: str) -> dict[str, Any]:
    found = details.get(key)
    return found if isinstance(found, dict) else {}


def _named(prints: dict[str, Any], word: str) -> dict[str, str]:
    return {f"{word} {name}": str(found) for name, found in prints.items()}


def _console() -> Console:
    console = Console()
    if not console.is_terminal and console.width < _WIDE:
        console = Console(width=_WIDE)
    return console

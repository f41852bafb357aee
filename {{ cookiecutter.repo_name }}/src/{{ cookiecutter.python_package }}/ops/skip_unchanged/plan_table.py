"""The plan of a run as a table, and the parts of a node's fingerprint."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from attrs import frozen
from kedro.framework import project
from kedro.pipeline import Pipeline
from rich.text import Text

from ..core.errors import OpsError
from ..core.formats import duration, local_time_of
from ..core.terminal import print_long, table
from .dataset_version import NO_FINGERPRINT, Held
from .history import NEVER
from .plan import MAYBE, RUN, SKIP, Group, Plan, bare
from .run import SkipRun

_DIGEST = re.compile(r"\b([0-9a-f]{8})[0-9a-f]{24}\b")  # a table shows its first digits
_COLOURS = {RUN: "yellow", MAYBE: "cyan", SKIP: "green"}
_HOW_TO_DETECT = (
    f"A node always runs if its data {NO_FINGERPRINT}. To say how a change is detected, "
    "use skip_unchanged.fingerprints in conf/base/ops.yml."
)


@frozen
class View:
    """Shows a plan."""

    plan: Plan
    folder: Path
    old: dict[str, list[str]]  # by dataset: nodes that have changed and do not run

    @classmethod
    def of_run(cls, run: SkipRun, pipeline: Pipeline, selected: dict[str, Any]) -> View:
        """The view of a planned run.

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
        """Whether a node would run, or may run."""
        return any(group.action != SKIP for group in self.plan.groups)

    def as_data(self) -> list[dict[str, Any]]:
        """One mapping for each node."""
        return [row for group in self.plan.groups for row in self._rows(group)]

    def show(self) -> None:
        """Print what would run, and one reason. Nodes that are up to date are counted."""
        rows: list[dict[str, Any]] = []
        first: dict[str, str] = {}  # by a node, the one whose row has its reasons
        for row in sorted(self.as_data(), key=lambda row: row["action"] != RUN):
            if row["action"] == SKIP:
                continue
            why, *more = row["reasons"]
            if more:
                why += f", and {len(more)} more: --explain {row['node']}"
            if row["node"] in first:
                why = f"runs together with `{first[row['node']]}`"
            else:
                first |= dict.fromkeys(row["together_with"], row["node"])
            rows.append(
                {
                    "": Text(row["action"], style=_COLOURS[row["action"]]),
                    "node": row["node"],
                    "why": [why, *row["built_on_old"]],
                    "expected": duration(row["seconds"]),
                    "writes to": [*row["writes"].values()],
                }
            )
        parts: list[Any] = [table(rows, self._title()) if rows else Text(self._title())]
        if any(NO_FINGERPRINT in str(row["why"]) for row in rows):
            parts.append(Text(_HOW_TO_DETECT))
        print_long(*parts)

    def explained(self, name: str) -> list[dict[str, str]]:
        """The parts of a node's fingerprint, item by item.

        Raises:
            OpsError: if the run has no such node.
        """
        group = self._find(name)
        last, recipe = group.last, group.recipe
        then, now = {**last.items}, {**recipe.items}
        then |= {f"input {name}": found for name, found in last.inputs.items()}
        then |= {f"output {name}": found for name, found in last.outputs.items()}
        now |= {f"input {name}": _found(held) for name, held in group.read.items()}
        now |= {f"output {name}": _found(held) for name, held in group.written.items()}
        return [
            {
                "item": key,
                "state": _state(then.get(key), now.get(key)),
                "then": last.shown.get(key, then.get(key, "")),
                "now": recipe.shown.get(key, now.get(key, "")),
            }
            for key in dict.fromkeys([*now, *then])
        ]

    def show_explained(self, name: str, rows: list[dict[str, str]]) -> None:
        """Print what ``explained`` returns."""
        group = self._find(name)
        when = f"{local_time_of(group.last.time)} on '{group.last.branch}'"
        title = f"Last record: {'none' if group.last is NEVER else when}"
        reasons = "; ".join(group.reasons)
        coloured = [
            {
                **row,
                "state": Text(row["state"], "" if row["state"] == "same" else "yellow"),
                "then": _DIGEST.sub(r"\1", row["then"]),
                "now": _DIGEST.sub(r"\1", row["now"]),
            }
            for row in rows
        ]
        first = Text(f"{group.action} {group.name}: {reasons}")
        print_long(first, table(coloured, title))

    def _rows(self, group: Group) -> Iterator[dict[str, Any]]:
        for node in group.nodes:
            places = {name: self.plan.places.get(name, "") for name in node.outputs}
            yield {
                "node": node.name,
                "action": group.action,
                "reasons": group.reasons,
                "seconds": group.last.seconds.get(node.name),
                "writes": {
                    n: self._short(place) for n, place in places.items() if place
                },
                "together_with": [n.name for n in group.nodes if n is not node],
                "built_on_old": [
                    f"`{name}` is old: {', '.join(self.old[bare(name)])} would run, but is "
                    "not selected"
                    for name in node.inputs
                    if bare(name) in self.old
                ],
            }

    def _title(self) -> str:
        nodes, times = dict.fromkeys(_COLOURS, 0), dict.fromkeys(_COLOURS, 0.0)
        for group in self.plan.groups:
            nodes[group.action] += len(group.nodes)
            times[group.action] += group.seconds or 0.0
        about, maybe, saved = (
            f" ({text.format(duration(times[action]))})" if times[action] else ""
            for action, text in ((RUN, "about {}"), (MAYBE, "{}"), (SKIP, "{} saved"))
        )
        perhaps = f", {nodes[MAYBE]} maybe{maybe}" if nodes[MAYBE] else ""
        return f"Plan: {nodes[RUN]} to run{about}{perhaps}, {nodes[SKIP]} up to date{saved}"

    def _find(self, name: str) -> Group:
        for group in self.plan.groups:
            if any(name in {node.name, node.short_name} for node in group.nodes):
                return group
        raise OpsError(f"Node '{name}' is not in this run. See kedro plan.")

    def _short(self, place: str) -> str:
        return place.removeprefix("file://").removeprefix(f"{self.folder.as_posix()}/")


def _old(
    plan: Plan, part: Pipeline, whole: Pipeline
) -> Iterator[tuple[str, list[str]]]:
    """Inputs of the run from nodes that are out of date but not selected."""
    selected = {node.name for node in part.nodes}
    known = {node.name for node in whole.nodes}
    if not selected or selected >= known:
        return
    above = whole.to_nodes(*(selected & known))
    rest = Pipeline([node for node in above.nodes if node.name not in selected])
    others = Plan(rest, plan.recipes, plan.history, set(), plan.kept)
    stale: set[int] = set()
    for number, group in enumerate(others.groups):
        if group.action == RUN or group.parents & stale:
            stale.add(number)
            for name in group.outputs:
                yield bare(name), [node.name for node in group.nodes]


def _found(held: Held) -> str:
    return held.print or held.why_not


def _state(then: object, now: object) -> str:
    if then == now:
        return "same"
    return "gone" if now is None else "new" if then is None else "changed"

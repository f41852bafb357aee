"""Writes status pages of made-up runs, each told as a mapping (see ``made_up``)."""

from pathlib import Path
from typing import Any

from kit import ops

from . import some_runs

page = ops("run_status.page")
store = ops("core.store")
runs = some_runs.runs


class Writer:
    """Writes pages as a run would."""

    def __call__(self, do: str, folder: Path, *told: dict[str, Any]) -> None:
        """Write a page, or update it."""
        found, put = [made_up(each) for each in told], store.Store(str(folder)).write
        if do == "write":
            page.write(put, found)
        else:
            [run] = found
            put(f"{run.key}/run.js", page.script(run))


def made_up(told: dict[str, Any]) -> Any:
    """A run of ``some_runs``, with what is told of it."""
    told = dict(told)
    make = getattr(some_runs, told.pop("make", "run"))
    steps, wide = told.pop("steps", None), told.pop("wide", None)
    checks, marks = told.pop("checks", []), told.pop("marks", {})
    if steps:
        told["steps"] = some_runs.nodes(steps)
    if wide:
        told["steps"] = some_runs.wide(*wide)
    durations = told.pop("durations", {})
    rows = told.pop("rows", {})
    state = told.pop("state", None)
    run = make(**told)
    if state:
        run.state = runs.State(state)
    run.checks = [runs.Check(*check) for check in checks]
    for name, mark in marks.items():
        run.datasets[name].marks = [mark]
    for name, seconds in durations.items():
        run.nodes[name].ended = run.nodes[name].started + seconds
    for name, number in rows.items():
        run.datasets[name].saved.row_count = number
    return run

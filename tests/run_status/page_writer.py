"""Writes status pages of made-up runs, as it is told on stdin, a line of JSON each.

It is run with a generated project, whose code and whose tests' runs it takes.
"""

import json
import sys
from pathlib import Path
from typing import Any

from tests# FIXME .ops import ops, some_runs

status_page, shown = ops("run_status.page_files"), ops("run_status.page_runs")
runs = some_runs.runs


def made(told: dict[str, Any]) -> Any:
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


for line in sys.stdin:
    told = json.loads(line)
    folder = Path(told["folder"])
    found = [shown.Shown(made(each)) for each in told["runs"]]
    if told["do"] == "write":
        status_page.write(folder, found, told.get("publish", False))
    else:
        status_page.StatusPage(folder).update(found[0])
    sys.stdout.write("done\n")
    sys.stdout.flush()

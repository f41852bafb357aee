"""What a run costs with the guards and progress, as a ratio to bare Kedro's CPU time.

Bare Kedro is a project with every option off, on its own logging. The others are on a git
branch: one with the default guards, one with all. As in bench_steel_toes.py, what is
compared runs at the same time on one core.
"""

import json
import os
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import click
from bench_run_status import fill
from bench_steel_toes import (
    RATIO,
    Command,
    Cost,
    at_once,
    install,
    installed,
    machine,
    ratios,
)
from helpers import OPTIONS, SWITCHES, commit, generate, run
from rich.console import Console
from rich.progress import track
from rich.table import Table

RESULTS = Path(__file__).with_suffix(".json")
# By the number of nodes: the highest ratios that there should be.
TARGETS = {
    1: {"default": 1.05},
    1000: {"default": 0.28, "all": 0.33},
    5000: {"default": 0.10},
}
OFF = dict.fromkeys(SWITCHES, False)
SIDES: dict[str, dict[str, bool]] = {
    "bare": OFF,
    "default": {key: OPTIONS[key] for key in SWITCHES} | {"example": False},
    "all": dict.fromkeys(SWITCHES, True) | {"example": False},
}


@click.command(help=__doc__)
@click.option("--nodes", multiple=True, default=[1, 1000], help="How many; repeatable.")
@click.option("--rounds", default=5, help="Runs on each side.")
@click.option("--runner", default="SequentialRunner", help="A runner of Kedro.")
@click.option("--note", default="", help="What else the machine did, for the report.")
def main(nodes: tuple[int, ...], rounds: int, runner: str, note: str) -> None:
    # Without byte code, every start would spend most of its time on compiling.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as name:
        os.environ["TMPDIR"] = tempfile.tempdir = name  # Cookiecutter leaves folders
        folder = Path(name)
        sides = {count: make_sides(folder / str(count), count) for count in nodes}
        kedro = install(folder, sides[nodes[0]]["all"])
        costs = {count: measure(sides[count], kedro, rounds, runner) for count in nodes}
        versions = installed(folder)
    report = {
        "date": str(date.today()),
        "machine": machine() | versions,
        "note": note,
        "runner": runner,
        "rounds": rounds,
        "results": {str(count): summary(count, costs[count]) for count in nodes},
    }
    is_default = runner == "SequentialRunner"
    results = RESULTS if is_default else RESULTS.with_stem(f"{RESULTS.stem}_{runner}")
    results.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    show(report)


def make_sides(folder: Path, nodes: int) -> dict[str, Path]:
    """Make the same project for each side, those with guards on a branch."""
    folder.mkdir()
    sides = {}
    for side, switches in SIDES.items():
        (folder / side).mkdir()
        project = generate(folder / side, project_name="Bench", **switches)
        fill(project, nodes)
        commit(project)
        if side != "bare":
            run("git", "switch", "--quiet", "--create", "feat/bench", cwd=project)
        sides[side] = project
    return sides


def measure(
    sides: dict[str, Path], kedro: Path, rounds: int, runner: str
) -> dict[str, list[Cost]]:
    """Run each side beside the bare one, round by round.

    What skip_unchanged would leave out has to run, or there is nothing to compare. The
    sides with guards have the project's own ParallelRunner.
    """
    own = "bench.runners.ParallelRunner" if runner == "ParallelRunner" else runner
    runners = dict.fromkeys(sides, own) | {"bare": runner}
    os.environ["SKIP_UNCHANGED_FORCE"] = "all"
    commands: dict[str, Command] = {
        side: ([kedro, "run", f"--runner={runners[side]}"], folder)
        for side, folder in sides.items()
    }
    for command, folder in commands.values():
        run(*command, cwd=folder, timeout=3600)  # makes byte code and the first outputs
    costs: dict[str, list[Cost]] = {side: [] for side in sides}
    for _ in track(range(rounds), "kedro run", console=Console(stderr=True)):
        for side, cost in at_once(commands).items():
            costs[side].append(cost)
    return costs


def summary(nodes: int, costs: dict[str, list[Cost]]) -> dict[str, Any]:
    """Seconds of CPU on each side, and ratios to bare Kedro."""
    seconds = {side: [round(each.cpu, 2) for each in costs[side]] for side in costs}
    bare = [each.cpu for each in costs["bare"]]
    return {
        "targets": TARGETS.get(nodes, {}),
        "cpu_seconds": seconds,
        "ratios": {
            side: ratios([each.cpu for each in costs[side]], bare)
            for side in costs
            if side != "bare"
        },
    }


def show(report: dict[str, Any]) -> None:
    for nodes, result in report["results"].items():
        table = Table("", "CPU to bare", "target", title=f"{nodes} nodes")
        for side, found in result["ratios"].items():
            target = result["targets"].get(side, "")
            table.add_row(side, RATIO.format(**found), str(target))
        Console().print(table)


if __name__ == "__main__":
    main()

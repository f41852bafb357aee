"""What the guards cost: a generated project against bare Kedro, as ratios.

In every round the sides run at the same time on one core, where they take turns every
few milliseconds: what slows a machine down for a while slows all of them alike. What is
measured, and what came out, is in benchmarks/README.md.
"""

import json
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import click
import yaml
from helpers import SWITCHES, commit, environment, generate, run
from rich.console import Console
from rich.progress import track
from rich.table import Table

GUARDS = ("steel_toes", "path_rules")  # what is measured; the others are switched off
RESULTS = Path(__file__).with_suffix(".json")

# The two sides that are compared with "bare": the highest ratios that they should have.
TARGETS = {
    "run of 1,000 nodes": {"trunk": 1.02, "branch": 1.10},
    "run of one node": {"trunk": 1.05, "branch": 1.05},
    "kedro --help": {"trunk": 1.05, "branch": 1.05},
}

# What is compared: at the same time on one core, all take as long on the clock.
CLOCKS = ("cpu", "user")
RATIO = "{median:.3f} ({low:.3f}-{high:.3f})"
Command = tuple[list["str | Path"], Path]  # and the folder that it is run in

PIPELINE = '''\
"""Trivial nodes: each copies one small text file."""

from kedro.pipeline import Node, Pipeline


def copy(text):
    return text


def create_pipeline():
    nodes = [Node(copy, f"in_{{i}}", f"out_{{i}}") for i in range({nodes})]
    return Pipeline(nodes)
'''


class Cost(NamedTuple):
    """Seconds of one process, from its start to its end."""

    wall: float
    cpu: float
    user: float


@click.command(help=__doc__)
@click.option("--rounds", default=15, help="Runs of 1,000 nodes on each side.")
@click.option("--starts", default=40, help="Starts on each side.")
def main(rounds: int, starts: int) -> None:
    # Without byte code, every start would spend most of its time on compiling.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as name:
        os.environ["TMPDIR"] = tempfile.tempdir = name  # Cookiecutter leaves folders
        folder = Path(name)
        large = make_sides(folder / "large", nodes=1000)
        small = make_sides(folder / "small", nodes=1)
        kedro = install(folder, large["trunk"])
        costs = {
            "run of 1,000 nodes": measure(large, [kedro, "run"], rounds),
            "run of one node": measure(small, [kedro, "run"], starts),
            "kedro --help": measure(small, [kedro, "--help"], starts),
        }
        versions = installed(folder)
    report = {
        "date": str(date.today()),
        "machine": machine() | versions,
        "results": {
            name: {"targets": TARGETS[name], **summary(each)}
            for name, each in costs.items()
        },
    }
    RESULTS.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    show(report)


def install(folder: Path, project: Path) -> Path:
    """Make an environment with what a project needs and no more; return its `kedro`.

    A plugin would cost every side the same, and so make the ratios smaller.
    """
    run("uv", "venv", "--quiet", "--python", sys.executable, ".venv", cwd=folder)
    requirements = ("-r", project / "requirements.txt", "kedro-datasets>=9.6,<10")
    run("uv", "pip", "install", "--quiet", *requirements, cwd=folder)
    return folder / ".venv" / "bin" / "kedro"


def make_sides(folder: Path, nodes: int) -> dict[str, Path]:
    """Make the same project three times: bare, on its trunk, and on a branch."""
    folder.mkdir()
    switches = {switch: switch in GUARDS for switch in SWITCHES}
    original = generate(folder, project_name="Bench", **switches)
    # With Kedro's own logging: what a guard costs is measured without progress.
    (original / "conf" / "logging.yml").unlink()
    for name, layer in [("in", "01_raw"), ("out", "02_intermediate")]:
        entries = {
            f"{name}_{i}": {
                "type": "text.TextDataset",
                "filepath": f"data/{layer}/{name}_{i}.txt",
            }
            for i in range(nodes)
        }
        # Two files, since one is refused by OmegaConf from 10,000 YAML nodes on.
        (original / f"conf/base/catalog_{name}.yml").write_text(yaml.safe_dump(entries))
    pipeline = original / "src/bench/pipelines/copies"
    pipeline.mkdir()
    (pipeline / "__init__.py").write_text(PIPELINE.format(nodes=nodes))
    for i in range(nodes):
        (original / f"data/01_raw/in_{i}.txt").write_text(f"text {i}\n" * 10)
    commit(original)

    sides = {
        side: Path(shutil.copytree(original, folder / side))
        for side in ("bare", "trunk", "branch")
    }
    settings = sides["bare"] / "src/bench/settings.py"
    with_hooks = settings.read_text(encoding="utf-8")
    without = with_hooks.replace("from .hooks import HOOKS", "HOOKS = ()")
    assert without != with_hooks
    settings.write_text(without, encoding="utf-8")
    run("git", "switch", "--quiet", "--create", "feat/bench", cwd=sides["branch"])
    return sides


def measure(
    sides: dict[str, Path], command: list[str | Path], rounds: int
) -> dict[str, list[Cost]]:
    """Run a command on every side, round by round."""
    costs: dict[str, list[Cost]] = {side: [] for side in sides}
    for folder in sides.values():
        run(*command, cwd=folder)  # makes byte code and the first outputs
    what = " ".join(Path(part).name for part in command)
    for _ in track(range(rounds), what, console=Console(stderr=True)):
        order = random.sample(list(sides), len(sides))
        found = at_once({side: (command, sides[side]) for side in order})
        for side, cost in found.items():
            costs[side].append(cost)
    return costs


def at_once(commands: dict[str, Command]) -> dict[str, Cost]:
    """Run commands at the same time on one core.

    One after the other, runs of ten seconds differ by a tenth on a shared machine, of
    whatever side; so they do not.
    """
    begun = time.perf_counter()
    with on_one_core():
        started = {side: start(*command) for side, command in commands.items()}
    return {
        side: finish(process, commands[side][1], begun)
        for side, process in started.items()
    }


@contextmanager
def on_one_core() -> Iterator[None]:
    """What is started has one core, where the system can be told so."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def cost_of(command: list[str | Path], folder: Path) -> Cost:
    begun = time.perf_counter()
    return finish(start(command, folder), folder, begun)


def start(command: list[str | Path], folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def finish(process: subprocess.Popen[bytes], folder: Path, begun: float) -> Cost:
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begun
    if status:
        raise click.ClickException(f"{process.args!r} failed in {folder}")
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_utime)


def summary(costs: dict[str, list[Cost]]) -> dict[str, Any]:
    """Medians of bare Kedro in seconds, and the other sides as ratios to it."""
    bare = costs["bare"]
    return {
        "rounds": len(bare),
        "bare_seconds": {
            clock: round(statistics.median(of(clock, bare)), 3) for clock in CLOCKS
        },
        **{
            side: {
                clock: ratios(of(clock, costs[side]), of(clock, bare))
                for clock in CLOCKS
            }
            for side in ("trunk", "branch")
        },
    }


def of(clock: str, costs: list[Cost]) -> list[float]:
    return [getattr(cost, clock) for cost in costs]


def ratios(side: list[float], bare: list[float]) -> dict[str, float]:
    """The median of the rounds' ratios; a quarter is below ``low``, one above ``high``."""
    pairs = zip(side, bare, strict=True)
    low, median, high = statistics.quantiles((one / other for one, other in pairs), n=4)
    return {"median": round(median, 3), "low": round(low, 3), "high": round(high, 3)}


def machine() -> dict[str, object]:
    return {
        "system": platform.system(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }


def installed(folder: Path) -> dict[str, object]:
    listed = run("uv", "pip", "list", "--format=json", cwd=folder).stdout
    versions = {each["name"]: each["version"] for each in json.loads(listed)}
    return {name: versions[name] for name in ("kedro", "kedro-datasets")}


def show(report: dict[str, Any]) -> None:
    for name, result in report["results"].items():
        table = Table("", "bare", *result["targets"], title=name)
        for clock in CLOCKS:
            seconds = f"{result['bare_seconds'][clock]:.2f} s"
            sides = (result[side][clock] for side in result["targets"])
            table.add_row(clock, seconds, *(RATIO.format(**side) for side in sides))
        table.add_row("target", "", *map(str, result["targets"].values()))
        Console().print(table)


if __name__ == "__main__":
    main()

"""What skipping costs: against bare Kedro, against itself, and against other tools.

As in bench_steel_toes.py, what is compared runs at the same time on one core. Figures
are printed and written down as they come. What is measured, and what came out, is in
benchmarks/README.md.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache, partial
from pathlib import Path
from typing import Any

import click
from bench_steel_toes import (
    CLOCKS,
    RATIO,
    Command,
    Cost,
    at_once,
    install,
    installed,
    machine,
    of,
    ratios,
)
from helpers import SWITCHES, commit, generate, run
from other_tools import ENVIRONMENT, TOOLS, ready, when
from rich.console import Console

RESULTS = Path(__file__).with_suffix(".json")
NODES = 1000
TARGETS = {
    "nothing to do": "at most 1.2 times `kedro run --only-missing-outputs`",
    "first run": "at most 1.1 times bare Kedro",
    "fingerprint": "at most 1.176 times `cat` (0.85 of its speed)",
    "planning": "linear: ten times the nodes, at most 1.25 times the time for each",
    "tools": "more than 1 times our CPU time: snakemake, dvc, redun",
}
FAILURES = (AssertionError, OSError, subprocess.SubprocessError, click.ClickException)
PIPELINE = '''\
"""Trivial nodes: each copies one small text file."""

from kedro.pipeline import Node, Pipeline


def copy(text):
    return text


def create_pipeline():
    return Pipeline([Node(copy, {source}, f"out_{{i}}") for i in range({nodes})])
'''
# Prints the seconds that it takes to plan a run of a project, in the run.
PLANNING = """
import time
from pathlib import Path
from kedro.framework.startup import bootstrap_project
bootstrap_project(Path.cwd())
from bench.ops.skip_unchanged.run import SkipRun
from bench.ops.skip_unchanged.session import SkippingSession
prepare = SkipRun.prepare
def timed(*args):
    start = time.process_time()
    planned = prepare(*args)
    print("SECONDS", time.process_time() - start)
    assert {group.action for group in planned.plan.groups} == {"skip"}
    return planned
SkipRun.prepare = timed
with SkippingSession.create() as session:
    session.run()
"""
FINGERPRINT = """
import sys, time
sys.path.insert(0, "src")
from bench.ops.core.checksum import of_local_file
start = time.perf_counter()
of_local_file(sys.argv[1])
print("SECONDS", time.perf_counter() - start)
"""
# Runs that only bring a project to where it has nothing to do need no log.
SILENT = {"version": 1, "loggers": {"kedro": {"level": "ERROR"}}}


class Figures:
    """What was measured, on the screen and in a file as soon as it is known."""

    def __init__(self, file: Path | None, nodes: int) -> None:
        """Take up what is in the file: another run may have measured other parts."""
        self.file = file
        self.failed = False
        self.console = Console()
        self.report: dict[str, Any] = {}
        if file is not None and file.exists():
            self.report = json.loads(file.read_text(encoding="utf-8"))
        self.report |= {"nodes": nodes, "targets": TARGETS}
        self.report.setdefault("results", {})

    def enter(self, name: str, found: dict[str, Any]) -> None:
        shown = {
            key: RATIO.format(**value) if isinstance(value, dict) else value
            for key, value in found.items()
        }
        words = "; ".join(f"{key}: {value}" for key, value in shown.items())
        self.console.print(f"{name}: {words}", highlight=False, soft_wrap=True)
        self.report["date"] = str(date.today())
        self.report["results"][name] = found
        if self.file is not None:
            text = json.dumps(self.report, indent=2) + "\n"
            scratch = self.file.with_suffix(".new")
            scratch.write_text(text, encoding="utf-8")
            scratch.replace(self.file)  # whole, whenever this is killed

    def forget_failure(self, part: str) -> None:
        if "not measured" in self.report["results"].get(part, {}):
            del self.report["results"][part]

    def know(self, **versions: object) -> None:
        self.report["machine"] = machine() | versions

    def fail(self, name: str, error: Exception) -> None:
        self.failed = True
        self.enter(name, {"not measured": in_a_line(error)})


class Grounds:
    """The projects and the programs that are measured."""

    def __init__(self, folder: Path, nodes: int, rounds: int, first: int) -> None:
        self.folder, self.nodes = folder, nodes
        self.rounds, self.first = rounds, first
        self.sides = cache(self._sides)
        small = make(folder / "small", "chain", 1, skip=True)
        self.small = small
        self.kedro = install(folder, small)
        self.python = self.kedro.with_name("python")

    def _sides(self, shape: str) -> dict[str, Path]:
        """The same project bare and with skipping, after a run each: of byte code."""
        sides = {
            side: make(self.folder / shape / side, shape, self.nodes, side == "skip")
            for side in ("bare", "skip")
        }
        for project in sides.values():
            run(self.kedro, "run", cwd=project)
        return sides


@click.command(help=__doc__)
@click.option(
    "--nodes", default=NODES, help="Nodes of a pipeline; the large file goes with them."
)
@click.option(
    "--rounds",
    default=7,
    type=click.IntRange(min=2),
    help="Runs with nothing to do on each side.",
)
@click.option(
    "--first",
    default=3,
    type=click.IntRange(min=2),
    help="Runs with all to do on each side, and runs of each other tool.",
)
@click.option(
    "--part",
    "parts",
    multiple=True,
    type=click.Choice(["fan", "chain", "file", "plan", *TOOLS]),
    help="Measure only this, and keep what is known of the others; more than once.",
)
@click.option(
    "--into",
    type=click.Path(path_type=Path),
    help="File of the results; without it, only those of full size are written.",
)
def main(
    nodes: int, rounds: int, first: int, parts: tuple[str, ...], into: Path | None
) -> None:
    # Without byte code, every start would spend most of its time on compiling.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ.update(ENVIRONMENT)
    if into is None and nodes == NODES:
        into = RESULTS
    figures = Figures(into, nodes)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TMPDIR"] = tempfile.tempdir = folder  # Cookiecutter leaves folders
        grounds = Grounds(Path(folder), nodes, rounds, first)
        figures.know(**installed(grounds.folder))
        measures: dict[str, Callable[[], Iterator[tuple[str, dict[str, Any]]]]] = {
            "fan": partial(shape_costs, grounds, "fan"),
            "chain": partial(shape_costs, grounds, "chain"),
            "file": partial(fingerprint, grounds),
            "plan": partial(planning, grounds),
            **{tool: partial(compared, grounds, tool) for tool in TOOLS},
        }
        for part in parts or measures:
            begin = time.perf_counter()
            figures.forget_failure(part)
            try:
                for name, found in measures[part]():
                    figures.enter(name, found)
            except FAILURES as error:
                figures.fail(part, error)
            took = time.perf_counter() - begin
            click.echo(f"({part} took {took:.0f} s)", err=True)
    sys.exit(figures.failed)


def make(folder: Path, shape: str, nodes: int, skip: bool) -> Path:
    """Make a project of trivial nodes, each with a file to read and one to write."""
    folder.mkdir(parents=True)
    answers = dict.fromkeys(SWITCHES, False) | {"skip_unchanged": skip}
    project = generate(folder, project_name="Bench", **answers)
    inputs = [f"in_{i}" for i in range(nodes if shape == "fan" else 1)]
    names = [f"out_{i}" for i in range(nodes)] + inputs
    lines = [
        f"{name}: {{type: text.TextDataset, filepath: data/01_raw/{name}.txt}}\n"
        for name in names
    ]
    for start in range(0, len(lines), 1500):  # OmegaConf refuses larger files
        part = "".join(lines[start : start + 1500])
        (project / f"conf/base/catalog_{start}.yml").write_text(part, encoding="utf-8")
    for name in inputs:
        write(project, name, f"text {name}\n" * 10)
    source = 'f"in_{i}"' if shape == "fan" else 'f"out_{i - 1}" if i else "in_0"'
    pipeline = project / "src/bench/pipelines/copies"
    pipeline.mkdir()
    (pipeline / "__init__.py").write_text(
        PIPELINE.format(nodes=nodes, source=source), encoding="utf-8"
    )
    commit(project)
    return project


def write(project: Path, name: str, text: str) -> None:
    (project / f"data/01_raw/{name}.txt").write_text(text, encoding="utf-8")


def shape_costs(grounds: Grounds, shape: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """First runs, runs with nothing to do, and of a chain those with all to do."""
    sides = grounds.sides(shape)
    plain = dict.fromkeys(sides, ["run"])
    ratio = measure(grounds, sides, grounds.first, plain, empty)
    yield f"{shape}, first run", ratio
    missing = plain | {"bare": ["run", "--only-missing-outputs"]}
    run(grounds.kedro, "run", cwd=sides["skip"])  # looks at what was just written
    before = {side: outputs(sides[side]) for side in sides}
    ratio = measure(grounds, sides, grounds.rounds, missing, lambda project, number: 0)
    assert before == {side: outputs(sides[side]) for side in sides}, "a node ran"
    yield f"{shape}, nothing to do", ratio
    if shape == "chain":
        ratio = measure(grounds, sides, grounds.first, plain, change)
        after = {side: outputs(sides[side]) for side in sides}
        assert all(
            before[side][name] < written
            for side, files in after.items()
            for name, written in files.items()
        ), "a node did not run"
        yield "chain, first input changed", ratio


def empty(project: Path, number: int) -> None:
    """Take away what runs have made."""
    shutil.rmtree(project / "data/.ops", ignore_errors=True)
    for file in (project / "data/01_raw").glob("out_*"):
        file.unlink()


def change(project: Path, number: int) -> None:
    """Give all that is made of the first input another content."""
    write(project, "in_0", f"new text {number}\n")


def outputs(project: Path) -> dict[str, int]:
    return when(project / "data/01_raw")


def measure(
    grounds: Grounds,
    sides: dict[str, Path],
    rounds: int,
    commands: dict[str, list[str]],
    prepare: Callable[[Path, int], object],
) -> dict[str, Any]:
    """The CPU time of skipping as ratios to bare Kedro, whole processes."""
    costs: dict[str, list[Cost]] = {side: [] for side in sides}
    for number in range(rounds):
        order = list(sides)[:: 1 if number % 2 else -1]
        for side in order:
            prepare(sides[side], number)
        found = at_once(
            {side: ([grounds.kedro, *commands[side]], sides[side]) for side in order}
        )
        for side, cost in found.items():
            costs[side].append(cost)
    return {
        "nodes": grounds.nodes,
        "rounds": rounds,
        **{k: ratios(of(k, costs["skip"]), of(k, costs["bare"])) for k in CLOCKS},
        **{f"seconds, {side}": middle(of("cpu", costs[side])) for side in sides},
    }


def middle(seconds: list[float]) -> float:
    return round(statistics.median(seconds), 3)


def fingerprint(grounds: Grounds) -> Iterator[tuple[str, dict[str, Any]]]:
    """A file that is in the memory of the system, beside ``cat`` of it."""
    big = grounds.folder / "big"
    megabytes = 1024 * grounds.nodes // NODES
    block = os.urandom(1 << 20)
    with big.open("wb") as file:
        for _ in range(megabytes):
            file.write(block)
    ours, theirs = [], []
    try:
        for number in range(grounds.rounds + 1):
            seconds = told(grounds, grounds.small, FINGERPRINT, str(big))
            start = time.perf_counter()
            with open(os.devnull, "wb") as nowhere:
                subprocess.run(["cat", big], stdout=nowhere, check=True)
            if number:  # the first brings the file into memory
                ours.append(seconds)
                theirs.append(time.perf_counter() - start)
    finally:
        big.unlink()
    yield (
        "fingerprint",
        {
            "megabytes": megabytes,
            "rounds": grounds.rounds,
            "time to that of cat": ratios(ours, theirs),
            "speed to that of cat": ratios(theirs, ours),
            "seconds": middle(ours),
            "seconds, cat": middle(theirs),
        },
    )


def planning(grounds: Grounds) -> Iterator[tuple[str, dict[str, Any]]]:
    """Plans of a chain that has nothing to do, and of one with ten times the nodes."""
    silent = grounds.folder / "silent.yml"
    silent.write_text(json.dumps(SILENT), encoding="utf-8")
    seconds: dict[int, list[float]] = {}
    projects = {}
    for nodes in (grounds.nodes, 10 * grounds.nodes):
        projects[nodes] = project = make(
            grounds.folder / f"plan-{nodes}", "chain", nodes, skip=True
        )
        quiet = {"KEDRO_LOGGING_CONFIG": str(silent)}
        for _ in range(2):  # the second looks at what the first has just written
            run(grounds.kedro, "run", cwd=project, env=quiet, timeout=900)
    # In turn: a machine is quick and slow by the minute.
    for _ in range(grounds.rounds):
        for nodes, project in projects.items():
            took = told(grounds, project, PLANNING)
            seconds.setdefault(nodes, []).append(took / nodes)
    small = seconds[grounds.nodes]
    for nodes, each in seconds.items():
        found = {
            "nodes": nodes,
            "rounds": grounds.rounds,
            "seconds": middle([one * nodes for one in each]),
            "time for each to that of the smaller": ratios(each, small),
        }
        yield f"planning {nodes:,} nodes", found


def told(grounds: Grounds, project: Path, program: str, *args: str) -> float:
    """The seconds that a program says it took."""
    said = run(grounds.python, "-c", program, *args, cwd=project).stdout
    return float(said.rpartition("SECONDS ")[2].split()[0])


def compared(grounds: Grounds, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """A tool with the same fan and nothing to do, side by side with ours."""
    ours = grounds.sides("fan")["skip"]
    folder = grounds.folder / name
    try:
        it = ready(TOOLS[name], folder, grounds.nodes)
        run(grounds.kedro, "run", cwd=ours)
        command: Command = ([grounds.kedro, "run"], ours)
        before, theirs, own = when(it.folder), [], []
        for _ in range(grounds.first):
            costs = at_once({"theirs": (it.command, it.folder), "ours": command})
            theirs.append(costs["theirs"].cpu)
            own.append(costs["ours"].cpu)
        assert when(it.folder) == before, (
            "it ran something although nothing had changed"
        )
    except FAILURES as error:
        yield name, {"not compared": in_a_line(error)}
        return
    yield (
        name,
        {
            "version": it.version,
            "nodes": grounds.nodes,
            "rounds": grounds.first,
            "CPU to ours": ratios(theirs, own),
            "seconds": middle(theirs),
            "seconds, ours": middle(own),
        },
    )


def in_a_line(error: Exception) -> str:
    """The end of what an error says, where tools say what was wrong."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[-300:]}"


if __name__ == "__main__":
    main()

"""What skipping costs: against bare Kedro, against itself, and against other tools.

As in bench_steel_toes.py, every round runs each side once, and sides are compared within
the round. Other tools get an environment of their own; one that cannot be installed is
left out, and that is said.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import click
from bench_steel_toes import Cost, cost_of, install, machine, ratios
from helpers import SWITCHES, commit, environment, generate, run
from rich.console import Console
from rich.progress import track
from rich.table import Table

RESULTS = Path(__file__).with_suffix(".json")
NODES = 1000
SHAPES = ["fan", "chain"]
TARGETS = {"nothing to do": 1.2, "first run": 1.1, "fingerprint": 1 / 0.85}
PIPELINE = '''\
"""Trivial nodes: each copies one small text file."""

from kedro.pipeline import Node, Pipeline


def copy(text):
    return text


def create_pipeline():
    return Pipeline([Node(copy, {source}, f"out_{{i}}") for i in range({nodes})])
'''
# Reads a project's plan and prints the seconds that it took to make it.
PLANNING = """
import time
from pathlib import Path
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
bootstrap_project(Path.cwd())
from bench.ops.skip_run import SkipRun
with KedroSession.create() as session:
    context = session.load_context()
catalog, pipeline = context._get_catalog(), pipelines["__default__"]
start = time.perf_counter()
SkipRun.of(context, pipeline, catalog)
print("SECONDS", time.perf_counter() - start)
"""
FINGERPRINT = """
import sys, time
sys.path.insert(0, "src")
from bench.ops.fingerprint import of_local_file
start = time.perf_counter()
of_local_file(sys.argv[1])
print(time.perf_counter() - start)
"""
TOOLS = ["snakemake", "dvc", "doit"]


@click.command(help=__doc__)
@click.option("--rounds", default=9, help="Runs with nothing to do on each side.")
@click.option("--first", default=3, help="First runs on each side.")
@click.option("--others/--no-others", default=True, help="Compare with other tools.")
def main(rounds: int, first: int, others: bool) -> None:
    # Without byte code, every start would spend most of its time on compiling.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as name:
        os.environ["TMPDIR"] = tempfile.tempdir = name  # Cookiecutter leaves folders
        folder = Path(name)
        results: dict[str, Any] = {}
        kedro = None
        for shape in SHAPES:
            sides = make_sides(folder / shape, shape, NODES)
            kedro = kedro or install(folder, sides["skip"])
            results[shape] = compare(kedro, sides, rounds, first)
        assert kedro is not None
        results["fingerprint"] = fingerprint(kedro, sides["skip"], folder)
        results["planning"] = planning(kedro, folder)
        if others:
            ours = results["fan"]["nothing to do"]["seconds"]["skip"]
            results["others"] = compare_others(folder / "others", ours)
    report = {
        "date": str(date.today()),
        "machine": machine(),
        "targets": TARGETS,
        "results": results,
    }
    RESULTS.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    show(results)


def make_sides(folder: Path, shape: str, nodes: int) -> dict[str, Path]:
    """The same project bare, and with skipping."""
    sides = {}
    for side, on in (("bare", False), ("skip", True)):
        (folder / side).mkdir(parents=True)
        off = dict.fromkeys(SWITCHES, False)
        answers = off | {"skip_unchanged": on}
        sides[side] = generate(folder / side, project_name="Bench", **answers)
        fill(sides[side], shape, nodes)
        commit(sides[side])
    return sides


def fill(project: Path, shape: str, nodes: int) -> None:
    """Give a project trivial nodes, each with a file to read and one to write."""
    names = [f"out_{i}" for i in range(nodes)]
    names += [f"in_{i}" for i in range(nodes if shape == "fan" else 1)]
    lines = [
        f"{name}: {{type: text.TextDataset, filepath: data/01_raw/{name}.txt}}\n"
        for name in names
    ]
    for start in range(0, len(lines), 1500):  # OmegaConf refuses larger files
        part = "".join(lines[start : start + 1500])
        (project / f"conf/base/catalog_{start}.yml").write_text(part)
    for name in names[nodes:]:
        (project / f"data/01_raw/{name}.txt").write_text(f"text {name}\n" * 10)
    source = 'f"in_{i}"' if shape == "fan" else 'f"out_{i - 1}" if i else "in_0"'
    pipeline = project / "src/bench/pipelines/copies"
    pipeline.mkdir()
    (pipeline / "__init__.py").write_text(PIPELINE.format(nodes=nodes, source=source))


def compare(
    kedro: Path, sides: dict[str, Path], rounds: int, first: int
) -> dict[str, Any]:
    """First runs, and runs with nothing to do."""
    for side in sides.values():
        run(kedro, "run", cwd=side)  # makes byte code
    firsts = measure(sides, first, lambda side: [kedro, "run"], empty)
    missing: dict[str, list[str | Path]] = {
        "bare": [kedro, "run", "--only-missing-outputs"],
        "skip": [kedro, "run"],
    }
    run(kedro, "run", cwd=sides["skip"])  # of files that have just been written
    nothing = measure(sides, rounds, missing.__getitem__, lambda project: None)
    return {"first run": summary(firsts), "nothing to do": summary(nothing)}


def empty(project: Path) -> None:
    """Take away what runs have made."""
    shutil.rmtree(project / "data/.ops", ignore_errors=True)
    for file in (project / "data/01_raw").glob("out_*"):
        file.unlink()


def measure(
    sides: dict[str, Path],
    rounds: int,
    command: Callable[[str], list[str | Path]],
    prepare: Callable[[Path], None],
) -> dict[str, list[Cost]]:
    costs: dict[str, list[Cost]] = {side: [] for side in sides}
    for number in track(range(rounds), "kedro run", console=Console(stderr=True)):
        order = list(sides) if number % 2 else list(sides)[::-1]
        for side in order:
            prepare(sides[side])
            costs[side].append(cost_of(command(side), sides[side]))
    return costs


def summary(costs: dict[str, list[Cost]]) -> dict[str, Any]:
    """Seconds, and ratios to bare Kedro."""
    found: dict[str, Any] = {
        clock: ratios(
            [getattr(cost, clock) for cost in costs["skip"]],
            [getattr(cost, clock) for cost in costs["bare"]],
        )
        for clock in ("cpu", "wall")
    }
    found["seconds"] = {side: wall(costs[side]) for side in costs}
    return found


def wall(costs: list[Cost]) -> float:
    return round(statistics.median(cost.wall for cost in costs), 3)


def fingerprint(kedro: Path, project: Path, folder: Path) -> dict[str, Any]:
    """A file of 1 GB, beside `cat` of it."""
    big = folder / "big"
    block = os.urandom(1 << 24)
    with big.open("wb") as file:
        for _ in range(64):
            file.write(block)
    ours, theirs = [], []
    for _ in range(5):
        python = kedro.with_name("python")
        said = run(python, "-c", FINGERPRINT, big, cwd=project).stdout
        ours.append(float(said))
        start = time.perf_counter()
        with open(os.devnull, "w") as nowhere:
            subprocess.run(["cat", big], stdout=nowhere, check=True)
        theirs.append(time.perf_counter() - start)
    big.unlink()
    return {"seconds": round(statistics.median(ours), 3), "cat": ratios(ours, theirs)}


def planning(kedro: Path, folder: Path) -> dict[str, float]:
    """Milliseconds for each node, of plans with nothing to do."""
    found = {}
    for nodes in (1000, 10_000):
        project = make_sides(folder / f"plan-{nodes}", "chain", nodes)["skip"]
        run(kedro, "run", cwd=project, timeout=1200)
        seconds = []
        for _ in range(3):
            python = kedro.with_name("python")
            said = run(python, "-c", PLANNING, cwd=project).stdout
            seconds.append(float(said.rpartition("SECONDS ")[2]))
        found[str(nodes)] = round(statistics.median(seconds) / nodes * 1000, 4)
    return found


def compare_others(folder: Path, ours: float) -> dict[str, Any]:
    """Other tools with the same fan and nothing to do; how many times our seconds."""
    folder.mkdir()
    run("uv", "venv", "--quiet", "--python", sys.executable, ".venv", cwd=folder)
    found: dict[str, Any] = {}
    for tool in ["make", *TOOLS]:
        work = folder / tool
        work.mkdir()
        try:
            if tool != "make":
                run("uv", "pip", "install", "--quiet", tool, cwd=folder)
            command = prepared(tool, work, folder / ".venv" / "bin")
            costs = [cost_of(command, work) for _ in range(3)]
        except (AssertionError, OSError, subprocess.SubprocessError) as error:
            found[tool] = f"not compared: {' '.join(str(error).split())[-200:]}"
            continue
        found[tool] = {"seconds": wall(costs), "ratio": round(wall(costs) / ours, 2)}
    return found


def prepared(tool: str, work: Path, binaries: Path) -> list[str | Path]:
    """Have a tool copy the files once; return the command that finds nothing to do."""
    for i in range(NODES):
        (work / f"in_{i}.txt").write_text(f"text {i}\n" * 10)
    numbers = range(NODES)
    name: str | Path = tool if tool == "make" else binaries / tool
    if tool == "make":
        targets = " ".join(f"out_{i}.txt" for i in numbers)
        text = f"all: {targets}\nout_%.txt: in_%.txt\n\tcp $< $@\n"
        (work / "Makefile").write_text(text)
        command = [name, "--silent"]
    elif tool == "doit":
        text = (
            "def task_copy():\n"
            f"    for i in range({NODES}):\n"
            "        yield {'name': str(i), 'actions': [f'cp in_{i}.txt out_{i}.txt'],\n"
            "               'file_dep': [f'in_{i}.txt'], 'targets': [f'out_{i}.txt']}\n"
        )
        (work / "dodo.py").write_text(text)
        command = [name, "-v0"]
    elif tool == "snakemake":
        text = (
            f"rule all:\n    input: expand('out_{{i}}.txt', i=range({NODES}))\n"
            "rule copy:\n    input: 'in_{i}.txt'\n    output: 'out_{i}.txt'\n"
            "    run: open(output[0], 'w').write(open(input[0]).read())\n"
        )
        (work / "Snakefile").write_text(text)
        command = [name, "--cores=1", "--quiet"]
    else:
        stages = {
            f"copy_{i}": {
                "cmd": f"cp in_{i}.txt out_{i}.txt",
                "deps": [f"in_{i}.txt"],
                "outs": [f"out_{i}.txt"],
            }
            for i in numbers
        }
        (work / "dvc.yaml").write_text(json.dumps({"stages": stages}))
        run(name, "init", "--no-scm", "--quiet", cwd=work)
        command = [name, "repro", "--quiet"]
    subprocess.run(
        command,
        cwd=work,
        env=environment(),
        check=True,
        timeout=900,
        capture_output=True,
    )
    return [*command]


def show(results: dict[str, Any]) -> None:
    table = Table("", "CPU", "wall", title=f"{NODES:,} trivial nodes, to bare Kedro")
    for shape in SHAPES:
        for name, found in results[shape].items():
            texts = (
                "{median:.3f} ({low:.3f}-{high:.3f})".format(**found[clock])
                for clock in ("cpu", "wall")
            )
            table.add_row(f"{shape}, {name}", *texts)
    console = Console()
    console.print(table)
    console.print({key: found for key, found in results.items() if key not in SHAPES})


if __name__ == "__main__":
    main()

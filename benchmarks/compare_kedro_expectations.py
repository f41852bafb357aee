"""Expectations beside kedro-expectations, on the same project with the same suite.

Each side has an environment of its own, with what it asks for. A node makes a table with
a null where none is expected. What came out is in benchmarks/README.md.
"""

import json
import os
import statistics
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import click
from bench_steel_toes import cost_of, machine
from helpers import SWITCHES, commit, generate, run
from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).with_suffix(".json")
RUNNERS = ("SequentialRunner", "ThreadRunner", "ParallelRunner")
THEIRS = "kedro-expectations==1.0.4"

CATALOG = """
raw: {type: pandas.CSVDataset, filepath: data/raw.csv}
bikes: {type: pandas.CSVDataset, filepath: data/bikes.csv}
number: {type: json.JSONDataset, filepath: data/number.json}
"""
PIPELINE = '''\
"""A table, and a number made of it."""

from kedro.pipeline import Node, Pipeline


def part(raw):
    return raw[raw["kind"] == "bike"]


def count(bikes):
    return len(bikes)


def create_pipeline():
    return Pipeline([Node(part, "raw", "bikes"), Node(count, "bikes", "number")])
'''
GOOD = "id,kind\n1,car\n2,bike\n3,bike\n"
BAD = "id,kind\n1,car\n,bike\n3,bike\n"

SUITE = """
expectations:
  - type: expect_column_values_to_not_be_null
    kwargs: {column: id}
"""
# As `kedro expectations create-suite` names it; what it asks for stands in no file.
THEIR_SUITE = """
import great_expectations as gx
context = gx.get_context(mode="file")
expect = gx.expectations.ExpectColumnValuesToNotBeNull(column="id")
context.suites.add(gx.ExpectationSuite("bikes.check", expectations=[expect]))
"""
# What is done about it: at once, or after the run.
THEIR_SETTINGS = """
from kedro_expectations import KedroExpectationsHooks

HOOKS = (KedroExpectationsHooks(on_failure="{}"),)
"""


@click.command(help=__doc__)
@click.option(
    "--rounds", default=5, help="Runs of good data that are timed, each side."
)
def main(rounds: int) -> None:
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as name:
        os.environ["TMPDIR"] = tempfile.tempdir = name  # Cookiecutter leaves folders
        folder = Path(name)
        ours, theirs = make_ours(folder / "ours"), make_theirs(folder / "theirs")
        found = {"ours": look(*ours, rounds)}
        for way in ("raise_fast", "raise_later"):
            project, kedro = theirs
            settings = project / "src/bench/settings.py"
            settings.write_text(THEIR_SETTINGS.format(way), encoding="utf-8")
            found[f"kedro-expectations, {way}"] = look(project, kedro, rounds)
        versions = {
            side: installed(folder / side / "environment")
            for side in ("ours", "theirs")
        }
    report = {
        "date": str(date.today()),
        "machine": machine(),
        "versions": versions,
        "results": found,
    }
    RESULTS.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    show(report)


def make_ours(folder: Path) -> tuple[Path, Path]:
    """The project with the switch on, and a `kedro` for it."""
    project = make(folder, expectations=True)
    suites = project / "conf/base/expectations"
    suites.mkdir(exist_ok=True)
    (suites / "bikes.yml").write_text(SUITE, encoding="utf-8")
    return project, environment_of(folder, "-r", project / "requirements.txt")


def make_theirs(folder: Path) -> tuple[Path, Path]:
    """The project with every switch off, their suite in it, and a `kedro` for it."""
    project = make(folder)
    kedro = environment_of(folder, THEIRS)
    run(kedro.with_name("python"), "-c", THEIR_SUITE, cwd=project)
    return project, kedro


def make(folder: Path, **on: bool) -> Path:
    folder.mkdir()
    switches = dict.fromkeys(SWITCHES, False) | on
    project = generate(folder, project_name="Bench", **switches)
    (project / "conf/base/catalog.yml").write_text(CATALOG, encoding="utf-8")
    code = project / "src/bench/pipelines/bikes/__init__.py"
    code.parent.mkdir(parents=True)
    code.write_text(PIPELINE, encoding="utf-8")
    commit(project)
    return project


def environment_of(folder: Path, *needed: str | Path) -> Path:
    place = folder / "environment"
    place.mkdir()
    run("uv", "venv", "--quiet", "--python", sys.executable, ".venv", cwd=place)
    datasets = ("pandas", "kedro-datasets>=9")
    run("uv", "pip", "install", "--quiet", *needed, *datasets, cwd=place, timeout=900)
    return place / ".venv" / "bin" / "kedro"


def look(project: Path, kedro: Path, rounds: int) -> dict[str, Any]:
    """What becomes of bad data under each runner, and how long good data take."""
    bad = {runner: outcome(project, kedro, runner) for runner in RUNNERS}
    (project / "data/raw.csv").write_text(GOOD, encoding="utf-8")
    run(kedro, "run", cwd=project)
    costs = [cost_of([kedro, "run"], project) for _ in range(rounds)]
    return {
        "bad_data": bad,
        "seconds": round(statistics.median(cost.wall for cost in costs), 2),
        "cpu_seconds": round(statistics.median(cost.cpu for cost in costs), 2),
    }


def outcome(project: Path, kedro: Path, runner: str) -> dict[str, Any]:
    for made in ("bikes.csv", "number.json"):
        (project / "data" / made).unlink(missing_ok=True)
    (project / "data/raw.csv").write_text(BAD, encoding="utf-8")
    ended = run(kedro, "run", f"--runner={runner}", cwd=project, check=False)
    return {
        "exit_code": ended.returncode,
        "saved": (project / "data/bikes.csv").exists(),
        "used": (project / "data/number.json").exists(),
        "traceback": "Traceback" in ended.stdout + ended.stderr,
    }


def installed(folder: Path) -> dict[str, str]:
    listed = run("uv", "pip", "list", "--format=json", cwd=folder).stdout
    versions = {each["name"]: each["version"] for each in json.loads(listed)}
    kits = ("kedro", "great-expectations", "pandas", "kedro-expectations")
    return {kit: versions[kit] for kit in kits if kit in versions}


def show(report: dict[str, Any]) -> None:
    table = Table("", "runner", "bad data saved", "used", "exit code", "good data")
    for side, found in report["results"].items():
        for runner, bad in found["bad_data"].items():
            words = ("yes" if bad[fact] else "no" for fact in ("saved", "used"))
            seconds = f"{found['seconds']} s" if runner == RUNNERS[0] else ""
            table.add_row(side, runner, *words, str(bad["exit_code"]), seconds)
    Console().print(table)


if __name__ == "__main__":
    main()

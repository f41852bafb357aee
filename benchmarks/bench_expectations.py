"""What a suite costs: our gate against plain Great Expectations, each side in turn.

A million rows and ten expectations in one process, as ratios within the round. What came
out is in benchmarks/README.md.
"""

import json
import os
import sys
import tempfile
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
from bench_preflight import quarters
from bench_steel_toes import machine
from helpers import generate, run
from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).with_suffix(".json")
TARGET = 1.5
ROWS = 1_000_000

# Ten expectations, of the kinds that suites have: of the table, of each value, of a column.
SUITE = """
expectations:
  - {type: expect_table_row_count_to_be_between, kwargs: {min_value: 1}}
  - {type: expect_column_values_to_not_be_null, kwargs: {column: id}}
  - {type: expect_column_values_to_be_unique, kwargs: {column: id}}
  - {type: expect_column_values_to_be_between, kwargs: {column: x, min_value: -10, max_value: 10}}
  - {type: expect_column_values_to_be_in_set, kwargs: {column: kind, value_set: [a, b, c]}}
  - {type: expect_column_values_to_be_between, kwargs: {column: y, min_value: 0, max_value: 99}}
  - {type: expect_column_mean_to_be_between, kwargs: {column: z, min_value: 0.4, max_value: 0.6}}
  - {type: expect_column_values_to_not_be_null, kwargs: {column: kind}}
  - {type: expect_column_max_to_be_between, kwargs: {column: y, max_value: 99}}
  - {type: expect_column_values_to_match_regex, kwargs: {column: kind, regex: "^[abc]$"}}
"""

# Plain is as its documentation says: one context, made beforehand.
TIMER = """
import json, sys, time
from pathlib import Path
from kedro.framework.startup import bootstrap_project

bootstrap_project(Path.cwd())
import great_expectations as gx
import numpy as np, pandas as pd, yaml
from bench.ops.expectations.validator import SuiteValidator

rows, rounds = map(int, sys.argv[1:])
chance = np.random.default_rng(0)
data = pd.DataFrame({
    "id": np.arange(rows),
    "x": chance.normal(size=rows),
    "y": chance.integers(0, 100, rows),
    "z": chance.random(rows),
    "kind": chance.choice(["a", "b", "c"], rows),
})
ours = SuiteValidator("data", "data", conf="conf", envs=["base"])
written = yaml.safe_load(Path("conf/base/expectations/data.yml").read_text())
context = gx.get_context(mode="ephemeral")
context.variables.progress_bars = {"globally": False}
asset = context.data_sources.add_pandas("memory").add_dataframe_asset("table")
definition = asset.add_batch_definition_whole_dataframe("all")
theirs = gx.ExpectationSuite(name="data", expectations=written["expectations"])

def plain():
    report = definition.get_batch({"dataframe": data}).validate(theirs)
    assert report.success and len(report.results) == 10

def gate():
    assert ours.validate(data) is data

def cost(function):
    begin = time.perf_counter(), time.process_time()
    function()
    return time.perf_counter() - begin[0], time.process_time() - begin[1]

found = {"plain": [], "gate": []}
for number in range(rounds + 1):
    sides = [("plain", plain), ("gate", gate)]
    for side, function in sides[:: 1 if number % 2 else -1]:
        found[side].append(cost(function))
print("RESULT", json.dumps({side: costs[1:] for side, costs in found.items()}))
"""


@click.command(help=__doc__)
@click.option("--rounds", default=9, help="Checks of each side.")
@click.option("--rows", default=ROWS, help="Rows of the table.")
def main(rounds: int, rows: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        os.environ["TMPDIR"] = tempfile.tempdir = name  # Cookiecutter leaves folders
        switches = {"example": False, "expectations": True}
        project = generate(Path(name), project_name="Bench", **switches)
        suites = project / "conf/base/expectations"
        suites.mkdir(exist_ok=True)
        (suites / "data.yml").write_text(SUITE, encoding="utf-8")
        timer = (sys.executable, "-c", TIMER, str(rows), str(rounds))
        said = run(*timer, cwd=project, timeout=3600).stdout
    costs = json.loads(said.rpartition("RESULT ")[2])
    kits = ("great_expectations", "pandas")
    report = {
        "date": str(date.today()),
        "machine": machine() | {kit: version(kit) for kit in kits},
        "target": TARGET,
        "rows": rows,
        "results": {
            "plain_seconds": column(costs["plain"]),
            "gate_seconds": column(costs["gate"]),
            "ratio": {
                clock: quarters(ratios(costs, place))
                for place, clock in enumerate(("wall", "cpu"))
            },
        },
    }
    RESULTS.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    show(report)


def ratios(costs: dict[str, list[list[float]]], place: int) -> list[float]:
    """The gate's cost to plain Great Expectations', round by round."""
    pairs = zip(costs["gate"], costs["plain"], strict=True)
    return [ours[place] / theirs[place] for ours, theirs in pairs]


def column(costs: list[list[float]]) -> dict[str, Any]:
    return {
        clock: quarters([cost[place] for cost in costs])
        for place, clock in enumerate(("wall", "cpu"))
    }


def show(report: dict[str, Any]) -> None:
    results = report["results"]
    title = f"{report['rows']:,} rows, ten expectations (target {report['target']})"
    table = Table("", "plain", "gate", "ratio", "quarters", title=title)
    for clock in ("cpu", "wall"):
        ratio = results["ratio"][clock]
        seconds = (
            f"{results[side][clock]['median']:.2f} s"
            for side in ("plain_seconds", "gate_seconds")
        )
        ends = f"{ratio['low']:.3f}-{ratio['high']:.3f}"
        table.add_row(clock, *seconds, f"{ratio['median']:.3f}", ends)
    Console().print(table)


if __name__ == "__main__":
    main()

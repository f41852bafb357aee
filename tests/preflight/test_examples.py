"""No false alarm: the example of this template and Kedro's own; and the code of both."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from helpers import commit, generate, run
from quick_kedro import quick_kedro

OURS = "toe_test.runners.ParallelRunner"

# Catalog and pipelines of Kedro's starter spaceflights-pandas; the functions do nothing.
CATALOG = """
companies: {type: pandas.CSVDataset, filepath: data/01_raw/companies.csv}
reviews: {type: pandas.CSVDataset, filepath: data/01_raw/reviews.csv}
shuttles:
  type: pandas.ExcelDataset
  filepath: data/01_raw/shuttles.xlsx
  load_args: {engine: openpyxl}
preprocessed_companies:
  type: pandas.ParquetDataset
  filepath: data/02_intermediate/preprocessed_companies.parquet
preprocessed_shuttles:
  type: pandas.ParquetDataset
  filepath: data/02_intermediate/preprocessed_shuttles.parquet
model_input_table:
  type: pandas.ParquetDataset
  filepath: data/03_primary/model_input_table.parquet
regressor:
  type: pickle.PickleDataset
  filepath: data/06_models/regressor.pickle
  versioned: true
shuttle_passenger_capacity_plot_exp:
  type: plotly.PlotlyDataset
  filepath: data/08_reporting/shuttle_passenger_capacity_plot_exp.json
  versioned: true
  plotly_args:
    type: bar
    fig: {x: shuttle_type, y: passenger_capacity, orientation: h}
    layout: {title: Shuttle Passenger capacity}
shuttle_passenger_capacity_plot_go:
  type: plotly.JSONDataset
  filepath: data/08_reporting/shuttle_passenger_capacity_plot_go.json
  versioned: true
dummy_confusion_matrix:
  type: matplotlib.MatplotlibDataset
  filepath: data/08_reporting/dummy_confusion_matrix.png
  versioned: true
"""
PARAMETERS = "model_options: {test_size: 0.2, random_state: 3, features: [engines]}"
PIPELINE = '''
"""Spaceflights."""

from typing import Any

from kedro.pipeline import Node, Pipeline


def step(*inputs: Any) -> Any:
    """Stand for a step."""
    return inputs


def create_pipeline() -> Pipeline:
    """Build the pipeline."""
    parts = ["X_train", "X_test", "y_train", "y_test"]
    tables = ["preprocessed_shuttles", "preprocessed_companies", "reviews"]
    return Pipeline(
        [
            Node(step, "companies", "preprocessed_companies"),
            Node(step, "shuttles", "preprocessed_shuttles"),
            Node(step, tables, "model_input_table"),
            Node(step, ["model_input_table", "params:model_options"], parts),
            Node(step, ["X_train", "y_train"], "regressor"),
            Node(step, ["regressor", "X_test", "y_test"], "metrics"),
            Node(step, "preprocessed_shuttles", "shuttle_passenger_capacity_plot_exp"),
            Node(step, "preprocessed_shuttles", "shuttle_passenger_capacity_plot_go"),
            Node(step, "companies", "dummy_confusion_matrix"),
        ]
    )
'''


# A project that mypy knows in a moment, and that runs.
TWICE = """
\"\"\"Numbers.\"\"\"

from kedro.pipeline import Node, Pipeline


def twice(text: str) -> str:
    \"\"\"Write a text twice.\"\"\"
    return text * 2


def create_pipeline() -> Pipeline:
    \"\"\"Build the pipeline.\"\"\"
    return Pipeline([Node(twice, "one", "two", name="twice")])
"""
TWICE_CATALOG = """
one: {type: text.TextDataset, filepath: data/01_raw/one.txt}
two: {type: text.TextDataset, filepath: data/02_intermediate/two.txt}
"""


def kedro(project: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return quick_kedro("").run(["kedro", *args], cwd=project)


def ask(project: Path, *args: str, code: int = 0) -> list[dict[str, Any]]:
    result = kedro(project, "preflight", "--json", *args)
    assert result.returncode == code, result.stdout + result.stderr
    rows: list[dict[str, Any]] = json.loads(result.stdout.splitlines()[-1])
    return rows


@pytest.fixture(scope="module")
def spaceflights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = generate(tmp_path_factory.mktemp("space"), example=False)
    (project / "conf/base/catalog.yml").write_text(CATALOG, encoding="utf-8")
    (project / "conf/base/parameters.yml").write_text(PARAMETERS, encoding="utf-8")
    pipeline = project / "src/toe_test/pipelines/spaceflights/__init__.py"
    pipeline.parent.mkdir()
    pipeline.write_text(PIPELINE.lstrip(), encoding="utf-8")
    for name in ("companies.csv", "reviews.csv", "shuttles.xlsx"):
        (project / "data" / "01_raw" / name).touch()
    settings = project / "conf" / "local" / "ops.yml"
    settings.write_text("preflight: {code: {mypy: off}}", encoding="utf-8")
    commit(project)
    return project


@pytest.mark.parametrize("runner", ["SequentialRunner", OURS])
def test_kedros_own_example_passes_untouched(spaceflights: Path, runner: str) -> None:
    assert ask(spaceflights, f"--runner={runner}") == []


def test_kedros_own_example_passes_on_a_branch(
    spaceflights: Path, tmp_path: Path
) -> None:
    project = shutil.copytree(spaceflights, tmp_path / "project", symlinks=True)
    run("git", "symbolic-ref", "HEAD", "refs/heads/dev", cwd=project)

    assert ask(project) == []


def test_the_code_of_a_fresh_project_passes_and_mistakes_are_found(
    tmp_path: Path,
) -> None:
    project = generate(tmp_path, example=False)
    (project / "conf/base/catalog.yml").write_text(TWICE_CATALOG, encoding="utf-8")
    (project / "data/01_raw/one.txt").write_text("1", encoding="utf-8")
    pipeline = project / "src/toe_test/pipelines/numbers/__init__.py"
    pipeline.parent.mkdir()
    pipeline.write_text(TWICE.lstrip(), encoding="utf-8")
    commit(project)
    assert ask(project) == []

    bad = project / "src" / "toe_test" / "bad.py"
    bad.write_text('import os\n\n\ndef one() -> int:\n    return "one"\n', "utf-8")
    settings = project / "conf" / "base" / "ops.yml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("flake8: off", "flake8: warn"), encoding="utf-8")
    rows = ask(project, code=1)
    assert {(row["level"], row["subject"], row["place"]) for row in rows} == {
        ("error", "ruff", "src/toe_test/bad.py:1"),
        ("error", "mypy", "src/toe_test/bad.py:5"),
        ("warning", "flake8", ""),
    }
    [missing] = [row for row in rows if row["subject"] == "flake8"]
    assert missing["message"] == "is not installed"

    # By default, runs do not wait for tools.
    assert kedro(project, "run").returncode == 0
    text = settings.read_text(encoding="utf-8")
    strict = text.replace("before_runs: false", "before_runs: true")
    settings.write_text(strict, encoding="utf-8")
    result = kedro(project, "run")
    assert result.returncode == 1
    assert "Error: The run was not started: 2 errors, 1 warning" in result.stderr


def test_a_stopped_run_is_recorded_with_its_reasons(project: Path) -> None:
    (project / "data" / "01_raw" / "penguins.csv").unlink()

    ended = kedro(project, "run")

    assert ended.returncode == 1
    assert "The run was not started" in ended.stdout + ended.stderr
    shown = kedro(project, "runs", "show", "--json").stdout
    told = json.loads(shown.splitlines()[-1])
    assert told["state"] == "failed"
    assert [check["guard"] for check in told["checks"]] == ["preflight"]
    assert told["checks"][0]["subject"] == "penguins_raw"
    nodes = {node["state"] for node in told["nodes"].values()}
    assert nodes == {"skipped"}

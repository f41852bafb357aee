"""The whole pipeline, on a copy of the project: tests never touch the team's data."""

import shutil
import subprocess
from pathlib import Path

import pytest
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

PROJECT = Path(__file__).parents[3]


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """What a run needs of the project, as a git repository of its own."""
    for folder in ("conf", "src", "data/01_raw"):
        shutil.copytree(PROJECT / folder, tmp_path / folder)
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    # Set in a git hook: git would then work on the project's own repository.
    monkeypatch.delenv("GIT_DIR", raising=False)
    monkeypatch.delenv("GIT_WORK_TREE", raising=False)
    git("init", "--quiet", cwd=tmp_path)
    git("symbolic-ref", "HEAD", "refs/heads/test", cwd=tmp_path)
    bootstrap_project(tmp_path)
    yield tmp_path
    bootstrap_project(PROJECT)


def git(*arguments, cwd):
    subprocess.run(["git", *arguments], cwd=cwd, check=True)


def run(project, *features):
    """Run the pipeline with these features; return the catalog that has its results."""
    parameters = {"model": {"target": "body_mass_g", "features": list(features)}}
    with KedroSession.create(project, runtime_params=parameters) as session:
        session.run(pipeline_names=["penguins"])
        return session.load_context().catalog


def test_a_run_fits_a_model_and_says_how_good_it_is(copy):
    catalog = run(copy, "flipper_length_mm")

    metrics = catalog.load("penguin_metrics")
    assert metrics["test_penguins"] == 83  # a quarter of 333
    assert metrics["r2"] > 0.7
    assert catalog.load("penguin_model")["coefficients"].keys() == {"flipper_length_mm"}
    assert catalog.exists("penguin_plot")


def test_another_feature_changes_the_result(copy):
    before = run(copy, "flipper_length_mm").load("penguin_metrics")
    after = run(copy, "flipper_length_mm", "is_male").load("penguin_metrics")

    assert after["r2"] > before["r2"]
    assert after["mean_absolute_error"] < before["mean_absolute_error"]

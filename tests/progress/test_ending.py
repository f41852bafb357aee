"""How a run ended: the last lines, and the traceback before them."""

import concurrent.futures
import io
import pickle
import sys
from importlib import import_module
from pathlib import Path

import pytest
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.io import AbstractDataset, DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline
from kedro.runner import SequentialRunner, ThreadRunner
from kit import PACKAGE, PROJECT, ops

ending = ops("progress.ending")
NODES = f"src/{PACKAGE}/team_nodes.py"
CODE = """
def fit_model(data):
    return deeper(data)

def deeper(data):
    return data["bill_length"]
"""


class Unsaveable(AbstractDataset):
    def load(self):
        return None

    def save(self, data):
        raise OSError("disk is full\nand more")

    def _describe(self):
        return {}


@pytest.fixture(scope="module")
def team():
    """A module of the team in the project."""
    file = PROJECT / NODES
    file.write_text(CODE, encoding="utf-8")
    yield import_module(f"{PACKAGE}.team_nodes")
    file.unlink()


def error_of(runner, **catalog):
    """The error of a run of two nodes that need each other."""

    def fit(data):
        return sys.modules[f"{PACKAGE}.team_nodes"].fit_model(data)

    nodes = [Node(fit, "data", "model", name="fit")]
    datasets = {"data": MemoryDataset({}), **catalog}
    with pytest.raises(Exception) as caught:  # noqa: PT011
        runner.run(Pipeline(nodes), DataCatalog(datasets), _create_hook_manager())
    return caught.value


@pytest.mark.parametrize("kind", [SequentialRunner, ThreadRunner])
def test_node_error_and_place_in_the_teams_code_are_said(team, kind):
    lines = ending.last_lines("failed", "0 of 1 nodes", error_of(kind()), PROJECT)

    assert lines == [
        ("failed", "node fit, after 0 of 1 nodes"),
        ("error", "KeyError: 'bill_length'"),
        ("at", f"{NODES}:6 in deeper"),
    ]


def test_the_dataset_is_said_that_could_not_be_saved(team):
    data = MemoryDataset({"bill_length": 1})
    error = error_of(SequentialRunner(), data=data, model=Unsaveable())
    lines = ending.last_lines("failed", "0 of 1 nodes", error, PROJECT)

    assert lines[0] == ("failed", "node fit, dataset model, after 0 of 1 nodes")
    assert lines[1:] == [("error", "OSError: disk is full")]


def test_an_error_of_a_worker_is_said_like_any_other(team):
    try:
        team.fit_model({})
    except KeyError as error:
        error.kedro_node = "fit"  # by the project's runner
        sent = concurrent.futures.process._ExceptionWithTraceback(
            error, error.__traceback__
        )
    there = pickle.loads(pickle.dumps(sent))

    assert ending.last_lines("failed", "nothing", there, PROJECT) == [
        ("failed", "node fit, after nothing"),
        ("error", "KeyError: 'bill_length'"),
        ("at", f"{NODES}:6 in deeper"),
    ]


def test_an_error_is_one_line_and_no_secret():
    error = ValueError("\n\ncannot reach s3://me:hunter2@host/x\nsecond line")
    line = ending.error_line(error, Path("."))

    assert line.startswith("ValueError: cannot reach s3://")
    assert "hunter2" not in line
    assert "second" not in line
    assert len(ending.error_line(ValueError("x" * 1000), Path("."))) <= 200
    assert ending.error_line(KeyboardInterrupt(), Path(".")) == "KeyboardInterrupt"


def test_the_traceback_has_the_teams_frames_and_none_of_kedro(team, monkeypatch):
    error = error_of(SequentialRunner())
    screen = io.StringIO()
    before, sys.stderr = sys.stderr, screen
    try:
        ending.print_traceback(type(error), error, error.__traceback__)
    finally:
        sys.stderr = before

    text = screen.getvalue()
    assert "in fit_model" in text
    assert "in deeper" in text
    assert "task.py" not in text
    assert len(text.splitlines()) < 30
    assert text.rstrip().endswith("KeyError: 'bill_length'")


def test_the_names_are_a_column():
    lines = [("failed", "node fit"), ("at", "nodes.py:1 in fit")]

    assert ending.formatted(lines) == ("failed  node fit\nat      nodes.py:1 in fit")

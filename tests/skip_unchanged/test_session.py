"""The mixin runs what changed, with whichever runner it is mixed."""

import logging
import pickle

import pytest
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.io import DatasetError
from kedro.pipeline import Node, Pipeline
from kedro.runner import SequentialRunner, ThreadRunner
from kit import PACKAGE, ops

from .skip_project import NODES, SkipProject


@pytest.fixture
def project(tmp_path):
    return SkipProject(tmp_path)


@pytest.mark.parametrize("kind", [SequentialRunner, ThreadRunner])
def test_a_second_run_runs_nothing(project, kind):
    assert project.run(kind=kind) == ["clean", "total"]

    assert project.run(kind=kind) == []


def test_the_class_goes_by_the_name_of_the_runner():
    runner = ops("skip_unchanged.session").with_skipping(SequentialRunner)()

    assert repr(runner).startswith(
        "<kedro.runner.sequential_runner.SequentialRunner object at"
    )
    assert isinstance(runner, SequentialRunner)


def test_a_runner_travels_as_the_one_that_was_named(project):
    runner = ops("skip_unchanged.session").with_skipping(SequentialRunner)(
        is_async=True
    )
    runner.context = project.context()

    there = pickle.loads(pickle.dumps(runner))

    assert type(there) is SequentialRunner
    assert there._is_async


def test_without_a_session_it_is_the_runner_itself(project):
    runner = ops("skip_unchanged.session").with_skipping(SequentialRunner)()
    catalog = project.context()._get_catalog()

    for _ in range(2):
        out = runner.run(Pipeline(NODES), catalog, _create_hook_manager())
        assert out["out"].load() == "one 1"


def test_a_run_returns_the_datasets_of_its_outputs(project):
    project.run()
    runner = ops("skip_unchanged.session").with_skipping(SequentialRunner)()
    runner.context = project.context()
    catalog = runner.context._get_catalog()

    found = runner.run(Pipeline(NODES), catalog, _create_hook_manager())

    assert {name: data.load() for name, data in found.items()} == {"out": "one 1"}
    assert len(found) == 1
    with pytest.raises(KeyError):
        found["mid"]


def test_it_is_switched_off(project, monkeypatch):
    project.run()
    monkeypatch.setenv("SKIP_UNCHANGED", "off")

    assert project.run() == ["clean", "total"]


def test_what_is_not_there_kedro_says(project):
    with pytest.raises(ValueError, match="not found"):
        project.run([Node(len, "nothing", "mid", name="count")])


def test_a_plan_that_fails_lets_everything_run(project, monkeypatch, caplog):
    project.run()

    def broken(*args):
        raise RuntimeError("no plan")

    monkeypatch.setattr(ops("skip_unchanged.run").SkipRun, "prepare", broken)

    with caplog.at_level(logging.WARNING):
        assert project.run() == ["clean", "total"]
    assert "everything runs" in caplog.text


def test_a_connection_that_the_plan_opened_is_not_left_to_the_run(project, monkeypatch):
    sql = pytest.importorskip("kedro_datasets.pandas", exc_type=ImportError)
    credentials = {"con": f"sqlite:///{project.path}/shop.db"}
    table = sql.SQLTableDataset(table_name="cars", credentials=credentials)
    prepare = ops("skip_unchanged.run").SkipRun.prepare
    asked = []

    def ask_first(*args, **how):
        asked.append(table.exists())
        return prepare(*args, **how)

    monkeypatch.setattr(ops("skip_unchanged.run").SkipRun, "prepare", ask_first)

    assert project.run() == ["clean", "total"]
    assert asked == [False]
    assert credentials["con"] not in table.engines


def test_what_is_wrong_with_an_entry_kedro_says(project, caplog):
    project.entries["mid"]["no_such_argument"] = 1

    with caplog.at_level(logging.WARNING), pytest.raises(DatasetError, match="mid"):
        project.run()
    assert "everything runs" not in caplog.text


def test_records_that_cannot_be_written_fail_no_run(project, monkeypatch, caplog):
    def broken(*args):
        raise OSError("disk full")

    monkeypatch.setattr(ops("skip_unchanged.history").NodeHistory, "add", broken)

    with caplog.at_level(logging.DEBUG, PACKAGE):
        assert project.run() == ["clean", "total"]
    assert project.run() == ["clean", "total"]
    assert "disk full" in caplog.text


def test_a_wrong_name_to_force_stops_the_run(project, monkeypatch):
    monkeypatch.setenv("SKIP_UNCHANGED_FORCE", "claen")

    with pytest.raises(ops("core.errors").OpsError, match="'claen'"):
        project.run()


def test_the_session_gives_the_runner_back_as_it_was(project):
    session = ops("skip_unchanged.session").SkippingSession
    runner = SequentialRunner()

    with pytest.raises(Exception):  # noqa: B017
        session("id", project_path=project.path).run(runner=runner)
    assert type(runner) is SequentialRunner

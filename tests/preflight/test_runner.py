"""What does not go with which runner."""

from types import SimpleNamespace

import click
import pytest
from kedro.framework import project
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog, MemoryDataset
from kit import PACKAGE, ops

from .planned import same, text

pytest_plugins = ["preflight.planned"]
module = ops("preflight.runner")

PLAIN = "<kedro.runner.parallel_runner.ParallelRunner object at 0x1>"
OURS = f"<{PACKAGE}.runners.ParallelRunner object at 0x1>"
THREADS = "<kedro.runner.thread_runner.ThreadRunner object at 0x1>"
ONE = "<kedro.runner.sequential_runner.SequentialRunner object at 0x1>"


class NodeHooks:
    @hook_impl
    def after_node_run(self, node):
        """Do something in the worker."""


def generate(data):
    yield data


def found(run):
    return [each.subject for each in module.check(run)]


@pytest.mark.parametrize("runner", [PLAIN, OURS, THREADS, ONE, "something else"])
def test_plain_nodes_go_with_every_runner(planner, runner, monkeypatch):
    monkeypatch.setenv("KEDRO_MP_CONTEXT", "fork")
    run = planner.run({"a": text("a")}, ("a", "b"), params={"runner": runner})

    assert found(run) == []


@pytest.mark.parametrize("runner", [PLAIN, OURS])
def test_what_no_other_process_can_be_given(planner, runner, monkeypatch):
    monkeypatch.setenv("KEDRO_MP_CONTEXT", "fork")
    entries = {"a": {"type": "CachedDataset", "dataset": text("a")}, "b": text("b")}
    nodes = [("a", "b", lambda a: a), ("b", "c", same), ("c", "d", same)]
    run = planner.run(entries, *nodes, params={"runner": runner})
    run.datasets["c"] = MemoryDataset()
    run.datasets["d"] = MemoryDataset()
    run.datasets["b"].unpicklable = lambda: None

    assert found(run) == ["to_b", "a", "b", "c"]


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_workers_that_run_no_hooks(planner, monkeypatch, method):
    monkeypatch.setenv("KEDRO_MP_CONTEXT", method)
    plain = planner.run({}, ("a", "b"), params={"runner": PLAIN})
    ours = planner.run({}, ("a", "b"), params={"runner": OURS})
    monkeypatch.setattr(project, "settings", SimpleNamespace(HOOKS=(object(),)))
    assert found(plain) == []

    monkeypatch.setattr(project, "settings", SimpleNamespace(HOOKS=(NodeHooks(),)))
    [problem] = module.check(plain)
    assert "NodeHooks" in problem.message
    assert problem.remedy.endswith(f"{PACKAGE}.runners.ParallelRunner")
    assert found(ours) == []


def test_the_start_method_is_pythons_unless_set(planner, monkeypatch):
    monkeypatch.setenv("KEDRO_MP_CONTEXT", "nonsense")
    monkeypatch.setattr(project, "settings", SimpleNamespace(HOOKS=(NodeHooks(),)))
    context = SimpleNamespace(get_start_method=lambda: "spawn")
    monkeypatch.setattr(module.multiprocessing, "get_context", lambda: context)

    [problem] = module.check(planner.run({}, ("a", "b"), params={"runner": PLAIN}))

    assert "start by 'spawn'" in problem.message


@pytest.mark.parametrize(("runner", "expected"), [(ONE, ["to_b"]), (THREADS, [])])
def test_generators_with_async(planner, runner, expected):
    catalog = DataCatalog({"a": MemoryDataset(1)})
    nodes = [("a", "b", generate), ("a", "c", same)]
    run = planner.run({}, *nodes, params={"runner": runner}, catalog=catalog)
    context = click.Context(click.Command("run"))
    context.params = {"is_async": True}
    assert found(run) == []
    with context:
        assert found(run) == expected

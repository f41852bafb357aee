"""What is known of a run before it starts."""

import click
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import ThreadRunner
from kit import ops

from .planned import text

pytest_plugins = ["preflight.planned"]
PlannedRun = ops("preflight.planned_run").PlannedRun

CATALOG = {
    "a": text("data/a.txt"),
    "{name}_p": text("data/{name}.txt"),
    "bad": text("data/x.txt", nonsense=1),
    "parts": {"type": "partitions.PartitionedDataset", "path": "p", "dataset": "x.Y"},
}


def test_datasets_are_those_of_the_catalog_and_failures_the_rest(planner):
    run = planner.run(
        CATALOG, ("a", "b_p"), ("b_p", "memory"), ("params:a", "bad"), ("memory", "c")
    )

    assert [*run.datasets] == ["a", "b_p"]
    assert [*run.failures] == ["bad"]
    assert run.parameters == {"params:a"}
    assert run.inputs == ["a"]


def test_an_entry_that_failed_before_fails_again(planner):
    catalog = planner.context(CATALOG).catalog
    with pytest.raises(Exception, match="nonsense"):
        catalog.get("bad")

    run = planner.run(CATALOG, ("a", "bad"), catalog=catalog)

    assert "bad" not in run.datasets
    assert "nonsense" in str(run.failures["bad"])


def test_a_broken_entry_is_left_alone(planner):
    run = planner.run(CATALOG, ("a", "b_p"))
    run.broken = frozenset(["a"])

    assert [*run.datasets] == ["b_p"]
    assert run.inputs == []


def test_the_place_of_an_entry_and_of_a_pattern(planner):
    run = planner.run(CATALOG, ("a", "b_p"))

    assert run.place("a").startswith("conf/base/catalog.yml:")
    assert run.place("b_p").startswith("conf/base/catalog.yml:")
    assert run.place("none") == ""
    assert run.entry("b_p")["filepath"].endswith("data/b.txt")


def test_kinds_are_as_written_else_the_class(planner):
    catalog = DataCatalog({"a": MemoryDataset(1)})
    assert planner.run(CATALOG, ("a", "b_p")).kind("b_p") == "text.TextDataset"

    run = planner.run({}, ("a", "b"), catalog=catalog)

    assert run.kind("a") == "kedro.io.memory_dataset.MemoryDataset"


def test_the_nodes_that_use_a_dataset(planner):
    run = planner.run(CATALOG, *(("a", f"x{i}") for i in range(4)))

    assert run.used_by("a") == "node to_x0, to_x1 and 2 more"
    assert run.used_by("x1") == "node to_x1"
    assert run.used_by("none") == ""


@pytest.mark.parametrize(
    ("runner", "expected"),
    [
        ("<kedro.runner.thread_runner.ThreadRunner object at 0x1>", ThreadRunner),
        ("my runner", None),
        ("<nowhere.Runner object at 0x1>", None),
    ],
    ids=["Kedro's", "some text", "an unknown module's"],
)
def test_the_class_of_the_runner(planner, runner, expected):
    assert planner.run({}, ("a", "b"), params={"runner": runner}).runner is expected


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"is_async": True}, True),
        ({"runner_params": {"is_async": True}}, True),
        ({"is_async": False, "runner_params": {}}, False),
    ],
)
def test_whether_it_is_async_is_known_from_the_command(planner, params, expected):
    run = planner.run({}, ("a", "b"))
    assert not run.is_async
    context = click.Context(click.Command("run"))
    context.params = params
    with context:
        assert run.is_async is expected


def test_a_catalog_of_another_kind_is_taken_as_it_is(planner):
    class Catalog:
        def get(self, name):
            return MemoryDataset(1) if name == "a" else None

    run = planner.run({}, ("a", "b"), catalog=Catalog())

    assert [*run.datasets] == ["a"]
    assert run.place("a") == ""
    assert not run.only_missing_outputs


def test_an_environment_comes_before_the_base(planner):
    context = planner.context({})
    planner.write("conf/base/catalog.yml", "# a comment\na: {}\nb: {}\n")
    planner.write("conf/local/catalog_mine.yaml", "\nb: {}\n")
    planner.write("conf/base/catalog_bad.yml", "a: {")
    planner.write("conf/base/catalog_list.yml", "[a]")
    planner.write("conf/base/catalog.json", "{}")

    lines = ops("preflight.planned_run").catalog_lines(context)

    assert lines["a"] == "conf/base/catalog.yml:2"
    assert lines["b"] == "conf/local/catalog_mine.yaml:2"
    assert "c" not in lines

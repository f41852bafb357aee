"""Saved data is checked where it is, after a run."""

import pytest
from kedro.pipeline import node
from kedro.runner import SequentialRunner
from kit import ops

from .expectations_project import BAD, GOOD, IDS, KINDS, csv

pytest_plugins = ["expectations.expectations_project"]

FailedChecks = ops("expectations.validator").FailedChecks

SQL = {
    "type": "pandas.SQLTableDataset",
    "table_name": "cars",
    "credentials": {"con": "sqlite:///data/cars.db"},
    "save_args": {"if_exists": "replace"},
}
END = {"attach": {"cars": {"when": ["end"]}}}


def test_a_table_is_checked_in_its_database_and_not_loaded(gated, monkeypatch):
    monkeypatch.chdir(gated.path)
    gated.suite("cars", IDS, KINDS)
    catalog = gated.load({"cars": SQL}, **END)
    monkeypatch.setattr(type(catalog.get("cars")), "load", None)

    gated.save(catalog, "cars", GOOD)
    with pytest.raises(FailedChecks, match="do not use it"):
        gated.save(catalog, "cars", BAD)


def test_only_what_the_run_has_saved_is_checked(gated):
    BAD.to_csv(gated.path / "data" / "cars.csv", index=False)
    gated.suite("cars", IDS)
    catalog = gated.load({"cars": csv("cars"), "bikes": csv("bikes")}, **END)

    gated.save(catalog, "bikes", GOOD)
    gated.run(catalog, node(len, "cars", "number", name="len"))


def test_what_a_skipped_node_saved_earlier_is_not_checked(gated):
    BAD.to_csv(gated.path / "data" / "cars.csv", index=False)
    gated.suite("cars", IDS)
    catalog = gated.load({"cars": csv("cars")}, **END)

    class SkipAll(SequentialRunner):
        def run(self, pipeline, catalog, hooks):
            for each in pipeline.nodes:
                ops("core.findings").report_skipped_node(each.name, "up to date")
            return {}

    gated.save(catalog, "cars", BAD, runner=SkipAll())
    with pytest.raises(FailedChecks):
        gated.save(catalog, "cars", BAD)  # the next run skips nothing


def test_a_mistake_in_an_expectation_is_a_failed_check(gated):
    gated.suite("cars", {"type": "expect_nothing", "kwargs": {}})
    catalog = gated.load({"cars": csv("cars")}, **END)

    with pytest.raises(FailedChecks, match="cars.yml, line 2: .* no expect_nothing"):
        gated.save(catalog, "cars", GOOD)


def test_partitions_are_checked_one_by_one(gated):
    parts = {
        "type": "partitions.PartitionedDataset",
        "path": "data/cars",
        "dataset": "pandas.CSVDataset",
        "filename_suffix": ".csv",
    }
    gated.suite("cars", IDS)
    catalog = gated.load({"cars": parts}, **END)

    with pytest.raises(FailedChecks, match="cars/b: expect"):
        gated.save(catalog, "cars", {"a": GOOD, "b": BAD})


def test_data_that_cannot_be_checked_has_failed(gated, monkeypatch):
    gated.suite("cars", KINDS)  # a warning only
    catalog = gated.load({"cars": csv("cars")}, **END)

    def load(self):
        raise PermissionError("denied\nby the bucket")

    monkeypatch.setattr(type(catalog.get("cars")), "load", load)
    with pytest.raises(
        FailedChecks, match="cars: could not be checked: .*denied by the bucket"
    ):
        gated.save(catalog, "cars", GOOD)

"""Data are looked at where they are after a run."""

import pytest
from kedro.pipeline import node
from kit import ops

from .expectations_project import BAD, GOOD, IDS, KINDS, csv, make

pytest_plugins = ["expectations.expectations_project"]

Refused = ops("expectations.results").Refused
after_run, plans = ops("expectations.after_run"), ops("expectations.suite_plan")

SQL = {
    "type": "pandas.SQLTableDataset",
    "table_name": "cars",
    "credentials": {"con": "sqlite:///data/cars.db"},
    "save_args": {"if_exists": "replace"},
}
END = {"attach": {"cars": {"when": ["end"]}}}


def test_a_table_is_not_loaded_but_asked(gated, monkeypatch):
    monkeypatch.chdir(gated.path)
    gated.suite("cars", IDS, KINDS)
    catalog = gated.load({"cars": SQL}, **END)
    monkeypatch.setattr(type(catalog.get("cars")), "load", None)

    gated.save(catalog, "cars", GOOD)
    with pytest.raises(Refused, match="do not use them"):
        gated.save(catalog, "cars", BAD)


def test_only_what_the_run_has_saved_is_looked_at(gated):
    BAD.to_csv(gated.path / "data" / "cars.csv", index=False)
    gated.suite("cars", IDS)
    catalog = gated.load({"cars": csv("cars"), "bikes": csv("bikes")}, **END)

    gated.save(catalog, "bikes", GOOD)
    gated.run(catalog, node(len, "cars", "number", name="len"))


def test_partitions_are_looked_at_one_by_one(gated):
    parts = {
        "type": "partitions.PartitionedDataset",
        "path": "data/cars",
        "dataset": "pandas.CSVDataset",
        "filename_suffix": ".csv",
    }
    gated.suite("cars", IDS)
    catalog = gated.load({"cars": parts}, **END)

    with pytest.raises(Refused, match="cars/b: expect"):
        gated.save(catalog, "cars", {"a": GOOD, "b": BAD})


def test_what_cannot_be_looked_at_is_not_known_to_be_good(gated, monkeypatch):
    gated.suite("cars", KINDS)  # a warning only
    catalog = gated.load({"cars": csv("cars")}, **END)

    def load(self):
        raise PermissionError("denied\nby the bucket")

    monkeypatch.setattr(type(catalog.get("cars")), "load", load)
    with pytest.raises(
        Refused, match="cars: cannot be checked: .*denied by the bucket"
    ):
        gated.save(catalog, "cars", GOOD)


def test_several_datasets_are_compared(gated):
    rows = {"type": "expect_row_counts_to_add_up"}
    rows["kwargs"] = {"dataset": "cars", "parts": ["bikes"]}
    gated.suite("together", rows, key="across")
    entries = {"cars": csv("cars"), "bikes": csv("bikes")}

    def nodes(bikes):
        return [
            node(make(GOOD), None, "cars", name="cars"),
            node(make(bikes), None, "bikes", name="bikes"),
        ]

    gated.run(gated.load(entries), *nodes(GOOD))
    with pytest.raises(Refused, match=r"3 rows are not 2 \(bikes\)"):
        gated.run(gated.load(entries), *nodes(GOOD.head(2)))

"""Where data are: those of all branches, and those of one dataset now."""

import subprocess

import pytest
from kit import ops

overview = ops("steel_toes.branches")

CARS = {"type": "text.TextDataset", "filepath": "data/cars.txt"}


def test_a_branch_is_one_row(project):
    project.catalog({"cars": CARS, "bikes": {**CARS, "filepath": "data/bikes.txt"}})
    project.save_base(cars="same")
    project.save("dev", cars="same", bikes="12")
    project.save("old", cars="old")

    dev, old = overview.list_branches(project.branches, True)
    assert dev.pop("last_save") == project.record("dev", "bikes").time
    assert dev.pop("by") == project.record("dev", "bikes").user
    assert dev == {
        "branch": "dev",
        "git": "unknown",
        "datasets": 2,
        "bytes": 6,
        "compared_with_main": {"same": 1, "ahead": 1},
    }
    assert old["branch"] == "old"

    subprocess.run(["git", "init", "-q"], cwd=project.path, check=True)
    assert [r["git"] for r in overview.list_branches(project.branches, True)] == [
        "gone",
        "gone",
    ]


def test_data_that_cannot_be_read_hides_no_other(project, monkeypatch):
    project.catalog({"cars": CARS, "bikes": {**CARS, "filepath": "data/bikes.txt"}})
    project.save("dev", cars="1", bikes="12")
    look = overview.stored_data

    def locked(dataset):
        if "cars" in str(dataset._filepath):
            raise RuntimeError("the database is locked")
        return look(dataset)

    monkeypatch.setattr(overview, "stored_data", locked)
    [dev] = overview.list_branches(project.branches, True)
    assert dev["compared_with_main"] == {"unknown": 1, "ahead": 1}


def test_a_size_that_is_not_known_is_none(project):
    project.catalog({"cars": CARS})
    manifest = ops("steel_toes.manifest")
    record = manifest.Record(branch="x", dataset="cars", location="", time="1")
    project.branches.manifest.write(record)

    (row,) = overview.list_branches(project.branches, True)
    assert row["bytes"] is None
    assert row["compared_with_main"] == {"unknown": 1}


def test_a_dataset_is_read_from_the_base_until_the_branch_has_its_copy(project):
    cached = {"type": "CachedDataset", "dataset": CARS}
    project.catalog({"cars": cached})

    row = overview.locate_dataset(project.context, "cars")
    assert row["read_from"].endswith("data/cars.txt")
    assert row["written_to"].endswith("data/cars_dev.txt")
    assert row["why"] == "branch 'dev' has no copy yet, so main's is read"

    project.save("dev", cars="x")
    row = overview.locate_dataset(project.context, "cars")
    assert row["read_from"] == row["written_to"]
    assert row["why"] == "branch 'dev' has its copy"


def test_a_dataset_that_is_not_branched_is_where_the_catalog_has_it(project):
    project.catalog(
        {"cars": CARS, "memory": {"type": "MemoryDataset"}}, ignore={"names": ["cars"]}
    )

    row = overview.locate_dataset(project.context, "cars")
    assert row["read_from"] == row["written_to"]
    assert row["read_from"].endswith("data/cars.txt")
    assert row["why"] == "steel_toes.ignore lists it, so every branch has main's data"
    row = overview.locate_dataset(project.context, "memory")
    assert "MemoryDataset" in row["read_from"]
    assert row["why"] == "it keeps no data that a branch could overwrite"
    with pytest.raises(ops("core.errors").OpsError, match="no dataset 'nothing'"):
        overview.locate_dataset(project.context, "nothing")


@pytest.mark.parametrize(
    ("variable", "value", "why"),
    [
        ("STEEL_TOES_BRANCH", "main", "'main' is a trunk branch"),
        ("STEEL_TOES", "off", "steel toes are off"),
    ],
)
def test_one_reason_says_why_no_dataset_is_branched(
    project, monkeypatch, variable, value, why
):
    monkeypatch.setenv(variable, value)
    project.catalog({"cars": CARS})

    assert overview.locate_dataset(project.context, "cars")["why"] == why

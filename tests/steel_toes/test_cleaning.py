"""Cleaning: which branches, and never anything but their own data."""

import shutil
import subprocess
from datetime import datetime, timedelta, timezone

import pytest
from kit import ops

cleaning = ops("steel_toes.branches")
repository = ops("core.git")
Record = ops("steel_toes.manifest").Record
OpsError = ops("core.errors").OpsError

CARS = {"type": "text.TextDataset", "filepath": "data/cars.txt"}


def write(project, **changes):
    """A record of branch old, as somebody could have forged it."""
    known = {"branch": "old", "dataset": "cars", "location": "", "time": ""}
    record = Record(**{**known, **changes})
    project.branches.manifest.write(record)
    return record


def test_the_data_and_the_record_of_a_branch_go(project):
    project.catalog({"cars": CARS})
    project.save_base(cars="base")
    project.save("old", cars="old")
    project.save("dev", cars="dev")
    record = project.record("old", "cars")

    assert cleaning.refuse_to_clean(project.branches, record) is None
    assert project.files() == ["cars.txt", "cars_dev.txt", "cars_old.txt"]
    assert cleaning.clean(project.branches, [record])[0] is None
    assert project.files() == ["cars.txt", "cars_dev.txt"]
    assert [r.branch for r in project.branches.records()] == ["dev"]


def test_a_record_whose_data_are_gone_can_go(project):
    project.catalog({"cars": CARS})
    project.save("old", cars="old")
    (project.path / "data" / "cars_old.txt").unlink()

    assert cleaning.clean(project.branches, [project.record("old", "cars")])[0] is None
    assert project.branches.records() == []


@pytest.mark.parametrize(
    "forged",
    [
        {"location": "file://{data}/cars.txt"},
        {"location": "file://{data}"},
        {"location": "file:///"},
        {"branch": "", "location": "file://{data}/cars.txt"},
        {"dataset": "bikes", "location": "file://{data}/cars_old.txt"},
        {"dataset": "kept", "location": "file://{data}/kept.txt"},
        {"dataset": "kept_p", "location": "file://{data}/kept.txt"},
        {"dataset": "../cars", "location": "file://{data}/cars.txt"},
        {"branch": "main", "location": "file://{data}/cars.txt"},
    ],
)
def test_a_forged_record_deletes_nothing(project, forged):
    entries = {
        "cars": CARS,
        "bikes": {**CARS, "filepath": "data/bikes.txt"},
        "kept": {**CARS, "filepath": "data/kept.txt"},
        "{x}_p": {**CARS, "filepath": "data/{x}.txt"},
    }
    project.catalog(entries, ignore={"names": ["kept*"]})
    data = project.path / "data"
    for name in ("cars", "cars_old", "bikes", "kept"):
        (data / f"{name}.txt").write_text(name)
    record = write(project, **{k: v.format(data=data) for k, v in forged.items()})
    before = project.tree()

    assert "in the catalog, it is no longer at" in cleaning.refuse_to_clean(
        project.branches, record
    )
    assert cleaning.clean(project.branches, [record])[0]
    assert project.tree() == before


@pytest.mark.parametrize(
    "other",
    [
        {"type": "text.TextDataset", "filepath": "data/cars_old.txt"},
        {"type": "text.TextDataset", "filepath": "data/cars_old.txt/inside.txt"},
        {
            "type": "partitions.PartitionedDataset",
            "path": "data",
            "dataset": "text.TextDataset",
        },
    ],
    ids=["the same place", "a place inside", "a folder around"],
)
def test_a_place_that_another_dataset_shares_is_left(project, other):
    project.catalog({"cars": CARS, "other": other}, ignore={"names": ["other"]})
    (project.path / "data" / "cars_old.txt").mkdir()
    (project.path / "data" / "cars_old.txt" / "inside.txt").write_text("base")
    location = f"file://{project.path}/data/cars_old.txt"
    record = write(project, location=location)
    before = project.tree()

    assert (
        cleaning.clean(project.branches, [record])[0]
        == f"{location} belongs to 'other'"
    )
    assert project.tree() == before


@pytest.fixture
def known(project, monkeypatch):
    """Branches dev (the current one), here and gone have data; git knows two."""
    project.catalog({"cars": CARS})
    for name in ("dev", "here", "gone", "theirs", "merged"):
        project.save(name, cars=name)
    record = project.record("theirs", "cars")
    project.branches.manifest.write(record._replace(user="somebody", host="else"))
    monkeypatch.setattr(repository, "branches", lambda path: {"here", "merged", "main"})
    monkeypatch.setattr(repository, "branches_of_remotes", lambda path: {"main"})
    monkeypatch.setattr(repository, "merged", lambda path, trunks: {"merged"})
    return project


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (((), None, False), ["gone", "merged"]),
        (((), None, True), ["gone", "merged", "theirs"]),
        ((("here",), None, False), ["here"]),
        ((("dev",), None, False), ["dev"]),
        (((), 0, False), ["gone", "here", "merged", "theirs"]),
        (((), 1, False), []),
        ((("dev", "here"), 0, False), ["dev", "here"]),
        ((("here",), 1, False), []),
    ],
)
def test_the_branches_to_clean(known, asked, expected):
    names, older_than, everyone = asked
    found = cleaning.records_to_clean(known.branches, set(names), older_than, everyone)

    assert [record.branch for record in found] == expected


def test_a_branch_is_as_idle_as_its_last_save(known):
    old = (datetime.now(timezone.utc) - timedelta(days=30)).isoformat(
        timespec="seconds"
    )
    for name in ("here", "gone"):
        record = known.record(name, "cars")._replace(time=old)
        known.branches.manifest.write(record)
    known.branches.manifest.write(known.record("gone", "cars")._replace(dataset="new"))
    new = known.record("gone", "new")._replace(time=known.record("dev", "cars").time)
    known.branches.manifest.write(new)

    found = cleaning.records_to_clean(known.branches, set(), 29, False)
    assert [record.branch for record in found] == ["here"]


def test_without_git_nothing_is_taken_for_gone(project):
    project.catalog({"cars": CARS})
    project.save("old", cars="old")

    with pytest.raises(OpsError, match="Cannot tell which branches are gone: git"):
        cleaning.records_to_clean(project.branches, set(), None, True)


@pytest.mark.skipif(shutil.which("git") is None, reason="asks git")
def test_git_is_asked_in_the_project(project):
    project.catalog({"cars": CARS})
    project.save("old", cars="old")
    subprocess.run(["git", "init", "-q"], cwd=project.path, check=True)

    found = cleaning.records_to_clean(project.branches, set(), None, False)
    assert [record.branch for record in found] == ["old"]

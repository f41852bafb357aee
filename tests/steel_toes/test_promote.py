"""Promoting: what it would do, and what is there whatever goes wrong."""

import contextlib
import os
from pathlib import Path

import pytest
from kedro.io import AbstractDataset
from kit import ops

module = ops("steel_toes.promote")
files = ops("core.dataset_io")
OpsError = ops("core.errors").OpsError

NAMES = ["a", "b", "c"]


def text(name, **more):
    return {"type": "text.TextDataset", "filepath": f"data/{name}.txt", **more}


@pytest.fixture
def promoting(project):
    """Branch dev has new data of a, b and c; main has a and b."""
    project.catalog({name: text(name) for name in NAMES})
    project.save_base(a="old a", b="old b")
    project.save("dev", a="new a", b="new b", c="new c")
    return project


def base(project):
    names = [name for name in NAMES if (project.path / "data" / f"{name}.txt").exists()]
    return {name: project.load_base(name) for name in names}


OLD = {"a": "old a", "b": "old b"}
NEW = {"a": "new a", "b": "new b", "c": "new c"}


def left_over(project):
    return [path.name for path in (project.path / "data").glob(".*") if path.is_file()]


def promote(project, *names, force=False):
    """What the command does with --yes."""
    rows = module.plan(project.branches, "dev", names, force)
    chosen = [row["dataset"] for row in rows if row["action"].startswith("copy")]
    module.promote(project.branches, "dev", chosen)


def test_the_branch_s_data_become_the_base_and_its_fork_point(promoting):
    promote(promoting)

    assert base(promoting) == NEW
    assert left_over(promoting) == []
    record = promoting.record("dev", "a")
    assert record.base == record.fingerprint


class Broken(Exception):
    pass


@pytest.mark.parametrize("step", range(1, 20))
def test_whatever_step_fails_the_same_command_finishes_it(promoting, monkeypatch, step):
    """Every copy, swap and record counts as a step; a later one never comes."""
    steps = iter(range(1, 1000))

    def failing(function):
        def act(*arguments, **options):
            if next(steps) == step:
                raise Broken
            return function(*arguments, **options)

        return act

    for name in ("copy_from", "take"):
        monkeypatch.setattr(files.Files, name, failing(getattr(files.Files, name)))
    manifest = ops("steel_toes.manifest").Manifest
    monkeypatch.setattr(manifest, "write", failing(manifest.write))
    with contextlib.suppress(Broken):
        promote(promoting)

    monkeypatch.undo()
    assert left_over(promoting) == []
    if step <= len(NAMES):  # a copy could not be made
        assert base(promoting) == OLD
    promote(promoting)
    assert base(promoting) == NEW


def test_a_folder_whose_swap_was_killed_is_put_in_place_by_the_next(project):
    parts = {"type": "partitions.PartitionedDataset", "dataset": "text.TextDataset"}
    project.catalog({"a": {**parts, "path": "data/parts"}})
    project.save_base(a={"1": "old"})
    project.save("dev", a={"2": "new"})
    data = project.path / "data"
    (data / "parts").rename(data / ".old-dev_parts")  # and then it was killed

    promote(project)

    assert sorted(project.load_base("a")) == ["2"]
    assert [path.name for path in data.glob(".*") if path.name != ".ops"] == []


def test_what_was_being_cleared_when_it_was_killed_is_cleared_by_the_next(project):
    parts = {"type": "partitions.PartitionedDataset", "dataset": "text.TextDataset"}
    project.catalog({"a": {**parts, "path": "data/parts"}})
    project.save_base(a={"1": "old"})
    project.save("dev", a={"2": "new"})
    promote(project)
    left = project.path / "data" / ".old-dev_parts"
    left.mkdir()  # its files were gone already

    promote(project)

    assert not left.exists()
    assert sorted(project.load_base("a")) == ["2"]


def test_a_copy_that_cannot_be_made_stops_all(promoting):
    (promoting.path / "data" / "b_dev.txt").unlink()
    (promoting.path / "data" / "b_dev.txt").mkdir()
    (promoting.path / "data" / "b_dev.txt" / "loop").symlink_to("loop")

    with pytest.raises(OSError, match="loop"):
        module.promote(promoting.branches, "dev", NAMES)
    assert base(promoting) == OLD
    assert left_over(promoting) == []


def test_a_record_that_was_planted_changes_nothing(promoting):
    """Only the catalog and the branch say which places change."""
    raw = promoting.path / "data" / "raw.txt"
    raw.write_text("raw")
    record = promoting.record("dev", "a")
    forged = record._replace(location=f"file://{raw}")
    promoting.branches.manifest.write(forged)

    promote(promoting)

    assert raw.read_text() == "raw"
    assert base(promoting)["a"] == "old a"


def test_a_promoted_version_is_the_one_that_is_read(project):
    project.catalog({"a": text("a", versioned=True)})
    project.save("dev", a="new")
    project.catalog({"a": text("a", versioned=True)})
    project.save_base(a="old, and later")
    module.promote(project.branches, "dev", ["a"])

    assert project.load_base("a") == "new"
    assert len(os.listdir(project.path / "data" / "a.txt")) == 2


def test_a_first_version_is_taken_over_by_its_name(project):
    project.catalog({"a": text("a", versioned=True)})
    project.save("dev", a="new")
    module.promote(project.branches, "dev", ["a"])

    names = [
        os.listdir(project.path / "data" / name) for name in ("a.txt", "a_dev.txt")
    ]
    assert names[0] == names[1]


def test_a_folder_of_partitions_is_replaced_as_a_whole(project):
    parts = {"type": "partitions.PartitionedDataset", "dataset": "text.TextDataset"}
    project.catalog({"a": {**parts, "path": "data/parts"}})
    project.save_base(a={"1": "old", "2": "old"})
    project.save("dev", a={"2": "new", "3": "new"})
    module.promote(project.branches, "dev", ["a"])

    assert sorted(project.load_base("a")) == ["2", "3"]


def test_what_cannot_be_copied_is_refused(project):
    project.catalog({"a": {"type": f"{__name__}.Own", "filepath": "/far/a.txt"}})
    with pytest.raises(OpsError, match="'b' is not defined in the catalog"):
        module.promote(project.branches, "dev", ["b"])

    branches = project.branches
    branches.dataset("a", "dev").target._init_args["filepath"] = "far://a.txt"
    with pytest.raises(
        OpsError, match="'a' cannot be promoted: only its own dataset class"
    ):
        module.promote(branches, "dev", ["a"])


CARS = {"type": "text.TextDataset", "filepath": "data/cars.txt"}


@pytest.fixture
def cars(project):
    project.catalog({"cars": CARS})
    project.save_base(cars="base")
    project.save("dev", cars="dev")
    return project


def plan(project, *datasets, force=False):
    rows = module.plan(project.branches, "dev", datasets, force)
    return {row["dataset"]: row["action"] for row in rows}


def test_data_are_copied_where_only_the_branch_has_changed(cars):
    assert plan(cars) == {"cars": "copy"}
    cars.save_base(cars="moved")
    assert "main's data has changed" in plan(cars)["cars"]
    assert plan(cars, force=True) == {"cars": "copy (forced: behind)"}
    cars.save_base(cars="dev")
    assert plan(cars, force=True) == {"cars": "nothing: main has the same data"}


def test_what_is_there_counts_and_not_what_was_recorded(cars):
    cars.save_base(cars="dev")
    (cars.path / "data" / "cars_dev.txt").write_text("changed by hand")
    assert "main's data has changed" in plan(cars)["cars"]
    (cars.path / "data" / "cars_dev.txt").unlink()
    assert plan(cars, force=True) == {"cars": "refused: its data is gone"}


def test_an_unknown_fork_point_needs_force(cars):
    (cars.path / "data" / "bikes_dev.txt").write_text("from before")
    cars.catalog({"bikes": {**CARS, "filepath": "data/bikes.txt"}, "cars": CARS})
    cars.save("dev", bikes="new")

    assert "unknown" in plan(cars, "bikes")["bikes"]
    assert plan(cars, "bikes", force=True) == {"bikes": "copy (forced: unknown)"}


def test_what_the_catalog_does_not_have_is_refused(cars):
    cars.catalog({})

    assert "it is no longer there" in plan(cars, force=True)["cars"]


def test_a_view_is_made_anew_by_a_run(cars, monkeypatch):
    monkeypatch.setattr(ops("core.dataset_io").Files, "is_view", True)

    assert plan(cars)["cars"].startswith("nothing: it is a view")


def test_names_without_data_are_refused(cars):
    with pytest.raises(OpsError, match="Branch 'none' has no data"):
        module.plan(cars.branches, "none", (), False)
    with pytest.raises(OpsError, match="Branch 'dev' has no data of 'bikes'"):
        plan(cars, "bikes")


class Own(AbstractDataset):
    """A dataset of the project's own, as in Kedro's tutorial; it cannot tell if it is
    there."""

    def __init__(self, filepath):
        self._filepath = Path(filepath)

    def load(self):
        return self._filepath.read_text()

    def save(self, data):
        self._filepath.write_text(data)

    def _describe(self):
        return {"filepath": self._filepath}


class OwnThatTells(Own):
    def _exists(self):
        return self._filepath.exists()


@pytest.mark.parametrize("kind", [Own, OwnThatTells])
def test_a_dataset_of_the_project_s_own_is_promoted_and_compared(project, kind):
    entry = {"type": f"{__name__}.{kind.__name__}", "filepath": "data/own.txt"}
    catalog = project.catalog({"own": entry})
    project.save_base(own="old")
    assert catalog.load("own") == "old"
    catalog.save("own", "new")

    assert catalog.load("own") == "new"
    assert project.load_base("own") == "old"
    compare = ops("steel_toes.comparison").compare
    (row,) = compare(project.branches, None, "dev")
    assert row["state"] == "changed"
    promote(project)
    assert project.load_base("own") == "new"
    (row,) = compare(project.branches, None, "dev")
    assert row["state"] == "same"


def test_a_dataset_with_two_places_is_not_promoted_by_half(project):
    entry = text("a", save_args={"path": "/other/b"}, type=f"{__name__}.Two")
    project.catalog({"own": entry})
    project.save("dev", own="new")

    (row,) = module.plan(project.branches, "dev", (), True)

    assert row["action"].startswith("refused: it also saves to file:/other/b_dev")


class Two(Own):
    def __init__(self, filepath, save_args):
        super().__init__(filepath)

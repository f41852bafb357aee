"""Comparing the data of two branches."""

import pytest
from kedro.io import AbstractDataset, DatasetError
from kit import ops

comparison = ops("steel_toes.comparison")

CARS = {"type": "json.JSONDataset", "filepath": "data/cars.json"}


class Picture(AbstractDataset):
    """Can be saved and not loaded; keeps its data where only it knows."""

    def __init__(self, filepath):
        self.filepath = filepath

    def load(self):
        raise DatasetError("a picture")

    def save(self, data):
        pass

    def _exists(self):
        return True

    def _describe(self):
        return {}


def compare(project, *sides):
    rows = comparison.compare(project.branches, *sides)
    return {row["dataset"]: (row["state"], row["changes"]) for row in rows}


@pytest.fixture
def cars(project):
    project.catalog({"cars": CARS})
    project.save_base(cars={"n": 1})
    project.save("a", cars={"n": 22})
    return project


def test_a_branch_is_compared_with_the_base_or_another(cars):
    changed = ("changed", ["bytes: 12 -> 13", "n: 1 -> 22"])
    assert compare(cars, None, "a") == {"cars": changed}
    assert compare(cars, "a", "b") == {"cars": ("only on a", [])}
    cars.save("b", cars={"n": 22})
    assert compare(cars, "a", "b") == {"cars": ("same", [])}
    assert compare(cars, None, None) == {}


def test_data_that_are_gone_are_said_to_be(cars):
    for name in ("cars.json", "cars_a.json"):
        (cars.path / "data" / name).unlink()

    assert compare(cars, None, "a") == {"cars": ("gone from both", [])}


def test_a_dataset_that_is_not_in_the_catalog_is_not_known(cars):
    cars.catalog({})

    assert compare(cars, None, "a") == {"cars": ("unknown", [])}
    assert compare(cars, "a", "b") == {"cars": ("unknown", [])}


def test_a_dataset_that_only_its_class_understands_is_not_known(project):
    entry = {"type": f"{__name__}.Picture", "filepath": "data/a.png"}
    project.catalog({"cars": entry})
    project.save("a", cars="x")

    assert compare(project, None, "a") == {"cars": ("unknown", [])}


def test_a_dataset_that_cannot_be_loaded_is_compared_by_its_bytes(cars):
    (cars.path / "data" / "cars_a.json").write_text("{no json")

    state, changes = compare(cars, None, "a")["cars"]
    assert (state, changes) == ("changed", ["bytes: 12 -> 8", "n: 1 -> -"])


def test_figures_are_compared_as_they_are_shown():
    nan = float("nan")

    assert comparison.changes({"a": nan, "b": 1}, {"a": nan, "c": 2}) == [
        "b: 1 -> -",
        "c: - -> 2",
    ]

"""``kedro expectations``: what it prints, and its exit codes."""

import json
import logging

import pytest
from click.testing import CliRunner
from kedro_datasets.pandas import CSVDataset
from kit import ops

from .expectations_project import BAD, GOOD, IDS, KINDS, csv

pytest_plugins = ["expectations.expectations_project"]

module = ops("expectations.commands")

PARTS = {
    "type": "partitions.PartitionedDataset",
    "path": "data/parts",
    "dataset": "pandas.CSVDataset",
    "filename_suffix": ".csv",
}


@pytest.fixture
def cars(gated, monkeypatch):
    """A gated whose cars are good; of bikes there are none."""
    entries = {"cars": csv("cars"), "bikes": csv("bikes"), "parts": PARTS}
    gated.load(entries)
    (gated.path / "data" / "parts").mkdir()
    put(gated, GOOD)

    def load_context(env):
        gated.load(entries, env=env)
        return gated.context

    monkeypatch.setattr(module, "load_context", load_context)
    monkeypatch.setenv("COLUMNS", "200")
    logging.disable(logging.WARNING)  # as the real one does
    yield gated
    logging.disable(logging.NOTSET)


def put(gated, table, name="cars"):
    table.to_csv(gated.path / "data" / f"{name}.csv", index=False)


def run(*arguments):
    result = CliRunner().invoke(module.command, arguments)
    return result.exit_code, result.output


def test_new_writes_a_suite_that_check_then_passes(cars):
    code, output = run("new", "cars")
    assert code == 0
    assert "Wrote 9 expectations to" in output
    assert run("check", "cars")[0] == 0

    put(cars, BAD)
    code, output = run("check", "cars")
    assert code == 1
    assert "column='id') failed for 1 of 3 rows" in output


def test_new_replaces_nothing_that_it_is_not_told_to(cars):
    cars.suite("cars", IDS)
    code, output = run("new", "cars")
    assert (code, "Use --force to replace it" in output) == (1, True)
    assert run("new", "cars", "--force")[0] == 0


def test_new_looks_at_the_first_of_several_parts(cars):
    assert "No partitions found" in run("new", "parts")[1]
    put(cars, GOOD, "parts/a")
    assert run("new", "parts")[0] == 0


@pytest.mark.parametrize("name", ["boats", "bikes"])
def test_new_needs_data(cars, name):
    code, output = run("new", name)
    assert code == 1
    assert output.startswith("Error: ")


def test_check_tells_what_is_not_as_expected(cars):
    cars.suite("cars", IDS, KINDS)
    cars.suite("bikes", IDS)
    assert run("check") == (
        0,
        "Failed checks: none.\n2 expectations checked.\n",
    )

    put(cars, BAD.assign(id=1))
    code, output = run("check")
    assert code == 0  # a warning
    assert "value_set=['a', 'b']) failed" in output

    put(cars, BAD)
    code, output = run("check", "--json")
    rows = json.loads(output.splitlines()[0])
    assert code == 1
    assert [(row["subject"], row["level"], row["passed"]) for row in rows] == [
        ("cars", "error", False),
        ("cars", "warning", False),
    ]


def test_on_a_branch_check_looks_at_main_s_data_too(cars, monkeypatch):
    cars.suite("cars", IDS, KINDS)
    # As steel toes do: the branch has no copy, so a load reads main's.
    main = CSVDataset(filepath=str(cars.path / "data" / "cars.csv"))
    monkeypatch.setattr(
        CSVDataset, "readings", property(lambda _: [main]), raising=False
    )
    monkeypatch.setattr(CSVDataset, "_exists", lambda _: False)
    assert "2 expectations checked" in run("check")[1]


def test_check_of_what_is_not_there_is_an_error(cars, monkeypatch):
    cars.suite("bikes", IDS)
    assert "'boats' is not defined in the catalog" in run("check", "boats")[1]
    assert (
        "'cars' has no suite. Run: kedro expectations new cars"
        in run("check", "cars")[1]
    )
    code, output = run("check", "bikes")
    assert (code, "could not be checked" in output) == (1, True)
    monkeypatch.setenv("EXPECTATIONS", "off")
    assert "EXPECTATIONS" in run("check")[1]

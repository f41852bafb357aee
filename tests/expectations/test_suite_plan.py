"""What a run does with the suites of its gated."""

import sys

import pytest
from kedro.pipeline import Pipeline, node
from kit import ops

from .expectations_project import BAD, GOOD, IDS, VALIDATOR, csv, make

pytest_plugins = ["expectations.expectations_project"]

plans = ops("expectations.suite_plan")
Refused = ops("expectations.results").Refused
OpsError = ops("core.errors").OpsError

TYPO = {"type": "expect_nothing", "kwargs": {}}


def test_a_run_is_stopped_for_a_suite_that_is_not_understood(gated):
    gated.suite("cars", IDS, TYPO)
    catalog = gated.load({"cars": csv("cars"), "bikes": csv("bikes")})

    with pytest.raises(OpsError, match=r"cars.yml, line \d+: .* no expect_nothing"):
        gated.save(catalog, "cars", GOOD)
    assert not gated.has("cars.csv")
    gated.save(catalog, "bikes", GOOD)  # it does not need that suite


def test_a_suite_is_needed_by_what_is_loaded_too(gated):
    gated.suite("cars", TYPO)
    catalog = gated.load({"cars": csv("cars")}, attach={"cars": {"when": ["load"]}})

    gated.save(catalog, "cars", GOOD)
    with pytest.raises(OpsError, match="no expect_nothing"):
        gated.run(catalog, node(len, "cars", "number", name="len"))


def test_a_run_without_suites_asks_for_nothing(gated, monkeypatch):
    monkeypatch.setitem(sys.modules, ops("expectations.gx").__name__, None)
    catalog = gated.load({"bikes": csv("bikes")})
    gated.save(catalog, "bikes", GOOD)

    gated.suite("cars", IDS)
    catalog = gated.load({"cars": csv("cars"), "bikes": csv("bikes")})
    gated.save(catalog, "bikes", GOOD)


@pytest.mark.parametrize("way", ["variable", "setting", "kedro"])
def test_they_can_be_switched_off(gated, monkeypatch, way):
    gated.suite("cars", IDS)
    given = {"class": VALIDATOR, "on": ["save"]}
    if way == "variable":
        monkeypatch.setenv("EXPECTATIONS", "off")
    if way == "kedro":
        monkeypatch.setenv("KEDRO_DATASET_VALIDATION", "off")
    entries = {
        "cars": csv("cars"),
        "bikes": csv("bikes", validator={**given, "options": {"suite": "cars"}}),
        "boats": csv("boats", validator=VALIDATOR),
    }
    settings = {"attach": {"cars": {"when": ["save", "end"]}}, "atomic_outputs": True}
    gated.suite("boats", IDS)
    catalog = gated.load(entries, enabled=way != "setting", **settings)

    for name in entries:
        gated.save(catalog, name, BAD)
        assert gated.has(f"{name}.csv")


def test_data_in_memory_are_checked_on_their_way(gated):
    gated.suite("number", IDS)
    gated.pipelines(node(make(GOOD), None, "number", name="make"))
    catalog = gated.load({"cars": csv("cars")})

    gated.save(catalog, "number", GOOD)
    with pytest.raises(Refused, match="'number' is not saved"):
        gated.save(gated.load({"cars": csv("cars")}), "number", BAD)


def test_data_in_memory_are_gone_after_the_run(gated):
    gated.suite("number", IDS)
    gated.pipelines(node(make(GOOD), None, "number", name="make"))
    for when in (["end"], ["save", "end"]):
        catalog = gated.load({}, attach={"number": {"when": when}})
        with pytest.raises(OpsError, match="'number' is only in memory"):
            gated.save(catalog, "number", GOOD)


def test_several_datasets_are_looked_at_if_the_run_has_them_all(gated):
    rows = {"type": "expect_row_counts_to_add_up"}
    rows["kwargs"] = {"dataset": "cars", "parts": ["bikes"]}
    gated.suite("together", rows, key="across")
    gated.load({"cars": csv("cars"), "bikes": csv("bikes")})
    plan = plans.Plan.of(gated.context)
    cars = node(make(GOOD), None, "cars", name="cars")
    bikes = node(make(GOOD), None, "bikes", name="bikes")
    reader = node(lambda *_: None, ["cars", "bikes"], "nothing", name="reader")

    assert [suite.name for suite in plan.suites_across(Pipeline([cars, bikes]))]
    assert not list(plan.suites_across(Pipeline([cars])))
    assert not list(plan.suites_across(Pipeline([reader])))  # it saved none of them


def test_several_datasets_must_be_in_the_catalog(gated):
    rows = {"type": "expect_row_counts_to_add_up"}
    rows["kwargs"] = {"dataset": "cars", "parts": ["bikes"]}
    gated.suite("together", rows, key="across")
    catalog = gated.load({"cars": csv("cars")})
    nodes = [node(make(GOOD), None, name, name=name) for name in ("cars", "bikes")]

    with pytest.raises(OpsError, match="together.yml: 'bikes' is only in memory"):
        gated.run(catalog, *nodes)


def test_a_broken_entry_is_left_to_the_runner(gated):
    gated.suite("cars", IDS)
    catalog = gated.load({"cars": csv("cars"), "bikes": {"type": "no.Such"}})
    nodes = [node(make(GOOD), None, name, name=name) for name in ("cars", "bikes")]

    with pytest.raises(Exception, match="Such"):
        gated.run(catalog, *nodes)

"""Which dataset has which suite, and what a run does with it."""

import sys

import pytest
from kedro.pipeline import node
from kit import ops

from .expectations_project import BAD, GOOD, IDS, VALIDATOR, csv, make

pytest_plugins = ["expectations.expectations_project"]

FailedChecks = ops("expectations.validator").FailedChecks
OpsError = ops("core.errors").OpsError


def validator(*on, **options):
    given = {"class": VALIDATOR, "options": options}
    return {**given, "on": list(on)} if on else given


def attached(gated):
    """The validators that Kedro sees: dataset, suite and times."""
    catalog = gated.context.catalog
    for name in list(catalog.keys()):
        catalog.get(name)
    return {
        name: (spec.options["suite"], spec.on)
        for name, spec in catalog.validator_specs.items()
    }


def test_a_suite_is_for_the_dataset_of_its_name(gated):
    gated.suite("cars", IDS)
    gated.load({"cars": csv("cars"), "bikes": csv("bikes")})

    assert attached(gated) == {"cars": ("cars", ("save",))}


def test_settings_attach_a_suite_to_other_datasets(gated):
    gated.suite("vehicles", IDS)
    gated.load(
        {"cars": csv("cars"), "bikes": csv("bikes")},
        attach={
            "cars": {"suite": "vehicles"},
            "bikes": {"suite": "vehicles", "when": ["load", "save", "end"]},
        },
    )

    assert attached(gated) == {
        "cars": ("vehicles", ("save",)),
        "bikes": ("vehicles", ("load", "save")),
    }


def test_what_is_looked_at_after_the_run_only_has_no_validator(gated):
    gated.suite("cars", IDS)
    gated.load({"cars": csv("cars")}, attach={"cars": {"when": ["end"]}})

    assert attached(gated) == {}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (VALIDATOR, ("cars", ("load", "save"))),
        (validator(), ("cars", ("load", "save"))),
        (validator("save", suite="bikes"), ("bikes", ("save",))),
        ({"class": VALIDATOR, True: "load"}, ("cars", ("load",))),  # "on", unquoted
    ],
)
def test_the_catalog_names_a_suite(gated, given, expected):
    gated.suite(expected[0], IDS)
    gated.load({"cars": csv("cars", validator=given), "bikes": csv("bikes")})

    assert attached(gated) == {"cars": expected}


def test_what_else_the_catalog_says_of_the_validator_is_kept(gated):
    gated.suite("cars", IDS)
    given = {**validator("save"), "severity": "warn"}
    gated.load({"cars": csv("cars", validator=given)})
    gated.context.catalog.get("cars")

    assert gated.context.catalog.validator_specs["cars"].severity == "warn"


def test_a_dataset_of_a_pattern_gets_an_entry_of_its_own(gated):
    gated.suite("cars_raw", IDS)
    entries = {"{name}_raw": csv("{name}_raw")}
    gated.pipelines(ops_node("cars_raw"), ops_node("bikes_raw"))
    catalog = gated.load(entries)

    assert attached(gated) == {"cars_raw": ("cars_raw", ("save",))}
    assert str(catalog.get("cars_raw")._filepath).endswith("data/cars_raw.csv")
    catalog.get("bikes_raw")
    assert "bikes_raw" not in catalog.validator_specs


def ops_node(name):
    return node(lambda: None, None, name, name=name)


def test_a_pattern_can_name_suites(gated):
    gated.suite("cars_raw", IDS)
    suite = validator("save", suite="{name}_raw")
    gated.load({"{name}_raw": csv("{name}_raw", validator=suite)})
    catalog = gated.context.catalog
    catalog.get("cars_raw")

    options = catalog.validator_specs["cars_raw"].options
    assert (options["suite"], options["dataset"]) == ("cars_raw", "cars_raw")


def test_the_suite_of_an_environment_is_found_there(gated):
    gated.suite("cars", IDS, env="prod")
    gated.load({"cars": csv("cars")})
    assert attached(gated) == {}

    gated.load({"cars": csv("cars")}, env="prod")
    assert attached(gated) == {"cars": ("cars", ("save",))}


def test_the_hook_may_fire_twice(gated):
    gated.suite("cars", IDS)
    settings = {"attach": {"cars": {"when": ["save", "end"]}}}
    gated.load({"cars": csv("cars")}, **settings)
    once = dict(gated.context.config_loader["catalog"])
    gated.hooks.hook.after_context_created(context=gated.context)

    assert [*gated.context.config_loader["catalog"]] == [*once]
    assert attached(gated) == {"cars": ("cars", ("save",))}


@pytest.mark.parametrize(
    ("entries", "settings", "message"),
    [
        ({}, {}, "The suite 'cars' belongs to no dataset: 'cars' is not defined"),
        (
            {"cars": csv("cars"), "bikes": csv("bikes")},
            {"bikes": {}},
            "The suite 'bikes' does not exist",
        ),
        (
            {"cars": csv("cars", validator=validator(suite="car"))},
            {},
            "The suite 'cars' belongs to no dataset: 'cars' has the suite 'car'",
        ),
        (
            {
                "cars": csv("cars"),
                "bikes": csv("bikes", validator=validator(suite="c")),
            },
            {},
            "The suite 'c' does not exist. Write conf/base/expectations/c.yml",
        ),
        (
            {"cars": csv("cars", validator=validator("save"))},
            {"cars": {"suite": "other"}},
            "Remove one of the two",
        ),
        (
            {"cars": csv("cars", validator=validator("save"))},
            {"cars": {"when": ["load"]}},
            "Remove one of the two",
        ),
        (
            {"cars": csv("cars", validator="my.Model")},
            {},
            "has the validator my.Model in the catalog",
        ),
        (
            {"cars": csv("cars", validator="my.Model")},
            {"cars": {}},
            "has the validator my.Model in the catalog",
        ),
        ({"cars": csv("cars")}, {"cars": {"when": ["later"]}}, "Use one or more of"),
        ({"cars": csv("cars")}, {"cars": {"when": []}}, "Use one or more of"),
        ({"cars": csv("cars")}, {"cars": {"sute": "x"}}, "Did you mean 'suite'?"),
    ],
)
def test_what_does_not_fit_together_is_an_error(gated, entries, settings, message):
    gated.suite("cars", IDS)

    with pytest.raises(OpsError) as caught:
        gated.load(entries, attach=settings)
    assert message in caught.value.message


def test_both_ways_may_say_the_same(gated):
    gated.suite("cars", IDS)
    entries = {"cars": csv("cars", validator=validator("save"))}
    gated.load(entries, attach={"cars": {"when": ["save", "end"]}})

    assert attached(gated) == {"cars": ("cars", ("save",))}


TYPO = {"type": "expect_nothing", "kwargs": {}}


def test_a_mistake_in_an_expectation_stops_the_run_before_the_data_is_saved(gated):
    gated.suite("cars", IDS, TYPO)
    catalog = gated.load({"cars": csv("cars"), "bikes": csv("bikes")})

    with pytest.raises(FailedChecks, match=r"cars.yml, line \d+: .* no expect_nothing"):
        gated.save(catalog, "cars", GOOD)
    assert not gated.has("cars.csv")
    gated.save(catalog, "bikes", GOOD)  # it does not need that suite


def test_a_mistake_in_an_expectation_stops_the_run_before_the_data_is_loaded(gated):
    gated.suite("cars", TYPO)
    catalog = gated.load({"cars": csv("cars")}, attach={"cars": {"when": ["load"]}})

    gated.save(catalog, "cars", GOOD)
    with pytest.raises(
        FailedChecks, match="'cars' is not loaded: .* no expect_nothing"
    ):
        gated.run(catalog, node(len, "cars", "number", name="len"))


def test_a_malformed_suite_stops_the_run_before_it_starts(gated):
    gated.suite("cars")
    catalog = gated.load({"cars": csv("cars"), "bikes": csv("bikes")})
    nodes = [node(make(GOOD), None, name, name=name) for name in ("bikes", "cars")]

    with pytest.raises(OpsError, match="cars.yml: the list of expectations is empty"):
        gated.run(catalog, *nodes)
    assert not gated.has("bikes.csv")


def test_a_run_without_suites_does_not_import_great_expectations(gated, monkeypatch):
    monkeypatch.setitem(sys.modules, "great_expectations", None)
    catalog = gated.load({"bikes": csv("bikes")})
    gated.save(catalog, "bikes", GOOD)

    gated.suite("cars", IDS)
    catalog = gated.load({"cars": csv("cars"), "bikes": csv("bikes")})
    gated.save(catalog, "bikes", GOOD)


@pytest.mark.parametrize("way", ["variable", "setting", "kedro"])
def test_expectations_can_be_turned_off(gated, monkeypatch, way):
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


def test_data_in_memory_is_checked_too(gated):
    gated.suite("number", IDS)
    gated.pipelines(node(make(GOOD), None, "number", name="make"))
    catalog = gated.load({"cars": csv("cars")})

    gated.save(catalog, "number", GOOD)
    with pytest.raises(FailedChecks, match="'number' is not saved"):
        gated.save(gated.load({"cars": csv("cars")}), "number", BAD)


def test_data_in_memory_cannot_be_checked_at_the_end(gated):
    gated.suite("number", IDS)
    gated.pipelines(node(make(GOOD), None, "number", name="make"))
    for when in (["end"], ["save", "end"]):
        catalog = gated.load({}, attach={"number": {"when": when}})
        with pytest.raises(OpsError, match="'number' exists in memory only"):
            gated.save(catalog, "number", GOOD)


def test_a_broken_entry_is_left_to_the_runner(gated):
    gated.suite("cars", IDS)
    catalog = gated.load({"cars": csv("cars"), "bikes": {"type": "no.Such"}})
    nodes = [node(make(GOOD), None, name, name=name) for name in ("cars", "bikes")]

    with pytest.raises(Exception, match="Such"):
        gated.run(catalog, *nodes)

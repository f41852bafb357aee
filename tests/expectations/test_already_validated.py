"""After a run, nobody looks again at what its gate has let pass and nobody changed."""

import contextlib
import shutil

import pytest
from kedro.framework.hooks import hook_impl
from kedro.pipeline import node
from kit import ops

from .expectations_project import BAD, GOOD, IDS, KINDS, csv, make

pytest_plugins = ["expectations.expectations_project"]

Refused = ops("expectations.results").Refused
BOTH = {"attach": {"cars": {"when": ["save", "end"]}}}


@pytest.fixture
def loads(gated, monkeypatch):
    """What is loaded from now on, by path."""
    dataset = type(gated.load({"cars": csv("cars")}).get("cars"))
    loads, load = [], dataset.load

    def spy(self):
        loads.append(self._filepath.name)
        return load(self)

    monkeypatch.setattr(dataset, "load", spy)
    return loads


def saved(gated, entry, data=GOOD, **settings):
    gated.suite("cars", IDS)
    gated.save(gated.load({"cars": entry}, **BOTH, **settings), "cars", data)


def test_what_passed_and_is_unchanged_is_not_looked_at_again(gated, loads):
    saved(gated, csv("cars"))
    assert loads == []


def test_so_is_a_version_that_was_just_saved(gated, loads):
    saved(gated, csv("cars", versioned=True))
    assert loads == []


class Spoiler:
    """Writes bad data once another node runs."""

    def __init__(self, path):
        self.path = path

    @hook_impl
    def after_node_run(self, node):
        if node.name == "later":
            BAD.to_csv(self.path, index=False)


def test_what_was_changed_since_is_looked_at(gated, loads):
    gated.hooks.register(Spoiler(gated.path / "data" / "cars.csv"))
    gated.suite("cars", IDS)
    catalog = gated.load({"cars": csv("cars"), "bikes": csv("bikes")}, **BOTH)

    with pytest.raises(Refused, match="The data are saved, but do not use them"):
        gated.run(
            catalog,
            node(make(GOOD), None, "cars", name="cars"),
            node(make(GOOD), None, "bikes", name="later"),
        )
    assert loads == ["cars.csv"]


def test_what_only_the_end_asks_for_is_looked_at(gated, loads):
    gated.suite("cars", IDS)
    settings = {"attach": {"cars": {"when": ["end"]}}}
    gated.save(gated.load({"cars": csv("cars")}, **settings), "cars", GOOD)
    assert loads == ["cars.csv"]


def test_what_an_earlier_run_has_saved_passed_nothing_in_this_one(gated, loads):
    saved(gated, csv("cars"))
    saved(gated, csv("cars"))
    assert loads == []
    shutil.rmtree(gated.path / "data" / ".ops", ignore_errors=True)
    assert not ops("expectations.already_validated").is_unchanged(
        gated.context.catalog, "cars"
    )


@pytest.mark.parametrize(
    ("entry", "settings"),
    [
        (csv("cars", save_args={"mode": "a", "index": False}), {}),
        (csv("cars"), {"lazy_rows": 2}),
    ],
    ids=["it was added to", "the first rows of a lazy table"],
)
def test_what_may_hold_more_than_the_gate_saw_is_looked_at(
    gated, loads, entry, settings
):
    saved(gated, entry, **settings)
    assert loads == ["cars.csv"]


def test_chunks_are_looked_at_together(gated, loads):
    def chunks():
        yield GOOD.head(1)
        yield GOOD

    gated.suite("cars", IDS)
    catalog = gated.load({"cars": csv("cars")}, **BOTH)
    gated.run(catalog, node(chunks, None, "cars", name="chunks"))
    assert loads == ["cars.csv"]


def test_what_a_gate_that_only_warns_let_pass_is_looked_at(gated, loads):
    gated.suite("cars", IDS)
    validator = {"class": ops("expectations.attach").VALIDATOR, "severity": "warn"}
    entry = csv("cars", validator={**validator, "on": "save"})
    settings = {"attach": {"cars": {"when": ["save", "end"]}}}

    with pytest.raises(Refused, match="The data are saved, but do not use them"):
        gated.save(gated.load({"cars": entry}, **settings), "cars", BAD)
    assert loads == ["cars.csv"]


@pytest.mark.parametrize("data", [GOOD, BAD])
def test_a_run_leaves_no_notes(gated, data):
    gated.suite("cars", IDS if data is BAD else KINDS)
    entries = {"cars": csv("cars"), "bikes": csv("bikes")}
    settings = {"attach": {"bikes": {"suite": "cars", "when": ["save", "end"]}}}
    catalog = gated.load(entries, **settings)
    with contextlib.suppress(Refused):
        gated.save(catalog, "bikes", data)
    assert not list(gated.path.rglob("*gated*"))


def test_where_nothing_can_be_noted_it_is_looked_at(gated, loads):
    (gated.path / "data" / ".ops").write_text("no folder")
    saved(gated, csv("cars"))
    assert loads == ["cars.csv"]


def test_a_store_that_does_not_answer_is_no_reason_to_trust_it(gated, monkeypatch):
    gated.suite("cars", IDS)
    catalog = gated.load({"cars": csv("cars")}, **BOTH)
    monkeypatch.setattr(type(catalog.get("cars")._fs), "checksum", None)
    gated.save(catalog, "cars", GOOD)
    assert gated.has("cars.csv")

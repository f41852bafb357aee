"""Great Expectations' pages: of every check of a run, and never at its cost."""

import pytest
from kit import ops

from .expectations_project import BAD, GOOD, IDS, csv

pytest_plugins = ["expectations.expectations_project"]

data_docs = ops("expectations.data_docs")
Refused = ops("expectations.results").Refused

SITE = "data/.ops/data_docs"


def pages(gated):
    return [
        path.as_posix() for path in (gated.path / SITE).rglob("validations/**/*.html")
    ]


def test_a_run_leaves_pages_on_what_it_has_found(gated):
    gated.suite("cars", IDS)
    catalog = gated.load({"cars": csv("cars")}, data_docs=True)
    gated.save(catalog, "cars", GOOD)

    [page] = pages(gated)
    assert "/cars/cars/" in page
    assert (gated.path / SITE / "index.html").exists()
    left = gated.path / "data" / ".ops" / "expectations"
    assert not list(left.iterdir())


def test_the_pages_of_a_run_that_was_refused_take_their_place(gated):
    gated.suite("cars", IDS)
    gated.save(gated.load({"cars": csv("cars")}, data_docs=True), "cars", GOOD)
    with pytest.raises(Refused):
        gated.save(gated.load({"cars": csv("cars")}, data_docs=True), "cars", BAD)

    [page] = pages(gated)
    assert "Failed" in (gated.path / page).read_text(encoding="utf-8")


def test_pages_that_nobody_wants_are_not_made(gated):
    gated.suite("cars", IDS)
    gated.save(gated.load({"cars": csv("cars")}), "cars", GOOD)

    assert not (gated.path / "data" / ".ops").exists()


def test_a_run_without_checks_has_no_pages(gated):
    gated.save(gated.load({"cars": csv("cars")}, data_docs=True), "cars", GOOD)

    assert not (gated.path / "data" / ".ops").exists()


def test_a_page_that_cannot_be_made_is_a_warning(gated, caplog, monkeypatch):
    gated.suite("cars", IDS)
    store = gated.path / "data" / ".ops"
    store.write_text("a file")
    gated.save(gated.load({"cars": csv("cars")}, data_docs=True), "cars", GOOD)
    assert "The Data Docs of this run are not whole" in caplog.text

    caplog.clear()
    store.unlink()

    def broken(*_):
        raise RuntimeError("a template is broken")

    monkeypatch.setattr(data_docs, "_build", broken)
    gated.save(gated.load({"cars": csv("cars")}, data_docs=True), "cars", GOOD)
    assert "a template is broken" in caplog.text
    assert not list(store.glob("data_docs*"))

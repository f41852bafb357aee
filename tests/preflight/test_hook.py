"""The hook: what it checks, when it stops a run, and that it shows no secrets."""

import logging
import sqlite3

import click
import pytest
from kit import ops

from .planned import pipeline, text

pytest_plugins = ["preflight.planned"]
module = ops("preflight.hook")
OpsError = ops("core.errors").OpsError
options = ops("core.settings")
Finding = ops("core.findings").Finding

BAD = {"a": text("data/a.txt")}


def test_a_run_that_cannot_succeed_is_stopped_with_its_problems(planner, capsys):
    with pytest.raises(OpsError, match="not started: 1 error. PREFLIGHT=off") as caught:
        planner.start(BAD, ("a", "b"))

    [problem] = caught.value.findings
    assert (problem.level, problem.subject, problem.check) == ("error", "a", "data")
    assert problem.guard == "preflight"
    assert problem.message == "has no data at data/a.txt"
    assert "has no data" in capsys.readouterr().err


def test_a_run_that_can_succeed_is_not(planner, capsys):
    planner.write("data/a.txt", "x")

    planner.start(BAD, ("a", "b"))

    assert capsys.readouterr().err == ""


def test_a_warning_is_logged(planner, caplog):
    with caplog.at_level(logging.WARNING):
        planner.start(BAD, ("a", "b"), data="warn")

    [record] = caplog.records
    assert record.message.startswith("Preflight: a: has no data at")


def test_no_connection_that_it_opened_is_left_to_the_workers_of_the_run(planner):
    ibis = pytest.importorskip("kedro_datasets.ibis", exc_type=ImportError)
    sql = pytest.importorskip("kedro_datasets.pandas", exc_type=ImportError)
    file = planner.path / "shop.db"
    with sqlite3.connect(file) as database:
        database.execute("create table cars (x)")
    connection = {"backend": "sqlite", "database": str(file)}
    url, cars = f"sqlite:///{file}", {"table_name": "cars"}
    entries = {
        "a": {**cars, "type": "ibis.TableDataset", "connection": connection},
        "b": {**cars, "type": "pandas.SQLTableDataset", "credentials": {"con": url}},
    }
    before = {*ibis.TableDataset._connections}

    planner.start(entries, ("a", "x"), ("b", "y"))

    assert {*ibis.TableDataset._connections} == before
    assert url not in sql.SQLTableDataset.engines


@pytest.mark.parametrize("off", ["setting", "variable"])
def test_it_can_be_off(planner, monkeypatch, off):
    if off == "variable":
        monkeypatch.setenv("PREFLIGHT", "off")

    planner.start(BAD, ("a", "b"), enabled=off != "setting")


def test_the_run_continues_if_preflight_fails(planner, monkeypatch, caplog):
    def fail(*args):
        raise KeyError("a mistake in preflight")

    monkeypatch.setattr(module, "check_run", fail)

    planner.start(BAD, ("a", "b"))

    assert "the run continues" in caplog.text


def test_a_wrong_setting_stops_the_run(planner):
    with pytest.raises(OpsError, match="preflight.data"):
        planner.start(BAD, ("a", "b"), data="maybe")


def test_without_a_context_there_is_nothing_to_go_by(planner):
    module._STARTING.set(None)

    planner.preflight.before_pipeline_run({}, None, None)


@pytest.mark.parametrize("command", ["run", "ipython"])
def test_entries_without_credentials_are_taken_out_for_a_run_only(planner, command):
    entries = {"a": text("data/a.txt", credentials="none"), "b": text("data/b.txt")}
    planner.write("data/b.txt", "x")

    with click.Context(click.Command(command), info_name=command):
        if command == "run":
            with pytest.raises(OpsError) as caught:
                planner.start(entries, ("b", "c"))
            [problem] = caught.value.findings
            assert problem.message.startswith("needs credentials 'none'")
        else:
            with pytest.raises(KeyError, match="none"):
                planner.start(entries, ("b", "c"))


# All checks together


def fine(pipeline, catalog):
    return None


def texts(pipeline, catalog):
    return [f"{len(pipeline.nodes)} nodes"]


def problems(pipeline, catalog):
    yield Finding("old", "a", level="warning", check="age")


def breaks(pipeline, catalog):
    raise KeyError("x")


def find(planner, entries, *nodes, code=False, **settings):
    context = planner.context(entries, **settings)
    read = options.read_settings(context.config_loader, module.PreflightOptions)
    starting = module.start(context, read, remove_broken=False)
    found = module.check_run(starting, {}, pipeline(*nodes), context.catalog, code)
    return [*found]


TWO_BAD = {"a": text("data/a.txt"), "b": text("conf/base/ops.yml/b.txt")}


def test_every_check_has_its_name(planner):
    found = find(planner, TWO_BAD, ("a", "b"), ("params:none", "x"))

    assert {each.check: each.subject for each in found} == {
        "catalog": "params:none",
        "data": "a",
        "outputs": "b",
    }
    assert {each.level for each in found} == {"error"}


@pytest.mark.parametrize("level", ["warn", "off"])
def test_every_check_has_its_level(planner, level):
    levels = dict.fromkeys(["data", "catalog", "outputs", "runner"], level)

    found = find(planner, TWO_BAD, ("a", "b"), ("params:none", "x"), **levels)

    assert [each.level for each in found] == ([] if level == "off" else ["warning"] * 3)


def test_the_teams_own_checks(planner):
    names = ["fine", "texts", "problems", "breaks", "none"]
    extra = [f"{__name__}.{name}" for name in names]

    found = find(planner, {}, ("params:a", "x"), extra=extra)

    assert [(each.check, each.message.split(":")[0]) for each in found] == [
        ("extra", "1 nodes"),
        ("age", "old"),
        ("extra", "failed"),
        ("extra", "failed"),
    ]


def test_the_code_is_checked_on_request(planner):
    planner.write("src/bad.py", "import os\n")

    assert find(planner, {}, ("params:a", "x")) == []
    found = find(planner, {}, ("params:a", "x"), code=True)
    assert [(each.check, each.subject) for each in found] == [("code", "ruff")]


def test_secrets_are_hidden(planner):
    def leak(pipeline, catalog):
        return ["hunter2hunter2 at https://me:word@host/?sig=abc, public"]

    global fine  # noqa: PLW0603
    kept, fine = fine, leak
    credentials = {
        "db": {"password": "hunter2hunter2", "user": "public", "key": "a"},
        "s3": {"client_kwargs": {"aws_secret_access_key": "x" * 20}, "n": 1},
    }
    try:
        [problem] = find(
            planner,
            {},
            ("params:a", "x"),
            credentials=credentials,
            extra=[f"{__name__}.fine"],
        )
    finally:
        fine = kept

    for secret in ("hunter2", "word", "sig=abc"):
        assert secret not in problem.message
    assert "public" in problem.message

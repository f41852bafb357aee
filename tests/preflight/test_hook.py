"""The hook: when it looks, when it stops a run, and when it lets go."""

import logging

import click
import pytest
from kit import ops

from .planned import text

pytest_plugins = ["preflight.planned"]
module = ops("preflight.hook")
OpsError = ops("core.errors").OpsError

BAD = {"a": text("data/a.txt")}


def test_a_run_that_cannot_succeed_is_stopped_with_its_problems(planner, capsys):
    with pytest.raises(OpsError, match="not started: 1 error. PREFLIGHT=off") as caught:
        planner.start(BAD, ("a", "b"))

    [problem] = caught.value.problems
    assert (problem.level, problem.subject, problem.check) == ("error", "a", "data")
    assert problem.what.endswith("data/a.txt")
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


@pytest.mark.parametrize("off", ["setting", "variable"])
def test_it_can_be_off(planner, monkeypatch, off):
    if off == "variable":
        monkeypatch.setenv("PREFLIGHT", "off")

    planner.start(BAD, ("a", "b"), enabled=off != "setting")


def test_a_failure_of_its_own_lets_the_run_go_on(planner, monkeypatch, caplog):
    def fail(*args):
        raise KeyError("a mistake in preflight")

    monkeypatch.setattr(ops("preflight.checks").Examination, "problems", fail)

    planner.start(BAD, ("a", "b"))

    assert "the run goes on" in caplog.text


def test_a_wrong_setting_stops_the_run(planner):
    with pytest.raises(OpsError, match="preflight.data"):
        planner.start(BAD, ("a", "b"), data="maybe")


def test_without_a_context_there_is_nothing_to_go_by(planner):
    module._FLIGHT.set(None)

    planner.preflight.before_pipeline_run({}, None, None)


@pytest.mark.parametrize("command", ["run", "ipython"])
def test_entries_without_credentials_are_taken_out_for_a_run_only(planner, command):
    entries = {"a": text("data/a.txt", credentials="none"), "b": text("data/b.txt")}
    planner.write("data/b.txt", "x")

    with click.Context(click.Command(command), info_name=command):
        if command == "run":
            with pytest.raises(OpsError) as caught:
                planner.start(entries, ("b", "c"))
            [problem] = caught.value.problems
            assert problem.what.startswith("needs credentials 'none'")
        else:
            with pytest.raises(KeyError, match="none"):
                planner.start(entries, ("b", "c"))


def test_who_asks_gets_the_answer_and_no_other_hook_begins_a_run(planner):
    began = []

    class Other:
        @module.hook_impl
        def before_pipeline_run(self):
            began.append(1)

    planner.hooks.register(Other())
    asked = module.ASKED.set(True)
    try:
        with pytest.raises(module.Looked) as caught:
            planner.start(BAD, ("a", "b"), enabled=False)
    finally:
        module.ASKED.reset(asked)

    assert [each.subject for each in caught.value.problems] == ["a"]
    assert began == []

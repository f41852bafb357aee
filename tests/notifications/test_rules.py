"""When something is said of a run, and to whom."""

import builtins
import io
import sys

import pytest
from kit import ops

from .told_runs import Kind, failed, good, past

module = ops("notifications.rules")
options = ops("notifications.settings")
Earlier = ops("notifications.run_record").Earlier
State = ops("run_status.model").State


@pytest.fixture
def store(tmp_path):
    return ops("run_status.run_store").RunStore(str(tmp_path))


def said(store, run, **when):
    settings = options.NotificationOptions(when=options.When(**when))
    return module.kind_to_say(run, Earlier(store, run), settings)


def stopped():
    run = failed("r9")
    for node in run.nodes.values():
        node.started = None
    return run


def test_each_end_has_its_kind(store):
    interrupted = good("r9", state=State.INTERRUPTED)
    assert said(store, failed("r9")) == Kind.FAILURE
    assert said(store, stopped()) == Kind.STOPPED
    assert said(store, interrupted) == Kind.INTERRUPTION
    assert said(store, good("r9")) is None
    assert said(store, good("r9"), success=True) == Kind.SUCCESS
    assert said(store, failed("r9"), failure=False) is None
    assert said(store, good("r9", state=State.RUNNING), success=True) is None


def test_the_first_good_run_after_a_bad_one_is_a_recovery(store):
    past(store, failed("r1"))
    assert said(store, good("r9")) == Kind.RECOVERY
    assert said(store, good("r9"), recovery=False, success=True) == Kind.SUCCESS

    part = good("r9")
    part.nodes["fit"].state = State.NOT_SELECTED
    assert said(store, part) is None

    past(store, good("r2"))
    assert said(store, good("r9")) is None


def test_what_is_marked_is_unusual(store):
    run = good("r9")
    run.nodes["fit"].marks.append("took 9 s, usually 1 s")
    assert said(store, run, unusual=True) == Kind.UNUSUAL
    assert said(store, run) is None


def test_a_run_that_takes_far_longer_is_unusual(store):
    past(store, *(good(f"r{n}", 10) for n in range(3)))
    slow, usual = good("r9", 40), good("r9", 12)

    assert said(store, slow, unusual=True) == Kind.UNUSUAL
    assert said(store, usual, unusual=True) is None
    assert module.unusual_time(slow, Earlier(store, slow)) == (
        "took 40.0 s, usually 10.0 s"
    )


def test_a_run_that_usually_takes_long_is_told_though_it_fails_early(store):
    only = options.Only(longer_than=1)
    settings = options.NotificationOptions(only=only)
    run = failed("r9")
    assert module.kind_to_say(run, Earlier(store, run), settings) is None

    past(store, *(good(f"r{n}", 600) for n in range(3)))
    assert module.kind_to_say(run, Earlier(store, run), settings) == Kind.FAILURE


def test_those_of_all_routes_that_fit_are_told_or_the_defaults():
    route, defaults = options.Route, {"chat": ["#all"]}
    settings = options.NotificationOptions(
        routes=[
            route(pipelines=["__*"], tags=["no"], to={"chat": ["#never"]}),
            route(nodes=["fi*"], to={"chat": ["#fit"], "post": ["a@b.c"]}),
            route(tags=["daily"], to={"chat": ["#daily", "#fit"]}),
        ]
    )

    def told(run):
        return module.recipients(run, settings, defaults)

    assert told(failed("r1")) == {"chat": ["#fit", "#daily"], "post": ["a@b.c"]}
    assert told(failed("r1", name="score")) == {"chat": ["#daily", "#fit"]}
    run = failed("r1", name="split")
    run.nodes["split"].tags = []
    assert told(run) == defaults


def test_only_runs_that_were_asked_for_are_watched(monkeypatch):
    for name in ("CI", *ops("core.branch")._CI_SYSTEMS):
        monkeypatch.delenv(name, raising=False)

    def watched(**only):
        settings = options.NotificationOptions(only=options.Only(**only))
        return module.is_watched(settings, ["sales"], "main")

    assert watched()
    assert watched(branches=["ma*"], pipelines=["sales"])
    assert not watched(branches=["dev"])
    assert not watched(pipelines=["cars"])
    assert not watched(ci=True)
    monkeypatch.setenv("CI", "true")
    assert watched(ci=True)


def test_somebody_looks_on_at_a_terminal_and_in_a_notebook(monkeypatch):
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    monkeypatch.setattr(sys, "stdin", terminal)
    assert module.is_attended({})
    assert not module.is_attended({"CI": "true"})
    assert not module.is_attended({"RUN_STATUS_KEY": "nightly"})

    monkeypatch.setattr(sys, "stdin", None)
    assert not module.is_attended({})
    monkeypatch.setattr(builtins, "__IPYTHON__", True, raising=False)
    assert module.is_attended({})

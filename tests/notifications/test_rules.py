"""When a notification is sent, and to whom."""

import builtins
import io
import sys

import pytest
from kit import ops

from .notification_samples import Kind, failed, record_runs, succeeded

module = ops("notifications.rules")
options = ops("notifications.settings")
PreviousRuns = ops("notifications.record").PreviousRuns
State = ops("run_status.model").State


@pytest.fixture
def store(tmp_path):
    return ops("run_status.journal").RunStore(str(tmp_path))


def kind(store, run, **when):
    settings = options.NotificationOptions(when=options.When(**when))
    return module.kind_to_send(run, PreviousRuns.read(store, run), settings)


def stopped():
    run = failed("r9")
    for node in run.nodes.values():
        node.started = None
    return run


def test_each_end_has_its_kind(store):
    interrupted = succeeded("r9", state=State.INTERRUPTED)
    assert kind(store, failed("r9")) == Kind.FAILURE
    assert kind(store, stopped()) == Kind.STOPPED
    assert kind(store, interrupted) == Kind.INTERRUPTION
    assert kind(store, succeeded("r9")) is None
    assert kind(store, succeeded("r9"), success=True) == Kind.SUCCESS
    assert kind(store, failed("r9"), failure=False) is None
    assert kind(store, succeeded("r9", state=State.RUNNING), success=True) is None


def test_the_first_good_run_after_a_bad_one_is_a_recovery(store):
    record_runs(store, failed("r1"))
    assert kind(store, succeeded("r9")) == Kind.RECOVERY
    assert kind(store, succeeded("r9"), recovery=False, success=True) == Kind.SUCCESS

    part = succeeded("r9")
    part.nodes["fit"].state = State.NOT_SELECTED
    assert kind(store, part) is None

    record_runs(store, succeeded("r2"))
    assert kind(store, succeeded("r9")) is None


def test_what_is_marked_is_unusual(store):
    run = succeeded("r9")
    run.nodes["fit"].marks.append("took 9 s, usually 1 s")
    assert kind(store, run, unusual=True) == Kind.UNUSUAL
    assert kind(store, run) is None


def test_the_recipients_are_those_of_all_matching_routes_or_the_defaults():
    route, defaults = options.Route, {"chat": ["#all"]}
    settings = options.NotificationOptions(
        routes=[
            route(pipelines=["__*"], tags=["no"], to={"chat": ["#never"]}),
            route(nodes=["fi*"], to={"chat": ["#fit"], "post": ["a@b.c"]}),
            route(tags=["daily"], to={"chat": ["#daily", "#fit"]}),
        ]
    )

    def recipients(run):
        return module.recipients(run, settings, defaults)

    assert recipients(failed("r1")) == {"chat": ["#fit", "#daily"], "post": ["a@b.c"]}
    assert recipients(failed("r1", name="score")) == {"chat": ["#daily", "#fit"]}
    run = failed("r1", name="split")
    run.nodes["split"].tags = []
    assert recipients(run) == defaults


def test_only_selects_runs(monkeypatch):
    for name in ("CI", *ops("core.branch")._CI_SYSTEMS):
        monkeypatch.delenv(name, raising=False)

    def selected(**only):
        settings = options.NotificationOptions(only=options.Only(**only))
        return module.is_selected(settings, ["sales"], "main")

    assert selected()
    assert selected(branches=["ma*"], pipelines=["sales"])
    assert not selected(branches=["dev"])
    assert not selected(pipelines=["cars"])
    assert not selected(ci=True)
    monkeypatch.setenv("CI", "true")
    assert selected(ci=True)


def test_somebody_watches_at_a_terminal_and_in_a_notebook(monkeypatch):
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


def test_a_star_matches_any_text():
    assert module._match(["sales_daily", "x"], ["sales*"])
    assert not module._match(["sales"], ["sales_*"])
    assert not module._match([], ["*"])

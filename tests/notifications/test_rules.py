"""When a notification is sent, and to whom."""

import builtins
import io
import sys

import pytest
from kit import ops

from .notification_samples import Kind, failed, succeeded

module = ops("notifications.rules")
OpsError = ops("core.errors").OpsError
State = ops("run_status.model").State


def kind(run, *earlier, **when):
    settings = module.NotificationOptions(when=module.When(**when))
    return module.kind_to_send(run, list(earlier), settings)


def stopped():
    run = failed("r9")
    for node in run.nodes.values():
        node.started = None
    return run


def test_each_end_has_its_kind():
    interrupted = succeeded("r9", state=State.INTERRUPTED)
    assert kind(failed("r9")) == Kind.FAILURE
    assert kind(stopped()) == Kind.STOPPED
    assert kind(interrupted) == Kind.INTERRUPTION
    assert kind(succeeded("r9")) is None
    assert kind(succeeded("r9"), success=True) == Kind.SUCCESS
    assert kind(failed("r9"), failure=False) is None
    assert kind(succeeded("r9", state=State.RUNNING), success=True) is None


def part_of(run, *left_out):
    """A run for which some nodes were not selected."""
    for name in left_out:
        run.nodes[name].state = State.NOT_SELECTED
    return run


def test_the_first_good_run_after_a_bad_one_is_a_recovery():
    bad, good = failed("r1"), succeeded("r0")
    assert kind(succeeded("r9"), bad, good) == Kind.RECOVERY
    assert kind(succeeded("r9"), bad, recovery=False, success=True) == Kind.SUCCESS
    assert kind(part_of(succeeded("r9"), "fit"), bad, good) is None
    assert kind(succeeded("r9"), good) is None


def test_what_a_bad_run_left_is_left_until_it_is_done():
    rest = part_of(succeeded("r3"), "clean", "split", "fit")  # score
    assert kind(rest, failed("r1")) is None
    assert kind(rest, part_of(succeeded("r2"), "score"), failed("r1")) == Kind.RECOVERY


def test_bad_runs_are_counted_since_the_last_good_one_of_all_nodes():
    good = succeeded("r1")
    earlier = [part_of(succeeded("r5"), "fit"), failed("r3"), failed("r2"), good]
    assert [run.key for run in module.bad_runs(earlier)] == ["r3", "r2"]
    assert module.last_good(earlier) is good
    assert module.last_good(earlier[:3]) is None


def test_what_is_marked_is_unusual():
    run = succeeded("r9")
    run.nodes["fit"].marks.append("took 9 s, usually 1 s")
    assert kind(run, unusual=True) == Kind.UNUSUAL
    assert kind(run) is None


def test_the_recipients_are_those_of_all_matching_routes_or_the_defaults():
    route, defaults = module.Route, {"chat": ["#all"]}
    settings = module.NotificationOptions(
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
    for name in ("CI", *ops("core.git")._CI_SYSTEMS):
        monkeypatch.delenv(name, raising=False)

    def selected(**only):
        settings = module.NotificationOptions(only=module.Only(**only))
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


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"limit": 0}, "a number of seconds, at most 10"),
        ({"limit": 11}, "a number of seconds, at most 10"),
        ({"routes": [module.Route(tags=["a"], to={"x": []})]}, "Channels: none"),
        ({"routes": [module.Route()]}, "'notifications.routes.1' matches no run"),
    ],
)
def test_a_wrong_value_is_one_line(settings, said):
    with pytest.raises(OpsError, match=said):
        module.NotificationOptions(**settings).validate()


def test_the_defaults_are_valid():
    module.NotificationOptions().validate()

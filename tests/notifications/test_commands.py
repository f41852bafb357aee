"""``kedro notify``: what it sends, what it prints, and its exit codes."""

import json

import pytest
from click.testing import CliRunner
from kit import ops
from run_status.test_replay import ENDED, main

from .notification_samples import Recorder
from .test_notifier import enter, notifier

module = ops("notifications.commands")

__all__ = ["notifier"]


@pytest.fixture(autouse=True)
def _project(notifier, monkeypatch):
    monkeypatch.setattr(module, "load_context", lambda env: None)
    cls = ops("notifications.hook").Notifier
    monkeypatch.setattr(cls, "from_context", lambda context: notifier)
    for name in ("RUN_STATUS_KEY", "AIRFLOW_CTX_DAG_ID"):
        monkeypatch.delenv(name, raising=False)


def notify(*arguments):
    result = CliRunner().invoke(module.command, arguments)
    return result.exit_code, result.output


def test_a_test_message_goes_to_every_channel():
    assert notify("--test") == (0, "mine: sent: recorded\n")
    [(message, to)] = Recorder.sent
    assert (message.key, to) == ("test", ["#a"])


def test_what_does_not_get_through_is_an_error(notifier, monkeypatch):
    def refuse(self, *known):
        raise ops("notifications.send").ChannelError("not today")

    monkeypatch.setattr(Recorder, "send", refuse)
    assert notify("--test") == (1, "mine: NOT SENT: not today\n")


def test_what_is_missing_is_an_error(notifier):
    notifier.settings.channels["other"] = {"type": "x.Y"}
    code, said = notify("--test")
    assert code == 1
    assert "'notifications.channels.other.type' cannot be imported" in said
    assert "mine: sent: recorded" in said

    del notifier.settings.channels["mine"]
    assert notify("--test")[1].endswith("see 'notifications.channels' in ops.yml.\n")


def test_a_notification_is_sent_again_or_printed(notifier):
    enter(notifier)
    assert notify("r1") == (0, "mine: sent: recorded\n")
    code, said = notify("last", "--dry-run")
    assert code == 0
    assert "succeeded in" in said
    assert "To mine: #a" in said
    assert len(Recorder.sent) == 1
    assert notify("r2")[0] == 1


def test_what_was_not_sent_is_sent_once(notifier):
    enter(notifier, "key")
    assert "succeeded in" in notify("--dry-run")[1]
    assert notify() == (0, "mine: sent: recorded\n")
    assert notify() == (0, "There is nothing to send.\n")
    assert notify("--dry-run") == (0, "There is nothing to send.\n")


def test_the_last_task_of_a_dag_notifies_of_its_run(notifier, monkeypatch):
    monkeypatch.setenv("RUN_STATUS_KEY", "nightly")
    key = ops("run_status.describe").key_of("")
    enter(notifier, key, ago=1, events=main(ENDED, shared=True))

    assert notify()[0] == 0
    assert len(Recorder.sent) == 1


@pytest.fixture
def nightly(monkeypatch):
    """The key of the run of a DAG."""
    monkeypatch.setenv("RUN_STATUS_KEY", "nightly")
    return ops("run_status.describe").key_of("")


def test_a_task_that_left_no_record_is_recorded_and_sent(notifier, nightly):
    asked = ("--failed-tasks=fit plot ", "--pipeline=sales")
    assert notify(*asked)[0] == 0

    [(message, _)] = Recorder.sent
    assert message.kind.value == "stopped"
    assert "did not start: Airflow says that fit, plot failed" in message.title
    run = ops("run_status.replay").read(notifier.store, nightly)
    assert (run.state.value, run.pipelines) == ("failed", ["sales"])
    assert notifier.store.read("runs.json") is None  # the page is off
    assert notify(*asked) == (0, "There is nothing to send.\n")


def test_a_run_of_which_a_task_left_no_record_has_not_succeeded(notifier, nightly):
    enter(notifier, nightly, ago=1, events=main(ENDED, shared=True))
    ops("run_status.page").StatusPage(notifier.store).finish(
        ops("run_status.replay").read(notifier.store, nightly)
    )
    notify("--failed-tasks=fit", "--dry-run")
    notify("--failed-tasks=fit")

    [line] = json.loads(notifier.store.read("runs.json"))["runs"]
    assert line["state"] == "failed"

    [(message, _)] = Recorder.sent
    assert "Airflow says that fit failed" in message.text()


def test_an_end_that_is_recorded_says_more_than_airflow(notifier, nightly):
    ended = ("run_interrupted", {"type": "SIGTERM", "message": "was asked to end"})
    enter(notifier, nightly, ago=1, events=main(ended, shared=True, tries_left=0))
    notify("--failed-tasks=fit")

    [(message, _)] = Recorder.sent
    assert "was asked to end" in message.title
    assert "Airflow" not in message.text()


def test_what_is_not_selected_is_not_recorded(notifier, nightly):
    notifier.settings.only.pipelines = ["sales"]
    notify("--failed-tasks=fit", "--pipeline=other")

    assert not notifier.store.files(nightly, (".jsonl",))
    assert Recorder.sent == []

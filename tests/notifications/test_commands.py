"""``kedro notify``: what it sends, what it prints, and its exit codes."""

import pytest
from click.testing import CliRunner
from kit import ops

from .test_sender import desk, enter
from .told_runs import Kept

module = ops("notifications.commands")

__all__ = ["desk"]


@pytest.fixture(autouse=True)
def _project(desk, monkeypatch):
    monkeypatch.setattr(module, "load_context", lambda env: None)
    monkeypatch.setattr(ops("notifications.sender").Desk, "of", lambda context: desk)
    for name in ("RUN_STATUS_KEY", "AIRFLOW_CTX_DAG_ID"):
        monkeypatch.delenv(name, raising=False)


def notify(*arguments):
    result = CliRunner().invoke(module.command, arguments)
    return result.exit_code, result.output


def test_a_sample_goes_through_every_channel():
    assert notify("--test") == (0, "mine: ok: kept\n")
    [(message, to)] = Kept.told
    assert (message.key, to) == ("sample", ["#a"])


def test_what_does_not_get_through_is_an_error(desk, monkeypatch):
    def refuse(self, *known):
        raise ops("notifications.channel").ChannelError("not today")

    monkeypatch.setattr(Kept, "send", refuse)
    assert notify("--test") == (1, "mine: NOT SENT: not today\n")


def test_what_is_missing_is_an_error(desk):
    desk.settings.channels["other"] = {"type": "x.Y"}
    code, said = notify("--test")
    assert code == 1
    assert "which is no class of a channel" in said
    assert "mine: ok: kept" in said

    del desk.settings.channels["mine"]
    assert notify("--test")[1].endswith("see 'notifications' in ops.yml.\n")


def test_a_run_is_told_again_or_printed(desk):
    enter(desk)
    assert notify("r1") == (0, "mine: ok: kept\n")
    code, said = notify("last", "--dry-run")
    assert code == 0
    assert "is done in" in said
    assert "To mine: #a" in said
    assert len(Kept.told) == 1
    assert notify("r2")[0] == 1


def test_what_nobody_has_told_is_told_once(desk):
    enter(desk, "key")
    assert "is done in" in notify("--dry-run")[1]
    assert notify() == (0, "mine: ok: kept\n")
    assert notify() == (0, "There is nothing to tell.\n")
    assert notify("--dry-run") == (0, "There is nothing to tell.\n")


def test_the_last_task_of_a_dag_tells_its_run(desk, monkeypatch):
    monkeypatch.setenv("RUN_STATUS_KEY", "nightly")
    key = ops("run_status.describe").key_of("")
    enter(desk, key, ago=1, shared=True)

    assert notify()[0] == 0
    assert len(Kept.told) == 1

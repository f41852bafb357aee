"""Notifications: the hook."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from kedro.framework.hooks import hook_impl
from kedro.pipeline import node
from kit import ops
from run_status.run_project import RunProject, read_journals, same

from .notification_samples import Kind, Recorder

module = ops("notifications.hook")
process = ops("core.process")
journal = ops("run_status.journal")
redaction = ops("core.redaction")
run_status = ops("run_status.hook")
OpsError = ops("core.errors").OpsError
PLACE = __package__ + ".notification_samples"
RECORDER = {"mine": {"type": f"{PLACE}.Recorder", "to": ["#a"]}}


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("STEEL_TOES_BRANCH", "dev")
    monkeypatch.setenv("NOTIFICATIONS", "on")
    for name in ("RUN_STATUS_KEY", "RUN_STATUS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Recorder, "sent", [])
    monkeypatch.setattr(redaction, "_SECRETS", set())
    monkeypatch.setattr(redaction, "_WAYS", [])
    hooks = run_status.RunStatus(), module.Notifications()
    project = RunProject(tmp_path / "project", *hooks)
    configure(project)
    return project


def configure(project, channels=None, store=None, **known):
    settings = {"channels": RECORDER if channels is None else channels, **known}
    project.settings(notifications=settings, **({"store": store} if store else {}))


def fail(data):
    raise ValueError("no such number")


FAILING = node(fail, "raw", "out", name="one")


def failing(project, **known):
    with pytest.raises(ValueError):
        project.session(FAILING, **known)


def checks(run):
    return [c.message for c in run.checks if c.guard == "notifications"]


def titles():
    return [message.title for message, _ in Recorder.sent]


def test_a_failure_is_sent_when_its_journal_is_complete(project):
    failing(project)

    [(message, to)] = Recorder.sent
    assert (message.kind, to) == (Kind.FAILURE, ["#a"])
    assert message.resume == "kedro run"
    assert checks(project.run()) == ["sent: recorded"]


def test_a_success_is_sent_only_after_a_failure(project):
    project.session()
    failing(project)
    project.session(node(same, "raw", "out", name="one"))
    project.session()

    assert [message.kind for message, _ in Recorder.sent] == [
        Kind.FAILURE,
        Kind.RECOVERY,
    ]


def test_the_record_of_a_run_is_written_though_nothing_is_sent(project, monkeypatch):
    monkeypatch.setenv("NOTIFICATIONS", "off")
    project.session()
    [key] = ops("run_status.history").run_keys(project.store)
    assert project.store.read(f"{key}/notified.json") is None

    monkeypatch.setenv("NOTIFICATIONS", "on")
    configure(project, only={"branches": ["main"]})
    failing(project)
    assert project.store.read(
        f"{ops('run_status.history').run_keys(project.store)[-1]}/notified.json"
    )
    assert Recorder.sent == []


class Guard:
    @hook_impl
    def before_pipeline_run(self):
        raise OpsError("not today")


def test_a_run_that_a_guard_stops_is_notified(project):
    project.hooks.register(Guard())
    with pytest.raises(OpsError):
        project.session()

    assert titles() == [
        f"{ops('run_status.describe').project.PACKAGE_NAME} did not start: OpsError: not today"
    ]


def test_without_a_journal_there_is_nothing_to_send(project, monkeypatch):
    monkeypatch.setenv("RUN_STATUS", "off")
    failing(project)
    project.hooks.register(Guard())
    with pytest.raises(OpsError):
        project.session(run_id="run-2")

    assert Recorder.sent == []


def test_a_channel_that_fails_is_a_warning(project, caplog):
    broken = {"type": f"{PLACE}.Broken", "to": []}
    configure(project, channels={"broken": broken, **RECORDER})
    failing(project)

    assert len(Recorder.sent) == 1
    assert "broken: RuntimeError: it does not work, and nobody knows why" in caplog.text
    assert checks(project.run())[0].startswith("not sent: RuntimeError")


def test_a_channel_that_hangs_keeps_nobody_waiting(project, caplog):
    configure(project, {"slow": {"type": f"{PLACE}.Slow", "to": []}}, limit=0.1)
    began = time.monotonic()
    failing(project)

    assert time.monotonic() - began < 2
    assert "Notifications: slow: no answer" in caplog.text or "not sent" in caplog.text


def test_what_is_missing_is_a_warning(project, caplog):
    channels = {
        "mine": {**RECORDER["mine"], "credentials": "lost"},
        "odd": {"type": "x.Y"},
    }
    configure(project, channels=channels)
    project.session()
    assert "mine: 'lost' is not defined in credentials.yml" in caplog.text
    assert "'notifications.channels.odd.type' cannot be imported" in caplog.text
    assert len(checks(project.run())) == 2


def test_a_class_that_cannot_be_made_is_only_a_warning(project, caplog, monkeypatch):
    def refuse(self):
        raise RuntimeError("not mine")

    monkeypatch.setattr(Recorder, "problems", refuse)
    project.session()
    assert "mine: RuntimeError: not mine" in caplog.text


def test_many_runs_at_once_send_one_message_each(project):
    project.session()  # what is imported late is imported
    with ThreadPoolExecutor(20) as threads:
        names = [f"run-{number}" for number in range(20)]
        list(threads.map(lambda name: failing(project, run_id=name), names))

    keys = [message.key for message, _ in Recorder.sent]
    assert len(keys) == len(set(keys)) == 20


def kill(project, monkeypatch):
    """A run whose process is gone."""
    with monkeypatch.context() as patch:
        for name in ("after_pipeline_run", "on_pipeline_error"):
            patch.setattr(project.hooks.hook, name, lambda **known: None)
        project.session()
    for entries in list(journal._OPEN.values()):
        entries.flush(5)
        journal.end(entries)
    process._AT_END.clear()
    for hook in project.hooks.get_plugins():
        for watch in getattr(hook, "_watches", {}).values():
            watch._page = None  # the dead write no page
            watch._over.set()
    monkeypatch.setattr(ops("core.process"), "is_alive", lambda who: False)


def test_a_killed_run_is_notified_once_by_the_next(project, monkeypatch):
    kill(project, monkeypatch)
    project.session()
    project.session()

    [(message, _)] = [each for each in Recorder.sent if each[0].kind != Kind.RECOVERY]
    assert message.kind == Kind.INTERRUPTION
    assert message.key == [run.key for run in project.runs()][0]


def test_a_process_without_a_channel_leaves_a_killed_run_to_others(
    project, monkeypatch
):
    kill(project, monkeypatch)
    configure(project, channels={})
    project.session()
    configure(project)
    project.session()

    assert Kind.INTERRUPTION in [message.kind for message, _ in Recorder.sent]


def test_a_run_that_is_asked_to_end_is_notified(project):
    def end(data):
        process._end_all("SIGTERM")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        project.session(node(end, "raw", "out", name="one"))

    [title] = titles()
    assert "the process was asked to end" in title


def test_behind_a_url_killed_runs_are_notified_too(project, monkeypatch):
    configure(project, store="memory://notifications/ops")
    kill(project, monkeypatch)
    failing(project)

    kinds = {message.kind for message, _ in Recorder.sent}
    assert kinds == {Kind.INTERRUPTION, Kind.FAILURE}


def test_secrets_of_the_project_are_in_no_text(project):
    (project.path / "conf/local/credentials.yml").write_text("db: {con: hunter2-x}")

    def reveal(data):
        raise ValueError("hunter2-x")

    with pytest.raises(ValueError):
        project.session(node(reveal, "raw", "out", name="one"))

    [(message, _)] = Recorder.sent
    assert "hunter2-x" not in message.text()
    [key] = ops("run_status.history").run_keys(project.store)
    journals = read_journals(project.store, key)
    assert journals
    assert all(b"hunter2-x" not in text for text in journals.values())


def test_no_thread_is_left(project):
    before = {*threading.enumerate()}
    failing(project)
    project.session()

    for thread in {*threading.enumerate()} - before:
        thread.join(5)
        assert not thread.is_alive()

"""The watch over a run: heartbeats, and what ends it unseen."""

import os
import signal
import time

import pytest
from kit import ops

from .run_project import read_journals

module = ops("run_status.watch")
journal = ops("run_status.journal")
process = ops("core.process")
State = ops("run_status.model").State
START = {"nodes": [], "datasets": []}


class Page:
    """Stands for the page: keeps what it is shown."""

    place = "there"

    def __init__(self):
        self.shown, self.ended = [], []

    def update(self, read):
        self.shown.append(read().state)

    def finish(self, run, files):
        self.ended.append(run.state)
        raise OSError("full")


@pytest.fixture
def begin(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_BEAT", 0.1)
    watches = []

    def act(page=None):
        store = ops("core.store").Store(str(tmp_path / "store"))
        ticket = journal.Ticket(store, "key", "run", str(tmp_path))
        entries = journal.start(ticket, object())
        entries.enter("run_started", **START)
        watches.append(module.Watch(entries, page, (50, 1), lambda run: ""))
        watches[-1].start()
        return watches[-1]

    yield act
    for each in watches:
        each.interrupt("SIGTERM")


def test_it_beats_and_shows_the_page(begin):
    page = Page()
    watch = begin(page)
    time.sleep(1.3)
    run = watch.end(State.SUCCEEDED)

    text = b"".join(read_journals(watch.journal.ticket.store, "key").values())
    assert b'"heartbeat"' in text
    assert page.shown[0] == State.RUNNING
    assert page.ended == [State.SUCCEEDED]
    assert run.state == State.SUCCEEDED
    assert watch.page == "there"


def test_what_is_done_beside_it_cannot_fail_it(begin):
    page = Page()
    page.update = None  # a mistake
    watch = begin(page)
    time.sleep(1.3)

    assert watch.end(State.SUCCEEDED).state == State.SUCCEEDED


def test_an_old_run_that_cannot_be_read_keeps_no_new_one_off_the_page(
    begin, monkeypatch
):
    def refuse(*_):
        raise PermissionError("denied")

    monkeypatch.setattr(ops("run_status.history").History, "outdated", refuse)
    page = Page()
    begin(page).end(State.SUCCEEDED)

    assert page.ended == [State.SUCCEEDED]


def test_the_end_of_the_process_interrupts_it(begin):
    watch = begin()
    process._at_exit(os.getpid())

    run = watch.journal.reader.run()
    assert run.state == State.INTERRUPTED
    assert watch.end(State.SUCCEEDED) is None


def test_ctrl_c_interrupts_a_run_in_a_process_that_lives_on(begin):
    """As in a notebook."""
    watch = begin()
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(5)
    deadline = time.monotonic() + 10
    while not watch.journal.closed and time.monotonic() < deadline:
        time.sleep(0.05)

    run = watch.journal.reader.run()
    assert (run.state, run.failure.message) == (State.INTERRUPTED, "Ctrl-C")


def test_a_signal_is_of_the_runs_that_were_open(begin):
    watch = begin()
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(5)
    watch.interrupt("SIGINT")

    assert process.last_signal() == "SIGINT"
    later = begin()
    time.sleep(1.3)  # a heartbeat
    assert later.end(State.SUCCEEDED).state == State.SUCCEEDED


def test_the_findings_of_an_error_become_checks(begin, tmp_path):
    watch = begin()
    found = ops("core.findings").Finding("is old", "raw", level="warning")
    error = ops("core.errors").OpsError(f"in {tmp_path}/x", [found])
    watch.fail(error)
    run = watch.end(State.FAILED)

    [check] = run.checks
    assert (check.level, check.message, check.passed) == (
        "warning",
        "is old",
        False,
    )
    assert run.failure.message == "in x"

"""Watches a run of this process: heartbeats, the page, and how the run ends."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..core import git, process, redaction
from ..core.errors import OpsError, suppress_errors
from ..core.findings import Finding
from . import describe, journal, replay
from .history import History, all_files, journals
from .journal import Journal, Ticket
from .model import Run, State
from .page import StatusPage
from .replay import Follower

_BEAT = 10.0  # seconds
_PAGE, _PAGE_REMOTE = 1.0, 5.0  # seconds between two updates, which are requests there
_PATIENCE = 5.0  # seconds, for what is left to do at the end
_PATIENCE_KILLED = 2.0  # ... if the process was asked to end
_TRACEBACK = 20_000  # characters

_WHY = {
    "SIGTERM": "the process was asked to end",
    "SIGINT": "Ctrl-C",
}


class Watch:
    """One run of this process, from its start to its end.

    A thread does everything except writing events, so nodes do not wait.
    """

    def __init__(
        self,
        entries: Journal,
        page: StatusPage | None,
        keep: tuple[int, float],
        resume: Callable[[Run], str],
        alone: bool = False,
    ) -> None:
        """Take the journal, its page, how many runs are kept for how many days, how to
        resume the run, and whether no other process works on it."""
        self.journal = entries
        self._page, self._keep, self._resume = page, keep, resume
        self._project_path = Path(entries.ticket.project_path)
        ticket = entries.ticket
        entries.reader = Follower(ticket.store, ticket.key, entries.file, alone)
        self._began = time.monotonic()
        self._over = threading.Event()
        self._last: Run | None = None
        self.viz = ""  # where Kedro-Viz of the run is
        self._thread = threading.Thread(
            target=self._run, name="run-status", daemon=True
        )

    @property
    def page(self) -> str:
        """The place of the page, to be shown; empty if there is none."""
        place = self._page.place if self._page else ""
        return redaction.text(place, self._project_path)

    def start(self) -> None:
        """Begin."""
        process.call_at_end(self._interrupted)
        self._thread.start()

    def fail(self, error: BaseException) -> None:
        """Record why the run failed."""
        for finding in error.findings if isinstance(error, OpsError) else ():
            enter_finding(self.journal, finding)
        self.journal.enter("run_failed", **describe_error(error, self._project_path))

    def enter_resume(self) -> None:
        """Record how to resume the run."""
        command = self._resume(self.journal.reader.run())
        self.journal.enter("resume", command=command)

    def last_lines(self) -> list[tuple[str, str]]:
        """Lines for the summary at the end of the run, each with its name."""
        run = self._last or self.journal.reader.run()
        if run.state in {State.RUNNING, State.INTERRUPTED}:  # nobody has entered how
            run.resume = self._resume(run)
        return describe.last_lines(run, self.page, self.viz)

    def expected_seconds(self) -> float | None:
        """The expected duration of the run, by earlier runs."""
        ticket, nodes = self.journal.ticket, self.journal.reader.run().nodes.values()
        names = {node.name for node in nodes if node.state != State.NOT_SELECTED}
        return History(ticket.store).expected_seconds(ticket.key, names)

    def end(self, state: State) -> Run | None:
        """End the run; return it, if it can be read in time."""
        return self._end("run_ended", _PATIENCE, state=state.value)

    def interrupt(self, reason: str, patience: float = _PATIENCE) -> None:
        """The run was interrupted."""
        why = _WHY.get(reason, "")
        self._end("run_interrupted", patience, type=reason, message=why)

    def signal(self) -> str:
        """The signal that came during the run; in a notebook, the process continues."""
        return process.last_signal(since=self._began)

    def _interrupted(self, reason: str) -> None:
        self.interrupt(reason, _PATIENCE_KILLED)

    def _end(self, event: str, patience: float, **fields: Any) -> Run | None:
        if self.journal.closed:
            return None
        process.do_not_call_at_end(self._interrupted)
        self.journal.enter(event, **fields)
        deadline = time.monotonic() + patience
        self.journal.flush(patience)
        self._over.set()
        if threading.current_thread() is not self._thread:
            self._thread.join(max(0.0, deadline - time.monotonic()))
        journal.end(self.journal)
        if self._last is not None:
            for act in self.journal.at_end:
                with suppress_errors():
                    act(self._last)
        return self._last

    def _run(self) -> None:
        with suppress_errors():
            if origin := git.commit(self._project_path):
                self.journal.enter("origin", **origin)
        beat = time.monotonic() + _BEAT
        every = _PAGE if self.journal.ticket.store.is_local else _PAGE_REMOTE
        update = self._began + every
        while not self._over.wait(1.0):
            if time.monotonic() >= beat:
                beat = time.monotonic() + _BEAT
                self.journal.enter("heartbeat")
                if signal := self.signal():
                    self.interrupt(signal)
                    break
            if self._page is not None and time.monotonic() >= update:
                update = time.monotonic() + every
                with suppress_errors():
                    self._page.update(self.journal.reader.run)
        with suppress_errors():
            self._finish()

    def _finish(self) -> None:
        """Read the run and update the page; one look at the store serves all."""
        ticket = self.journal.ticket
        store, key = ticket.store, ticket.key
        files = all_files(store)
        own = journals(files).get(key, {})
        self._last = run = self.journal.reader.run(sizes=own)
        outdated: list[str] = []
        with suppress_errors():
            outdated = History(store).outdated(files, *self._keep, key)
        self.journal.files = {
            name: size
            for name, size in files.items()
            if name.partition("/")[0] not in outdated
        }
        if self._page is not None:
            self.journal.runs = self._page.finish(run, self.journal.files)
        store.remove(*outdated)


def record_stop(  # noqa: PLR0913, PLR0917
    ticket: Ticket,
    error: OpsError,
    pipelines: list[str],
    env: str | None,
    notify: bool,
    last: bool = False,
) -> Run:
    """Record that a run of several processes was stopped before any node started.

    Args:
        ticket: of the run.
        error: why.
        pipelines: their names.
        env: the environment.
        notify: whether this calls for a notification.
        last: whether no other process of the run goes on.
    """
    facts = {"nodes": [], "datasets": [], "pipelines": pipelines, "env": env or ""}
    path = Path(ticket.project_path)
    session = describe.describe_session(path)
    entries = Journal(ticket)
    entries.enter("run_started", **facts, **session, others_ended=last)
    if notify:
        entries.enter("notify")
    for finding in error.findings:
        enter_finding(entries, finding)
    entries.enter("run_failed", message=redaction.text(error.message, path))
    entries.enter("run_ended", state=State.FAILED.value)
    entries.flush(_PATIENCE)
    entries.close()
    return replay.read(ticket.store, ticket.key)


def enter_finding(entries: Journal, finding: Finding) -> None:
    """Record a finding; without a guard's name, it is yours."""
    text = redaction.text(finding.text, Path(entries.ticket.project_path))
    facts = {name: getattr(finding, name) for name in ("subject", "level", "passed")}
    guard = finding.guard or "hooks"
    entries.enter("check", guard=guard, message=text, **facts)


def describe_error(error: BaseException, project_path: Path) -> dict[str, str]:
    """An error in the form of an event."""
    lines = traceback.format_exception(type(error), error, error.__traceback__)
    return {
        "type": type(error).__name__,
        "message": redaction.text(str(error), project_path)[:_TRACEBACK],
        "traceback": redaction.text("".join(lines), project_path)[-_TRACEBACK:],
    }

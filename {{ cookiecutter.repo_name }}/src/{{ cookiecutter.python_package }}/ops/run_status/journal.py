"""The journal: the events of a run, written as they happen.

Each process of a run has its own file in the folder of the run and appends one line of
JSON for each event. ``replay`` combines the files. Writing never fails a run: if a line
cannot be written, it is lost, and the run warns once.
"""

from __future__ import annotations

import json
import logging
import os
import posixpath
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from multiprocessing.util import Finalize
from typing import Any

from attrs import define, evolve, field, frozen

from ..core import kedro_internals, process, redaction
from ..core.store import OwnFile, Store
from .model import Run

FORMAT = 1  # of the lines; a reader skips events that it does not know
_EVERY = 1.0  # second between two uploads, at least; longer if one takes long
_AT_THE_END = 10.0  # seconds that a worker waits for its last upload


@frozen
class Ticket:
    """What another process needs to work on a run; small and picklable."""

    store: Store  # with a folder for each run, by its key
    key: str
    run_id: str
    project_path: str
    joined: str = ""  # the file of the process that started the run
    secrets: list[str] = field(factory=list, repr=False)  # that no process may write


@define(eq=False)
class Journal:
    """The part of one run's journal that this process writes."""

    ticket: Ticket
    catalog: Any = None  # by which a run is told apart from others in this process
    reader: Any = None  # in the first process: the run as all its journals tell it
    name: str = ""
    closed: bool = False
    at_end: list[Callable[[Run], None]] = field(factory=list)  # in the first process
    files: dict[str, int] = field(factory=dict)  # in the store, when the run ended
    runs: list[dict[str, Any]] = field(factory=list)  # the list of runs, with a page
    file: OwnFile | None = None
    _pid: int = 0
    _warned: bool = False
    _upload: Upload | None = None

    def enter(self, event: str, **fields: Any) -> None:
        """Add an event, in one short write."""
        self._begin()
        self._write(event, fields)

    def ticket_for_others(self) -> Ticket:
        """What another process needs to record into the same run."""
        secrets = redaction.hidden()
        return evolve(self.ticket, joined=self.name, secrets=secrets)

    def flush(self, seconds: float) -> None:
        """Upload everything, within this time."""
        if self._upload is not None and self._pid == os.getpid():
            self._upload.finish(seconds)

    def close(self) -> None:
        """Write no more."""
        self.closed = True
        if self.file is not None and self._pid == os.getpid():
            self.file.close()
        self.file = None

    def _begin(self) -> None:
        if self._pid == os.getpid():
            return
        with _LOCK:  # the first event, or a process forked since
            if self._pid == os.getpid():  # another thread was first
                return
            self.file = self._upload = None
            joined = self.name or self.ticket.joined
            try:
                self.file = OwnFile(self.ticket.store, self.ticket.key)
                self.name = posixpath.basename(self.file.name)
                if not self.ticket.store.is_local:
                    self._upload = Upload(self.file, self._warn)
                header = {"format": FORMAT, "joined": joined, **process.identity()}
                run = {"key": self.ticket.key, "run_id": self.ticket.run_id}
                self._write("process", header | run)
            except OSError as error:
                self._warn(error)
            finally:
                self._pid = os.getpid()

    def _write(self, event: str, fields: dict[str, Any]) -> None:
        if self.file is None:  # it could not be opened, which was said, or is closed
            return
        known = {"at": round(time.time(), 6), "event": event, **fields}
        try:
            self.file.append(f"{_ENCODER.encode(known)}\n".encode())
        except OSError as error:
            self._warn(error)
        if self._upload is not None:
            self._upload.news.set()

    def _warn(self, error: Exception) -> None:
        if self._warned:
            return
        self._warned = True
        logging.getLogger(__name__).warning(
            "The journal in %s is incomplete, so the status of this run may be wrong (%s)",
            redaction.without_secrets(self.ticket.store.url),
            redaction.error_text(error),
        )


class Upload:
    """A thread that uploads a growing file to its store once a second."""

    def __init__(self, file: OwnFile, warn: Callable[[Exception], None]) -> None:
        self.news, self._ending = threading.Event(), threading.Event()
        self.file, self._warn = file, warn
        self._thread = threading.Thread(
            target=self._run, name="journal-upload", daemon=True
        )
        self._thread.start()
        # Workers of multiprocessing end without calling what atexit knows.
        Finalize(self, self.finish, args=(_AT_THE_END,), exitpriority=10)

    def finish(self, seconds: float) -> None:
        """Upload the rest within this time, and end."""
        self._ending.set()
        self.news.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        ending = False
        while not ending:
            self.news.wait()
            self.news.clear()
            ending, began = self._ending.is_set(), time.monotonic()
            try:
                self.file.flush()
            except Exception as error:  # of any file system: it must not fail the run
                self._warn(error)
            self._ending.wait(max(_EVERY, 2 * (time.monotonic() - began)))


_CURRENT: ContextVar[Journal | None] = ContextVar("journal", default=None)
_OPEN: dict[int, Journal] = {}
_LOCK = threading.Lock()
_ENCODER = json.JSONEncoder(default=str)  # made once, since there are many events


def enter(event: str, **fields: Any) -> None:
    """Write an event to the current run's journal; outside a run, do nothing."""
    if journal := current():
        journal.enter(event, **fields)


def start(ticket: Ticket, catalog: Any) -> Journal:
    """Start a run in this process."""
    journal = Journal(ticket, catalog)
    _OPEN[id(catalog)] = journal
    _CURRENT.set(journal)
    return journal


def join(ticket: Ticket) -> None:
    """Join a run that another process has started."""
    redaction.hide(ticket.secrets)
    _OPEN.clear()
    start(ticket, None)


def end(journal: Journal) -> None:
    """Close a run in this process."""
    journal.close()
    _OPEN.pop(id(journal.catalog), None)
    if _CURRENT.get() is journal:
        _CURRENT.set(None)


def current() -> Journal | None:
    """The current run: that of this thread, the only one, or the caller's.

    Kedro tells hooks on datasets neither the run nor the catalog, and calls them in
    threads of its runners, while `kedro server` has several runs in one process.
    """
    journal = _CURRENT.get()
    if journal is not None and not journal.closed:
        return journal
    if len(_OPEN) <= 1:
        return next(iter(_OPEN.values()), None)
    callers = (_OPEN.get(id(each)) for each in kedro_internals.calling_catalogs())
    return next(filter(None, callers), None)


def journal_of_catalog(catalog: Any, run_id: str | None) -> Journal | None:
    """The run with this catalog; in a worker, which has a copy, the run with this
    id."""
    if found := _OPEN.get(id(catalog)):
        return found
    same = [each for each in list(_OPEN.values()) if each.ticket.run_id == run_id]
    return same[0] if len(same) == 1 else current()


def _after_fork() -> None:
    global _LOCK  # noqa: PLW0603
    _LOCK = threading.Lock()  # a thread that is not here may have had it
    # A worker of Kedro's own ParallelRunner works on the run that has forked it.
    journal = _CURRENT.get()
    if journal is not None:
        _OPEN.clear()
        _OPEN[id(journal.catalog)] = journal


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)

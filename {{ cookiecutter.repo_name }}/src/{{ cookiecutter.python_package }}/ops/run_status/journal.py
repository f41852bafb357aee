"""The journal: what happens in a run, entered as it happens.

Each process that works on a run has a file of its own, ``runs/<key>/<host>-<pid>.jsonl``
in the store, to which it adds a line of JSON for each event. Nobody else writes to that
file, so that nothing has to be locked; what the lines say together is told by
``replay``. Writing never fails a run: what cannot be written is lost, with one warning.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import platform
import re
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

from attrs import define, evolve, field, frozen

from ..core import kedro_internals, redaction
from . import process
from .model import Run
from .run_store import ENDING, RunStore
from .uploads import Upload

FORMAT = 1  # of the lines; a reader skips events that it does not know


@frozen
class Ticket:
    """What another process needs to work on a run: small, and it can be pickled."""

    store: RunStore
    key: str
    run_id: str
    project_path: str
    joined: str = ""  # the file of the process that started the run
    secrets: list[str] = field(factory=list, repr=False)  # that no process may write


@define(eq=False)
class Journal:
    """What this process writes of one run."""

    ticket: Ticket
    catalog: Any = None  # by which a run is told apart from others in this process
    reader: Any = None  # in the first process: the run as all its journals tell it
    name: str = ""
    closed: bool = False
    at_end: list[Callable[[Run], None]] = field(factory=list)  # in the first process
    _notes: threading.local = field(factory=threading.local)  # for the next event
    _file: int = -1
    _pid: int = 0
    _torn: bool = False
    _warned: bool = False
    _upload: Upload | None = field(default=None)

    def enter(self, event: str, **fields: Any) -> None:
        """Add an event; it costs one short write."""
        self._begin()
        if notes := vars(self._notes):
            fields["stats"] = dict(notes)
            notes.clear()
        try:
            self._write(_line(event, fields))
        except OSError as error:
            self._warn(error)

    def note(self, kind: str, name: str, what: Any) -> None:
        """Add a figure to the next event of this thread, which follows at once."""
        self._begin()
        vars(self._notes).setdefault(kind, {})[name] = what

    def ticket_for_others(self) -> Ticket:
        """What another process needs to enter into the same run."""
        secrets = redaction.hidden()
        return evolve(self.ticket, joined=self.name, secrets=secrets)

    def flush(self, seconds: float) -> None:
        """See to it that all is in the store, if that takes no longer."""
        if self._upload is not None and self._pid == os.getpid():
            self._upload.finish(seconds)

    def close(self) -> None:
        """Write no more."""
        self.closed = True
        if self._file >= 0 and self._pid == os.getpid():
            os.close(self._file)
        self._file = -1

    def _begin(self) -> None:
        if self._pid == os.getpid():
            return
        with _LOCK:  # the first event, or a process forked since
            if self._pid == os.getpid():  # another thread was first
                return
            self._file, self._torn = -1, False
            vars(self._notes).clear()  # of the process that forked this one
            try:
                self._open()
            except OSError as error:
                self._warn(error)
            finally:
                self._pid = os.getpid()

    def _open(self) -> None:
        joined = self.name or self.ticket.joined
        ticket = self.ticket
        if ticket.store.is_local:
            folder = os.path.join(ticket.store.path, ticket.key)
            os.makedirs(folder, exist_ok=True)
        else:
            folder = tempfile.mkdtemp(prefix="journal-")
        self.name, self._file = _create(folder)
        if not ticket.store.is_local:
            name = f"{ticket.key}/{self.name}"
            self._upload = Upload(ticket.store, name, folder, self._warn)
        header = {
            "format": FORMAT,
            "key": ticket.key,
            "run_id": ticket.run_id,
            "joined": joined,
            **process.identity(),
        }
        self._write(_line("process", header))

    def _write(self, line: bytes) -> None:
        if self._file < 0:  # it could not be opened; that was said
            return
        if self._torn:
            line = b"\n" + line
        self._torn = os.write(self._file, line) != len(line)
        if self._torn:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if self._upload is not None:
            self._upload.there_is_more()

    def _warn(self, error: Exception) -> None:
        if self._warned:
            return
        self._warned = True
        logging.getLogger(__name__).warning(
            "The journal in %s is not complete, so that the status of this run will not "
            "be right (%s: %s)",
            self.ticket.store.path,
            type(error).__name__,
            error,
        )


_CURRENT: ContextVar[Journal | None] = ContextVar("journal", default=None)
_LATEST: ContextVar[Journal | None] = ContextVar("latest", default=None)
_OPEN: dict[int, Journal] = {}
_LOCK = threading.Lock()
_ENCODER = json.JSONEncoder(default=str)  # made once, since there are many events


def enter(event: str, **fields: Any) -> None:
    """Enter an event into the run that this is a part of; outside a run, do nothing."""
    journal = current()
    if journal is not None:
        journal.enter(event, **fields)


def start(ticket: Ticket, catalog: Any) -> Journal:
    """Start a run in this process."""
    journal = Journal(ticket, catalog)
    _OPEN[id(catalog)] = journal
    _CURRENT.set(journal)
    _LATEST.set(journal)
    return journal


def join(ticket: Ticket) -> None:
    """Work on a run that another process has started, and on nothing else."""
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
    """The run that this is a part of: of this thread, or the only one, or the caller's.

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
    """The run with that catalog; in a worker, which has a copy of it, with that id."""
    if found := _OPEN.get(id(catalog)):
        return found
    same = [each for each in list(_OPEN.values()) if each.ticket.run_id == run_id]
    return same[0] if len(same) == 1 else current()


def latest() -> Journal | None:
    """The run that was started last, of this thread, whether it is over or not."""
    return _LATEST.get()


def running() -> list[Journal]:
    """All runs that this process has open."""
    return list(_OPEN.values())


def _line(event: str, fields: dict[str, Any]) -> bytes:
    known = {"at": round(time.time(), 6), "event": event, **fields}
    return f"{_ENCODER.encode(known)}\n".encode()


def _create(folder: str) -> tuple[str, int]:
    """A new file of this process; a second one of the same process has a number."""
    host = re.sub(r"[^A-Za-z0-9.-]+", "-", platform.node())[:60] or "host"
    number = 1
    while True:
        suffix = f"-{number}" if number > 1 else ""
        name = f"{host}-{os.getpid()}{suffix}{ENDING}"
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL
        flags |= getattr(os, "O_CLOEXEC", 0)
        with suppress(FileExistsError):
            return name, os.open(os.path.join(folder, name), flags, 0o666)
        number += 1


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

"""Records on this machine, kept in logs: a line for each time that one is written.

They have the names that they would have in a store, which keeps each in a file of its
own. Each process adds to a log of its own in each folder, and the last line about a
record is the one that counts. A line that has no end, since its writer was killed, is
none. When there are many logs, those that nobody writes to any more become one.
"""

from __future__ import annotations

import os
import posixpath
import time
from collections.abc import Iterator
from contextlib import suppress
from threading import Lock
from typing import Any, NamedTuple

from ..core.record_log import Logs, new_name
from ..core.store import damaged, parse, text_of

_FRESH = 1.0  # seconds for which a record that was read is not looked up again
_MANY = 8  # logs, before they are put together
_IDLE = 1800.0  # seconds without a line, after which a process begins another log
_OVER = 3600.0  # seconds after which nobody writes to a log: by far more than that
_TRIES = 20  # to read logs that others put together meanwhile


class Ledger(NamedTuple):
    """Reads and writes records as a ``Store`` does, in the folders under a path."""

    path: str

    def write(self, name: str, record: dict[str, Any]) -> None:
        """Put a record in the place of the one of that name, if there is one."""
        folder, key = self._folder(name)
        folder.write(key, text_of(record))

    def read(self, name: str) -> dict[str, Any] | None:
        """The record of that name; none if there is none.

        Raises:
            OpsError: if a newer version of this project wrote it, or it is damaged.
        """
        folder, key = self._folder(name)
        text = folder.read(key)
        return parse(_place(folder, key), text) if text else None

    def read_all(self, parent: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The records in the folders in a folder, with their names, sorted.

        Raises:
            OpsError: as for one.
        """
        path = os.path.join(self.path, parent)
        for folder in sorted(Logs(path).folders()):
            records = _folder_at(os.path.join(path, folder))
            for key, text in records.read_all():
                name = f"{parent}/{folder}/{key}.json"
                yield name, parse(_place(records, key), text)

    def remove(self, name: str) -> None:
        """Take a record away; it is no mistake if there is none."""
        folder, key = self._folder(name)
        folder.remove(key)

    def _folder(self, name: str) -> tuple[_Folder, str]:
        folder, file = posixpath.split(name)
        return _folder_at(os.path.join(self.path, folder)), file.removesuffix(".json")


class _Line(NamedTuple):
    when: int  # of two about the same record, the later one counts
    key: str
    text: str  # none: the record is gone


class _Folder:
    """What one process knows of the records in a folder, and what it adds."""

    def __init__(self, logs: Logs) -> None:
        """Nothing is known yet."""
        self.logs = logs
        self._own: str | None = None  # its log
        self._added = 0.0  # when it last added a line
        self._looked = 0.0  # when it last looked what others have added
        self._latest = 0  # the time of the latest line
        self._lines: dict[str, _Line] = {}
        self._read: dict[str, int] = {}  # bytes of each log
        self._changed: dict[str, float] = {}  # when each log was
        self._lock = Lock()

    def read(self, key: str) -> str:
        """The text of a record; none if there is none."""
        with self._lock:
            if time.monotonic() - self._looked > _FRESH or not self._text(key):
                self._look()
            return self._text(key)

    def read_all(self) -> list[tuple[str, str]]:
        """All records with their keys, sorted."""
        with self._lock:
            self._look()
            self._sweep()
            lines = sorted(self._lines.values(), key=lambda line: line.key)
            return [(line.key, line.text) for line in lines if line.text]

    def write(self, key: str, text: str) -> None:
        """Add a line about a record."""
        with self._lock:
            self._write(key, text)

    def remove(self, key: str) -> None:
        """Add a line that says that a record is gone, if it is there."""
        with self._lock:
            self._look()
            if self._text(key):
                self._write(key, "")
                self._look()
                self._sweep()

    def _text(self, key: str) -> str:
        return self._lines[key].text if key in self._lines else ""

    def _write(self, key: str, text: str) -> None:
        if self._own is None or time.monotonic() - self._added > _IDLE:
            self._own = None
            self._look()
            if len(self._read) > _MANY:
                self._put_together()
        # After all that is known, even where the clocks of two machines differ.
        self._add([_Line(max(time.time_ns(), self._latest + 1), key, text)])

    def _add(self, lines: list[_Line]) -> None:
        own, self._own = self._own or new_name(), None  # if it fails: never after that
        text = "".join(f"{line.when} {line.key} {line.text}\n" for line in lines)
        self.logs.add(own, text)
        self._own, self._added = own, time.monotonic()
        self._read[own] = self._read.get(own, 0) + len(text)
        for line in lines:
            self._note(line)

    def _note(self, line: _Line) -> None:
        known = self._lines.get(line.key)
        if known is None or line.when >= known.when:
            self._lines[line.key] = line
            self._latest = max(self._latest, line.when)

    def _look(self) -> None:
        """Learn what others have added."""
        for attempt in range(_TRIES):
            try:
                self._catch_up()
                break
            except FileNotFoundError:  # others have put it together
                self._forget()
                if attempt == _TRIES - 1:
                    raise
        self._looked = time.monotonic()

    def _catch_up(self) -> None:
        paths = {name: os.path.join(self.logs.url, name) for name in self.logs.names()}
        stats = {name: os.stat(path) for name, path in paths.items()}
        sizes = {name: stat.st_size for name, stat in stats.items()}
        if any(size > sizes.get(name, -1) for name, size in self._read.items()):
            self._forget()
        for name, size in sizes.items():
            if size != self._read.get(name):
                start = self._read.get(name, 0)
                text = self.logs.read(name, start)
                whole = text[: text.rfind(b"\n") + 1]
                for line in whole.decode("utf-8", "replace").split("\n")[:-1]:
                    self._note(_line(line, paths[name]))
                self._read[name] = start + len(whole)
        self._changed = {name: stat.st_mtime for name, stat in stats.items()}

    def _forget(self) -> None:
        self._lines.clear()
        self._read.clear()
        self._own = None

    def _put_together(self) -> None:
        """Let one log say what is known, in the place of those that are over."""
        over = self._over()
        self._add([*self._lines.values()])
        self._remove(over)

    def _sweep(self) -> None:
        """Take all logs away if no record is left and nobody writes to them."""
        gone = not any(line.text for line in self._lines.values())
        if gone and len(over := self._over()) == len(self._read):
            self._remove(over)
            self._forget()

    def _over(self) -> list[str]:
        limit = time.time() - _OVER
        return [
            name
            for name, changed in self._changed.items()
            if changed < limit or name == self._own
        ]

    def _remove(self, names: list[str]) -> None:
        # What cannot be removed (another user's, say) does no harm.
        with suppress(OSError):
            for name in names:
                self.logs.remove(name)
                self._read.pop(name, None)


_FOLDERS: dict[tuple[int, str], _Folder] = {}


def _folder_at(path: str) -> _Folder:
    # A process that was forked begins a log of its own, and takes no lock along.
    key = os.getpid(), path
    return _FOLDERS.get(key) or _FOLDERS.setdefault(key, _Folder(Logs(path)))


def _place(folder: _Folder, key: str) -> str:
    return f"of '{key}' in the last log that has it in {folder.logs.url}"


def _line(text: str, path: str) -> _Line:
    try:
        when, key, record = text.split(" ", 2)
        return _Line(int(when), key, record)
    except ValueError as error:
        raise damaged(f"'{text[:40]}' in {path}", error) from error

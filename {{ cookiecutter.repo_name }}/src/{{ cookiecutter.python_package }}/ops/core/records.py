"""Records of many processes, as JSON lines in the files of a folder.

Each record has ``at``, the time at which it was added. The last record of a key counts;
``gone`` in it means that the key was removed. Each process writes its own file, and
``closed`` in its last line means that it writes no more. Damaged records are skipped with
one warning.
"""

from __future__ import annotations

import json
import re
import time
from calendar import timegm
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from threading import Lock
from typing import Any

from .errors import suppress_errors
from .store import OwnFile, Store, warn_once

Record = dict[str, Any]
Key = tuple[str, ...]

_MANY = 8  # files that nobody writes to any more, before one process takes them over;
_MANY_REMOTE = 1  # ... behind a URL, where each of them is a request
_HOUR = 3600.0  # seconds after which a process begins another file
_OVER = 3 * _HOUR  # ... after which nobody writes to one, whatever the clocks say
_FULL = 2**18  # bytes after which a process begins another file
_DAY = 86_400.0  # seconds after which a record that is gone need not be repeated
_TRIES = 5  # to read files that another process puts together meanwhile
_ENCODER = json.JSONEncoder(default=str)  # built once, since there are many records
_TICK = 1e-6  # seconds between two records, at least
_LAST_TIME = 2**32  # seconds since 1970; a later time is damage


class Records:
    """The records in a folder of a store that this process has read."""

    def __init__(
        self,
        store: Store,
        folder: str,
        key: Key,
        keep: Callable[[list[Record]], Iterable[Record]] = list,
    ) -> None:
        """Take the folder.

        Args:
            store: where the folder is.
            folder: with the files of all processes.
            key: the names of the fields that make up the key of a record.
            keep: chooses what stays when old files go, of the records, the oldest first.
        """
        self.latest: dict[Key, Record] = {}
        self.store, self._folder, self._key, self._keep = store, folder, key, keep
        self._own: OwnFile | None = None
        self._ours: dict[str, int] = {}  # bytes of each own file when it was closed
        self._read: dict[str, int] = {}  # bytes of each file of other processes
        self._closed: set[str] = set()  # of these, to which nobody writes any more
        self._looked, self._sizes = 0.0, dict[str, int]()
        self._time = 0.0  # of the latest record
        self._lock = Lock()

    def all(self) -> list[Record]:
        """The records that were not removed, in order of time."""
        return [each for each in _sorted(self.latest) if not each.get("gone")]

    def look(self, sizes: Mapping[str, int] | None = None, fresh: float = 0.0) -> None:
        """Read what other processes have added.

        Args:
            sizes: of the files in the folder, if they are known.
            fresh: seconds since the last look in which nothing is done.
        """
        with self._lock:
            if self._looked and time.monotonic() - self._looked < fresh:
                return
            for _ in range(_TRIES):
                sizes = self.store.files(self._folder) if sizes is None else sizes
                new = {
                    name: self._read.get(name, 0)
                    for name, size in sizes.items()
                    if size != self._read.get(name, 0) and name not in self._ours
                }
                texts = self.store.read_many(new)
                for name, text in texts.items():
                    self._take(name, text)
                if len(texts) == len(new):
                    break
                sizes = None  # one is gone: what it said is in another file now
            self._looked, self._sizes = time.monotonic(), dict(sizes or {})

    @property
    def files(self) -> dict[str, int]:
        """The sizes of the files that this process has read, and has written."""
        return {**self._read, **self._ours}

    @property
    def is_open(self) -> bool:
        """Whether this process has added something since it began or closed."""
        return self._own is not None

    def append(self, **record: Any) -> None:
        """Add a record."""
        with self._lock:
            # After all that is known, even where the clocks of two machines differ.
            self._add(record, max(time.time(), self._time + _TICK))

    def flush(self) -> None:
        """Upload what was added, if the store is a URL."""
        if own := self._own:  # another thread may close it meanwhile
            own.flush()

    def close(self) -> None:
        """Flush, and start another file for later records.

        If other processes have left many files, this one takes them over. Two processes
        may do so at once: each removes only what it has repeated before.
        """
        with self._lock:
            self._close()

    def _close(self) -> None:
        own = self._own
        if own is None:
            return
        over = self._left_by_others()
        if over:
            own.append(self._all_lines())
        own.append(_line({"at": round(time.time(), 6), "closed": True}))
        own.flush()
        own.close()
        self._own, self._ours[own.name] = None, own.size
        with suppress_errors():
            self.store.remove(*over)
            for name in over:
                del self._read[name]

    def _left_by_others(self) -> list[str]:
        """Files that this process should take over; none if they are few."""
        over = [n for n, size in self._read.items() if size and self._is_over(n)]
        if len(over) <= (_MANY if self.store.is_local else _MANY_REMOTE):
            return []
        # If somebody has removed one, what it said may have been removed on purpose.
        there = self.store.files(self._folder)
        return over if all(name in there for name in over) else []

    def _all_lines(self) -> bytes:
        limit = time.time() - _DAY
        kept = self._keep(_sorted(self.latest))
        return b"".join(_line(e) for e in kept if not e.get("gone") or e["at"] > limit)

    def remove(self, *records: Record, fresh: float = 0.0) -> None:
        """Remove records. With the last one of the folder, its files are removed, too.

        What another process adds after this one has looked stays.

        Args:
            records: with at least the fields of the key.
            fresh: seconds since the last look in which it counts as this one.
        """
        known = {self._key_of(each): each for each in records}
        times = {key: self.latest[key]["at"] for key in known if key in self.latest}
        self.flush()
        self.look(fresh=fresh)
        files = self._sizes
        over = all(name in self._ours or self._is_over(name) for name in files)
        if over and all(self.latest[e].get("gone") for e in self.latest.keys() - known):
            with self._lock:
                if self._own is not None:
                    self._own.close()
                self._own = None
            self.latest.clear()
            self.store.remove(*files)
            return
        with self._lock:
            for key, record in known.items():
                at = times[key] + _TICK if key in times else time.time()
                self._add({**record, "gone": True}, at)
        self.close()

    def _add(self, record: Record, at: float) -> None:
        if self._own is None or not _is_young(self._own):
            self._begin()
        assert self._own is not None
        record["at"] = round(at, 6)
        self._own.append(_line(record))
        self._fold(record)

    def _begin(self) -> None:
        self._close()
        self._own = OwnFile(self.store, self._folder)
        self._ours[self._own.name] = 0

    def _is_over(self, name: str) -> bool:
        return name in self._closed or time.time() - _began(name) > _OVER

    def _take(self, name: str, text: bytes) -> None:
        whole = text[: text.rfind(b"\n") + 1]  # the last line may not be complete yet
        self._read[name] = self._read.get(name, 0) + len(whole)
        for record in json_lines(whole, self.store.path(name)):
            if record.get("closed"):
                self._closed.add(name)
            else:
                self._fold(record)

    def _key_of(self, record: Record) -> Key:
        return tuple(str(record.get(name)) for name in self._key)

    def _fold(self, record: Record) -> None:
        if record["at"] > time.time() + _DAY:
            return  # it would hide all that is added later
        key = self._key_of(record)
        known = self.latest.get(key)
        if known is None or record["at"] >= known["at"]:
            self.latest[key] = record
        self._time = max(self._time, record["at"])


def json_lines(text: bytes, path: str = "") -> list[Record]:
    """The records in a text, without damaged lines.

    Args:
        text: lines, each with its end.
        path: of the file, for a warning about damaged lines; without it there is none.
    """
    lines = text.splitlines()
    try:
        found = json.loads(b"[%s]" % b",".join(lines))  # quicker than one by one
    except (ValueError, RecursionError):  # some line was torn by a kill or a full disk
        found = [*map(_parsed, lines)]
    records = [each for each in found if isinstance(each, dict) and _has_time(each)]
    if path and len(records) < len(lines):
        warn_once(path, f"damaged lines ({len(lines) - len(records)})")
    return records


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _has_time(record: Record) -> bool:
    at = record.get("at")
    return isinstance(at, (int, float)) and 0 <= at < _LAST_TIME


def _sorted(records: Mapping[Key, Record]) -> list[Record]:
    return sorted(list(records.values()), key=lambda record: float(record["at"]))


def _line(record: Record) -> bytes:
    return f"{_ENCODER.encode(record)}\n".encode()


def _is_young(file: OwnFile) -> bool:
    return file.size < _FULL and time.time() - file.began < _HOUR


def _began(name: str) -> float:
    """When a file was started, by its name; now, if the name does not tell."""
    found = re.match(r"\d{8}T\d{6}-", name.rpartition("/")[2])
    with suppress(ValueError):
        if found:
            return timegm(time.strptime(found[0], "%Y%m%dT%H%M%S-"))
    return time.time()

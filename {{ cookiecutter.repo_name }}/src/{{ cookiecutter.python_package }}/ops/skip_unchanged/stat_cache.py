"""Checksums of local files. A file is read again only if it may have changed."""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Iterator
from typing import Any

from ..core import checksum
from ..core.store import Store

# Nanoseconds in which a file may be written again without its times telling.
_FRESH = 2_000_000_000
_MOST = 100_000  # files that are remembered
_STATS = "stats.json"

# Size, times of change, and which file it is: with these the same, so is the content.
Sign = tuple[int, int, int, int, int]
# Of everything in a folder, by name.
Signs = tuple[tuple[str, Sign], ...]


class StatCache:
    """Fingerprints by path, saved in a file for the next run."""

    def __init__(self, folder: str, project: str) -> None:
        """Read the file in a folder, if there is one that can be read."""
        self._store, self._project = Store(folder), f"{project}{os.sep}"
        self._known: dict[str, Any] = {}
        self._changed = False
        try:
            known = json.loads(self._store.read(_STATS) or b"")
        except (OSError, ValueError):
            return  # then every file is read anew
        if isinstance(known, dict):
            self._known = known

    def look(self, path: str) -> tuple[str | None, Signs]:
        """The fingerprint of a file or folder, and the signs of a change.

        Returns:
            As that of ``Files`` in core; none if nothing is there.
        """
        signs = signs_of(path)
        if not signs:
            return None, signs
        if signs[0][0] == "":
            return self._of_file(path, signs[0][1]), signs
        parts = (f"{name} {self._of_file(path + name, sign)}" for name, sign in signs)
        return checksum.of_texts(*parts), signs

    def save(self) -> None:
        """Save the checksums for the next run."""
        if self._changed:
            self._changed = False
            latest = dict(list(self._known.items())[-_MOST:])
            self._store.write(_STATS, json.dumps(latest).encode())

    def _of_file(self, path: str, sign: Sign) -> str:
        name = path.removeprefix(self._project)
        known = self._known.get(name)
        if known and _holds(known, sign):
            return str(known[-1])
        now = time.time_ns()
        found = checksum.of_local_file(path)
        if _sign(os.stat(path)) == sign:
            self._known.pop(name, None)  # those that were read last stay
            self._known[name] = [*sign, now, found]
            self._changed = True
        return found


def signs_of(path: str) -> Signs:
    """Signs that change with the content of a file or folder."""
    try:
        there = os.stat(path)
        if not stat.S_ISDIR(there.st_mode):
            return (("", _sign(there)),)
        return tuple(sorted(_inside(path, "", ())))
    except (FileNotFoundError, NotADirectoryError):
        return ()


def _inside(top: str, name: str, above: tuple[Any, ...]) -> Iterator[tuple[str, Sign]]:
    there = os.stat(top + name)
    folder = (there.st_dev, there.st_ino)
    if folder in above:  # a link to a folder that it is in
        return
    for entry in os.scandir(top + name):
        inner = f"{name}/{entry.name}"
        if entry.is_dir():
            yield from _inside(top, inner, (*above, folder))
        elif entry.is_file():
            yield inner, _sign(os.stat(entry.path))


def _sign(there: os.stat_result) -> Sign:
    return (
        there.st_size,
        there.st_mtime_ns,
        there.st_ctime_ns,
        there.st_ino,
        there.st_dev,
    )


def _holds(known: Any, sign: Sign) -> bool:
    """Whether a checksum still applies to the file, and the file was old enough
    then."""
    if not isinstance(known, list) or known[:-2] != list(sign):
        return False
    return bool(known[-2] - max(sign[1], sign[2]) > _FRESH)

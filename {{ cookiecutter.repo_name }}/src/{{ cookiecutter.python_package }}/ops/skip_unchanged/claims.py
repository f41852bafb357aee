"""Tells runs that go on at the same time which data each of them writes.

What a run finds after a save is its own only if nobody else wrote there. So each says in
``<store>/making/`` where it writes, and what two write at a time, neither remembers.
"""

from __future__ import annotations

import json
import os
import platform
import posixpath
import time
from collections.abc import Iterable
from typing import Any

from attrs import define, field

from ..core.record_log import Logs, new_name

EVERYTHING = "*"  # the place of a run that does not say where it writes
_KEPT = 86_400.0  # seconds


@define
class RunMark:
    """The mark of one run: a log that says where it writes, and when it has ended."""

    url: str
    options: dict[str, Any]
    _name: str = field(factory=new_name)
    _text: str = ""  # what this run has written into its mark
    _ended: set[str] = field(
        factory=set
    )  # marks of runs that were over before this one
    _others: dict[str, set[str]] = field(factory=dict)  # other runs: where they write

    def begin(self, places: Iterable[str]) -> None:
        """Say where this run writes, and see which runs go on now."""
        here = {"host": platform.node(), "pid": os.getpid(), "begun": time.time()}
        self._add({**here, "places": sorted(places)})
        for name, mark in self._new_marks():
            if mark.get("ended") or _is_gone(mark):
                self._ended.add(name)
                if _is_old(mark):
                    self._logs.remove(name)
        self._look()

    def end(self) -> None:
        """Say that it does not write any more."""
        if self._text:
            self._add({"ended": True})

    def alone_at(self, places: Iterable[str]) -> bool:
        """Whether no other run wrote there since this one began."""
        if not self._text:
            return False
        self._look()
        wanted = {EVERYTHING, *places}
        return not any(EVERYTHING in at or at & wanted for at in self._others.values())

    def _look(self) -> None:
        for name, mark in self._new_marks():
            self._others[name] = set(map(str, mark.get("places", ())))

    def _new_marks(self) -> list[tuple[str, dict[str, Any]]]:
        """The marks of other runs that this one has not read yet."""
        known = {self._name, *self._ended, *self._others}
        return [(n, self._read(n)) for n in self._logs.names() if n not in known]

    @property
    def _logs(self) -> Logs:
        return Logs(posixpath.join(self.url, "making"), self.options)

    def _add(self, what: dict[str, Any]) -> None:
        line = f"{json.dumps(what)}\n"
        self._logs.add(self._name, line, self._text)
        self._text += line

    def _read(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        try:
            for line in self._logs.read(name).splitlines():
                found |= json.loads(line)
        except FileNotFoundError:
            return {"ended": True}
        except (ValueError, TypeError):  # one that is damaged may write anywhere
            return {"places": [EVERYTHING]}
        return found


def _is_old(mark: dict[str, Any]) -> bool:
    return time.time() - float(mark.get("begun", 0)) > _KEPT


def _is_gone(mark: dict[str, Any]) -> bool:
    """Whether its run ended without saying so."""
    if mark.get("host") != platform.node() or os.name == "nt":
        return _is_old(mark)
    try:
        os.kill(int(mark["pid"]), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False

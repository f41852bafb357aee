"""Tells runs that go on at the same time which data each of them writes.

What a run finds after a save is its own only if nobody else wrote there. So each says in
``<store>/making/`` where it writes, and what two write at a time, neither remembers.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from attrs import define, field

EVERYTHING = "*"  # the place of a run that does not say where it writes
_TICK = 50_000_000  # nanoseconds in which a folder may change without its time telling
_KEPT = 86_400.0  # seconds


@define
class RunMark:
    """The mark of one run. Nothing it does fails: without a mark nothing is remembered."""

    url: str
    options: dict[str, Any]
    _name: str = field(factory=lambda: f"{time.time_ns():020d}-{uuid4().hex[:8]}.json")
    _settled: set[str] = field(factory=set)  # marks of runs that were over before
    _met: dict[str, set[str]] = field(factory=dict)  # others, and where they write
    _seen: tuple[int, int] = (0, 0)  # when the folder changed, and when it was read
    _begun: bool = False

    def begin(self, places: Iterable[str]) -> None:
        """Say where this run writes; those that go on now are company."""
        self._write({"places": sorted(places)})
        self._begun = True
        for name, mark in self._marks():
            if mark.get("ended") or _is_gone(mark):
                self._settled.add(name)
                if time.time() - float(mark.get("begun", 0)) > _KEPT:
                    self._remove(name)
        self._look()

    def end(self) -> None:
        """Say that it does not write any more."""
        if self._begun:
            self._write({"ended": True})

    def alone_at(self, places: Iterable[str]) -> bool:
        """Whether no other run wrote there since this one began."""
        if not self._begun:
            return False
        self._look()
        wanted = {EVERYTHING, *places}
        return not any(EVERYTHING in met or met & wanted for met in self._met.values())

    def _look(self) -> None:
        changed = 0
        if self._is_local:
            changed = os.stat(self._folder).st_mtime_ns
            if self._seen[0] == changed and self._seen[1] - changed > _TICK:
                return
        self._seen = (changed, time.time_ns())
        for name, mark in self._marks():
            self._met[name] = set(map(str, mark.get("places", ())))

    def _marks(self) -> list[tuple[str, dict[str, Any]]]:
        """The marks of other runs that are not settled or met yet."""
        known = {self._name, *self._settled, *self._met}
        names = [n for n in self._names() if n.endswith(".json") and n not in known]
        return [(name, self._read(name)) for name in names]

    @property
    def _is_local(self) -> bool:
        return "://" not in self.url

    @property
    def _folder(self) -> str:
        return os.path.join(self.url, "making")

    def _open(self, *names: str) -> tuple[Any, str]:
        import fsspec  # type: ignore[import-untyped]  # noqa: PLC0415

        filesystem, path = fsspec.url_to_fs(self.url, **self.options)
        return filesystem, "/".join([path.rstrip("/"), "making", *names])

    def _names(self) -> list[str]:
        if self._is_local:
            return os.listdir(self._folder)
        filesystem, path = self._open()
        filesystem.invalidate_cache(path)
        return [each.rpartition("/")[2] for each in filesystem.ls(path, detail=False)]

    def _read(self, name: str) -> dict[str, Any]:
        try:
            if self._is_local:
                with open(os.path.join(self._folder, name), "rb") as file:
                    found = json.loads(file.read())
            else:
                filesystem, path = self._open(name)
                found = json.loads(filesystem.cat_file(path))
        except FileNotFoundError:
            return {"ended": True}
        except ValueError:
            found = None
        # One that cannot be read may write anywhere.
        return found if isinstance(found, dict) else {"places": [EVERYTHING]}

    def _write(self, what: dict[str, Any]) -> None:
        here = {"host": platform.node(), "pid": os.getpid(), "begun": time.time()}
        text = json.dumps({**here, **what}).encode()
        if not self._is_local:
            filesystem, path = self._open(self._name)
            filesystem.pipe_file(path, text)
            return
        os.makedirs(self._folder, exist_ok=True)
        path = os.path.join(self._folder, self._name)
        with open(f"{path}.new", "wb") as file:
            file.write(text)
        os.replace(f"{path}.new", path)

    def _remove(self, name: str) -> None:
        if self._is_local:
            try:
                os.unlink(os.path.join(self._folder, name))
            except FileNotFoundError:
                pass
        else:
            filesystem, path = self._open(name)
            filesystem.rm_file(path)


def _is_gone(mark: dict[str, Any]) -> bool:
    """Whether its run ended without saying so."""
    if mark.get("host") != platform.node() or os.name == "nt":
        return time.time() - float(mark.get("begun", 0)) > _KEPT
    try:
        os.kill(int(mark["pid"]), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False

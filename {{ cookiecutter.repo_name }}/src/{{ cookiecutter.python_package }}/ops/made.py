"""What was made from what: a line for each time that nodes ran to their end.

The lines are in ``<store>/made/<branch>/``, in a file for each run, so that no two of
them share one; when there are many, the last lines of all go into one file. A line that
is damaged or lost is no harm: what it told is computed again.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from attrs import define, field, frozen

from .branch import slug

FORMAT = 1
_FILES = 8  # of a branch, before they are put together
_KEPT = 8  # lines of the same nodes
_BRANCHES = 20  # that are looked at, the last ones
_PATIENCE = 5.0  # seconds for which a store that is far away need not know


@frozen
class Made:
    """Nodes that ran, by fingerprints: of all that went in, and of what came out."""

    key: str  # which nodes: by the names of their outputs
    how: str  # code, parameters, configuration
    inputs: str
    outputs: str
    text: str = field(repr=False)  # all of it in detail, as JSON

    @property
    def details(self) -> dict[str, Any]:
        """All of it in detail; nothing if that is damaged."""
        try:
            found = json.loads(self.text)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def line(self) -> str:
        """As it is written down."""
        return (
            f"{FORMAT} {self.key} {self.how} {self.inputs} {self.outputs} {self.text}"
        )

    @classmethod
    def of(cls, line: str) -> Made | None:
        """What a line says; none if it is damaged, or of another version."""
        parts = line.split(" ", 5)
        if len(parts) != 6 or parts[0] != str(FORMAT):  # noqa: PLR2004
            return None
        return cls(*parts[1:]) if parts[5].endswith("}") else None


@define
class MadeLog:
    """The lines in a store, for a run on a branch."""

    url: str
    options: dict[str, Any]
    branch: str
    _name: str = field(factory=lambda: f"{time.time_ns():020d}-{uuid4().hex[:8]}.log")
    _waiting: list[str] = field(factory=list)
    _written: list[str] = field(factory=list)
    _flushed: float = field(factory=time.monotonic)

    @property
    def is_local(self) -> bool:
        """Whether the store is a folder on this machine."""
        return "://" not in self.url

    def own(self) -> list[Made]:
        """The lines of this branch, oldest first."""
        return list(_parsed(self._texts(slug(self.branch))))

    def others(self) -> list[Made]:
        """The lines of other branches, oldest first."""
        return [
            each
            for name in self._branches()
            if name != slug(self.branch)
            for each in _parsed(self._texts(name))
        ]

    def add(self, made: Made) -> None:
        """Write down one more; a store that is far away has it within seconds."""
        self._waiting.append(made.line())
        if self.is_local or time.monotonic() - self._flushed > _PATIENCE:
            self.flush()

    def flush(self) -> None:
        """Write down what is waiting."""
        if not self._waiting:
            return
        self._flushed = time.monotonic()
        lines, self._waiting = self._waiting, []
        self._written += lines
        if self.is_local:
            path = os.path.join(self._folder(slug(self.branch)), self._name)
            _append(path, "".join(f"{line}\n" for line in lines))
        else:
            self._replace(self._name, self._written)

    def tidy(self) -> None:
        """Put the files of many runs on this branch together."""
        names = self._files(slug(self.branch))
        if len(names) <= _FILES:
            return
        kept: dict[str, list[str]] = {}
        for made in self.own():
            same = kept.setdefault(made.key, [])
            same[:] = [line for line in same if line != made.line()] + [made.line()]
            del same[:-_KEPT]
        lines = [line for same in kept.values() for line in same]
        # A name before all that come later: the lines in it are the oldest.
        self._replace(f"{names[-1].removesuffix('.log')}-all.log", lines)
        for name in names:
            self._remove(name)

    def _folder(self, name: str) -> str:
        return os.path.join(self.url, "made", name)

    def _open(self, *names: str) -> tuple[Any, str]:
        import fsspec  # type: ignore[import-untyped]  # noqa: PLC0415

        filesystem, path = fsspec.url_to_fs(self.url, **self.options)
        return filesystem, "/".join([path.rstrip("/"), "made", *names])

    def _branches(self) -> list[str]:
        if self.is_local:
            try:
                found = list(os.scandir(os.path.join(self.url, "made")))
            except FileNotFoundError:
                return []
            found = [each for each in found if each.is_dir()]
            found.sort(key=lambda each: each.stat().st_mtime)
            return [each.name for each in found][-_BRANCHES:]
        filesystem, path = self._open()
        filesystem.invalidate_cache(path)
        try:
            names = filesystem.ls(path, detail=False)
        except FileNotFoundError:
            return []
        return [each.rstrip("/").rpartition("/")[2] for each in names][-_BRANCHES:]

    def _files(self, branch: str) -> list[str]:
        try:
            if self.is_local:
                names = os.listdir(self._folder(branch))
            else:
                filesystem, path = self._open(branch)
                filesystem.invalidate_cache(path)
                names = [each.rpartition("/")[2] for each in filesystem.ls(path, False)]
        except FileNotFoundError:
            return []
        return sorted(name for name in names if name.endswith(".log"))

    def _texts(self, branch: str) -> Iterator[str]:
        for name in self._files(branch):
            try:
                if self.is_local:
                    path = os.path.join(self._folder(branch), name)
                    with open(path, encoding="utf-8", errors="replace") as file:
                        yield file.read()
                else:
                    filesystem, path = self._open(branch, name)
                    yield filesystem.cat_file(path).decode("utf-8", "replace")
            except FileNotFoundError:
                continue  # it was put together with others in the meantime

    def _replace(self, name: str, lines: list[str]) -> None:
        text = "".join(f"{line}\n" for line in lines)
        if self.is_local:
            path = os.path.join(self._folder(slug(self.branch)), name)
            scratch = f"{path}.{uuid4().hex}"
            _append(scratch, text)
            os.replace(scratch, path)
        else:
            filesystem, path = self._open(slug(self.branch), name)
            filesystem.pipe_file(path, text.encode())

    def _remove(self, name: str) -> None:
        try:
            if self.is_local:
                os.unlink(os.path.join(self._folder(slug(self.branch)), name))
            else:
                filesystem, path = self._open(slug(self.branch), name)
                filesystem.rm_file(path)
        except FileNotFoundError:
            pass


def _parsed(texts: Iterator[str]) -> Iterator[Made]:
    for text in texts:
        for line in text.split("\n"):
            made = Made.of(line)
            if made is not None:
                yield made


def _append(path: str, text: str) -> None:
    try:
        file = open(path, "a", encoding="utf-8", newline="\n")
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        file = open(path, "a", encoding="utf-8", newline="\n")
    with file:
        file.write(text)

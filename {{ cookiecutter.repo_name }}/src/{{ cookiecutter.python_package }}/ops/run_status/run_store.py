"""Where the journals are kept: a folder for each run, in a folder or behind a URL."""

from __future__ import annotations

import os
import posixpath
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any
from uuid import uuid4

from attrs import frozen

FOLDER = "runs"
_TIMES = ("LastModified", "updated", "last_modified", "mtime", "created")
ENDING = ".jsonl"


@frozen
class RunStore:
    """The folder ``runs/`` of the store.

    ``url`` is a path or any URL of fsspec, ``options`` what its file system takes.
    """

    url: str
    options: dict[str, Any] = {}  # noqa: RUF012

    @property
    def path(self) -> str:
        """The folder as a path or URL."""
        return posixpath.join(self.url, FOLDER)

    @property
    def is_local(self) -> bool:
        """Whether it is a folder of this machine, which needs no fsspec."""
        return "://" not in self.url

    def prepare(self) -> None:
        """Import what it takes to reach it.

        Before there are threads: what a thread imports while a worker is forked, that
        worker could never import.
        """
        if not self.is_local:
            self._open()

    def keys(self) -> list[str]:
        """The keys of the runs, the oldest first."""
        if self.is_local:
            return _by_time(_folders(self.path))
        times: dict[str, str] = {}
        for key, facts in self._journals():
            time = next((str(facts[name]) for name in _TIMES if name in facts), "")
            times[key] = max(times.get(key, ""), time)
        return _by_time(times)

    def read(self, key: str, offsets: dict[str, int] | None = None) -> dict[str, bytes]:
        """What each process wrote of a run, by file; with offsets, what came since."""
        offsets = offsets or {}
        if self.is_local:
            folder = os.path.join(self.path, key)
            return {
                name: _read_from(os.path.join(folder, name), offsets.get(name, 0))
                for name in _names(folder)
            }
        filesystem, path = self._open()
        folder = posixpath.join(path, key)
        filesystem.invalidate_cache()
        files = [each for each in filesystem.find(folder) if each.endswith(ENDING)]
        found = filesystem.cat(files, on_error="omit") if files else {}
        return {
            name: text[offsets.get(name, 0) :]
            for file, text in found.items()
            for name in [posixpath.basename(file)]
        }

    def remove(self, key: str) -> None:
        """Forget a run."""
        if self.is_local:
            shutil.rmtree(os.path.join(self.path, key), ignore_errors=True)
            return
        filesystem, path = self._open()
        filesystem.rm(posixpath.join(path, key), recursive=True)

    def put(self, name: str, text: bytes) -> None:
        """Write a file; a reader sees the old one or the new one."""
        if self.is_local:
            path = os.path.join(self.path, name)
            scratch = f"{path}.{uuid4().hex}"
            os.makedirs(folder := os.path.dirname(path), exist_ok=True)
            before = os.stat(folder)
            try:
                with open(scratch, "wb") as stream:
                    stream.write(text)
                os.replace(scratch, path)
            finally:
                with suppress(FileNotFoundError):
                    os.unlink(scratch)
            _keep_time(folder, before)
            return
        filesystem, path = self._open()
        file = posixpath.join(path, name)
        filesystem.makedirs(posixpath.dirname(file), exist_ok=True)
        filesystem.pipe_file(file, text)

    def create(self, name: str, text: bytes) -> bool:
        """Write a file of a run unless it is there; of many who try, one is told True.

        So it is in a folder, and behind a URL where the store and its file system can
        write on a condition: S3 and what speaks like it, Google, Azure. Of others, two
        that try at the very same moment may both be told True.
        """
        if self.is_local:
            return _create(os.path.join(self.path, name), text)
        filesystem, path = self._open()
        try:
            filesystem.pipe_file(posixpath.join(path, name), text, mode="create")
        except FileExistsError:
            return False
        return True

    def without(self, name: str) -> list[str]:
        """The keys of the runs that have no file of that name, the oldest first."""
        if self.is_local:
            there = os.path.exists
            return [k for k in self.keys() if not there(f"{self.path}/{k}/{name}")]
        keys = self.keys()
        filesystem, path = self._open()
        files = {each.removeprefix(path).strip("/") for each in filesystem.find(path)}
        return [key for key in keys if f"{key}/{name}" not in files]

    def get(self, name: str) -> bytes | None:
        """A file; None if there is none."""
        if self.is_local:
            return _read_from(os.path.join(self.path, name), 0) or None
        filesystem, path = self._open()
        try:
            text: bytes = filesystem.cat_file(posixpath.join(path, name))
        except FileNotFoundError:
            return None
        return text

    def _journals(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Behind a URL: the key and the facts of each journal."""
        filesystem, path = self._open()
        filesystem.invalidate_cache()
        for file, facts in filesystem.find(path, detail=True).items():
            parts = file.removeprefix(path).strip("/").split("/")
            if len(parts) == 2 and file.endswith(ENDING):  # noqa: PLR2004
                yield parts[0], facts

    def _open(self) -> tuple[Any, str]:
        import fsspec  # type: ignore[import-untyped] # noqa: PLC0415

        filesystem, path = fsspec.url_to_fs(self.path, **self.options)
        return filesystem, path


def _create(path: str, text: bytes) -> bool:
    folder = os.path.dirname(path)
    before = os.stat(folder)
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except FileExistsError:
        return False
    with open(file, "wb") as stream:
        stream.write(text)
    _keep_time(folder, before)
    return True


def _keep_time(folder: str, before: os.stat_result) -> None:
    """Runs are in the order of their folders' times: an old one stays where it is."""
    os.utime(folder, ns=(before.st_atime_ns, before.st_mtime_ns))


def _by_time(times: Mapping[str, Any]) -> list[str]:
    return sorted(times, key=lambda key: (times[key], key))


def _folders(path: str) -> dict[str, float]:
    try:
        with os.scandir(path) as entries:
            return {e.name: e.stat().st_mtime for e in entries if e.is_dir()}
    except FileNotFoundError:
        return {}


def _names(folder: str) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if name.endswith(ENDING))
    except FileNotFoundError:
        return []


def _read_from(file: str, offset: int) -> bytes:
    try:
        with open(file, "rb") as stream:
            stream.seek(offset)
            return stream.read()
    except FileNotFoundError:  # pruned in the meantime
        return b""

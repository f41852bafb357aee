"""Logs: files of lines that only grow, in a folder on any file system.

No two processes write to one of them, so that their lines never mix. To add a line is
far quicker than to replace a file, which a disk may have to write out at once.
"""

from __future__ import annotations

import os
import posixpath
import time
from typing import Any
from uuid import uuid4

from attrs import field, frozen

# To a file of Python's own it takes twice as many questions to the system.
_ADD = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)


def new_name() -> str:
    """A name that no other log has; names of later logs come later."""
    return f"{time.time_ns():020d}-{uuid4().hex[:8]}.log"


@frozen
class Logs:
    """The logs in a folder, by ``url`` and ``options`` as fsspec takes them."""

    url: str
    options: dict[str, Any] = field(factory=dict, repr=False)

    @property
    def is_local(self) -> bool:
        """Whether the folder is on this machine."""
        return "://" not in self.url

    def names(self) -> list[str]:
        """The names of all logs, sorted."""
        try:
            if self.is_local:
                names = os.listdir(self.url)
            else:
                filesystem, path = self._open()
                filesystem.invalidate_cache(path)
                names = [each.rpartition("/")[2] for each in filesystem.ls(path, False)]
        except FileNotFoundError:
            return []
        return sorted(name for name in names if name.endswith(".log"))

    def folders(self) -> list[str]:
        """The names of the folders in it, here with those that changed last at the end."""
        try:
            if self.is_local:
                found = [each for each in os.scandir(self.url) if each.is_dir()]
                found.sort(key=lambda each: each.stat().st_mtime)
                return [each.name for each in found]
            filesystem, path = self._open()
            filesystem.invalidate_cache(path)
            paths = filesystem.ls(path, detail=False)
        except (FileNotFoundError, NotADirectoryError):
            return []
        return [each.rstrip("/").rpartition("/")[2] for each in paths]

    def read(self, name: str, start: int = 0) -> bytes:
        """What is in a log, from a place on.

        Raises:
            FileNotFoundError: if it is gone.
        """
        if self.is_local:
            with open(self._path(name), "rb") as file:
                file.seek(start)
                return file.read()
        filesystem, path = self._open(name)
        return bytes(filesystem.cat_file(path, start=start))

    def add(self, name: str, text: str, before: str = "") -> None:
        """Add lines to a log, or begin it.

        Args:
            name: of the log.
            text: the lines, each with its end.
            before: what this process has added before: an object in a bucket is only
                ever written whole.
        """
        if self.is_local:
            self._append(self._path(name), text.encode())
        else:
            filesystem, path = self._open(name)
            filesystem.pipe_file(path, (before + text).encode())

    def remove(self, name: str) -> None:
        """Take a log away; it is no mistake if it is gone."""
        try:
            if self.is_local:
                os.unlink(self._path(name))
            else:
                filesystem, path = self._open(name)
                filesystem.rm_file(path)
        except FileNotFoundError:
            pass

    def _append(self, path: str, text: bytes) -> None:
        try:
            file = os.open(path, _ADD, 0o666)
        except FileNotFoundError:
            os.makedirs(self.url, exist_ok=True)
            file = os.open(path, _ADD, 0o666)
        try:  # one write, so that a kill tears no line but the last
            if os.write(file, text) != len(text):
                raise OSError(f"{path} could not be written to its end")
        finally:
            os.close(file)

    def _path(self, name: str) -> str:
        return os.path.join(self.url, name)

    def _open(self, name: str = "") -> tuple[Any, str]:
        import fsspec  # type: ignore[import-untyped]  # noqa: PLC0415

        filesystem, path = fsspec.url_to_fs(self.url, **self.options)
        return filesystem, posixpath.join(path, name) if name else path

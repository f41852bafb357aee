"""The data of a dataset that keeps files: one, a folder of them, or versions."""

from __future__ import annotations

import os
import posixpath
import shutil
from datetime import datetime
from typing import Any
from uuid import uuid4

from attrs import evolve, frozen

from . import fingerprint


@frozen
class Files:
    """The files of a dataset, on whatever file system they are."""

    filesystem: Any
    path: str
    current: str  # the file of the version that is read now; else the path

    @classmethod
    def of(cls, dataset: Any) -> Files | None:
        """The files of a dataset; none if it keeps none that fsspec can reach."""
        single = getattr(dataset, "_fs", None)
        filesystem = single or getattr(dataset, "_filesystem", None)
        if filesystem is None:
            return None
        path = str(dataset._filepath if single else dataset._path)
        path = filesystem._strip_protocol(path)
        current = path
        if getattr(dataset, "_version", None) is not None and dataset.exists():
            current = filesystem._strip_protocol(str(dataset._get_load_path()))
        return cls(filesystem, path, current)

    @property
    def location(self) -> str:
        """The path with its protocol."""
        return str(self.filesystem.unstrip_protocol(self.path))

    def fingerprint(self) -> str | None:
        """Of the content that is read now; none if there is none."""
        return fingerprint.of_path(self.filesystem, self.current)

    def size(self) -> int:
        """Bytes that it takes, with all versions."""
        self.filesystem.invalidate_cache(self.path)
        return int(self.filesystem.du(self.path))

    def modified(self) -> datetime | None:
        """When the newest of its files was written; none if nothing is there."""
        self.filesystem.invalidate_cache(self.path)
        files = self.filesystem.find(self.path)
        return max(map(self.filesystem.modified, files), default=None)

    def remove(self) -> None:
        """Delete it, with all versions, if it is there."""
        self.filesystem.invalidate_cache(self.path)
        if self.filesystem.exists(self.path):
            folder = self.filesystem.isdir(self.path)
            self.filesystem.rm(self.path, recursive=folder)

    def beside(self, mark: str) -> Files:
        """A place next to this one, for a copy that is on its way."""
        folder, name = posixpath.split(self.path)
        path = posixpath.join(folder, f".{mark}_{name}")
        return Files(self.filesystem, path, path)

    @property
    def version(self) -> str | None:
        """The version that is read now; none for data without versions."""
        if self.current == self.path:
            return None
        return posixpath.basename(posixpath.dirname(self.current))

    def at(self, version: str | None) -> Files:
        """The place of a version here."""
        if version is None:
            return self
        path = posixpath.join(self.path, version, posixpath.basename(self.path))
        return evolve(self, path=path, current=path)

    def replace_with(self, other: Files) -> None:
        """Become a copy of ``other``: in one step, where the file system can do that."""
        if "file" in list(self.filesystem.protocol):
            _replace_local(self.path, other.current)
            return
        if self.filesystem.isdir(other.current):
            self.remove()
        for source in self.filesystem.find(other.current):
            self.filesystem.cp_file(source, self.path + source[len(other.current) :])


def _replace_local(path: str, source: str) -> None:
    folder, name = os.path.split(path)
    os.makedirs(folder, exist_ok=True)
    scratch = os.path.join(folder, f".{uuid4().hex}_{name}")
    if not os.path.isdir(source):
        shutil.copy2(source, scratch)
        os.replace(scratch, path)
        return
    shutil.copytree(source, scratch)
    if os.path.isdir(path):
        old = f"{scratch}.old"
        os.rename(path, old)
        os.rename(scratch, path)
        shutil.rmtree(old)
    else:
        os.rename(scratch, path)

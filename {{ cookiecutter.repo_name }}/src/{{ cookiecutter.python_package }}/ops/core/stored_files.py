"""The data of a dataset that keeps files: one, a folder of them, or versions."""

from __future__ import annotations

import os
import posixpath
import shutil
from datetime import datetime
from typing import Any, NamedTuple

from fsspec.implementations.local import (  # type: ignore[import-untyped]
    LocalFileSystem,
)
from kedro.io import AbstractDataset

from . import checksum, kedro_internals
from .dataset_io import is_local
from .entry_places import PATHS


def _local_path(dataset: Any) -> str:
    """Where a dataset of the project's own keeps its file, by its arguments; empty if its
    class does not agree on whether something is there."""
    own = isinstance(dataset, AbstractDataset)
    config = kedro_internals.init_config(dataset) if own else {}
    path = next((str(config[key]) for key in PATHS if config.get(key)), "")
    if "://" in path or not path:
        return ""
    if kedro_internals.has_exists(type(dataset)):
        return path if dataset.exists() == os.path.exists(path) else ""
    return path


class Files(NamedTuple):
    """The files of a dataset, on whatever file system they are."""

    filesystem: Any
    path: str
    current: str  # the file of the version that is read now; else the path

    @classmethod
    def of(cls, dataset: Any) -> Files | None:
        """The files of a dataset; none if it keeps none that fsspec can reach."""
        filesystem, path = kedro_internals.place(dataset)
        if filesystem is None:
            filesystem, path = LocalFileSystem(), _local_path(dataset)
        if not path:
            return None
        current = path = kedro_internals.strip_protocol(filesystem, path)
        if kedro_internals.version(dataset) is not None and dataset.exists():
            there = str(kedro_internals.load_path(dataset))
            current = kedro_internals.strip_protocol(filesystem, there)
        return cls(filesystem, path, current)

    @property
    def location(self) -> str:
        """The path with its protocol."""
        if self._is_local:
            return f"file://{self.path}"
        return str(self.filesystem.unstrip_protocol(self.path))

    @property
    def is_view(self) -> bool:
        """Files are data."""
        return False

    def fingerprint(self) -> str | None:
        """Of the content that is read now; none if there is none."""
        return checksum.of_path(self.filesystem, self.current)

    def size(self) -> int:
        """Bytes that it takes, with all versions."""
        if self._is_local and os.path.isfile(self.path):
            return os.path.getsize(self.path)
        self.filesystem.invalidate_cache(self.path)
        return int(self.filesystem.du(self.path))

    def modified(self) -> datetime | None:
        """When the newest of its files was written; none if nothing is there."""
        self.filesystem.invalidate_cache(self.path)
        files = self.filesystem.find(self.path)
        return max(map(self.filesystem.modified, files), default=None)

    def remove(self) -> None:
        """Delete it, with all versions, if it is there."""
        if self._is_local and os.path.islink(self.path):
            os.unlink(self.path)  # and not what it leads to
            return
        if self._is_there():
            folder = self.filesystem.isdir(self.path)
            self.filesystem.rm(self.path, recursive=folder)

    def beside(self, mark: str) -> Files:
        """A place next to this one, on the same disk, for a copy that is on its way."""
        path = os.path.realpath(self.path) if self._is_local else self.path
        folder, name = posixpath.split(path)
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
        return self._replace(path=path, current=path)

    def copy_from(self, other: Files) -> None:
        """Become a copy of what ``other`` reads now; not in one step."""
        self.remove()
        if self._is_local:
            os.makedirs(os.path.dirname(self.path), exist_ok=True)
            # Without the times of the original: the copy is newer than that.
            if os.path.isdir(other.current):
                shutil.copytree(other.current, self.path, copy_function=shutil.copy)
            else:
                shutil.copy(other.current, self.path)
            return
        self.filesystem.invalidate_cache(other.current)
        sources = self.filesystem.find(other.current)
        if not sources:
            raise FileNotFoundError(other.current)
        for source in sources:
            target = self.path + source.removeprefix(other.current)
            self.filesystem.cp_file(source, target)

    def take(self, other: Files, away: Files) -> None:
        """Become ``other``, which may be gone then; if it was gone, nothing is done.

        A file is replaced in one step, a folder in two, with the old one ``away``. After
        an interruption the same can be done again.
        """
        if not other._is_there():
            return
        if not self._is_local:
            self.copy_from(other)
            return
        path = os.path.realpath(self.path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if os.path.isdir(path):
            away.remove()
            os.rename(path, away.path)
        elif os.path.isfile(path):
            shutil.copymode(path, other.path)
        os.replace(other.path, path)
        away.remove()

    def _is_there(self) -> bool:
        # Not fsspec's ``exists``, which takes every failure for an absence.
        self.filesystem.invalidate_cache(self.path)
        try:
            self.filesystem.info(self.path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    @property
    def _is_local(self) -> bool:
        return is_local(self.filesystem)

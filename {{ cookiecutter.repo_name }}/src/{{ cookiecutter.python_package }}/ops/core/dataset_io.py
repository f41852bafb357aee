"""The data of a dataset: place, existence, size, time and checksum; saving, copying and
replacing it in one step."""

from __future__ import annotations

import contextlib
import os
import posixpath
import re
import shutil
import stat
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias
from uuid import uuid4

from fsspec.implementations.local import (  # type: ignore[import-untyped]
    LocalFileSystem,
)
from kedro.io import AbstractDataset, AbstractVersionedDataset
from kedro.utils import HTTP_PROTOCOLS

from . import checksum, file_info, kedro_internals
from .entry_places import PATHS
from .errors import suppress_errors
from .file_info import info, is_local, objects

if TYPE_CHECKING:
    from .tables import IbisTable, SqlTable

# Data that can be told apart, measured, copied and deleted.
Stored: TypeAlias = "Files | SqlTable | IbisTable"
# What S3 and Google's store say of an object's content, so that it need not be read.
# Google and Azure have an "etag", too, but it is another one for each copy.
_REMOTE = ("ETag", "md5Hash")

_AT_ONCE = 16  # questions to a bucket
_SCRATCH = re.compile(r"\.[0-9a-f]{32}(_.+)?")  # of a save or a copy that goes on
_OLD = 3600.0  # seconds for which a scratch folder may be that of a save that goes on


def is_there(dataset: AbstractDataset[Any, Any]) -> bool:
    """Whether a dataset holds data.

    Unlike fsspec's ``exists``, it raises an error if it cannot tell (no permission, no
    network, bad credentials). Otherwise a branch would read main's data by mistake.
    """
    filesystem, path = place(dataset)
    if filesystem is None:
        return dataset.exists()
    try:
        if not _is_folder(filesystem, path):
            return True
        filesystem.ls(path)
    except (FileNotFoundError, NotADirectoryError) as error:
        if _is_a_failure(error):
            raise
        if any(mark in path for mark in "*?["):
            return bool(filesystem.glob(path))
        # A link that leads nowhere is not absent: reading it fails, and says so.
        return is_local(filesystem) and os.path.islink(path)
    if kedro_internals.filesystem(dataset) is None:
        dataset.release()  # its own list of partitions
    return dataset.exists()


def _is_folder(filesystem: Any, path: str) -> bool:
    if is_local(filesystem) and os.path.isabs(path):
        return stat.S_ISDIR(os.stat(path).st_mode)  # as fsspec, and quicker by far
    return bool(file_info.ask(filesystem, path)["type"] == "directory")


def place(dataset: Any) -> tuple[Any, str]:
    """A dataset's file system and path on it; none if fsspec cannot reach it."""
    filesystem, path = kedro_internals.place(dataset)
    if filesystem is not None and "://" not in path:
        protocol = kedro_internals.protocol(dataset)
        if protocol in HTTP_PROTOCOLS:
            path = f"{protocol}://{path}"  # a dataset keeps it without
    return filesystem, path


def readings(dataset: Any) -> list[Any]:
    """The datasets that a load tries in order; it reads the first that has data.

    A dataset with several lists them in ``readings``, because its ``exists`` may check
    only one. For any other dataset, it is the dataset itself.
    """
    dataset = kedro_internals.uncached(dataset)
    several = hasattr(type(dataset), "readings")
    return list(dataset.readings) if several else [dataset]


def look_ahead(datasets: Iterable[Any]) -> None:
    """Ask buckets for the data of many datasets at once, for ``file_info.at_start``."""

    @file_info.at_start()
    def look(places: list[file_info.Place]) -> None:
        with suppress_errors():  # who needs the answer meets the error, too
            next(filter(None, (objects(*each) for each in places)), None)

    tries = [[*_remote_places(dataset)] for dataset in datasets]
    if any(tries):
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(look, filter(None, tries)))


def _remote_places(dataset: Any) -> Iterator[file_info.Place]:
    for each in readings(dataset):
        filesystem, path = kedro_internals.place(each)
        versioned = kedro_internals.version(each) is not None
        if filesystem is not None and not is_local(filesystem) and not versioned:
            yield filesystem, kedro_internals.strip_protocol(filesystem, path)


def written(dataset: Any) -> Any:
    """The dataset that a save writes; one with ``readings`` has it in ``target``."""
    dataset = kedro_internals.uncached(dataset)
    return dataset.target if hasattr(type(dataset), "readings") else dataset


def _is_a_failure(error: Exception) -> bool:
    """Whether "not found" really means that the server did not answer, as over HTTP."""
    cause = error.__cause__
    ours = type(cause).__module__.startswith("aiohttp")
    return ours and getattr(cause, "status", None) not in {404, 410}


def save(dataset: AbstractDataset[Any, Any], data: Any) -> None:
    """Save data; a local file is replaced in one step, and so is each partition.

    If the run is killed, the file is the old one or the new one. Another run that reads
    meanwhile also gets one of the two.
    """
    if _is_one_local_file(dataset):
        _replace_file(dataset, data)
        return
    filesystem, folder = place(dataset)
    writer = kedro_internals.saving_partitions_by(
        dataset,
        partial(_save_partition, folder=os.path.dirname(os.path.realpath(folder))),
    )
    if writer is None or not is_local(filesystem):
        dataset.save(data)
        return
    writer.save(data)
    dataset.release()  # its list of partitions


def _save_partition(dataset: AbstractDataset[Any, Any], data: Any, folder: str) -> None:
    if _is_one_local_file(dataset):
        # The scratch folder is beside it, or its file would be taken for a partition.
        _replace_file(dataset, data, folder)
    else:
        dataset.save(data)


def remove_leftovers(folder: str) -> None:
    """Remove what killed saves and copies left in a folder."""
    with contextlib.suppress(OSError), os.scandir(folder) as found:
        for scratch in found:
            if _SCRATCH.fullmatch(scratch.name):
                inside = [Path(scratch), *Path(scratch).rglob("*")]
                written = max(each.lstat().st_mtime for each in inside)
                if time.time() - written > _OLD:
                    shutil.rmtree(scratch) if scratch.is_dir() else os.unlink(scratch)


def _is_one_local_file(dataset: AbstractDataset[Any, Any]) -> bool:
    return (
        isinstance(dataset, AbstractVersionedDataset)
        and is_local(kedro_internals.filesystem(dataset))
        and not kedro_internals.is_single_process(dataset)
        and not appends(dataset)
    )


def appends(dataset: Any) -> bool:
    """Whether a save adds to the existing data."""
    args = [each for each in kedro_internals.save_args(dataset) if type(each) is dict]
    modes = [str(each.get(key, "")) for each in args for key in ("mode", "if_exists")]
    return any(mode.startswith(("a", "r+", "upsert")) for mode in modes)


def _replace_file(dataset: Any, data: Any, beside: str = "") -> None:
    versioned = kedro_internals.version(dataset) is not None
    if versioned:
        kedro_internals.forget_versions(dataset)
    path = str(kedro_internals.save_path(dataset))
    mode = _mode(path)
    if stat.S_ISLNK(mode):
        path, beside = os.path.realpath(path), ""
        mode = _mode(path)
    if stat.S_ISDIR(mode):  # a folder of pictures, say: its own class knows how
        dataset.save(data)
        return
    folder, name = os.path.split(path)
    # A folder, so that the file has its own name: a class may keep that or pass it on.
    scratch = os.path.join(beside or folder, f".{uuid4().hex}")
    new = os.path.join(scratch, name)
    os.makedirs(scratch)
    try:
        kedro_internals.unversioned_at(dataset, Path(new).as_posix()).save(data)
        written = _mode(new)
        if mode and written and mode != written:
            os.chmod(new, stat.S_IMODE(mode))
        if written:  # else its class keeps its own path, and has saved
            if beside:
                os.makedirs(folder, exist_ok=True)
            os.replace(new, path)
    finally:
        try:
            os.rmdir(scratch)  # rmtree takes four times as long
        except OSError:
            shutil.rmtree(scratch)
    if versioned:
        kedro_internals.forget_versions(dataset)


def _mode(path: str) -> int:
    """Type and permissions of a file or link; 0 if there is none."""
    try:
        return os.lstat(path).st_mode
    except FileNotFoundError:
        return 0


def stored_data(dataset: Any) -> Stored | None:
    """The stored data of a dataset; none if only its own class can handle it."""
    if hasattr(dataset, "engine") and "table_name" in kedro_internals.load_args(
        dataset
    ):
        from .tables import SqlTable  # noqa: PLC0415

        return SqlTable.from_dataset(dataset)
    table = kedro_internals.ibis_table(dataset)
    if table and hasattr(dataset, "connection"):
        from .tables import IbisTable  # noqa: PLC0415

        return IbisTable(dataset.connection, *table)
    return Files.from_dataset(dataset)


def _local_path(dataset: Any) -> str:
    """The local file of your own dataset class, by its arguments; empty if the class
    itself disagrees on whether the file exists."""
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
    def from_dataset(cls, dataset: Any) -> Files | None:
        """The files of a dataset; none if it keeps none that fsspec can reach."""
        filesystem, path = kedro_internals.place(dataset)
        if filesystem is None:
            filesystem, path = LocalFileSystem(), _local_path(dataset)
        if not path:
            return None
        current = path = kedro_internals.strip_protocol(filesystem, path)
        if kedro_internals.version(dataset) is not None:
            probe = kedro_internals.version_probe(dataset)
            if probe.exists():
                there = str(kedro_internals.load_path(probe))
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
        """The fingerprint of the content that a load reads, with the names in a folder;
        none if there is no data. An object in a bucket has the checksum of its store,
        which is the same for copies that were not uploaded in parts."""
        if self._is_local and os.path.isfile(self.current):
            return checksum.of_local_file(self.current)
        return self._fingerprint(objects(self.filesystem, self.current))

    def _fingerprint(self, files: dict[str, dict[str, Any]]) -> str | None:
        found = {
            name: self._checksum(f"{self.current}{name}", info)
            for name, info in files.items()
        }
        if found.keys() <= {""}:
            return found.get("")
        return checksum.of_texts(*(f"{name} {each}" for name, each in found.items()))

    def _checksum(self, path: str, info: dict[str, Any]) -> str:
        for key in _REMOTE:
            if info.get(key):
                return f"{key.lower()}:{info[key]!s}".replace('"', "")
        if self._is_local:
            return checksum.of_local_file(path)
        with self.filesystem.open(path, "rb") as file:
            return checksum.of_file(file)

    def size(self) -> int:
        """Bytes that it takes, with all versions."""
        if self._is_local and os.path.isfile(self.path):
            return os.path.getsize(self.path)
        return sum(
            each["size"] for each in objects(self.filesystem, self.path).values()
        )

    def measure(self) -> tuple[int | None, str | None]:
        """Size and fingerprint of what was just saved; of an object, by one request."""
        if self._is_local or self.current != self.path:
            return self.size(), self.fingerprint()
        files = objects(self.filesystem, self.path)
        file_info.remember_save(self.filesystem, self.path, files)
        return sum(each["size"] for each in files.values()), self._fingerprint(files)

    def modified(self) -> datetime | None:
        """When the newest of its files was written; none if nothing is there."""
        self.filesystem.invalidate_cache(self.path)
        files = self.filesystem.find(self.path)
        return max(map(self.filesystem.modified, files), default=None)

    def remove(self) -> None:
        """Delete it with all versions, if it exists."""
        if self._is_local and os.path.islink(self.path):
            os.unlink(self.path)  # and not what it leads to
            return
        if self.exists():
            folder = self.filesystem.isdir(self.path)
            self.filesystem.rm(self.path, recursive=folder)

    def beside(self, mark: str) -> Files:
        """A place next to this one, on the same disk, for a temporary copy."""
        path = os.path.realpath(self.path) if self._is_local else self.path
        folder, name = posixpath.split(path)
        path = posixpath.join(folder, f".{mark}_{name}")
        return Files(self.filesystem, path, path)

    @property
    def version(self) -> str | None:
        """The version that a load reads; none for data without versions."""
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
        """Become a copy of what ``other`` reads; an object is copied in one step."""
        if self._is_local:
            self.remove()
            os.makedirs(os.path.dirname(self.path), exist_ok=True)
            # Without the times of the original: the copy is newer than that.
            if os.path.isdir(other.current):
                shutil.copytree(other.current, self.path, copy_function=shutil.copy)
            else:
                shutil.copy(other.current, self.path)
            return
        names = objects(self.filesystem, other.current)
        if not names:
            raise FileNotFoundError(other.current)
        before = objects(self.filesystem, self.path)
        for name in names:
            self.filesystem.cp_file(other.current + name, self.path + name)
        for name in before.keys() - names.keys():
            self.filesystem.rm_file(self.path + name)

    def take(self, other: Files, away: Files) -> None:
        """Become ``other``, which may be removed; do nothing if it does not exist.

        A file is replaced in one step, a folder in two, with the old one ``away``. After
        an interruption the same can be done again.
        """
        if not other.exists():
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

    def exists(self) -> bool:
        """Whether the file or folder exists, even if it is empty."""
        return info(self.filesystem, self.path) is not None

    @property
    def _is_local(self) -> bool:
        return is_local(self.filesystem)

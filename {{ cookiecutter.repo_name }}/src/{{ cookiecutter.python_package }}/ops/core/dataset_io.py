"""What a dataset has stored: is it there, and replace it in one step."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import time
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from kedro.io import AbstractDataset, AbstractVersionedDataset
from kedro.utils import HTTP_PROTOCOLS

from . import kedro_internals

_SCRATCH = re.compile(r"\.[0-9a-f]{32}_")
_OLD = 3600.0  # seconds for which a scratch file may be that of a save that goes on


def is_there(dataset: AbstractDataset[Any, Any]) -> bool:
    """Whether a dataset holds data.

    Unlike ``exists`` of fsspec, it does not take a failure (no permission, no network,
    bad credentials) for an absence: that would quietly read the base.
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
    filesystem.invalidate_cache(path)  # another process may have written since
    return bool(filesystem.info(path)["type"] == "directory")


def place(dataset: Any) -> tuple[Any, str]:
    """The file system of a dataset and the path on it; none if fsspec does not reach it."""
    filesystem, path = kedro_internals.place(dataset)
    if filesystem is not None and "://" not in path:
        protocol = kedro_internals.protocol(dataset)
        if protocol in HTTP_PROTOCOLS:
            path = f"{protocol}://{path}"  # a dataset keeps it without
    return filesystem, path


def readings(dataset: Any) -> list[Any]:
    """The datasets that a load would read: the first of them that holds data.

    A dataset with several of them has them in ``readings``, since ``exists`` may ask
    for one only; any other is its own.
    """
    dataset = kedro_internals.uncached(dataset)
    several = hasattr(type(dataset), "readings")
    return list(dataset.readings) if several else [dataset]


def _is_a_failure(error: Exception) -> bool:
    """Whether an absence is in truth a server that did not answer, as over HTTP."""
    cause = error.__cause__
    ours = type(cause).__module__.startswith("aiohttp")
    return ours and getattr(cause, "status", None) not in {404, 410}


def save(dataset: AbstractDataset[Any, Any], data: Any) -> None:
    """Save data; a local file is replaced in one step, and so is each partition.

    A run that is killed at any moment leaves the old file or the new one, and so does
    one that reads while another writes.
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
        # The scratch file is beside the folder, or it would be taken for a partition.
        _replace_file(dataset, data, folder)
    else:
        dataset.save(data)


def remove_leftovers(folder: str) -> None:
    """Remove the scratch files in a folder that saves have left which were killed."""
    with contextlib.suppress(OSError), os.scandir(folder) as found:
        for file in found:
            if _SCRATCH.match(file.name):
                age = time.time() - file.stat(follow_symlinks=False).st_mtime
                if age > _OLD and file.is_file():
                    os.unlink(file)


def _is_one_local_file(dataset: AbstractDataset[Any, Any]) -> bool:
    return (
        isinstance(dataset, AbstractVersionedDataset)
        and is_local(kedro_internals.filesystem(dataset))
        and not kedro_internals.is_single_process(dataset)
        and not appends(dataset)
    )


def is_local(filesystem: Any) -> bool:
    """Whether a file system of fsspec is that of this machine."""
    return "file" in list(getattr(filesystem, "protocol", ()))


def appends(dataset: Any) -> bool:
    """Whether a save adds to what a dataset holds."""
    args = kedro_internals.save_args(dataset)
    modes = [str(each.get("mode", "")) for each in args if isinstance(each, dict)]
    return any(mode.startswith(("a", "r+")) for mode in modes)


def _replace_file(dataset: Any, data: Any, scratch_folder: str = "") -> None:
    versioned = kedro_internals.version(dataset) is not None
    if versioned:
        kedro_internals.forget_versions(dataset)
    path = str(kedro_internals.save_path(dataset))
    mode = _mode(path)
    if stat.S_ISLNK(mode):
        path, scratch_folder = os.path.realpath(path), ""
        mode = _mode(path)
    if stat.S_ISDIR(mode):  # a folder of pictures, say: its own class knows how
        dataset.save(data)
        return
    folder, name = os.path.split(path)
    scratch = os.path.join(scratch_folder or folder, f".{uuid4().hex}_{name}")
    posix = scratch if os.sep == "/" else Path(scratch).as_posix()
    writer = kedro_internals.unversioned_at(dataset, posix)
    try:
        writer.save(data)
        written = _mode(scratch)
        if mode and written and mode != written:
            os.chmod(scratch, stat.S_IMODE(mode))
        if written:  # else its class keeps its own path, and has saved
            os.makedirs(folder, exist_ok=True)
            os.replace(scratch, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(scratch)
        raise
    if versioned:
        kedro_internals.forget_versions(dataset)


def _mode(path: str) -> int:
    """Type and permissions of a file or link; 0 if there is none."""
    try:
        return os.lstat(path).st_mode
    except FileNotFoundError:
        return 0


def bucket(filesystem: Any, path: str) -> str:
    """The bucket or server that a path is on, with its protocol."""
    whole = str(filesystem.unstrip_protocol(path))
    protocol, _, rest = whole.partition("://")
    return f"{protocol}://{rest.partition('/')[0]}"

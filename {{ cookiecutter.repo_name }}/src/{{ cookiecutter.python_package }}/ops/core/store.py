"""Where the guards keep their files: a folder on this machine, or any URL of fsspec.

There are no locks. A file is written in one step, or it belongs to one process, which
appends lines.
"""

from __future__ import annotations

import errno
import logging
import os
import platform
import posixpath
import re
import shutil
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from threading import Lock
from typing import Any
from uuid import uuid4

from attrs import field, frozen

from . import redaction

LINES = ".jsonl"  # the ending of files of JSON lines
_LARGEST = 2**28  # bytes of a file that is read: 256 MB
# Else botocore waits five minutes for a server that hangs, and s3fs asks five times.
_S3_TIMEOUTS = {"connect_timeout": 5, "read_timeout": 5, "retries": {"max_attempts": 1}}
_WARNED: set[str] = set()


@frozen
class Store:
    """A folder of files. Their names have "/" in them.

    ``url`` is a path or any URL of fsspec (``s3://bucket/folder``), ``options`` are the
    arguments of its file system, e.g. an entry of ``credentials.yml``.
    """

    url: str
    options: dict[str, Any] = field(factory=dict, repr=False)

    @property
    def is_local(self) -> bool:
        """Whether it is a folder on this machine."""
        # Then fsspec is not asked: it takes longer than a small file on a local disk.
        return "://" not in self.url

    def prepare(self) -> None:
        """Import what it takes to reach it.

        Call this before there are threads: a worker that is forked while a thread
        imports a module could never import that module.
        """
        if not self.is_local:
            self._open("")

    def path(self, name: str) -> str:
        """The path or URL of a file."""
        return posixpath.join(self.url, name)

    def read(self, name: str) -> bytes | None:
        """The bytes of a file; None if there is none, or what is there is no file."""
        if self.is_local:
            return _read(self.path(name), 0) or None
        return self.read_many({name: 0}).get(name) or None

    def read_many(self, starts: Mapping[str, int]) -> dict[str, bytes]:
        """The bytes of files that are not empty, each from a position on, read at once.

        A file that does not exist is left out. What cannot be read on this machine, such
        as a folder or another user's file, is empty and causes one warning.
        """
        found: list[Any] = []
        if self.is_local:
            found = [_read(self.path(name), start) for name, start in starts.items()]
        elif starts:
            filesystem, top = self._open("")
            paths = [posixpath.join(top, name) for name in starts]
            # Without a range, s3fs asks for the size of each object first.
            found = filesystem.cat_ranges(paths, [*starts.values()], None)
        texts = {}
        for name, data in zip(starts, found):
            if data is None or isinstance(data, FileNotFoundError):
                continue
            if isinstance(data, Exception):
                raise data
            texts[name] = bytes(data)
        return texts

    def write(self, name: str, data: bytes) -> None:
        """Write a file; a reader sees the old one or the new one."""
        if not self.is_local:
            self._put(name, data)
            return
        path = self.path(name)
        scratch = f"{path}.{uuid4().hex}"
        try:
            with os.fdopen(_create(scratch), "wb") as file:
                file.write(data)
            _replace(scratch, path)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(scratch)

    def create(self, name: str, data: bytes) -> bool:
        """Write a file unless it exists. Of several processes that try, one gets True.

        This holds in a folder, and behind a URL whose file system can write on a
        condition: S3 and compatible stores, Google, Azure. Elsewhere two processes that
        try in the same moment may both get True.
        """
        try:
            if not self.is_local:
                self._put(name, data, mode="create")
            else:
                with os.fdopen(_create(self.path(name)), "wb") as file:
                    file.write(data)
        except FileExistsError:
            return False
        return True

    def remove(self, *names: str) -> None:
        """Remove files, or folders with all that is in them, if they exist."""
        if self.is_local:
            for path in map(self.path, names):
                if os.path.isdir(path) and not os.path.islink(path):
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    with suppress(FileNotFoundError, NotADirectoryError):
                        os.unlink(path)
        elif names:
            filesystem, top = self._open("")
            paths = [posixpath.join(top, name) for name in names]
            folders = any(not name.endswith(LINES) for name in names)
            with suppress(FileNotFoundError):
                filesystem.rm(paths, recursive=folders)

    def files(
        self, folder: str, ending: str | tuple[str, ...] = LINES
    ) -> dict[str, int]:
        """The sizes of the files with this ending in a folder and below, sorted by name."""
        if self.is_local:
            return dict(sorted(_walk(self.url, folder, ending)))
        filesystem, path = self._open(folder)
        filesystem.invalidate_cache()
        top, only = path, {}
        if folder and self.url.startswith("s3://"):
            # Else s3fs asks twice more whether a folder without files is a file.
            top, name = posixpath.split(path)
            only = {"prefix": f"{name}/"}
        try:
            found = filesystem.find(top, detail=True, **only)
        except FileNotFoundError:
            return {}
        sizes = {
            f"{folder}{name.removeprefix(path)}".lstrip("/"): facts["size"]
            for name, facts in found.items()
        }
        return {name: sizes[name] for name in sorted(sizes) if name.endswith(ending)}

    def _put(self, name: str, data: bytes, **how: str) -> None:
        filesystem, path = self._open(name)
        try:
            filesystem.pipe_file(path, data, **how)  # seen once it is whole
        except FileNotFoundError:  # a file system with folders
            filesystem.makedirs(posixpath.dirname(path), exist_ok=True)
            filesystem.pipe_file(path, data, **how)

    def _open(self, name: str) -> tuple[Any, str]:
        import fsspec  # type: ignore[import-untyped] # noqa: PLC0415

        options = self.options
        if self.url.startswith("s3://"):
            options = {"config_kwargs": _S3_TIMEOUTS, **options}
        filesystem, path = fsspec.url_to_fs(self.url, **options)
        return filesystem, posixpath.join(path, name) if name else path


class OwnFile:
    """A file to which only this process appends lines.

    Its name has the time, the machine, the process and a random part, so no other
    process has the same name, even in a container or with a reused process id. At a
    URL, where a file can only be written as a whole, the lines wait for ``flush``.
    """

    def __init__(self, store: Store, folder: str) -> None:
        """Create it, in a folder on this machine; behind a URL the first flush does."""
        self.began, self.size = time.time(), 0
        host = re.sub(r"[^A-Za-z0-9.-]+", "-", platform.node())[:60] or "host"
        when = time.strftime("%Y%m%dT%H%M%S", time.gmtime(self.began))
        name = f"{when}-{host}-{os.getpid()}-{uuid4().hex[:12]}{LINES}"
        self.name = f"{folder}/{name}"
        self._store = store
        self._file = _create(store.path(self.name)) if store.is_local else -1
        self._is_torn = False
        self._text, self._flushed = bytearray(), 0
        self._lock = Lock()

    def append(self, line: bytes) -> None:
        """Add a line, or several, with their ends; each call is one short write."""
        self.size += len(line)
        if not self._store.is_local:
            self._text += line
        elif self._file >= 0:
            line = b"\n" + line if self._is_torn else line
            self._is_torn = os.write(self._file, line) != len(line)
            if self._is_torn:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def waiting(self, start: int) -> bytes:
        """What was added from a position on, behind a URL; else it is in the store."""
        return bytes(self._text[start:])

    def flush(self) -> None:
        """Upload what was added, if the store is a URL."""
        with self._lock:
            if len(self._text) > self._flushed:
                text = bytes(self._text)
                self._store.write(self.name, text)
                self._flushed = len(text)

    def close(self) -> None:
        """Write no more."""
        if self._file >= 0:
            os.close(self._file)
        self._file = -1


def warn_once(path: str, reason: object) -> None:
    """Warn that something in a store cannot be used, once in this process."""
    if path not in _WARNED:
        _WARNED.add(path)
        log = logging.getLogger(__name__)
        text = f"{path}: skipped {reason}. Everything else was read."
        log.warning("%s", redaction.without_secrets(text))


def _create(path: str) -> int:
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL
    flags |= getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        return os.open(path, flags, 0o666)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return os.open(path, flags, 0o666)


def _replace(scratch: str, path: str) -> None:
    # On Windows and SMB, a file that a reader has open cannot be replaced for a moment.
    for pause in (0.01, 0.05, 0.2):
        try:
            return os.replace(scratch, path)
        except PermissionError:
            time.sleep(pause)
    return os.replace(scratch, path)


def _read(path: str, start: int) -> bytes | None:
    try:
        there = os.stat(path)
        if not stat.S_ISREG(there.st_mode) or there.st_size > _LARGEST:
            raise OSError("not a regular file, or larger than 256 MB")
        with open(path, "rb") as file:
            file.seek(start)
            return file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        warn_once(path, f"this file ({error.strerror or error})")
        return b""


def _walk(top: str, folder: str, ending: str | tuple[str, ...]) -> Iterator[Any]:
    try:
        with os.scandir(os.path.join(top, folder)) as entries:
            for entry in entries:
                name = f"{folder}/{entry.name}" if folder else entry.name
                if name.endswith(ending):
                    with suppress(OSError):  # removed meanwhile, or a link to nowhere
                        yield name, entry.stat().st_size
                elif entry.is_dir(follow_symlinks=False):
                    yield from _walk(top, name, ending)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:  # another user's folder
        warn_once(os.path.join(top, folder), f"this folder ({error.strerror})")

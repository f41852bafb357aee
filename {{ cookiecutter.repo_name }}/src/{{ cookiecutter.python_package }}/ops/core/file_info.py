"""What a file system says about files: whether they exist, their size and checksum.

A bucket is asked as rarely as possible, since each answer takes a while. What it said
when a run began serves all guards that plan the run; see ``at_start``.
"""

from __future__ import annotations

import posixpath
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

Info = dict[str, Any]
Place = tuple[Any, str]  # a file system and a path on it

_JUST_NOW = 1.0  # seconds
# Since the last run began in this process.
_AT_START: dict[Place, Info | None] = {}
_SAVED: dict[Place, tuple[float, dict[str, Info]]] = {}
_USED: ContextVar[object] = ContextVar("used", default=None)  # which of the two


def is_local(filesystem: Any) -> bool:
    """Whether an fsspec file system is that of this machine."""
    return "file" in list(getattr(filesystem, "protocol", ()))


def bucket(filesystem: Any, path: str) -> str:
    """The bucket or server that a path is on, with its protocol."""
    whole = str(filesystem.unstrip_protocol(path))
    protocol, _, rest = whole.partition("://")
    return f"{protocol}://{rest.partition('/')[0]}"


def info(filesystem: Any, path: str) -> Info | None:
    """What a file system reports about a path; none if nothing is there."""
    # Not fsspec's ``exists``, which takes every failure for an absence.
    try:
        return ask(filesystem, path)
    except (FileNotFoundError, NotADirectoryError):
        return None


def ask(filesystem: Any, path: str) -> Info:
    """What a file system reports about a path.

    Raises:
        FileNotFoundError: if nothing is there.
    """
    place = filesystem, path
    early = _USED.get() is _AT_START
    if early and place in _AT_START:
        found = _AT_START[place]
    else:
        filesystem.invalidate_cache(path)  # another process may have written since
        is_s3 = hasattr(filesystem, "call_s3")
        found = (_listed if is_s3 else _told)(filesystem, path)
        if early and not is_local(filesystem):
            _AT_START[place] = found
    if found is None:
        raise FileNotFoundError(path)
    return found


def objects(filesystem: Any, path: str) -> dict[str, Info]:
    """What a file system reports about each file of a folder, by relative name, sorted.

    A single file has an empty name. Empty if nothing is there."""
    if _USED.get() is _SAVED:
        at, saved = _SAVED.pop((filesystem, path), (0.0, {}))
        if time.monotonic() - at < _JUST_NOW:
            return saved
    there = info(filesystem, path)
    if there is None or there["type"] != "directory":
        return {"": there} if there else {}
    files = filesystem.find(path, detail=True)
    return {name.removeprefix(path): files[name] for name in sorted(files)}


@contextmanager
def at_start() -> Iterator[None]:
    """Inside, each remote file is asked for once in a run, whichever guard asks first.

    For what is decided before the nodes run, and for nothing later.
    """
    token = _USED.set(_AT_START)
    try:
        yield
    finally:
        _USED.reset(token)


@contextmanager
def after_save() -> Iterator[None]:
    """Inside, what ``remember_save`` was told a moment ago is not asked for again."""
    token = _USED.set(_SAVED)
    try:
        yield
    finally:
        _USED.reset(token)


def remember_save(filesystem: Any, path: str, found: dict[str, Info]) -> None:
    """Remember, for ``after_save``, what was there right after this process saved it."""
    _SAVED[filesystem, path] = time.monotonic(), found


def forget() -> None:
    """Forget all answers: a run begins."""
    # Those of a run that goes on in another thread are merely asked for again.
    _AT_START.clear()
    _SAVED.clear()


def _told(filesystem: Any, path: str) -> Info:
    found: Info = filesystem.info(path)
    return found


def _listed(filesystem: Any, path: str) -> Info | None:
    """An object of S3, or a folder, by one request: s3fs makes two if nothing is there."""
    bucket_, key, version = filesystem.split_path(path)
    # With a name without an ending, many others may begin.
    if version or "." not in posixpath.basename(key):
        return _told(filesystem, path)
    try:
        page = filesystem.call_s3(
            "list_objects_v2",
            filesystem.req_kw,
            Bucket=bucket_,
            Prefix=key,
            Delimiter="/",
        )
    except PermissionError:  # it may be read, but not listed
        return _told(filesystem, path)
    for each in page.get("Contents", ()):
        if each["Key"] == key:
            return {**each, "name": path, "size": each["Size"], "type": "file"}
    if any(each["Prefix"] == f"{key}/" for each in page.get("CommonPrefixes", ())):
        return {"name": path, "size": 0, "type": "directory"}
    return _told(filesystem, path) if page.get("IsTruncated") else None

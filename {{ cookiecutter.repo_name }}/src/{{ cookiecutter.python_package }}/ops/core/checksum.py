"""A short text that is the same for the same content, and for no other."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import xxhash

from .dataset_io import is_local

_BLOCK = 1 << 20  # bytes read at a time
# What S3 and Google's store say of an object's content, so that it need not be read.
# Google and Azure have an "etag", too, but it is another one for each copy.
_REMOTE = ("ETag", "md5Hash")


def of_path(filesystem: Any, path: str) -> str | None:
    """The fingerprint of a file, or of a folder with the names and files in it.

    Files are hashed by XXH3 with 128 bits (https://xxhash.com); an object in a bucket
    is taken by its checksum, which two copies share that were not made in parts.

    Returns:
        The fingerprint; none if nothing is there.
    """
    if is_local(filesystem) and os.path.isfile(path):
        return of_local_file(path)
    filesystem.invalidate_cache(path)
    try:
        info = filesystem.info(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if info["type"] != "directory":
        return _of_file(filesystem, path, info)
    files = filesystem.find(path, detail=True)
    if not files:
        return None
    return of_parts(
        f"{file.removeprefix(path)} {_of_file(filesystem, file, details)}"
        for file, details in sorted(files.items())
    )


def of_parts(parts: Iterable[str]) -> str:
    """One fingerprint for several texts in their order."""
    digest = xxhash.xxh3_128()
    for part in parts:
        digest.update(f"{part}\n".encode("utf-8", "surrogateescape"))
    return f"xxh3:{digest.hexdigest()}"


def of_rows(columns: Iterable[str], rows: Iterable[Any]) -> str:
    """The fingerprint of a table, whose rows have no order of their own."""
    count, total = 0, 0
    for row in rows:
        total += xxhash.xxh3_128_intdigest(repr(tuple(row)).encode())
        count += 1
    return of_parts([*columns, str(count), str(total % (1 << 128))])


def _of_file(filesystem: Any, path: str, info: dict[str, Any]) -> str:
    for key in _REMOTE:
        if info.get(key):
            return f"{key.lower()}:{info[key]!s}".replace('"', "")
    if is_local(filesystem):
        return of_local_file(path)
    with filesystem.open(path, "rb") as file:
        return _of_content(file)


def of_local_file(path: str) -> str:
    """The fingerprint of a file on this machine."""
    # Without a buffer and without fsspec, which take longer than a small file.
    with open(path, "rb", buffering=0) as file:
        return _of_content(file, os.fstat(file.fileno()).st_size + 1)


def _of_content(file: Any, size: int = _BLOCK) -> str:
    digest = xxhash.xxh3_128()
    size = min(size, _BLOCK)  # room that is made, and most of it for nothing
    while block := file.read(size):
        digest.update(block)
    return f"xxh3:{digest.hexdigest()}"

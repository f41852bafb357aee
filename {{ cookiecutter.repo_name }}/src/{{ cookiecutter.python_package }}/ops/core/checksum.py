"""Checksums of texts, files and tables."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from typing import Any

_BLOCK = 1 << 20  # bytes read at a time


def of_texts(*texts: str) -> str:
    """One checksum for several texts in their order."""
    digest = hashlib.blake2b(digest_size=16)
    for text in texts:
        given = text.encode("utf-8", "surrogatepass")
        digest.update(b"%d:%s" % (len(given), given))
    return digest.hexdigest()


def short_hash(text: str) -> str:
    """Eight hexadecimal digits that identify a text in a readable name."""
    digest = hashlib.sha256(text.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:8]


def of_file(file: Any, size: int = _BLOCK) -> str:
    """The checksum of an open file: XXH3 with 128 bits (https://xxhash.com)."""
    import xxhash  # noqa: PLC0415

    digest = xxhash.xxh3_128()
    size = min(size, _BLOCK)  # a larger buffer would be wasted on a small file
    while block := file.read(size):
        digest.update(block)
    return f"xxh3:{digest.hexdigest()}"


def of_local_file(path: str) -> str:
    """The checksum of a file on this machine."""
    # Without a buffer and without fsspec, which take longer than a small file.
    with open(path, "rb", buffering=0) as file:
        return of_file(file, os.fstat(file.fileno()).st_size + 1)


def of_rows(columns: Iterable[str], rows: Iterable[Any]) -> str:
    """The checksum of a table, whatever the order of its rows."""
    import xxhash  # noqa: PLC0415

    count, total = 0, 0
    for row in rows:
        total += xxhash.xxh3_128_intdigest(repr(tuple(row)).encode())
        count += 1
    return of_texts(*columns, str(count), str(total % (1 << 128)))

"""Where the guards keep their records: a folder on any file system."""

from __future__ import annotations

import json
import os
import posixpath
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import fsspec  # type: ignore[import-untyped]
from attrs import frozen


@frozen
class Store:
    """A folder of small JSON records, each replaced in one step.

    ``url`` is a path or any URL of fsspec (``s3://bucket/folder``), ``options`` what its
    file system takes, e.g. the entry of ``credentials.yml``.
    """

    url: str
    options: dict[str, Any] = {}  # noqa: RUF012

    def write(self, name: str, record: dict[str, Any]) -> None:
        """Put a record in the place of the one of that name, if there is one."""
        filesystem, path = self._open(name)
        data = json.dumps(record, indent=1, sort_keys=True).encode()
        filesystem.makedirs(posixpath.dirname(path), exist_ok=True)
        if not _is_local(filesystem):
            filesystem.pipe_file(path, data)  # which nobody sees before it is whole
            return
        scratch = f"{path}.{uuid4().hex}"
        filesystem.pipe_file(scratch, data)
        os.replace(scratch, path)

    def read(self, name: str) -> dict[str, Any] | None:
        """The record of that name; none if there is none.

        Raises:
            ValueError: if it is no record.
        """
        filesystem, path = self._open(name)
        try:
            record = json.loads(filesystem.cat_file(path))
        except FileNotFoundError:
            return None
        if not isinstance(record, dict):
            raise ValueError(f"{path} holds no record")
        return record

    def names(self, folder: str) -> Iterator[str]:
        """The names of the records in a folder and the folders in it, sorted."""
        filesystem, path = self._open(folder)
        filesystem.invalidate_cache(path)
        for found in sorted(filesystem.find(path)):
            if found.endswith(".json"):
                yield f"{folder}{found[found.rindex(path) + len(path) :]}"

    def remove(self, name: str) -> None:
        """Take a record away; it is no mistake if there is none."""
        filesystem, path = self._open(name)
        try:
            filesystem.rm_file(path)
        except FileNotFoundError:
            return

    def _open(self, name: str) -> tuple[Any, str]:
        filesystem, path = fsspec.url_to_fs(self.url, **self.options)
        return filesystem, posixpath.join(path, name)


def _is_local(filesystem: Any) -> bool:
    return "file" in list(filesystem.protocol)

"""Where the guards keep their records: a folder on any file system."""

from __future__ import annotations

import json
import os
import posixpath
from collections.abc import Iterator
from contextlib import suppress
from glob import escape, glob
from typing import Any
from uuid import uuid4

import fsspec  # type: ignore[import-untyped]
from attrs import frozen

from .errors import OpsError

FORMAT = 1  # of the records: a reader that does not know it says so, and does not guess


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
        text = text_of(record).encode()
        if self.is_folder:
            _replace_file(os.path.join(self.url, name), text)
            return
        filesystem, path = self._open(name)
        filesystem.makedirs(posixpath.dirname(path), exist_ok=True)
        filesystem.pipe_file(path, text)  # seen once it is whole

    def read(self, name: str) -> dict[str, Any] | None:
        """The record of that name; none if there is none.

        Raises:
            OpsError: if a newer version of this project wrote it, or it is damaged.
        """
        try:
            if self.is_folder:
                path = os.path.join(self.url, name)
                with open(path, "rb", buffering=0) as file:
                    return parse(path, file.read())
            filesystem, path = self._open(name)
            return parse(path, filesystem.cat_file(path))
        except FileNotFoundError:
            return None

    def read_all(self, folder: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The records in a folder and the folders in it, with their names, sorted.

        Raises:
            OpsError: as for one.
        """
        filesystem, path = self._open(folder)
        filesystem.invalidate_cache(path)
        files = sorted(each for each in filesystem.find(path) if each.endswith(".json"))
        # All at a time: a bucket answers slowly, and many questions at once.
        found = filesystem.cat(files, on_error="return") if files else {}
        for file in files:
            text = found[file]
            if isinstance(text, FileNotFoundError):
                continue  # it was removed in the meantime
            if isinstance(text, Exception):
                raise text
            yield f"{folder}{file.removeprefix(path)}", parse(file, text)

    def remove(self, name: str) -> None:
        """Take a record away; it is no mistake if there is none."""
        if self.is_folder:  # with what a write that was killed has left
            path = os.path.join(self.url, name)
            for file in [path, *glob(f"{escape(path)}.*")]:
                if os.path.exists(file):
                    os.unlink(file)
            return
        filesystem, path = self._open(name)
        if filesystem.exists(path):
            filesystem.rm_file(path)

    @property
    def is_folder(self) -> bool:
        """Whether it is on this machine."""
        # Then fsspec is not asked: it takes longer than a small record on a local disk.
        return "://" not in self.url

    def _open(self, name: str) -> tuple[Any, str]:
        filesystem, path = fsspec.url_to_fs(self.url, **self.options)
        return filesystem, posixpath.join(path, name)


def text_of(record: dict[str, Any]) -> str:
    """A record as it is written down, in one line."""
    return json.dumps({"format": FORMAT, **record})


def parse(path: str, text: bytes | str) -> dict[str, Any]:
    """The record that a text is.

    Args:
        path: where it stands, for the error.
        text: what was written down.

    Raises:
        OpsError: if a newer version of this project wrote it, or it is damaged.
    """
    try:
        record = json.loads(text)
    except ValueError as error:
        raise damaged(path, error) from error
    if not isinstance(record, dict):
        raise damaged(path, "it is no mapping")
    if record.pop("format", None) != FORMAT:
        raise OpsError(
            f"The record {path} has a format that this project does not know: upgrade "
            "the project's ops/ to the version of your team."
        )
    return record


def damaged(path: str, reason: object) -> OpsError:
    """The error for a record that cannot be used."""
    return OpsError(
        f"The record {path} is damaged ({reason}): delete it; what it says is written "
        "anew by the next run."
    )


def _replace_file(path: str, text: bytes) -> None:
    scratch = f"{path}.{uuid4().hex}"
    try:
        try:
            _write_file(scratch, text)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            _write_file(scratch, text)
        os.replace(scratch, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(scratch)
        raise


def _write_file(path: str, text: bytes) -> None:
    with open(path, "xb") as file:
        file.write(text)

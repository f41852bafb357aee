"""The manifest: which data there is, by branch and dataset, and where it came from.

A record for each (branch, dataset), as JSON in ``<store>/manifest/<branch>/``: on this
machine a line in a log, in a bucket an object.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator
from datetime import datetime, timezone
from functools import cache
from typing import Any, NamedTuple

from attrs import frozen

from ..core.branch import slug
from ..core.store import Store, damaged
from ..core.user import user
from .manifest_log import Ledger

NOTHING = "nothing"  # the base's fingerprint where there was no base


class Record(NamedTuple):
    """What is known of one dataset on one branch. None: not known."""

    branch: str  # as git names it
    dataset: str
    location: str
    time: str  # ISO 8601, UTC
    run: str | None = None
    node: str | None = None
    commit: str | None = None
    dirty: bool | None = None
    user: str | None = None
    host: str | None = None
    bytes: int | None = None
    fingerprint: str | None = None
    rows: int | None = None
    schema: dict[str, str] | None = None
    base: str | None = None  # the base's fingerprint when the branch first wrote


_REQUIRED = [name for name in Record._fields if name not in Record._field_defaults]


@frozen
class Manifest:
    """The records in a store."""

    store: Store

    def read(self, branch: str, dataset: str) -> Record | None:
        """The record of a dataset on a branch; none if there is none.

        Raises:
            OpsError: if a newer version of this project wrote it, or it is damaged.
        """
        name = _name(branch, dataset)
        text = self._kept.read(name)
        return _record(name, text) if text else None

    def write(self, record: Record) -> None:
        """Put a record in the place of the one before."""
        self._kept.write(_name(record.branch, record.dataset), record._asdict())

    def remove(self, record: Record) -> None:
        """Forget a dataset on a branch."""
        self._kept.remove(_name(record.branch, record.dataset))

    def __iter__(self) -> Iterator[Record]:
        """All records, by branch and dataset."""
        for name, text in self._kept.read_all("manifest"):
            yield _record(name, text)

    @property
    def _kept(self) -> Ledger | Store:
        # A disk takes a line far quicker than a file; a bucket has only whole objects.
        return Ledger(self.store.url) if self.store.is_folder else self.store


def now() -> str:
    """The time as records have it."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


@cache
def author() -> dict[str, Any]:
    """Who writes, and where."""
    return {"user": user() or None, "host": platform.node() or None}


def shape(data: Any) -> dict[str, Any]:
    """Rows and schema of a table in memory; nothing for other data or a lazy table."""
    rows, *_ = getattr(data, "shape", None) or (None,)
    if not isinstance(rows, int) or not hasattr(data, "columns"):
        return {}
    schema = {str(name): str(kind) for name, kind in zip(data.columns, data.dtypes)}
    return {"rows": rows, "schema": schema}


def _record(name: str, text: dict[str, Any]) -> Record:
    for key in _REQUIRED:
        if not isinstance(text.get(key), str):
            raise damaged(name, f"it has no {key}")
    known = {key: text[key] for key in Record._fields if key in text}
    return Record(**known)


def _name(branch: str, dataset: str) -> str:
    return f"manifest/{slug(branch)}/{slug(dataset)}.json"

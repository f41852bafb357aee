"""What a dataset has stored, whatever its kind: files or a table."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from . import kedro_internals
from .stored_files import Files


class Stored(Protocol):
    """Data that can be told apart, measured, copied and deleted."""

    @property
    def location(self) -> str:
        """Where it is, in words for a person, without secrets."""

    @property
    def is_view(self) -> bool:
        """Whether it is computed anew from other data at each read."""

    def fingerprint(self) -> str | None:
        """The same text for the same content; none if nothing is there."""

    def size(self) -> int | None:
        """Bytes; none if they are not known."""

    def modified(self) -> datetime | None:
        """When it was last written; none if that is not known."""

    def remove(self) -> None:
        """Delete it, if it is there."""

    @property
    def version(self) -> str | None:
        """The version that is read now; none for data without versions."""

    def at(self, version: Any) -> Any:
        """The place of a version here."""

    def beside(self, mark: str) -> Any:
        """A place next to this one, for a copy that is on its way."""

    def copy_from(self, other: Any) -> None:
        """Become a copy of what is read of another one."""

    def take(self, other: Any, away: Any) -> None:
        """Become another one, which may be gone then; nothing if it was gone."""


def stored_data(dataset: Any) -> Stored | None:
    """What a dataset stores; none for a kind that only its own class understands."""
    args = kedro_internals.load_args(dataset)
    if hasattr(dataset, "engine") and "table_name" in args:
        from .stored_tables import SqlTable  # noqa: PLC0415

        return SqlTable(dataset.engine, args["table_name"], args.get("schema"))
    if hasattr(dataset, "connection"):
        if table := kedro_internals.ibis_table(dataset):
            from .stored_tables import IbisTable  # noqa: PLC0415

            return IbisTable(dataset.connection, *table)
    return Files.of(dataset)

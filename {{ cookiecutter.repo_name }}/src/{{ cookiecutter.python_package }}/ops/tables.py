"""The data of a dataset that keeps a table in a database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import frozen

from . import fingerprint

_ROWS = 10_000  # fetched at a time


@frozen
class SqlTable:
    """A table that SQLAlchemy reaches, as in ``pandas.SQLTableDataset``."""

    engine: Any
    name: str
    schema: str | None

    @property
    def location(self) -> str:
        """The database without its password, and the table."""
        name = ".".join(filter(None, [self.schema, self.name]))
        return f"{self.engine.url.render_as_string(hide_password=True)}::{name}"

    def fingerprint(self) -> str | None:
        """Of the rows, in whatever order; none if there is no table."""
        import sqlalchemy  # noqa: PLC0415

        if not sqlalchemy.inspect(self.engine).has_table(self.name, self.schema):
            return None
        with self.engine.connect() as connection:
            rows = connection.execution_options(yield_per=_ROWS).execute(
                sqlalchemy.select(self._table())
            )
            return fingerprint.of_rows(rows)

    def size(self) -> None:
        """Not known: databases do not agree on how to ask."""

    def remove(self) -> None:
        """Drop the table."""
        self._table().drop(self.engine)

    def _table(self) -> Any:
        import sqlalchemy  # noqa: PLC0415

        return sqlalchemy.Table(
            self.name,
            sqlalchemy.MetaData(),
            schema=self.schema,
            autoload_with=self.engine,
        )


@frozen
class IbisTable:
    """A table or view that ibis reaches, as in ``ibis.TableDataset``."""

    connection: Any
    name: str
    database: Any
    materialized: str

    @property
    def location(self) -> str:
        """The kind of database, and the table."""
        return f"{self.connection.name}::{'.'.join(filter(None, [self.database, self.name]))}"

    def fingerprint(self) -> str | None:
        """Of the rows, in whatever order; none if there is no table."""
        if self.name not in self.connection.list_tables(database=self.database):
            return None
        return fingerprint.of_rows(self._rows())

    def size(self) -> None:
        """Not known: databases do not agree on how to ask."""

    def remove(self) -> None:
        """Drop the table or view."""
        drop = getattr(self.connection, f"drop_{self.materialized}")
        drop(self.name, database=self.database)

    def _rows(self) -> Iterator[Any]:
        table = self.connection.table(self.name, database=self.database)
        for batch in table.to_pyarrow_batches(chunk_size=_ROWS):
            for row in batch.to_pylist():
                yield row.values()

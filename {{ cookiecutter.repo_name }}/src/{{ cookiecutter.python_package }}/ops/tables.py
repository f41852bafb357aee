"""The data of a dataset that keeps a table in a database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import evolve, frozen

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
        if not self._exists():
            return None
        with self.engine.connect() as connection:
            rows = connection.execution_options(yield_per=_ROWS)
            return fingerprint.of_rows(rows.execute(self._table().select()))

    def size(self) -> None:
        """Not known: databases do not agree on how to ask."""

    def modified(self) -> None:
        """Not known: databases do not tell."""

    def remove(self) -> None:
        """Drop the table, if it is there."""
        if self._exists():
            self._table().drop(self.engine)

    def beside(self, mark: str) -> SqlTable:
        """A table next to this one, for a copy that is on its way."""
        return evolve(self, name=f"{mark.replace('-', '_')}_{self.name}"[:63])

    @property
    def version(self) -> None:
        """Tables have no versions."""

    def at(self, version: None) -> SqlTable:
        """The table itself."""
        return self

    def replace_with(self, other: SqlTable) -> None:
        """Become a copy of ``other``: its columns, keys and rows, without its indexes."""
        import sqlalchemy  # noqa: PLC0415

        source = other._table()
        copy = source.to_metadata(sqlalchemy.MetaData(), name=self.name)
        copy.indexes.clear()
        self.remove()
        with self.engine.begin() as connection:
            copy.create(connection)
            connection.execute(
                copy.insert().from_select(source.c.keys(), source.select())
            )

    def _exists(self) -> bool:
        import sqlalchemy  # noqa: PLC0415

        return bool(sqlalchemy.inspect(self.engine).has_table(self.name, self.schema))

    def _table(self) -> Any:
        import sqlalchemy  # noqa: PLC0415

        metadata = sqlalchemy.MetaData()
        return sqlalchemy.Table(
            self.name, metadata, schema=self.schema, autoload_with=self.engine
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
        name = ".".join(filter(None, [self.database, self.name]))
        return f"{self.connection.name}::{name}"

    def fingerprint(self) -> str | None:
        """Of the rows, in whatever order; none if there is no table."""
        return fingerprint.of_rows(self._rows()) if self._exists() else None

    def size(self) -> None:
        """Not known: databases do not agree on how to ask."""

    def modified(self) -> None:
        """Not known: databases do not tell."""

    def remove(self) -> None:
        """Drop the table or view, if it is there."""
        if self._exists():
            drop = getattr(self.connection, f"drop_{self.materialized}")
            drop(self.name, database=self.database)

    def beside(self, mark: str) -> IbisTable:
        """A table next to this one, for a copy that is on its way."""
        name = f"{mark.replace('-', '_')}_{self.name}"[:63]
        return evolve(self, name=name, materialized="table")

    @property
    def version(self) -> None:
        """Tables have no versions."""

    def at(self, version: None) -> IbisTable:
        """The table itself."""
        return self

    def replace_with(self, other: IbisTable) -> None:
        """Become a table with the rows of ``other``."""
        rows = self.connection.table(other.name, database=other.database)
        self.connection.create_table(
            self.name, rows.to_pyarrow(), database=self.database, overwrite=True
        )

    def _exists(self) -> bool:
        return self.name in self.connection.list_tables(database=self.database)

    def _rows(self) -> Iterator[Any]:
        table = self.connection.table(self.name, database=self.database)
        for batch in table.to_pyarrow_batches(chunk_size=_ROWS):
            for row in batch.to_pylist():
                yield row.values()

"""Tables in a database: the data of datasets that store one."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from attrs import evolve, frozen

from . import checksum, kedro_internals

_ROWS = 10_000  # fetched at a time
# The URL of a database in a local file, by SQLAlchemy: not in memory, not on a server.
_LOCAL = re.compile(r"(?:sqlite|duckdb)(?:\+\w+)?:///((?!None$|:|\w{2,}:)[^?]+)")


class _Table(ABC):
    """What all kinds of tables have in common."""

    name: str

    @property
    def is_view(self) -> bool:
        """Whether it holds no rows of its own."""
        return False

    def size(self) -> int | None:
        """Not known: databases do not agree on how to ask."""
        return None

    def modified(self) -> datetime | None:
        """Not known: databases do not tell."""
        return None

    def measure(self) -> tuple[int | None, str | None]:
        """Size and fingerprint."""
        return self.size(), self.fingerprint()

    @abstractmethod
    def fingerprint(self, in_order: bool = False) -> str | None:
        """Of the rows, with their order or without; none if there is no table."""

    @property
    def version(self) -> str | None:
        """Tables have no versions."""
        return None

    def at(self, version: str | None) -> Any:
        """The table itself."""
        return self

    def _beside(self, mark: str) -> str:
        # Short enough for every database, and unlike that of every other table.
        mark = mark.replace("-", "_")
        return f"{mark}_{self.name[:20]}_{checksum.short_hash(self.name)}"


@frozen
class SqlTable(_Table):
    """A table that SQLAlchemy reaches, as in ``pandas.SQLTableDataset``."""

    engine: Any
    name: str
    schema: str | None

    @classmethod
    def from_dataset(cls, dataset: Any) -> SqlTable:
        """The table of a dataset that has an engine."""
        args = kedro_internals.load_args(dataset)
        return cls(dataset.engine, args["table_name"], args.get("schema"))

    @property
    def location(self) -> str:
        """The database without its password, and the table."""
        name = ".".join(filter(None, [self.schema, self.name]))
        return f"{self.engine.url.render_as_string(hide_password=True)}::{name}"

    def fingerprint(self, in_order: bool = False) -> str | None:
        """Of the rows, with their order or without; none if there is no table."""
        if not self.exists():
            return None
        table = self._table()
        with self.engine.connect() as connection:
            lazy = connection.execution_options(yield_per=_ROWS)
            rows = lazy.execute(table.select())
            return checksum.of_rows(
                table.c.keys(), enumerate(rows) if in_order else rows
            )

    def remove(self) -> None:
        """Drop the table, if it exists."""
        if self.exists():
            self._table().drop(self.engine)

    def beside(self, mark: str) -> SqlTable:
        """A table next to this one, for a temporary copy."""
        return evolve(self, name=self._beside(mark))

    def copy_from(self, other: SqlTable) -> None:
        """Become a copy of ``other``: its columns, primary key and rows.

        A table with the same columns stays, with its indexes and views, and its rows are
        replaced in one transaction. Any other table is dropped and created again.
        """
        import sqlalchemy  # noqa: PLC0415

        source = other._table()
        columns = [
            sqlalchemy.Column(
                each.name,
                each.type,
                primary_key=each.primary_key,
                nullable=each.nullable,
                autoincrement=False,
            )
            for each in source.c
        ]
        metadata = sqlalchemy.MetaData()
        copy = sqlalchemy.Table(self.name, metadata, *columns, schema=self.schema)
        if not self.exists() or _columns(self._table()) != _columns(copy):
            self.remove()
            copy.create(self.engine)
        rows = copy.insert().from_select(source.c.keys(), source.select())
        with self.engine.begin() as connection:
            connection.execute(copy.delete())
            connection.execute(rows)

    def take(self, other: SqlTable, away: SqlTable) -> None:
        """Become ``other``; do nothing if it does not exist."""
        if other.exists():
            self.copy_from(other)

    def exists(self) -> bool:
        """Whether the table exists, even if it is empty."""
        import sqlalchemy  # noqa: PLC0415

        return bool(sqlalchemy.inspect(self.engine).has_table(self.name, self.schema))

    def _table(self) -> Any:
        import sqlalchemy  # noqa: PLC0415

        metadata = sqlalchemy.MetaData()
        return sqlalchemy.Table(
            self.name, metadata, schema=self.schema, autoload_with=self.engine
        )


@frozen
class IbisTable(_Table):
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

    @property
    def is_view(self) -> bool:
        """Whether it holds no rows of its own."""
        return self.materialized == "view"

    def fingerprint(self, in_order: bool = False) -> str | None:
        """Of the rows, with their order or without; none if there is no table."""
        if not self.exists():
            return None
        table = self._table()
        if in_order and self.connection.name == "duckdb":
            return self._hashed_by_duckdb(self.connection.compile(table))
        rows = _rows(table)
        return checksum.of_rows(table.columns, enumerate(rows) if in_order else rows)

    def _hashed_by_duckdb(self, query: str) -> str:
        """The hashes of the rows with their numbers, added up: 65 million rows a second."""
        columns = self.connection.raw_sql(f"describe {query}").fetchall()
        numbered = f"select row_number() over () as number, * from ({query})"
        total = "select count(*), sum(hash(r)::hugeint)"
        found = self.connection.raw_sql(f"{total} from ({numbered}) as r").fetchone()
        return checksum.of_texts(*map(repr, columns), repr(found))

    def remove(self) -> None:
        """Drop the table or view, if it exists."""
        if self.exists():
            drop = getattr(self.connection, f"drop_{self.materialized}")
            drop(self.name, database=self.database)

    def beside(self, mark: str) -> IbisTable:
        """A table next to this one, for a temporary copy."""
        return evolve(self, name=self._beside(mark), materialized="table")

    def copy_from(self, other: IbisTable) -> None:
        """Become a table with the rows of ``other``."""
        self.connection.create_table(
            self.name, other._table(), database=self.database, overwrite=True
        )

    def take(self, other: IbisTable, away: IbisTable) -> None:
        """Become ``other``; do nothing if it does not exist."""
        if other.exists():
            self.copy_from(other)

    def exists(self) -> bool:
        """Whether the table exists, even if it is empty."""
        return self.name in self.connection.list_tables(database=self.database)

    def _table(self) -> Any:
        return self.connection.table(self.name, database=self.database)


def _columns(table: Any) -> list[tuple[str, str, bool, bool]]:
    return [(c.name, str(c.type), c.primary_key, c.nullable) for c in table.c]


def _rows(table: Any) -> Iterator[Any]:
    for batch in table.to_pyarrow_batches(chunk_size=_ROWS):
        for row in batch.to_pylist():
            yield row.values()


def local_table(dataset: Any) -> tuple[str, str] | None:
    """The local database file of a table, and the table's name; none for other data.
    Connects to nothing."""
    config = kedro_internals.connection_config(dataset) or {}
    if config and kedro_internals.ibis_table(dataset) is None:
        return None  # a file that ibis reads as a table
    url = kedro_internals.connection_string(dataset)
    found = _LOCAL.match(url or f"{config.get('backend')}:///{config.get('database')}")
    name = kedro_internals.table_name(dataset)
    return (found[1], name) if found and name else None


def local_table_checksum(dataset: Any) -> str | None:
    """The checksum of a table's rows and their order; none if there is no table."""
    table = kedro_internals.ibis_table(dataset)
    if table is None:
        return SqlTable.from_dataset(dataset).fingerprint(in_order=True)
    connection = kedro_internals.new_connection(dataset)
    try:
        return IbisTable(connection, *table).fingerprint(in_order=True)
    finally:
        connection.disconnect()

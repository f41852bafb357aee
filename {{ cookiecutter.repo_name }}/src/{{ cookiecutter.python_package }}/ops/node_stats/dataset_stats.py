"""Rows, columns, nulls and bytes of data, without changing, collecting or loading it."""

from __future__ import annotations

import os
import stat
from typing import Any

from ..core import kedro_internals

_CELLS = 20_000_000  # above that, counting nulls would take seconds
# The libraries with the tables that narwhals reads.
_TABLES = {"cudf", "dask", "duckdb", "ibis", "modin", "pandas", "polars", "pyarrow"}
_TABLES |= {"pyspark", "sqlframe"}


def stats_of_data(data: Any) -> dict[str, Any]:
    """Rows, schema and nulls of a table, under the names of OpenLineage's facets.

    What is not known is left out: the rows of a lazy table, which is never collected, and
    everything about data that is no table.
    """
    if _TABLES.isdisjoint(
        each.__module__.split(".")[0].lstrip("_") for each in type(data).__mro__
    ):
        return {}  # and a run without tables does not wait for the import
    import narwhals as nw  # noqa: PLC0415

    table = nw.from_native(_with_plain_columns(data), pass_through=True)
    if isinstance(table, nw.LazyFrame):
        return {"schema": _schema(table.collect_schema())}
    if not isinstance(table, nw.DataFrame):
        return {}
    rows, columns = table.shape
    figures = {"row_count": rows, "schema": _schema(table.schema)}
    if 0 < rows * columns <= _CELLS:
        counts = table.select(nw.all().null_count())
        figures["null_count"] = {n: int(counts[n][0]) for n in table.columns}
    return figures


def size_of(dataset: Any) -> int | None:
    """The bytes of a dataset that is one local file; else None."""
    filesystem = kedro_internals.filesystem(dataset)
    if "file" not in list(getattr(filesystem, "protocol", ())):
        return None
    try:
        there = os.stat(kedro_internals.load_path(dataset))
    except FileNotFoundError:
        return None
    return there.st_size if stat.S_ISREG(there.st_mode) else None


def _with_plain_columns(data: Any) -> Any:
    """The same pandas table with unique texts as column names.

    Those of a pivot table are numbers or tuples, and narwhals takes neither.
    """
    # Only of pandas: a lazy table of polars would work out its columns.
    columns = getattr(data, "columns", None) if hasattr(data, "iloc") else None
    if columns is None or (
        columns.is_unique and all(isinstance(name, str) for name in columns)
    ):
        return data
    names: dict[str, None] = {}
    for column in columns:
        name = str(column)
        while name in names:
            name += "_"
        names[name] = None
    renamed = data.copy(deep=False)
    renamed.columns = list(names)
    return renamed


def _schema(schema: Any) -> dict[str, str]:
    return {str(name): str(kind) for name, kind in schema.items()}

"""Data in memory as tables that Great Expectations can check."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..core.errors import OpsError


def parts(data: Any, load: bool = True) -> Iterator[tuple[str, Any]]:
    """The tables in partitioned data, by name; any other data is one, without a name.

    Args:
        data: what a dataset loads or saves.
        load: whether to load the partitions that are still to be loaded, one by one.
    """
    if not isinstance(data, dict):
        yield "", data
        return
    for name, part in data.items():
        if not callable(part):
            yield name, part
        elif load:
            yield name, part()


def collected(data: Any, lazy_rows: int | None) -> Any:
    """The data to save; a lazy table of polars is collected, so it is not computed
    twice."""
    kind = type(data)
    is_lazy = kind.__module__.startswith("polars.") and kind.__name__ == "LazyFrame"
    return data.collect().lazy() if is_lazy and lazy_rows is None else data


def is_spark(data: Any) -> bool:
    """Whether it is a Spark table, which Great Expectations reads itself."""
    return type(data).__module__.startswith("pyspark.")


def to_pandas(data: Any, lazy_rows: int | None) -> Any:
    """Any table as a pandas table; of a lazy table, the first rows or all (None).

    Raises:
        OpsError: if the data is no table.
    """
    import pandas as pd  # noqa: PLC0415

    if isinstance(data, pd.DataFrame):
        return data
    import narwhals.stable.v2 as nw  # noqa: PLC0415

    table = nw.from_native(data, pass_through=True, allow_series=True)
    if isinstance(table, nw.LazyFrame):
        table = (table if lazy_rows is None else table.head(lazy_rows)).collect()
    if isinstance(table, nw.Series):
        table = table.to_frame()
    if not isinstance(table, nw.DataFrame):
        raise OpsError(f"a {type(data).__name__} is not a table and cannot be checked.")
    return table.to_pandas()

"""Data in memory as tables that Great Expectations can look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from ..core.errors import OpsError


def is_in_parts(data: Any) -> bool:
    """Whether it is what a PartitionedDataset takes and gives: tables by name."""
    return isinstance(data, dict)


def each_part(data: dict[str, Any], check: Callable[[str, Any], Any]) -> dict[str, Any]:
    """The same parts, each checked: now, or when it is asked for if that comes later."""
    return {
        name: partial(_check_later, check, name, part)
        if callable(part)
        else check(name, part)
        for name, part in data.items()
    }


def parts_now(data: Any) -> Iterator[tuple[str, Any]]:
    """The tables that are there already, by name; one without a name is all of it."""
    if not is_in_parts(data):
        yield "", data
        return
    yield from ((name, part) for name, part in data.items() if not callable(part))


def parts(data: Any) -> Iterator[tuple[str, Any]]:
    """The tables, one after the other; of partitions each is loaded when it is its turn."""
    if not is_in_parts(data):
        yield "", data
        return
    for name, part in data.items():
        yield name, part() if callable(part) else part


def whole(data: Any, lazy_rows: int | None) -> Any:
    """The data that is saved in the end: a lazy table that is read is not read twice."""
    if lazy_rows is None and _is_polars_lazy(data):
        return data.collect().lazy()
    return data


def is_spark(data: Any) -> bool:
    """Whether it is a table of Spark, which Great Expectations reads itself."""
    return type(data).__module__.startswith("pyspark.")


def to_pandas(data: Any, lazy_rows: int | None) -> Any:
    """A table of any kind for pandas; of a lazy one the first rows, or all (None).

    Raises:
        OpsError: if it is no table.
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
        raise OpsError(
            f"it is a {type(data).__name__}, and expectations are about tables."
        )
    return table.to_pandas()


def _check_later(check: Callable[[str, Any], Any], name: str, part: Any) -> Any:
    return check(name, part())


def _is_polars_lazy(data: Any) -> bool:
    kind = type(data)
    return kind.__module__.startswith("polars.") and kind.__name__ == "LazyFrame"

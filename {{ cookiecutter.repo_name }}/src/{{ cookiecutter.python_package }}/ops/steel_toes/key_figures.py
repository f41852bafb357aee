"""The key figures of data, by which a person sees what has changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import manifest

_NUMBERS = ("int", "uint", "float", "double", "decimal")
_FIGURES = ("mean", "min", "max")


def key_figures(data: Any) -> dict[str, Any]:
    """Rows, types and key numbers of a table or partitions, the numbers in a mapping."""
    if hasattr(data, "to_pyarrow_batches") and hasattr(data, "aggregate"):
        return _of_ibis(data)
    if hasattr(data, "collect") and hasattr(data, "collect_schema"):  # polars, lazy
        data = data.collect()
    if manifest.shape(data):
        return _of_table(data)
    if isinstance(data, dict) and data and all(map(callable, data.values())):
        return _of_partitions(data)
    return dict(_numbers_in(data, ""))


def _of_table(data: Any) -> dict[str, Any]:
    figures: dict[str, Any] = {"rows": len(data)}
    for index, (column, dtype) in enumerate(zip(data.columns, data.dtypes)):
        figures[f"type({column})"] = kind = str(dtype)
        if kind.lower().startswith(_NUMBERS):
            values = data.iloc[:, index] if hasattr(data, "iloc") else data[column]
            for figure in _FIGURES:
                figures[f"{figure}({column})"] = _rounded(getattr(values, figure)())
    return figures


def _of_ibis(table: Any) -> dict[str, Any]:
    """By one query, which the database answers."""
    asked = {"rows": table.count()}
    kinds = {f"type({name})": str(kind) for name, kind in table.schema().items()}
    for name, kind in table.schema().items():
        if kind.is_numeric():
            for figure in _FIGURES:
                asked[f"{figure}({name})"] = getattr(table[name], figure)()
    (answer,) = table.aggregate(**asked).to_pyarrow().to_pylist()
    return kinds | {key: _rounded(number) for key, number in answer.items()}


def _of_partitions(partitions: dict[str, Any]) -> dict[str, Any]:
    """One after the other, as each may be large."""
    figures: dict[str, Any] = {"partitions": len(partitions)}
    for name, load in partitions.items():
        shape = manifest.shape(load())
        figures[f"rows of {name}"] = shape["rows"] if shape else "there"
    return figures


def _numbers_in(data: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _numbers_in(value, f"{path}.{key}" if path else str(key))
    elif isinstance(data, (int, float)):
        yield path or "value", _rounded(data)


def _rounded(number: Any) -> Any:
    return float(f"{number:.6g}") if isinstance(number, float) else number

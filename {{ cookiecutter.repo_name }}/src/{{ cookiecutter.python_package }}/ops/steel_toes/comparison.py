"""The differences between the data of two branches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from kedro.io import DatasetError

from ..core.dataset_io import stored_data
from .branches import Branches, fingerprint
from .checks import ask
from .manifest import NOTHING, shape

_NUMBERS = re.compile(r"(u?int|float|double|decimal)(?!erval)")
_FIGURES = ("mean", "min", "max")


def compare(
    branches: Branches, left: str | None, right: str | None
) -> Iterator[dict[str, Any]]:
    """Compare two branches, dataset by dataset; none stands for main.

    Yields:
        For each dataset that one of them has: its ``state`` (``same``, ``changed``,
        ``only on <branch>``, ``gone from both``, ``unknown``) and the ``changes`` of
        rows, schema and key numbers.
    """
    some = {  # a branch of each dataset, by which main's data is found
        record.dataset: record.branch
        for side in filter(None, {left, right})
        for record in branches.records(side)
    }
    datasets = {
        name: {side: _data(branches, name, side, some[name]) for side in (left, right)}
        for name in sorted(some)
    }
    found = ask(_fingerprints, [*datasets.values()], lambda sides: sides[right])
    for (name, sides), prints in zip(datasets.items(), found):
        there = [side or "main" for side in sides if prints[side] != NOTHING]
        if None in prints.values():
            yield _row(name, "unknown")
        elif len(there) < len(sides):
            yield _row(name, f"only on {there[0]}" if there else "gone from both")
        elif len(set(prints.values())) == 1:
            yield _row(name, "same")
        else:
            # One after the other, so that never both are in memory.
            before, after = (_summary_of(data) for data in sides.values())
            yield _row(name, "changed", changes(before, after))


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """The differences between two summaries, in words."""
    words = [
        {key: str(figure) for key, figure in each.items()} for each in (before, after)
    ]
    return [
        f"{key}: {words[0].get(key, '-')} -> {words[1].get(key, '-')}"
        for key in words[0] | words[1]
        if words[0].get(key) != words[1].get(key)
    ]


def _data(branches: Branches, name: str, side: str | None, some: str) -> Any:
    dataset = branches.dataset(name, side or some)
    if dataset is None:
        return None
    return dataset.base if side is None else dataset.target


def _fingerprints(sides: dict[str | None, Any]) -> dict[str | None, str | None]:
    return {side: fingerprint(dataset) for side, dataset in sides.items()}


def _summary_of(dataset: Any) -> dict[str, Any]:
    there = stored_data(dataset)
    size = there.size() if there else None
    figures = {} if size is None else {"bytes": size}
    try:
        return figures | key_figures(dataset.load())
    except DatasetError:  # a picture, say, can be saved only
        return figures


def _row(name: str, state: str, differences: list[str] | None = None) -> dict[str, Any]:
    return {"dataset": name, "state": state, "changes": differences or []}


def key_figures(data: Any) -> dict[str, Any]:
    """Rows, types and key numbers of a table or partitions, the numbers in a mapping."""
    if hasattr(data, "to_pyarrow_batches") and hasattr(data, "aggregate"):
        return _of_ibis(data)
    if hasattr(data, "collect") and hasattr(data, "collect_schema"):  # polars, lazy
        data = data.collect()
    if shape(data):
        return _of_table(data)
    if isinstance(data, dict) and data and all(map(callable, data.values())):
        return _of_partitions(data)
    return dict(_numbers_in(data, ""))


def _of_table(data: Any) -> dict[str, Any]:
    figures: dict[str, Any] = {"rows": len(data)}
    for index, (column, dtype) in enumerate(zip(data.columns, data.dtypes)):
        figures[f"type({column})"] = kind = str(dtype)
        if _NUMBERS.match(kind.lower()):
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
            # In PostgreSQL the mean of integers is a decimal, which ibis cannot convert.
            asked[f"mean({name})"] = table[name].cast("float64").mean()
    (answer,) = table.aggregate(**asked).to_pyarrow().to_pylist()
    return kinds | {key: _rounded(number) for key, number in answer.items()}


def _of_partitions(partitions: dict[str, Any]) -> dict[str, Any]:
    """One after the other, as each may be large."""
    figures: dict[str, Any] = {"partitions": len(partitions)}
    for name, load in partitions.items():
        figures[f"rows of {name}"] = shape(load()).get("rows", "there")
    return figures


def _numbers_in(data: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _numbers_in(value, f"{path}.{key}" if path else str(key))
    elif isinstance(data, (int, float)):
        yield path or "value", _rounded(data)


def _rounded(number: Any) -> Any:
    return float(f"{number:.6g}") if isinstance(number, float) else number

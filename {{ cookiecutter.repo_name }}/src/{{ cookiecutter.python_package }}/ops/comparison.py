"""What is different between the data of two branches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kedro.io import DatasetError

from . import manifest, stored
from .branches import Branches
from .manifest import NOTHING

_NUMBERS = ("int", "uint", "float", "double", "decimal")


def compare(
    branches: Branches, left: str | None, right: str
) -> Iterator[dict[str, Any]]:
    """Compare two branches, dataset by dataset; a ``left`` of none is the base.

    Yields:
        For each dataset that one of them has: its ``state`` (``same``, ``changed``,
        ``only on <branch>``) and the ``changes`` of rows, schema and key numbers.
    """
    names = {r.dataset for r in branches.records() if r.branch in {left, right}}
    for name in sorted(names):
        sides = {side or "base": _data(branches, name, side) for side in (left, right)}
        prints = {side: _fingerprint(data) for side, data in sides.items()}
        there = [side for side, found in prints.items() if found != NOTHING]
        if len(there) < len(sides):
            yield _row(name, f"only on {there[0]}" if there else "gone from both")
        elif len(set(prints.values())) == 1 and None not in prints.values():
            yield _row(name, "same")
        else:
            # One after the other, so that never both are in memory.
            before, after = (_summary_of(data) for data in sides.values())
            yield _row(name, "changed", changes(before, after))


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """The figures that differ between two summaries, in words."""
    return [
        f"{key}: {before.get(key, '-')} -> {after.get(key, '-')}"
        for key in [*before, *(after.keys() - before.keys())]
        if before.get(key) != after.get(key)
    ]


def summary(data: Any) -> dict[str, Any]:
    """Rows, columns and key numbers of a table; the numbers in a mapping."""
    shape = manifest.shape(data)
    if not shape:
        return dict(_numbers_in(data, ""))
    figures: dict[str, Any] = {"rows": shape["rows"]}
    for column, kind in shape["schema"].items():
        figures[column] = kind
        if kind.lower().startswith(_NUMBERS):
            values = data[column]
            for figure in ("mean", "min", "max"):
                figures[f"{figure}({column})"] = _rounded(getattr(values, figure)())
    return figures


def _data(branches: Branches, name: str, side: str | None) -> Any:
    if side:
        dataset = branches.dataset(name, side)
        return dataset.target if dataset else None
    any_branch = next(r.branch for r in branches.records() if r.dataset == name)
    dataset = branches.dataset(name, any_branch)
    return dataset.base if dataset else None


def _fingerprint(dataset: Any) -> str | None:
    there = stored.of(dataset) if dataset is not None else None
    return (there.fingerprint() or NOTHING) if there else None


def _summary_of(dataset: Any) -> dict[str, Any]:
    size = stored.of(dataset).size()  # type: ignore[union-attr]
    try:
        return {"bytes": size, **summary(dataset.load())}
    except DatasetError:  # a picture, say, can be saved only
        return {"bytes": size}


def _numbers_in(data: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _numbers_in(value, f"{path}.{key}" if path else str(key))
    elif isinstance(data, (int, float)):
        yield path, _rounded(data)


def _rounded(number: Any) -> Any:
    return float(f"{number:.6g}") if isinstance(number, float) else number


def _row(name: str, state: str, differences: list[str] | None = None) -> dict[str, Any]:
    return {"dataset": name, "state": state, "changes": differences or []}

"""A first suite for a dataset, from its current data."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import compress
from typing import Any

import yaml

from ..core.findings import WARNING
from . import gx, suites

_FEW = 10  # up to so many values are a set
_HEAD = """\
# The suite of '{dataset}', generated from its data. Review it, and change what is true by
# chance only. A critical failure (the default) blocks the data, a warning is only logged.
expectations:
"""


def write(dataset: str, table: Any) -> str:
    """The text of a suite that a table of pandas passes."""
    head, items = _HEAD.format(dataset=dataset), [*map(_item, _guess(table))]
    return head + "".join(_passing(items, table))


def _guess(table: Any) -> Iterator[dict[str, Any]]:
    columns = [str(column) for column in table.columns]
    yield _expect("table_columns_to_match_set", column_set=columns, exact_match=True)
    yield _expect("table_row_count_to_be_between", min_value=1)
    for column in columns:
        yield from _guess_column(column, table[column])


def _guess_column(name: str, values: Any) -> Iterator[dict[str, Any]]:
    from pandas.api import types  # noqa: PLC0415

    present = values.dropna()
    text = types.is_string_dtype(present) or types.is_object_dtype(present)
    kind = "str" if text else str(values.dtype)
    yield _expect("column_values_to_be_of_type", column=name, type_=kind)
    if len(present) == len(values):
        yield _expect("column_values_to_not_be_null", column=name)
    elif len(present):
        share = math.floor(100 * len(present) / len(values)) / 100
        yield _expect(
            "column_values_to_not_be_null", WARNING, column=name, mostly=share
        )
    distinct = present.nunique()
    if distinct == len(values) > 1 and not types.is_float_dtype(values):
        yield _expect("column_values_to_be_unique", column=name)
    elif 0 < distinct <= _FEW and (text or types.is_bool_dtype(values)):
        found = sorted(present.unique().tolist())
        yield _expect(
            "column_values_to_be_in_set", WARNING, column=name, value_set=found
        )
    if types.is_numeric_dtype(values) and not types.is_bool_dtype(values) and distinct:
        low, high = present.min().item(), present.max().item()
        limits = {"min_value": low, "max_value": high}
        yield _expect("column_values_to_be_between", WARNING, column=name, **limits)


def _expect(kind: str, severity: str = "", **kwargs: Any) -> dict[str, Any]:
    expectation = {"type": f"expect_{kind}", "kwargs": kwargs}
    return {**expectation, "severity": severity} if severity else expectation


def _passing(items: list[str], table: Any) -> Iterator[str]:
    suite = suites.parsed("first", f"expectations:\n{''.join(items)}", "a first suite")
    results = gx.check_data(suite, "data", table)
    return compress(items, (result.passed for result in results))


def _item(expectation: dict[str, Any]) -> str:
    kwargs = yaml.safe_dump(
        expectation["kwargs"],
        default_flow_style=True,
        sort_keys=False,
        allow_unicode=True,
        width=math.inf,
    )
    lines = [f"- type: {expectation['type']}", f"  kwargs: {kwargs.strip()}"]
    if "severity" in expectation:
        lines.append(f"  severity: {expectation['severity']}")
    return "".join(f"  {line}\n" for line in lines)

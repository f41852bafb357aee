"""Expectations about several datasets: rows that add up, keys that are known.

Great Expectations looks at one table at a time, so these are this project's own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.errors import OpsError
from . import dataframes
from .results import Verdict
from .suites import Expectation, Suite

ROWS, KEYS = "expect_row_counts_to_add_up", "expect_keys_to_be_contained"
_ARGUMENTS = {
    ROWS: {"dataset": str, "parts": list},
    KEYS: {"dataset": str, "columns": list, "other": str},
}
_EXAMPLES = 3

Load = Callable[[str], Any]  # a dataset's data, by its name


def check_written(suite: Suite) -> None:
    """Stop for an expectation that is not known, or is not told what it needs.

    Raises:
        OpsError: with file and line.
    """
    for each in suite.expectations:
        if each.type not in _ARGUMENTS:
            raise OpsError(
                f"{each.place}: '{each.type}' is not about several datasets; there are "
                f"{' and '.join(_ARGUMENTS)}."
            )
        wanted = _ARGUMENTS[each.type]
        if {key: type(value) for key, value in each.kwargs.items()} != wanted:
            kinds = {str: "a name", list: "a list"}
            told = ", ".join(f"{key} ({kinds[kind]})" for key, kind in wanted.items())
            raise OpsError(f"{each.place}: the kwargs of {each.type} are {told}.")


def datasets(suite: Suite) -> set[str]:
    """The datasets that a suite is about.

    Raises:
        OpsError: as above.
    """
    check_written(suite)
    found = set()
    for each in suite.expectations:
        found |= {each.kwargs["dataset"], *each.kwargs.get("parts", [])}
        found |= {each.kwargs["other"]} if each.type == KEYS else set()
    return found


def check(suite: Suite, load: Load) -> list[Verdict]:
    """The verdicts on all that a suite says."""
    return [_verdict(each, load) for each in suite.expectations]


def _verdict(expectation: Expectation, load: Load) -> Verdict:
    check = _add_up if expectation.type == ROWS else _are_contained
    problem = check(expectation.kwargs, load)
    said = f"{expectation.type} {'fails: ' + problem if problem else 'holds'}"
    return Verdict(expectation.kwargs["dataset"], expectation, not problem, said)


def _add_up(kwargs: dict[str, Any], load: Load) -> str:
    rows = _rows(load(kwargs["dataset"]))
    counts = [_rows(load(name)) for name in kwargs["parts"]]
    if rows == sum(counts):
        return ""
    each = zip(counts, kwargs["parts"])
    told = " + ".join(f"{count} ({name})" for count, name in each)
    return f"{rows} rows are not {told}"


def _are_contained(kwargs: dict[str, Any], load: Load) -> str:
    columns, other = kwargs["columns"], kwargs["other"]
    known = _keys(load(other), columns)
    missing = _keys(load(kwargs["dataset"]), columns) - known
    if not missing:
        return ""
    shown = ", ".join(
        str(key[0] if len(key) == 1 else key)
        for key in sorted(missing, key=str)[:_EXAMPLES]
    )
    return f"{len(missing)} keys ({', '.join(columns)}) are not in {other}, such as {shown}"


def _rows(data: Any) -> int:
    return sum(
        len(dataframes.to_pandas(table, None)) for _, table in dataframes.parts(data)
    )


def _keys(data: Any, columns: list[str]) -> set[tuple[Any, ...]]:
    found: set[tuple[Any, ...]] = set()
    for _, table in dataframes.parts(data):
        keys = dataframes.to_pandas(table, None)
        missing = [column for column in columns if column not in keys]
        if missing:
            raise OpsError(f"it has no column '{missing[0]}'.")
        found.update(keys[columns].dropna().itertuples(index=False, name=None))
    return found

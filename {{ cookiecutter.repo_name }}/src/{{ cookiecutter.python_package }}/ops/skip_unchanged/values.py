"""A value of the parameters as a text that tells it from every other."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import pathlib
import types
from collections.abc import Iterator, Mapping
from typing import Any

_DEEPEST = 50


class NotTold(Exception):
    """A value that cannot be told from others; the message names its type."""


def spelled(value: Any, depth: int = 0) -> str:
    """By value and type: 1, 1.0 and True are three. The order of keys counts, too.

    Raises:
        NotTold: for an object whose value is not known.
    """
    if depth > _DEEPEST:
        raise NotTold("a structure that contains itself")
    kind = type(value)
    if kind in {str, bytes, bool, int, float, complex, type(None)}:
        return f"{kind.__name__} {value!r}"
    inside = [spelled(each, depth + 1) for each in _inside(value)]
    return f"{kind.__module__}.{kind.__qualname__}({', '.join(inside)})"


def _inside(value: Any) -> Iterator[Any]:
    """What a value consists of."""
    if isinstance(value, enum.Enum):
        yield from (value.name, value.value)
    elif isinstance(value, Mapping):
        for pair in value.items():
            yield from pair
    elif isinstance(value, (list, tuple)):
        yield from value
    elif isinstance(value, (set, frozenset)):
        yield from sorted(map(spelled, value))
    elif isinstance(value, (datetime.date, datetime.time, datetime.timedelta)):
        yield repr(value)
    elif isinstance(value, (decimal.Decimal, pathlib.PurePath)):
        yield str(value)
    elif isinstance(value, (str, bytes, int, float)):  # a class of its own
        yield repr(value)
        yield from vars(value).values() if hasattr(value, "__dict__") else ()
    else:
        yield from _fields(value)


def _fields(value: Any) -> Iterator[Any]:
    """Of a model, into which Kedro has made the parameters."""
    kind = type(value)
    if dataclasses.is_dataclass(kind):
        names = [each.name for each in dataclasses.fields(kind)]
    elif hasattr(kind, "__attrs_attrs__"):
        names = [each.name for each in kind.__attrs_attrs__]
    elif hasattr(kind, "model_fields"):  # of Pydantic
        names = ["__dict__", "__pydantic_extra__", "__pydantic_private__"]
    elif kind is types.SimpleNamespace:
        names = ["__dict__"]
    else:
        raise NotTold(f"{kind.__module__}.{kind.__qualname__}")
    for name in names:
        yield from (name, getattr(value, name, None))


def leaves(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The parts of nested settings by their names: ``params:model.depth``."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            mark = ":" if name == "parameters" else "."
            start = "params" if name == "parameters" else name
            yield from leaves(f"{start}{mark}{key}", inner)
    else:
        yield name, value

"""What functions and classes in memory hold, and the names in code without source."""

from __future__ import annotations

import dis
import functools
import inspect
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType, MappingProxyType
from typing import Any

from .code_names import Chain, Import, Reach

# Classes whose methods are written by a library, out of what their source says.
_GENERATED = ("__dataclass_fields__", "__attrs_attrs__")


def name(function: FunctionType) -> str:
    """The name of a function, with those of the functions around it."""
    return function.__qualname__.replace(".<locals>", "()")


def given(function: FunctionType) -> list[Any]:
    """Its defaults, and the attributes that were set on it."""
    attributes = dict(sorted(vars(function).items()))
    return [function.__defaults__, function.__kwdefaults__, attributes]


def cells(function: FunctionType) -> dict[str, Any]:
    """The names of functions around a function that it uses, and what they hold."""
    found = {}
    closure = function.__closure__ or ()
    for name, cell in zip(function.__code__.co_freevars, closure, strict=True):
        try:
            found[name] = cell.cell_contents
        except ValueError:  # it is not set yet
            found[name] = None
    return found


def methods(cls: type, has_source: bool) -> Iterator[FunctionType]:
    """The functions of a class but those that a library made out of its source."""
    marks = ("_fields", *(_GENERATED if has_source else ()))
    generated = any(mark in vars(cls) for mark in marks)
    for _, value in sorted(vars(cls).items()):
        for each in _functions_of(value):
            path = inspect.unwrap(each).__code__.co_filename
            if not (generated and path.startswith("<")):
                yield each


def reach_of_code(code: CodeType) -> Reach:
    """What code without source may reach: whatever names there are in it."""
    names: set[Chain] = set()
    imports: set[Import] = set()
    waiting = [code]
    for each in waiting:
        names |= {(name,) for name in each.co_names}
        waiting += [more for more in each.co_consts if isinstance(more, CodeType)]
        numbers = [0]
        for step in dis.get_instructions(each):
            if isinstance(step.argval, int) and "LOAD" in step.opname:
                numbers.append(step.argval)
            elif step.opname == "IMPORT_NAME":
                imports.add(Import(numbers[-1], step.argval))
    return Reach(sorted(names), sorted(imports), False)


def kept(value: Any, depth: int = 3) -> Any:
    """What a library's function holds: code and plain values, not its own machinery."""
    if isinstance(
        value, (str, bytes, int, float, FunctionType, type, functools.partial)
    ):
        return value
    if isinstance(value, (list, tuple)) and depth:
        return [kept(each, depth - 1) for each in value]
    if isinstance(value, (dict, MappingProxyType)) and depth:
        return [
            (kept(key, depth - 1), kept(each, depth - 1)) for key, each in value.items()
        ]
    return None


def state(cls: type) -> list[Any]:
    """The plain values among the attributes of a class: they may be set from outside."""
    attributes = sorted(vars(cls).items())
    return [
        (name, kept(value))
        for name, value in attributes
        if not (name.startswith("__") or isinstance(value, (FunctionType, type)))
    ]


def _functions_of(value: Any) -> Iterator[FunctionType]:
    parts: list[Callable[..., Any] | None] = [value]
    if isinstance(value, property):
        parts = [value.fget, value.fset, value.fdel]
    elif isinstance(value, (staticmethod, classmethod)):
        parts = [value.__func__]
    elif isinstance(value, (functools.cached_property, functools.partialmethod)):
        parts = [value.func]
    yield from (each for each in parts if isinstance(each, FunctionType))

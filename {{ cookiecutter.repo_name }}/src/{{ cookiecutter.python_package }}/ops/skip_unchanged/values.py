"""Values as texts: equal values have equal texts, and different values different texts.

The texts do not depend on the hash seed or the folder of the project. Values are not
pickled, because equal content can have different pickles.
"""

from __future__ import annotations

import copyreg
import datetime
import decimal
import enum
import functools
import inspect
import typing
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path, PurePath
from types import FunctionType, MappingProxyType, ModuleType
from typing import Any

from attrs import define, field

from ..core.checksum import of_texts
from .source_code import library

CODE = (FunctionType, type, ModuleType)
_WRAPPER = "_self_wrapper"  # where wrapt keeps the function that wraps another one
# What a library may hold for the project.
_HELD = (
    *(str, bytes, int, float, FunctionType, type, functools.partial, PurePath),
    *(datetime.date, datetime.time, datetime.timedelta, decimal.Decimal, enum.Enum),
)
_PLAIN = (type(None), bool, int, float, complex, bytes, type(...), type(NotImplemented))


@define
class ValueWriter:
    """Writes values as texts; functions and classes in them go to ``code``."""

    project: Path
    is_own: Callable[[str], bool]  # whether a module is the project's
    named: Callable[[list[str]], list[Any]] = (
        lambda texts: []
    )  # the code that they name
    code: list[Any] = field(factory=list)
    opaque: list[str] = field(factory=list)  # types that cannot be compared
    _open: list[int] = field(factory=list)

    def write(self, value: Any) -> str:
        """The text of a value."""
        if type(value) in _PLAIN:
            return f"{type(value).__name__} {value!r}"
        if type(value) is str:
            return self._text(value)
        if is_code(value):
            self.code.append(value)
            return "code"
        if id(value) in self._open:  # it holds itself
            return f"cycle {len(self._open) - self._open.index(id(value))}"
        self._open.append(id(value))
        try:
            return self._write(value)
        finally:
            self._open.pop()

    def _write(self, value: Any) -> str:
        kind = type(value)
        name = f"{module_of(kind)}.{kind.__name__}"
        if kind in {set, frozenset}:
            return self._unordered(name, value)
        if isinstance(value, PurePath):
            return self._all("path", (value.as_posix(),))
        if isinstance(value, enum.Enum):
            return self._all("member", (kind, value.value))
        if parts := _PARTS.get(kind):
            return self._all(name, parts(value))
        if name == "os._Environ":  # never the same twice, and full of secrets
            return name
        return self._object(value)

    def _text(self, text: str) -> str:
        for home in {str(self.project), self.project.as_posix()}:
            rest = text.removeprefix(home)
            if rest != text and rest[:1] in {"", "/", "\\"}:
                return f"in the project {rest}".replace("\\", "/")
        self.code += self.named([text])
        return f"str {text}"

    def _all(self, word: str, parts: Iterable[Any]) -> str:
        return f"{word} {of_texts(*map(self.write, parts))}"

    def _unordered(self, word: str, parts: Iterable[Any]) -> str:
        outer, written = self.code, []
        for part in parts:
            self.code = []
            text = self.write(part)
            written.append((text, [*map(_place, self.code)], self.code))
        written.sort(key=lambda each: each[:2])
        self.code = outer + [each for _, _, code in written for each in code]
        return f"{word} {of_texts(*(text for text, _, _ in written))}"

    def _object(self, value: Any) -> str:
        """An object as pickle sees it: how to create it, and its state."""
        kind = type(value)
        # Statically: some libraries have objects with every attribute that is asked for.
        wrapped = inspect.getattr_static(value, "__wrapped__", None)
        if inspect.getattr_static(value, _WRAPPER, None):
            return self._all("wrapper", (value.__wrapped__, getattr(value, _WRAPPER)))
        if callable(wrapped) and not self.is_own(module_of(kind)):
            return self._all("wrapper", (kind, wrapped))
        try:
            reducer = copyreg.dispatch_table.get(kind)
            made: Any = reducer(value) if reducer else value.__reduce_ex__(4)
            if isinstance(made, str):  # a name in its module
                module = getattr(value, "__module__", None) or module_of(kind)
                self.code += library(module)
                # In another Python it is in decimal what here is in _decimal.
                return self._all(f"{module.lstrip('_')} {made}", (kind,))
            state, items, pairs, *_ = list(made[2:]) + [None] * 3
            parts = [*made[:2], state, [*(items or ())], [*(pairs or ())]]
        except Exception:  # of any class: it does not let itself be taken apart
            self.opaque.append(f"{module_of(kind)}.{kind.__qualname__}")
            return "opaque"
        return self._all("object", parts)


def _pairs(value: Mapping[Any, Any]) -> Iterable[Any]:
    return (part for pair in value.items() for part in pair)


# What counts of a value, by its type; in a dictionary also the order: of columns, say.
_PARTS: dict[type, Callable[[Any], Iterable[Any]]] = {
    list: iter,
    tuple: iter,
    dict: _pairs,
    MappingProxyType: _pairs,
    functools.partial: lambda each: (each.func, each.args, each.keywords),
    typing.ForwardRef: lambda each: (each.__forward_arg__,),
}


def module_of(cls: type) -> str:
    """The module of a class."""
    name: object = cls.__module__  # some classes of C have something else there
    return name if isinstance(name, str) else "builtins"


def _place(code: Any) -> tuple[str, str, int]:
    """A sort key for code."""
    module = getattr(code, "__module__", None) or ""
    line = getattr(getattr(code, "__code__", None), "co_firstlineno", 0)
    return module, getattr(code, "__qualname__", str(code)), line


def cells_of(function: FunctionType) -> dict[str, Any]:
    """The names that a function uses from its enclosing functions, with their
    values."""
    found = {}
    closure = function.__closure__ or ()
    for name, cell in zip(function.__code__.co_freevars, closure, strict=True):
        try:
            found[name] = cell.cell_contents
        except ValueError:  # it is not set yet
            found[name] = None
    return found


def is_code(value: Any, kinds: type | tuple[type, ...] = CODE) -> bool:
    """Whether a value is a function, a class or a module by its true type. A function
    that wrapt has decorated passes for the function inside."""
    return issubclass(type(value), kinds)


def plain_parts(
    value: Any, is_own: Callable[[str], bool] = lambda _: False, depth: int = 3
) -> Any:
    """Code, plain values and the project's objects in a library's function or a class."""
    if isinstance(value, _HELD) or is_own(module_of(type(value))):
        return value
    if isinstance(value, (list, tuple)) and depth:
        return [plain_parts(each, is_own, depth - 1) for each in value]
    if isinstance(value, (set, frozenset)):
        return {each for each in value if isinstance(each, _HELD)}
    if isinstance(value, Mapping) and depth:
        return [plain_parts(pair, is_own, depth - 1) for pair in value.items()]
    return None

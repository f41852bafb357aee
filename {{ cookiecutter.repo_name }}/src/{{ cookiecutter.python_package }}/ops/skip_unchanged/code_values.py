"""What a value is, as bytes that are the same in every process.

Neither the hash seed nor the folder of the project shows in them, and nothing is
pickled: the same content gives other pickles, depending on who shares it.
"""

from __future__ import annotations

import copyreg
import enum
import functools
import inspect
import re
import typing
from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePath
from types import (
    BuiltinFunctionType,
    CodeType,
    FunctionType,
    MappingProxyType,
    MethodType,
    ModuleType,
)
from typing import Any

from attrs import define, field

from . import code_syntax
from .code_packages import Own, Package, module_of

_PLAIN = (type(None), bool, int, float, complex, bytes, type(...), type(NotImplemented))
_CODE = (FunctionType, type, ModuleType)
# Functions of C, by what is known of them: their names.
_BUILT_IN: tuple[Any, ...] = (
    type(str.join),
    type(object.__init__),
    type(object().__str__),
    type(FunctionType.__code__),
    type(FunctionType.__globals__),
)


@define
class Values:
    """Writes values; the code that they hold is left in ``targets``, in its order."""

    own: Own
    targets: list[Any] = field(factory=list)
    opaque: list[str] = field(factory=list)
    _open: list[int] = field(factory=list)

    def write(self, value: Any) -> bytes:
        """The bytes of a value."""
        if type(value) in _PLAIN:
            return f"{type(value).__name__} {value!r}".encode()
        if type(value) is str:
            return self._text(value)
        if isinstance(value, _CODE):
            self.targets.append(value)
            return b"code"
        if id(value) in self._open:  # it holds itself
            return b"cycle %d" % (len(self._open) - self._open.index(id(value)))
        self._open.append(id(value))
        try:
            return self._write(value)
        finally:
            self._open.pop()

    def _write(self, value: Any) -> bytes:
        kind = type(value)
        name = f"{module_of(kind)}.{kind.__name__}"
        if kind in {set, frozenset}:
            return self._unordered(kind.__name__, value)
        if kind is BuiltinFunctionType or isinstance(value, _BUILT_IN):
            return self._built_in(value)
        if isinstance(value, PurePath):
            return self._all("path", (value.as_posix(),))
        if isinstance(value, enum.Enum):
            return self._all("member", (kind, value.value))
        if parts := _PARTS.get(kind) or _NAMED.get(name):
            return self._all(name, parts(value))
        return self._object(value)

    def _text(self, text: str) -> bytes:
        inside = self.own.relative(text)
        word = "str" if inside is None else "in the project"
        return f"{word} {text if inside is None else inside}".encode(
            "utf-8", "surrogatepass"
        )

    def _all(self, word: str, parts: Iterable[Any]) -> bytes:
        return code_syntax.digest(word.encode(), *map(self.write, parts))

    def _unordered(self, word: str, parts: Iterable[Any]) -> bytes:
        written: list[tuple[bytes, list[Any], list[Any]]] = []
        outer = self.targets
        for part in parts:
            self.targets = []
            digest = self.write(part)
            written.append((digest, [*map(_place, self.targets)], self.targets))
        written.sort(key=lambda each: each[:2])
        self.targets = outer
        for _, _, targets in written:
            self.targets += targets
        return code_syntax.digest(word.encode(), *(each[0] for each in written))

    def _built_in(self, function: Any) -> bytes:
        holder = getattr(function, "__self__", None)
        if holder is None or isinstance(holder, ModuleType):
            module = getattr(function, "__module__", None) or ""
            self.targets.append(Package.of(module))
            # In another Python it is in decimal what here is in _decimal.
            return f"built-in {module.lstrip('_')} {function.__qualname__}".encode()
        return self._all(f"built-in {function.__name__}", (holder,))

    def _object(self, value: Any) -> bytes:
        """What pickle would take of it: how it is made, and its state."""
        kind = type(value)
        # Statically: some libraries have objects with every attribute that is asked for.
        wrapped = inspect.getattr_static(value, "__wrapped__", None)
        if callable(wrapped) and not self.own.has(module_of(kind)):
            return self._all("wrapper", (kind, wrapped))
        reducer = copyreg.dispatch_table.get(kind)
        try:
            made = reducer(value) if reducer else value.__reduce_ex__(4)
            if isinstance(made, str):  # a name in its module
                module = getattr(value, "__module__", None) or module_of(kind)
                return self._all(f"{module} {made}", (kind,))
            more: tuple[Any, ...] = made[2:]
            state, items, pairs, *_ = (*more, None, None, None)
            parts = [*made[:2], _sorted(state)]
            parts += [list(items or ()), list(pairs or ())]
        except Exception:  # of any class: it does not let itself be taken apart
            self.opaque.append(f"{module_of(kind)}.{kind.__qualname__}")
            return b"opaque"
        return self._all("object", parts)


def _array(array: Any) -> tuple[Any, ...]:
    content = array.tolist() if array.dtype.hasobject else array.tobytes()
    return array.dtype.descr, array.shape, content


# What counts of a value, by its type; in a dictionary also the order: of columns, say.
_PARTS: dict[type, Callable[[Any], Iterable[Any]]] = {
    list: iter,
    tuple: iter,
    dict: lambda each: (part for item in each.items() for part in item),
    MappingProxyType: lambda each: (part for item in each.items() for part in item),
    MethodType: lambda each: (each.__func__, each.__self__),
    CodeType: lambda each: (code_syntax.of_code(each),),
    functools.partial: lambda each: (each.func, each.args, each.keywords),
    property: lambda each: (each.fget, each.fset, each.fdel),
    classmethod: lambda each: (each.__func__,),
    staticmethod: lambda each: (each.__func__,),
    re.Pattern: lambda each: (each.pattern, each.flags),
    typing.ForwardRef: lambda each: (each.__forward_arg__,),
}
# The same by name, for what must not be imported to look at it.
_NAMED: dict[str, Callable[[Any], Iterable[Any]]] = {
    "numpy.ndarray": _array,
    "os._Environ": lambda each: (),  # never the same twice, and full of secrets
}


def _sorted(state: Any) -> Any:
    """The state without the order in which the attributes were set."""
    if isinstance(state, Mapping) and all(isinstance(key, str) for key in state):
        return dict(sorted(state.items()))
    if isinstance(state, tuple):
        return tuple(map(_sorted, state))
    return state


def _place(target: Any) -> tuple[str, str, bytes]:
    """What tells code from other code, for an order among targets."""
    module = getattr(target, "__module__", None) or ""
    code = getattr(target, "__code__", None)
    digest = code_syntax.of_code(code) if isinstance(code, CodeType) else b""
    return module, getattr(target, "__qualname__", str(target)), digest

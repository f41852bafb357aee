"""What the names in code are, in the modules that are imported."""

from __future__ import annotations

import builtins
import sys
from types import FunctionType, ModuleType
from typing import Any

from attrs import field, frozen

from .code_lazy_imports import Missing, Unimported
from .code_names import Chain
from .code_packages import Own

_EVERYTHING = {"globals", "eval", "exec"}  # with which a function can reach anything


@frozen
class Constant:
    """A name at the top of a module that holds a value."""

    module: str
    name: str
    holder: Any = field(eq=id, repr=False)  # the names of the module

    @property
    def value(self) -> Any:
        """What it holds now."""
        return self.holder[self.name]


def resolve(
    own: Own, unimported: Unimported, names: dict[str, Any], chain: Chain
) -> list[Any]:
    """What a name and its attributes are, by the names of a module."""
    module = names.get("__name__", "")
    name, *rest = chain
    if name not in names:
        return _outside(module, name)
    value = names[name]
    while isinstance(value, ModuleType) and rest and own.has(value.__name__):
        module, names = value.__name__, vars(value)
        name = rest.pop(0)
        if name not in names:  # a module that is not imported yet, or a made-up name
            return [*unimported.resolve(module, (name, *rest))]
        value = names[name]
    if isinstance(value, (FunctionType, ModuleType, type)):
        return [value]
    return [Constant(module, name, names)]


def _outside(module: str, name: str) -> list[Any]:
    if name in _EVERYTHING:
        return [sys.modules.get(module, Missing(module))]
    return [] if hasattr(builtins, name) else [Missing(name)]

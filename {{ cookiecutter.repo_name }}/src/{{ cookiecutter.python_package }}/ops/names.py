"""What the names in code are, in the modules that are imported."""

from __future__ import annotations

import builtins
import sys
from types import FunctionType, ModuleType
from typing import Any

from attrs import field, frozen

from .packages import Own
from .reach import Chain
from .unimported import Missing, Unimported

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
        if not hasattr(builtins, name):
            return [Missing(name)]
        everything = sys.modules.get(module, Missing(module))
        return [everything] if name in _EVERYTHING else []
    value = names[name]
    while isinstance(value, ModuleType):
        if not rest or not own.has(value.__name__):
            return [value]
        module, names = value.__name__, vars(value)
        name = rest.pop(0)
        if name not in names:  # not imported yet, or made when it is asked for
            return [*unimported.resolve(module, (name, *rest))]
        value = names[name]
    if isinstance(value, (FunctionType, type)):
        return [value]
    return [Constant(module, name, names)]

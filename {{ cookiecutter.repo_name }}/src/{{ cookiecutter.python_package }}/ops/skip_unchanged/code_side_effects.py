"""What a module sets in libraries when it is imported: a seed, an option."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from attrs import frozen

from .code_packages import Own

# What is set there changes no data.
_HARMLESS = {"logging", "warnings", "typing", "builtins"}


@frozen
class Presets:
    """The statements at the top of a module that set something in libraries."""

    module: str


def presets(
    own: Own, body: list[ast.stmt], names: dict[str, Any]
) -> Iterator[ast.stmt]:
    """Find them: ``np.random.seed(1)``, ``pd.options.mode.copy_on_write = True``."""
    for statement in body:
        roots = [names.get(_root(each)) for each in _acted_on(statement)]
        if any(_is_of_library(own, each) for each in roots if each is not None):
            yield statement


def _acted_on(statement: ast.stmt) -> list[ast.expr]:
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        return [statement.value]
    if isinstance(statement, ast.Assign):
        return [each for each in statement.targets if not isinstance(each, ast.Name)]
    return [statement.target] if isinstance(statement, ast.AugAssign) else []


def _root(tree: ast.AST) -> str:
    while isinstance(tree, (ast.Attribute, ast.Subscript, ast.Call)):
        tree = tree.func if isinstance(tree, ast.Call) else tree.value
    return tree.id if isinstance(tree, ast.Name) else ""


def _is_of_library(own: Own, value: Any) -> bool:
    if isinstance(value, ModuleType):
        module = value.__name__
    else:
        found = getattr(value, "__module__", None)
        module = found if isinstance(found, str) else type(value).__module__
    top = str(module).partition(".")[0]
    return top not in _HARMLESS and not own.has(top)

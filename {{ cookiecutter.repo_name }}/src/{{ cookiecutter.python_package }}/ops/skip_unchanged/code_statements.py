"""The statements at the top of a module that make a name what it is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from .code_names import Import, imports_of

IMPORTS = (ast.Import, ast.ImportFrom)
_NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_CHANGING = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)


def statements_of(body: list[ast.stmt], name: str) -> list[ast.stmt]:
    """The statements at the top of a module that make a name what it is."""
    found = [each for each in body if name in _touched(each)]
    if any(map(_may_change, found)):
        found += [each for each in body if each not in found and _has_effects(each)]
    return found


def imports_only(body: list[ast.stmt], name: str) -> list[Import]:
    """Where a name is imported from, if no other statement has to do with it."""
    found = statements_of(body, name)
    places = [imports_of(each).get(name) for each in found]
    known = [each for each in places if each is not None and each.level == 0]
    return known if len(known) == len(found) else []


def _may_change(statement: ast.stmt) -> bool:
    """Whether it binds something that others may change: a register, say."""
    value = getattr(statement, "value", None)
    if not isinstance(statement, (ast.Assign, ast.AnnAssign)) or value is None:
        return False
    if isinstance(value, ast.Call):
        return getattr(value.func, "attr", "") != "getLogger"  # what everybody has
    return isinstance(value, _CHANGING)


def _has_effects(statement: ast.stmt) -> bool:
    """Whether it does more than to bind names."""
    if isinstance(statement, _NAMED):
        return bool(statement.decorator_list)
    if isinstance(statement, (ast.Assign, ast.AnnAssign)):
        return not _is_plain(statement)
    return not isinstance(statement, IMPORTS)


def _touched(statement: ast.stmt) -> set[str]:
    """The names that a statement binds, or that it may change what they hold."""
    known: Any = getattr(statement, "touched", None)
    if known is None:
        known = set(_names(statement))
        statement.touched = known  # type: ignore[attr-defined]
    return known  # type: ignore[no-any-return]


def _names(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, IMPORTS):
        yield from imports_of(statement)
    elif isinstance(statement, _NAMED):
        yield statement.name
    elif isinstance(statement, (ast.Assign, ast.AnnAssign)) and _is_plain(statement):
        yield from _bound_in(statement)
    else:
        for each in ast.walk(statement):
            if isinstance(each, IMPORTS):
                yield from imports_of(each)
            elif isinstance(each, _NAMED):
                yield each.name
            elif isinstance(each, ast.Name):
                yield each.id


def inner_imports(statements: list[ast.stmt], stars: bool) -> Iterator[Import]:
    """Imports in a ``try`` or ``if``, and all the names of a module if asked for."""
    for statement in statements:
        if isinstance(statement, (*IMPORTS, *_NAMED)):
            star = imports_of(statement).get("*")
            if star and stars:
                yield Import(star.level, star.module)
            continue
        for each in ast.walk(statement):
            if isinstance(each, IMPORTS):
                yield from imports_of(each).values()


def _is_plain(statement: ast.Assign | ast.AnnAssign) -> bool:
    """Whether it only binds names: ``a = b``, and not ``a[b] = c``."""
    if isinstance(statement, ast.AnnAssign):
        return isinstance(statement.target, ast.Name)
    return all(isinstance(each, ast.Name) for each in statement.targets)


def _bound_in(statement: ast.AST) -> Iterator[str]:
    for each in ast.walk(statement):
        if isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Load):
            yield each.id

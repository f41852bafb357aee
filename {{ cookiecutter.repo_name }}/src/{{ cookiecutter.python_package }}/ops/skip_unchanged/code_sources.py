"""The syntax trees of modules, and where a function or class stands in them."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cached_property
from importlib.machinery import SourceFileLoader
from types import CodeType, FunctionType
from typing import Any

from attrs import define, field

from . import code_syntax

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_Key = tuple[str, int]  # name and line
# The fields in which statements have statements.
_BLOCKS = ("body", "orelse", "handlers", "finalbody", "cases")


@define(slots=False)
class Source:
    """A module's source, read once."""

    loader: SourceFileLoader

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree.

        Raises:
            OSError: if the file cannot be read.
            SyntaxError: if it is no Python.
        """
        return ast.parse(self.loader.get_source(self.loader.name) or "")

    @cached_property
    def _definitions(self) -> tuple[dict[_Key, list[Any]], dict[str, list[Any]]]:
        functions: dict[_Key, list[Any]] = {}
        classes: dict[str, list[Any]] = {}
        for tree, name in _definitions_in(self.tree, ""):
            if isinstance(tree, ast.ClassDef):
                classes.setdefault(name, []).append(tree)
            else:
                first = [tree, *tree.decorator_list]
                key = (tree.name, min(each.lineno for each in first))
                functions.setdefault(key, []).append(tree)
        return functions, classes

    @cached_property
    def _lambdas(self) -> dict[_Key, list[Any]]:
        found: dict[_Key, list[Any]] = {}
        for tree in ast.walk(self.tree):  # which takes far longer than the statements
            if isinstance(tree, ast.Lambda):
                found.setdefault(("<lambda>", tree.lineno), []).append(tree)
        return found

    @cached_property
    def _codes(self) -> dict[_Key, list[CodeType]]:
        found: dict[_Key, list[CodeType]] = {}
        # Out of the cache of byte code, if that is new.
        waiting: list[Any] = [self.loader.get_code(self.loader.name)]
        for code in waiting:
            found.setdefault((code.co_name, code.co_firstlineno), []).append(code)
            waiting += [each for each in code.co_consts if isinstance(each, CodeType)]
        return found

    def functions(self, code: CodeType) -> list[Definition]:
        """The definitions of compiled code: several, if a line has several lambdas.

        None if the file was changed since the code came out of it.
        """
        key = (code.co_name, code.co_firstlineno)
        digest = code_syntax.of_code(code)
        if all(
            code_syntax.of_code(each) != digest for each in self._codes.get(key, [])
        ):
            return []
        known = self._lambdas if key[0] == "<lambda>" else self._definitions[0]
        return known.get(key, [])

    def classes(self, name: str) -> list[ast.ClassDef]:
        """The definitions of a class by its qualified name."""
        return self._definitions[1].get(name, [])


def _definitions_in(tree: ast.AST, prefix: str) -> Iterator[tuple[Any, str]]:
    """The functions and classes among statements, with their qualified names."""
    for block in _BLOCKS:
        for child in getattr(tree, block, ()):
            inside = prefix
            if isinstance(child, ast.ClassDef):
                yield child, f"{prefix}{child.name}"
                inside = f"{prefix}{child.name}."
            elif isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield child, f"{prefix}{child.name}"
                inside = f"{prefix}{child.name}.<locals>."
            yield from _definitions_in(child, inside)


@define
class Sources:
    """The sources that were read."""

    _files: dict[str, Source] = field(factory=dict)

    def of_module(self, name: str) -> Source | None:
        """The source of a module that is imported; none if it has none, as in a shell."""
        spec = getattr(sys.modules.get(name), "__spec__", None)
        loader = getattr(spec, "loader", None)
        return self._of(loader) if isinstance(loader, SourceFileLoader) else None

    def of_function(self, function: FunctionType) -> Source | None:
        """The source of the module of a function, if it came out of its file."""
        source = self.of_module(function.__globals__.get("__name__", ""))
        if source and source.loader.path == function.__code__.co_filename:
            return source
        return None

    def of_file(self, module: str, path: str) -> Source:
        """The source of a module that need not be imported."""
        return self._of(SourceFileLoader(module, path))

    def _of(self, loader: SourceFileLoader) -> Source:
        return self._files.setdefault(loader.path, Source(loader))

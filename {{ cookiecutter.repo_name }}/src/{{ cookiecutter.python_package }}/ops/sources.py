"""The syntax trees of modules, and where a function or class stands in them."""

from __future__ import annotations

import ast
import sys
from functools import cached_property
from importlib.machinery import SourceFileLoader
from types import CodeType, FunctionType
from typing import Any

from attrs import define, field

from . import syntax

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_Key = tuple[str, int]  # name and line


@define(slots=False)
class Source:
    """A module's source, read once."""

    path: str
    text: str
    compiled: CodeType | None = None

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text)

    @cached_property
    def _functions(self) -> dict[_Key, list[Definition]]:
        found: dict[_Key, list[Definition]] = {}
        for tree in ast.walk(self.tree):
            if isinstance(tree, Definition):
                lines = [each.lineno for each in getattr(tree, "decorator_list", [])]
                key = (getattr(tree, "name", "<lambda>"), min([tree.lineno, *lines]))
                found.setdefault(key, []).append(tree)
        return found

    @cached_property
    def _classes(self) -> dict[str, list[ast.ClassDef]]:
        found: dict[str, list[ast.ClassDef]] = {}
        _find_classes(self.tree, "", found)
        return found

    @cached_property
    def _codes(self) -> dict[_Key, list[CodeType]]:
        found: dict[_Key, list[CodeType]] = {}
        waiting = [self.compiled] if self.compiled else []
        for code in waiting:
            found.setdefault((code.co_name, code.co_firstlineno), []).append(code)
            waiting += [each for each in code.co_consts if isinstance(each, CodeType)]
        return found

    def functions(self, code: CodeType) -> list[Definition]:
        """The definitions of compiled code: several, if a line has several lambdas.

        None if the file was changed since the code came out of it.
        """
        key = (code.co_name, code.co_firstlineno)
        digest = syntax.of_code(code)
        if all(syntax.of_code(each) != digest for each in self._codes.get(key, [])):
            return []
        return self._functions.get(key, [])

    def classes(self, name: str) -> list[ast.ClassDef]:
        """The definitions of a class by its qualified name."""
        return self._classes.get(name, [])


def _find_classes(tree: ast.AST, prefix: str, found: dict[str, list[Any]]) -> None:
    for child in ast.iter_child_nodes(tree):
        inside = prefix
        if isinstance(child, ast.ClassDef):
            found.setdefault(f"{prefix}{child.name}", []).append(child)
            inside = f"{prefix}{child.name}."
        elif isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            inside = f"{prefix}{child.name}.<locals>."
        _find_classes(child, inside, found)


@define
class Sources:
    """The sources that were read."""

    _files: dict[str, Source | None] = field(factory=dict)

    def of_module(self, name: str) -> Source | None:
        """The source of a module that is imported; none if it has none, as in a shell."""
        spec = getattr(sys.modules.get(name), "__spec__", None)
        loader = getattr(spec, "loader", None)
        if not isinstance(loader, SourceFileLoader):
            return None
        if loader.path not in self._files:
            self._files[loader.path] = _read(loader)
        return self._files[loader.path]

    def of_function(self, function: FunctionType) -> Source | None:
        """The source of the module of a function, if it came out of its file."""
        source = self.of_module(function.__globals__.get("__name__", ""))
        if source and source.path == function.__code__.co_filename:
            return source
        return None

    def of_file(self, path: str) -> Source:
        """The source of a module that need not be imported.

        Raises:
            OSError: if it cannot be read.
            SyntaxError: if it is no Python.
        """
        found = self._files.get(path)
        if found is None:
            text = SourceFileLoader("", path).get_source("")
            found = self._files[path] = Source(path, text or "")
        return found


def _read(loader: SourceFileLoader) -> Source | None:
    try:
        # Out of the cache of byte code if that is new: with it shows whether the
        # functions in memory are still those of the file.
        code: Any = loader.get_code(loader.name)
        return Source(loader.path, loader.get_source(loader.name) or "", code)
    except (OSError, SyntaxError, ImportError):
        return None

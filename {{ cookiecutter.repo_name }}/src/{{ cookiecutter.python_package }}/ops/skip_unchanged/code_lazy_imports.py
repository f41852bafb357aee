"""The part of a module that a name needs, by its text alone.

For what functions import when they run: nothing is imported to look at it, and the
answer must not depend on whether somebody else has imported it already.
"""

from __future__ import annotations

import ast
import builtins
from importlib.machinery import SOURCE_SUFFIXES, ModuleSpec
from importlib.util import resolve_name

from attrs import define, field, frozen

from . import code_syntax
from .code_names import Chain, Import, imports_of, reach
from .code_packages import Own, Package, find
from .code_sources import Source, Sources
from .code_statements import IMPORTS, inner_imports, statements_of


@frozen
class Part:
    """The statements of a module that a name needs; without a name, all of them."""

    module: str
    name: str = ""


@frozen
class Missing:
    """What cannot be found."""

    name: str


Found = Part | Package | Missing


@define
class Unimported:
    """Finds parts of modules."""

    own: Own
    sources: Sources
    _specs: dict[str, ModuleSpec | None] = field(factory=dict)
    _open: list[tuple[str, Chain]] = field(factory=list)

    def imported(self, found: Import, package: str) -> list[Found]:
        """What a function in a package imports."""
        module = found.module
        if found.level:
            try:
                module = resolve_name("." * found.level + module, package)
            except ImportError:
                return [Missing(module)]
        return self.resolve(module, found.names)

    def resolve(self, module: str, chain: Chain) -> list[Found]:
        """What a name and its attributes need of a module."""
        if not self.own.has(module):
            return [Package.of(module)]
        if (module, chain) in self._open:  # modules that import it from each other
            return [Missing(".".join((module, *chain)))]
        self._open.append((module, chain))
        try:
            return self._resolve(module, chain)
        finally:
            self._open.pop()

    def _resolve(self, module: str, chain: Chain) -> list[Found]:
        source = self.source(module)
        if source is None and not self.is_package(module):
            return [Missing(module)]
        if not chain:
            return [Part(module)] if source else []
        name, *rest = chain
        if source and (bound := statements_of(source.tree.body, name)):
            return [
                each
                for statement in bound
                for each in self._bound(module, statement, name, tuple(rest))
            ]
        if self._spec(f"{module}.{name}"):
            return self.resolve(f"{module}.{name}", tuple(rest))
        return self._from_stars(module, source, chain)

    def look(self, part: Part) -> tuple[bytes, list[Found], bool]:
        """Digest and needs of a part, and whether it imports by unknown names."""
        source = self.source(part.module)
        statements = source.tree.body if source else []
        if part.name:
            statements = list(statements_of(statements, part.name))
        seen = reach(statements)
        found: list[Found] = []
        for chain in seen.chains:
            if chain[0] != part.name and not self._is_built_in(chain[0], source):
                found += self.resolve(part.module, chain)
        for each in [*seen.imports, *inner_imports(statements, not part.name)]:
            found += self.imported(each, self.package(part.module))
        return code_syntax.of_tree(statements), found, seen.dynamic

    def package(self, module: str) -> str:
        """The package against which a module's relative imports go."""
        return module if self.is_package(module) else module.rpartition(".")[0]

    def source(self, module: str) -> Source | None:
        """The source of a module; none if it is not there or no Python."""
        spec = self._spec(module)
        origin = spec.origin if spec else None
        if not origin or not origin.endswith(tuple(SOURCE_SUFFIXES)):
            return None
        try:
            source = self.sources.of_file(module, origin)
            return source if source.tree else None
        except (OSError, SyntaxError):
            return None

    def _bound(
        self, module: str, statement: ast.stmt, name: str, rest: Chain
    ) -> list[Found]:
        if not isinstance(statement, IMPORTS):
            return [Part(module, name)]
        found = imports_of(statement)[name]
        further = Import(found.level, found.module, (*found.names, *rest))
        return self.imported(further, self.package(module))

    def _from_stars(
        self, module: str, source: Source | None, chain: Chain
    ) -> list[Found]:
        for statement in source.tree.body if source else []:
            star = imports_of(statement).get("*")
            if star:
                inside = Import(star.level, star.module, chain)
                found = self.imported(inside, self.package(module))
                if not any(isinstance(each, Missing) for each in found):
                    return found
        if source and any(statements_of(source.tree.body, "__getattr__")):
            return [Part(module)]
        return [Missing(f"{module}.{chain[0]}")]

    def _is_built_in(self, name: str, source: Source | None) -> bool:
        bound = source and any(statements_of(source.tree.body, name))
        return hasattr(builtins, name) and not bound

    def is_package(self, module: str) -> bool:
        """Whether a module has modules inside."""
        spec = self._spec(module)
        return spec is not None and spec.submodule_search_locations is not None

    def _spec(self, module: str) -> ModuleSpec | None:
        if module not in self._specs:
            self._specs[module] = find(module)
        return self._specs[module]

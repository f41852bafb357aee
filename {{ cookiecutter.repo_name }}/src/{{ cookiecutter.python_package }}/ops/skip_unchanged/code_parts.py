"""What a function, a class, a module or a constant is made of, and what it needs."""

from __future__ import annotations

import ast
import enum
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FunctionType, MappingProxyType, ModuleType
from typing import Any

from attrs import define, field

from . import code_objects, code_syntax
from .code_lazy_imports import Missing, Part, Unimported
from .code_lookup import Constant, resolve
from .code_names import Reach, reach
from .code_packages import Own, Package, module_of
from .code_side_effects import Presets, presets
from .code_sources import Source, Sources
from .code_statements import imports_only
from .code_values import Values


@define
class Anatomy:
    """One thing: its own digest, and the other things that it needs, in an order."""

    title: str = ""  # none for what nobody would look for
    digest: bytes = b""
    needs: list[Any] = field(factory=list)
    opaque: list[str] = field(factory=list)


@define
class Anatomist:
    """Takes things apart. It imports nothing and calls nothing of the project's."""

    own: Own
    sources: Sources = field(factory=Sources)
    unimported: Unimported = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.unimported = Unimported(self.own, self.sources)

    def of(self, thing: Any) -> Anatomy:
        """Take a thing apart: its needs are things again."""
        kinds: dict[type, Callable[[Any], Anatomy]] = {
            FunctionType: self._of_function,
            type: self._of_class,
            ModuleType: self._of_module,
            Constant: self._of_constant,
            Part: self._of_part,
            Presets: self._of_presets,
            Package: _of_package,
            Missing: lambda thing: Anatomy("", f"missing {thing.name}".encode()),
        }
        for kind, act in kinds.items():
            if isinstance(thing, kind):
                return act(thing)
        return self._of_values(type(thing).__qualname__, [thing])

    def _of_constant(self, constant: Constant) -> Anatomy:
        source = self.sources.of_module(constant.module)
        places = imports_only(source.tree.body, constant.name) if source else []
        if places and not any(self.own.has(each.module) for each in places):
            # A library's own object, which its version tells of.
            words = [repr(each).encode() for each in places]
            packages = [Package.of(each.module) for each in places]
            return Anatomy("", code_syntax.digest(*words), packages)
        title = f"{self.own.title(constant.module)}: {constant.name}"
        return self._of_values(title, [constant.value])

    def _of_values(self, title: str, values: list[Any]) -> Anatomy:
        writer = Values(self.own)
        digest = code_syntax.digest(*map(writer.write, values))
        words = [
            f"{title} holds a {each}, which cannot be compared"
            for each in writer.opaque
        ]
        return Anatomy(title, digest, writer.targets, words)

    def _of_part(self, part: Part) -> Anatomy:
        digest, needs, dynamic = self.unimported.look(part)
        is_package = self.unimported.is_package(part.module)
        title = self.own.title(part.module, is_package)
        title += f": {part.name}" if part.name else ""
        opaque = [_by_unknown_name(title)] if dynamic else []
        return Anatomy(title, digest, list(needs), opaque)

    # Functions

    def _of_function(self, function: FunctionType) -> Anatomy:
        module = function.__globals__.get("__name__", "")
        if not self.own.has(module):
            return self._of_foreign(function, module)
        title = f"{self.own.title(module)}: {code_objects.name(function)}()"
        found = self._of_values(title, code_objects.given(function))
        source = self.sources.of_function(function)
        trees = source.functions(function.__code__) if source else []
        if trees:
            seen, digest = reach(trees), code_syntax.of_tree(trees)
        else:
            seen = code_objects.reach_of_code(function.__code__)
            digest = code_syntax.of_code(function.__code__)
            self._add(found, self._of_values(title, [dict(function.__annotations__)]))
        if source and not trees:
            found.opaque.append(f"{title} was edited after it was imported")
        if len(trees) > 1:  # lambdas on one line
            digest = code_syntax.digest(digest, code_syntax.of_code(function.__code__))
        self._follow(found, seen, function.__globals__, code_objects.cells(function))
        if source:
            found.needs.append(Presets(module))
        found.digest = code_syntax.digest(digest, found.digest)
        return found

    def _of_foreign(self, function: FunctionType, module: str) -> Anatomy:
        """A library's function, and what it holds of the project: a decorator, say."""
        word = f"{module}.{function.__code__.co_name}"
        values = [getattr(function, "__wrapped__", None)]
        values += [
            code_objects.kept(each) for each in code_objects.cells(function).values()
        ]
        found = self._of_values("", values)
        found.digest = code_syntax.digest(word.encode(), found.digest)
        found.needs.insert(0, Package.of(module))
        return found

    def _follow(
        self,
        found: Anatomy,
        seen: Reach,
        names: dict[str, Any],
        cells: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        """Add what code reaches: by a name of its module, or of a function around it."""
        for name, value in cells.items():
            title = f"{found.title}, its {name},"
            self._add(found, self._of_values(title, [value]))
        for chain in seen.chains:
            if chain[0] not in cells:
                needs = resolve(self.own, self.unimported, names, chain)
                found.needs += needs
                found.digest = code_syntax.digest(found.digest, b"%d" % len(needs))
        package = names.get("__package__") or ""
        for each in seen.imports:
            found.needs += self.unimported.imported(each, package)
        if seen.dynamic:
            found.opaque.append(_by_unknown_name(found.title))

    def _add(self, found: Anatomy, more: Anatomy) -> None:
        found.digest = code_syntax.digest(found.digest, more.digest)
        found.needs += more.needs
        found.opaque += more.opaque

    # Classes and modules

    def _of_class(self, cls: type) -> Anatomy:
        module = module_of(cls)
        if not self.own.has(module):
            word = f"{module}.{cls.__qualname__}"
            return Anatomy("", word.encode(), [Package.of(module)])
        source = self.sources.of_module(module)
        trees = source.classes(cls.__qualname__) if source else []
        names = vars(sys.modules[module]) if trees else {}
        methods = [*filter(self._is_followed, code_objects.methods(cls, bool(trees)))]
        followed = self._trees_of(source, methods) if source else []
        shown = [_without(tree, followed) for tree in trees]
        title = f"{self.own.title(module)}: {cls.__qualname__}"
        values = [] if issubclass(cls, enum.Enum) and trees else code_objects.state(cls)
        found = self._of_values(title, values)
        digest = code_syntax.of_tree(shown)
        self._follow(found, reach(shown), names)
        found.needs += [*cls.__bases__, *methods]
        found.digest = code_syntax.digest(digest, found.digest)
        return found

    def _of_presets(self, given: Presets) -> Anatomy:
        source = self.sources.of_module(given.module)
        names = vars(sys.modules[given.module])
        body = source.tree.body if source else []
        trees = list(presets(self.own, body, names))
        if not trees:
            return Anatomy()
        title = f"{self.own.title(given.module)}: what it sets in libraries"
        found = Anatomy(title, code_syntax.of_tree(trees))
        self._follow(found, reach(trees), names)
        return found

    def _is_followed(self, method: FunctionType) -> bool:
        own = self.own.has(method.__globals__.get("__name__", ""))
        return own or hasattr(method, "__wrapped__")

    def _trees_of(self, source: Source, methods: list[FunctionType]) -> list[ast.AST]:
        own = (each for each in methods if self.sources.of_function(each) is source)
        return [tree for each in own for tree in source.functions(each.__code__)]

    def _of_module(self, module: ModuleType) -> Anatomy:
        """All of a module, for code that may take anything of it."""
        if not self.own.has(module.__name__):
            return Anatomy("", module.__name__.encode(), [Package.of(module.__name__)])
        title = self.own.title(module.__name__)
        source = self.sources.of_module(module.__name__)
        if source is None:
            return self._of_binary(title, module)
        found = Anatomy(title, code_syntax.of_tree([source.tree]))
        self._follow(found, reach([source.tree]), vars(module))
        return found

    def _of_binary(self, title: str, module: ModuleType) -> Anatomy:
        """An extension that was built in place, or a namespace of modules."""
        path = getattr(module, "__file__", None)
        return Anatomy(
            title, code_syntax.digest(Path(path).read_bytes() if path else b"")
        )


def _of_package(package: Package) -> Anatomy:
    versions = ", ".join(package.versions)
    return Anatomy(versions, versions.encode())


def _by_unknown_name(title: str) -> str:
    return f"{title} imports a module whose name shows only when it runs"


def _without(tree: ast.ClassDef, followed: list[ast.AST]) -> ast.ClassDef:
    """A class without the methods that are looked at one by one."""
    rest = [each for each in tree.body if each not in followed]
    fields: dict[str, Any] = {name: getattr(tree, name, None) for name in tree._fields}
    return ast.ClassDef(**{**fields, "body": rest})

"""A digest of the code that a node's function would execute.

The project's own code is followed function by function, to everything that a function
mentions. A module that it imports while it runs counts as a whole file, a library as
its version. An edit may make a node run needlessly, but no edit that matters is missed.

Comments, docstrings and formatting do not count. The digest is the same in every process
and folder and, where there is source, in every Python.
"""

from __future__ import annotations

import ast
import enum
import inspect
import sys
from collections.abc import Iterable, Iterator
from importlib.util import resolve_name
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from attrs import define, field, frozen

from ..core.checksum import of_local_file, of_texts
from .source_code import (
    EVERYTHING,
    Mentions,
    Module,
    Modules,
    SourceFile,
    bindings,
    calls_by_name,
    is_of_guards,
    library,
    root_name,
    tree_text,
    versions,
)
from .values import ValueWriter, cells_of, is_code, module_of, plain_parts

# Classes whose methods a library writes, from what their source says.
_GENERATED = ("_fields", "__dataclass_fields__", "__attrs_attrs__")
# What may hold names of code.
_MAY_NAME = (str, list, tuple, dict)


@frozen
class CodeVersion:
    """The code of a function or class, and all code that it reaches."""

    digest: str
    items: dict[str, str]  # by titles: "pipelines/clean.py: trim()", "pandas 2.3.1"
    opaque: tuple[str, ...] = ()  # what could not be followed: it may have changed


@frozen
class Constant:
    """A name at the top of a module that holds a value."""

    module: str
    name: str
    value: Any = field(eq=id, repr=False)


@frozen
class Effects:
    """Side effects of importing a module: it sets a seed or an option."""

    module: str


@frozen
class AllCode:
    """All code of a package, for a call that loads code by an unknown name."""

    package: str
    call: str
    argument: str = ""  # of the node's function: the name is in that


@define
class Part:
    """One function, class, file or value: its text, and the code that it needs."""

    title: str = ""  # empty for what nobody would look for
    texts: list[str] = field(factory=list)
    needs: list[Any] = field(factory=list)
    opaque: list[str] = field(factory=list)


class CodeVersions:
    """The code of the functions and classes of one plan.

    Every part is read once; make a new object for each run of a process in which modules
    are imported anew, such as a notebook.
    """

    def __init__(
        self, project: Path, package: str = __name__.partition(".")[0]
    ) -> None:
        """Take the folder of the project and its package."""
        self._project, self._package = project, package
        self.modules = Modules(package)
        self._parts: dict[Any, tuple[Any, Part]] = {}
        self._versions: dict[Any, tuple[Any, CodeVersion]] = {}
        self._sources: dict[str, SourceFile] = {}
        self._effects: dict[str, list[Effects]] = {}

    def version(
        self, thing: Any, parameters: frozenset[str] = frozenset()
    ) -> CodeVersion:
        """The version of a function, a class, or a value with the code in it.

        Args:
            thing: the function, class or value.
            parameters: the arguments of the function that are parameters of the project:
                the code that they name is found with their values.
        """
        key = (_key(thing), parameters)
        if key not in self._versions:
            self._versions[key] = (thing, self._follow(thing, parameters))
        return self._versions[key][1]

    def _follow(self, root: Any, parameters: frozenset[str]) -> CodeVersion:
        # Each part has a number by when it is first met, and is digested with the numbers
        # of what it needs: so a cycle ends, and an exchange of two parts shows.
        numbers, waiting = {_key(root): 0}, [root]
        items: dict[str, str] = {}
        opaque: list[str] = []
        digests = []
        for thing in waiting:
            part = self._part(thing)
            needs = part.needs
            if thing is root and parameters:
                needs = [
                    n for n in needs if getattr(n, "argument", "") not in parameters
                ]
            for need in needs:
                if numbers.setdefault(_key(need), len(numbers)) == len(waiting):
                    waiting.append(need)
            text = of_texts(*part.texts)
            digests.append(f"{text} {[numbers[_key(need)] for need in needs]}")
            opaque += part.opaque
            if part.title:  # a module may have several lambdas
                items[part.title] = of_texts(items.get(part.title, ""), text)
        return CodeVersion(of_texts(*digests), items, tuple(dict.fromkeys(opaque)))

    def _part(self, thing: Any) -> Part:
        key = _key(thing)
        if key not in self._parts:
            part = Part()
            try:
                self._read(part, thing)
            except Exception as error:  # what objects of any class may raise
                name = getattr(thing, "__qualname__", type(thing).__qualname__)
                part = Part(opaque=[f"{name} cannot be followed: {error!r}"])
            # The thing is kept, too, so that no other gets its id.
            self._parts[key] = (thing, part)
        return self._parts[key][1]

    def _read(self, part: Part, thing: Any) -> None:
        if is_code(thing, FunctionType):
            self._read_function(part, thing)
        elif is_code(thing, type):
            self._read_class(part, thing)
        elif isinstance(thing, ModuleType):
            self._read_module(part, thing.__name__, getattr(thing, "__file__", None))
        elif isinstance(thing, Module):
            self._read_module(part, thing.name, self.modules.origin(thing.name))
        elif isinstance(thing, Effects):
            self._read_effects(part, thing.module)
        elif isinstance(thing, AllCode):
            part.title = f"all code of {thing.package}, which {thing.call} may use"
            part.texts.append(self.modules.code_of_package(thing.package))
            part.needs.append(Module(EVERYTHING))
        elif isinstance(thing, Constant):
            self._read_constant(part, thing)
        else:
            part.title = type(thing).__qualname__
            self._write(part, [thing])

    def _read_function(self, part: Part, function: FunctionType) -> None:
        module, code = function.__globals__.get("__name__", ""), function.__code__
        cells = cells_of(function)
        if not self.modules.is_own(module):
            # Of a library, such as a decorator: what it holds may be the project's.
            part.texts.append(f"{module}.{code.co_name}")
            part.needs += library(module)
            held = [getattr(function, "__wrapped__", None), *cells.values()]
            self._write(part, [plain_parts(each, self.modules.is_own) for each in held])
            return
        name = function.__qualname__.replace(".<locals>", "()")
        part.title = f"{self.modules.title(module)}: {name}()"
        given = [function.__defaults__, function.__kwdefaults__]
        self._write(part, [*given, dict(sorted(vars(function).items())), cells])
        source = self._source(module, self.modules.origin(module))
        if source is None or source.path != code.co_filename:
            part.opaque.append(f"{part.title} has no source file")
            return
        number, trees = source.number(code), source.functions(code)
        if number is None or not trees:
            part.opaque.append(f"{part.title} was edited after it was imported")
        part.texts += [*map(tree_text, trees), str(number)]
        self._add_mentions(part, trees, function.__globals__, code)
        arguments = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        for tree in trees:
            self._add_calls_by_name(part, tree, source, arguments)
        part.needs += self._effects_of_import(module)

    def _read_class(self, part: Part, cls: type) -> None:
        module = module_of(cls)
        if not self.modules.is_own(module):
            part.texts.append(f"{module}.{cls.__qualname__}")
            part.needs += library(module)
            return
        part.title = f"{self.modules.title(module)}: {cls.__qualname__}"
        source = self._source(module, self.modules.origin(module))
        trees = source.classes(cls.__name__) if source else []
        part.texts += map(tree_text, trees)
        part.needs += cls.__bases__ if trees else (*cls.__bases__, Module(module))
        generated = any(mark in vars(cls) for mark in _GENERATED)
        values = []
        for name, value in sorted(vars(cls).items()):
            for each in _functions_in(value):
                path = inspect.unwrap(each).__code__.co_filename
                own = self.modules.is_own(each.__globals__.get("__name__", ""))
                if (own or hasattr(each, "__wrapped__")) and not (
                    generated and path.startswith("<")
                ):
                    part.texts.append(name)
                    part.needs.append(each)
            if not (name.startswith("__") or is_code(value)):
                values.append((name, plain_parts(value)))
        if not (trees and issubclass(cls, enum.Enum)):
            self._write(part, values)
        self._add_mentions(part, trees, _names(module))
        for tree in trees:
            assert source
            self._add_calls_by_name(part, tree, source)

    def _read_constant(self, part: Part, constant: Constant) -> None:
        source = self._source(constant.module, self.modules.origin(constant.module))
        origins = source.only_imported_from(constant.name) if source else []
        if origins and not any(map(self.modules.is_own, origins)):
            # A library's own object: its version stands for it.
            part.texts.append(f"{constant.name} of {origins}")
            part.needs += [each for home in origins for each in library(home)]
            return
        part.title = f"{self.modules.title(constant.module)}: {constant.name}"
        self._write(part, [constant.value])

    def _read_module(self, part: Part, module: str, path: str | None) -> None:
        part.texts.append(module)
        if not self.modules.is_own(module):
            if library(module) != [Module(module)]:
                part.needs += library(module)
                return
            found = ", ".join(versions(module))
            part.title = "all installed packages" if module == EVERYTHING else found
            part.texts.append(found)
            return
        part.title = self.modules.title(module)
        source = self._source(module, path)
        if source:
            part.texts.append(tree_text(source.tree))
            imported = self._imported(Mentions([source.tree]), source.package)
            part.needs += map(Module, imported)
            self._add_calls_by_name(part, source.tree, source)
        elif path:  # an extension that was built in place
            part.texts.append(of_local_file(path))

    def _effects_of_import(self, module: str) -> list[Effects]:
        """The effects of a module's import, including modules of its package that it
        imports."""
        package = module.partition(".")[0]
        if module not in self._effects:
            found, modules = [], [module]
            for each in modules:
                source = self._source(each, self.modules.origin(each))
                if source:
                    inner = self._imported(source.import_mentions, source.package)
                    names = {each.rpartition(".")[0], *inner}.difference(modules)
                    # Not the guards: which of them are imported differs by branch.
                    modules += sorted(
                        n
                        for n in names
                        if n.partition(".")[0] == package and not is_of_guards(n)
                    )
                    found += [Effects(each)] if source.effects else []
            self._effects[module] = found
        return self._effects[module]

    def _read_effects(self, part: Part, module: str) -> None:
        source = self._source(module, self.modules.origin(module))
        if source:
            part.title = f"{self.modules.title(module)}: what its import sets"
            part.texts += map(tree_text, source.effects)
            self._add_mentions(part, source.effects, _names(module))
            for tree in source.effects:
                self._add_calls_by_name(part, tree, source)

    def _add_calls_by_name(
        self,
        part: Part,
        tree: ast.AST,
        source: SourceFile,
        arguments: tuple[str, ...] = (),
    ) -> None:
        """Add code that is loaded by name; if the name is unknown, add all code."""
        calls = [*calls_by_name(tree, source.imported_names)]
        bound = bindings(tree) if calls else {}
        names = _names(source.module)
        for call, given in calls:
            name = root_name(given)
            if isinstance(given, ast.Constant) and not str(given.value).startswith("."):
                found = self.modules.named_in(str(given.value))
                part.needs += [Module(found)] if found else []
            elif name not in bound and isinstance(names.get(name), _MAY_NAME):
                part.needs += self._resolve(names, (name,))
            else:
                is_argument = name in arguments and bound[name] == 1
                where = part.title or self.modules.title(source.module)
                for package in sorted({self._package, source.module.partition(".")[0]}):
                    argument = name if is_argument else ""
                    part.needs.append(AllCode(package, f"{call} in {where}", argument))

    def _code_of_texts(self, texts: Iterable[str]) -> list[Any]:
        names = sorted({text for text in texts if "." in text or ":" in text})
        return [Module(m) for m in map(self.modules.named_in, names) if m]

    def _add_mentions(
        self,
        part: Part,
        trees: Iterable[ast.AST],
        names: dict[str, Any],
        code: CodeType | None = None,
    ) -> None:
        """Add what code mentions: names of its module, and what it imports."""
        seen = Mentions(trees, code)
        for chain in sorted(seen.chains):
            needs = self._resolve(names, chain)
            part.needs += needs
            part.texts += [".".join(chain)] * len(needs)
        imported = self._imported(seen, names.get("__package__") or "")
        part.needs += map(Module, imported)
        part.needs += self._code_of_texts(seen.texts)

    def _resolve(self, names: dict[str, Any], chain: tuple[str, ...]) -> list[Any]:
        """Find the object behind a dotted name in a module."""
        module = names.get("__name__", "")
        name, *rest = chain
        if name not in names:
            everything = name in {"globals", "eval", "exec"}
            return [Module(module)] if everything else []
        value = names[name]
        while (
            isinstance(value, ModuleType)
            and rest
            and self.modules.is_own(value.__name__)
        ):
            module, names, name = value.__name__, vars(value), rest.pop(0)
            if name not in names:  # a module not yet imported, or a made-up name
                inner = f"{module}.{name}"
                return [Module(inner if self.modules.origin(inner) else module)]
            value = names[name]
        if isinstance(value, ModuleType) and hasattr(value, "__path__"):
            if self.modules.is_own(value.__name__):  # by an attribute: any module in it
                return [value, AllCode(value.__name__, f"`{name}` in {module}")]
        return [value if is_code(value) else Constant(module, name, value)]

    def _imported(self, seen: Mentions, package: str) -> list[str]:
        """The modules that are imported."""
        imported = []
        for level, name, names in sorted(seen.imports):
            try:
                module = resolve_name("." * level + name, package) if level else name
            except ImportError:
                continue  # as it will when the code runs
            if not self.modules.is_own(module):
                imported.append(module)
                continue
            found = [module, *(f"{module}.{each}" for each in names)]
            if not names:
                found.append(module.partition(".")[0])
            for each in found:  # import a; a.b.c()
                inner = (f"{each}.{word}" for word in sorted(seen.words))
                found += [m for m in inner if m not in found and self.modules.spec(m)]
            imported += filter(self.modules.origin, found)
        return imported

    def _write(self, part: Part, values: Iterable[Any]) -> None:
        writer = ValueWriter(self._project, self.modules.is_own, self._code_of_texts)
        part.texts += map(writer.write, values)
        part.needs += writer.code
        part.opaque += [
            f"{part.title} holds a {each}, which cannot be compared"
            for each in writer.opaque
        ]

    def _source(self, module: str, path: str | None) -> SourceFile | None:
        if not path or not path.endswith(".py"):
            return None
        return self._sources.setdefault(path, SourceFile(module, path))


def _names(module: str) -> dict[str, Any]:
    return vars(sys.modules[module]) if module in sys.modules else {}


def _key(thing: Any) -> Any:
    if isinstance(thing, ModuleType):
        return Module(thing.__name__)
    places = (AllCode, Constant, Effects, Module)
    return thing if isinstance(thing, places) else id(thing)


def _functions_in(value: Any) -> Iterator[FunctionType]:
    """The functions of an attribute of a class: of a property, up to three."""
    names = ("fget", "fset", "fdel", "__func__", "func")
    parts = [
        inspect.getattr_static(value, name, None) and getattr(value, name)
        for name in names
    ]
    yield from (each for each in (value, *parts) if is_code(each, FunctionType))

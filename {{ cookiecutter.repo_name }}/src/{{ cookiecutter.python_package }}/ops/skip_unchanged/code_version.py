"""What a node's function would execute, as one digest.

The project's own code is followed function by function: what a function mentions belongs
to it. A module that it imports while it runs counts as a whole file, and a library as its
version. An edit may make a node run needlessly; none that matters may be missed.

Comments, docstrings and formatting do not count. The digest is the same in every process
and folder and, where there is source, in every Python.
"""

from __future__ import annotations

import enum
import functools
import hashlib
import inspect
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import resolve_name
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from attrs import define, field, frozen

from .source_code import (
    Mentions,
    SourceFile,
    code_text,
    compiled,
    digest,
    hints,
    names_acted_on,
    tree_text,
)
from .values import CODE, Module, ValueWriter, cells_of, module_of, plain_parts

# Classes whose methods a library writes, from what their source says.
_GENERATED = ("_fields", "__dataclass_fields__", "__attrs_attrs__")
# Libraries whose settings change no data.
_HARMLESS = {"logging", "warnings", "typing", "builtins"}


@frozen
class CodeVersion:
    """The code of a function or class, and all that it reaches."""

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
class LibrarySettings:
    """What a module sets in libraries when it is imported: a seed, an option."""

    module: str


@frozen
class Package:
    """An installed package, by the name of its top-level module."""

    name: str


@define
class Part:
    """One function, class, file or value: its own text, and the code that it needs."""

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
        self._parts: dict[Any, tuple[Any, Part]] = {}
        self._versions: dict[Any, tuple[Any, CodeVersion]] = {}
        self._own: dict[str, bool] = {}
        self._specs: dict[str, ModuleSpec | None] = {}
        self._sources: dict[str, SourceFile] = {}

    def version(self, thing: Any) -> CodeVersion:
        """The code of a function or class, or a value with the code that it holds."""
        key = _key(thing)
        if key not in self._versions:
            self._versions[key] = (thing, self._follow(thing))
        return self._versions[key][1]

    def is_own(self, module: str) -> bool:
        """Whether a module is the project's own: neither Python's nor installed."""
        top = module.partition(".")[0]
        if top not in self._own:
            self._own[top] = self._is_own(top)
        return self._own[top]

    def _is_own(self, top: str) -> bool:
        if top in {self._package, "__main__"}:
            return True
        if _is_of_python(top):
            return False
        spec = self._spec(top)
        places = [*(spec and spec.submodule_search_locations or [])]
        if not places and spec and spec.origin:
            places = [spec.origin]
        folders = [Path(place).parent for place in places]
        return not folders or not all(map(_is_for_packages, folders))

    def _follow(self, root: Any) -> CodeVersion:
        # Each part has a number by when it is first met, and is digested with the numbers
        # of what it needs: so a cycle ends, and an exchange of two parts shows.
        numbers, waiting = {_key(root): 0}, [root]
        items: dict[str, str] = {}
        opaque: list[str] = []
        digests = []
        for thing in waiting:
            part = self._part(thing)
            for need in part.needs:
                if numbers.setdefault(_key(need), len(numbers)) == len(waiting):
                    waiting.append(need)
            text = digest(*part.texts)
            digests.append(f"{text} {[numbers[_key(need)] for need in part.needs]}")
            opaque += part.opaque
            if part.title:
                items[_free(part.title, items)] = text
        return CodeVersion(digest(*digests), items, tuple(dict.fromkeys(opaque)))

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
        if isinstance(thing, FunctionType):
            self._read_function(part, thing)
        elif isinstance(thing, type):
            self._read_class(part, thing)
        elif isinstance(thing, ModuleType):
            self._read_module(part, thing.__name__, getattr(thing, "__file__", None))
        elif isinstance(thing, Module):
            self._read_module(part, thing.name, self._origin(thing.name))
        elif isinstance(thing, LibrarySettings):
            self._read_library_settings(part, thing.module)
        elif isinstance(thing, Package):
            part.title = ", ".join(versions(thing.name))
            part.texts.append(part.title)
        elif isinstance(thing, Constant):
            self._read_constant(part, thing)
        else:
            part.title = type(thing).__qualname__
            self._write(part, [thing])

    def _read_function(self, part: Part, function: FunctionType) -> None:
        module, code = function.__globals__.get("__name__", ""), function.__code__
        cells = cells_of(function)
        if not self.is_own(module):
            # Of a library, such as a decorator: what it holds may be the project's.
            part.texts.append(f"{module}.{code.co_name}")
            part.needs.append(_package(module))
            held = [getattr(function, "__wrapped__", None), *cells.values()]
            self._write(part, map(plain_parts, held))
            return
        name = function.__qualname__.replace(".<locals>", "()")
        part.title = f"{self._title(module)}: {name}()"
        given = [function.__defaults__, function.__kwdefaults__]
        self._write(part, [*given, dict(sorted(vars(function).items())), cells])
        source = self._source(module, self._origin(module))
        if source and source.path != code.co_filename:
            source = None  # made by a call of exec()
        if source and not source.has(code):
            part.opaque.append(f"{part.title} was edited after it was imported")
        trees = source.functions(code) if source else []
        if len(trees) == 1:
            part.texts.append(tree_text(trees[0]))
        else:  # no source, or lambdas on one line
            part.texts.append(code_text(code))
            self._write(part, [dict(function.__annotations__)])
        codes = [code, *(each for tree in trees for each in hints(tree))]
        self._add_mentions(part, codes, function.__globals__)
        if source:
            part.needs.append(LibrarySettings(module))

    def _read_class(self, part: Part, cls: type) -> None:
        module = module_of(cls)
        if not self.is_own(module):
            part.texts.append(f"{module}.{cls.__qualname__}")
            part.needs.append(_package(module))
            return
        part.title = f"{self._title(module)}: {cls.__qualname__}"
        source = self._source(module, self._origin(module))
        trees = source.classes(cls.__name__) if source else []
        part.texts += map(tree_text, trees)
        part.needs += cls.__bases__
        generated = bool(trees) and any(mark in vars(cls) for mark in _GENERATED)
        values = []
        for name, value in sorted(vars(cls).items()):
            for each in _functions_in(value):
                path = inspect.unwrap(each).__code__.co_filename
                own = self.is_own(each.__globals__.get("__name__", ""))
                if (own or hasattr(each, "__wrapped__")) and not (
                    generated and path.startswith("<")
                ):
                    part.texts.append(name)
                    part.needs.append(each)
            if not (name.startswith("__") or isinstance(value, CODE)):
                values.append((name, plain_parts(value)))
        if not (trees and issubclass(cls, enum.Enum)):
            self._write(part, values)
        codes = [each for tree in trees for each in (compiled(tree), *hints(tree))]
        self._add_mentions(part, codes, _names(module))

    def _read_constant(self, part: Part, constant: Constant) -> None:
        source = self._source(constant.module, self._origin(constant.module))
        origins = source.only_imported_from(constant.name) if source else []
        if origins and not any(map(self.is_own, origins)):
            # A library's own object: its version stands for it.
            part.texts.append(f"{constant.name} of {origins}")
            part.needs += map(_package, origins)
            return
        part.title = f"{self._title(constant.module)}: {constant.name}"
        self._write(part, [constant.value])

    def _read_module(self, part: Part, module: str, path: str | None) -> None:
        part.texts.append(module)
        if not self.is_own(module):
            part.needs.append(_package(module))
            return
        part.title = self._title(module)
        source = self._source(module, path)
        if source:
            part.texts.append(tree_text(source.tree))
            is_package = source.path.endswith("__init__.py")
            package = module if is_package else module.rpartition(".")[0]
            self._add_imports(part, Mentions.find([source.code]), package)
        elif path:  # an extension that was built in place
            part.texts.append(hashlib.blake2b(Path(path).read_bytes()).hexdigest())

    def _read_library_settings(self, part: Part, module: str) -> None:
        source = self._source(module, self._origin(module))
        names = _names(module)
        trees = []
        for statement in source.tree.body if source else []:
            roots = [names.get(each) for each in names_acted_on(statement)]
            if any(self._is_of_library(each) for each in roots if each is not None):
                trees.append(statement)
        if trees:
            part.title = f"{self._title(module)}: what it sets in libraries"
            part.texts += map(tree_text, trees)
            self._add_mentions(part, map(compiled, trees), names)

    def _is_of_library(self, value: Any) -> bool:
        module = getattr(value, "__module__", None)
        if isinstance(value, ModuleType):
            module = value.__name__
        elif not isinstance(module, str):
            module = type(value).__module__
        return module.partition(".")[0] not in _HARMLESS and not self.is_own(module)

    def _add_mentions(
        self, part: Part, codes: Iterable[CodeType], names: dict[str, Any]
    ) -> None:
        """Add what code mentions: names of its module, and what it imports."""
        seen = Mentions.find(codes)
        for chain in sorted(seen.chains):
            needs = self._resolve(names, chain)
            part.needs += needs
            part.texts += [".".join(chain)] * len(needs)
        self._add_imports(part, seen, names.get("__package__") or "")

    def _resolve(self, names: dict[str, Any], chain: tuple[str, ...]) -> list[Any]:
        """What a name and its attributes are, by the names of a module."""
        module = names.get("__name__", "")
        name, *rest = chain
        if name not in names:
            everything = name in {"globals", "eval", "exec"}
            return [Module(module)] if everything else []
        value = names[name]
        while isinstance(value, ModuleType) and rest and self.is_own(value.__name__):
            module, names, name = value.__name__, vars(value), rest.pop(0)
            if name not in names:  # a module not yet imported, or a made-up name
                inner = f"{module}.{name}"
                return [Module(inner if self._origin(inner) else module)]
            value = names[name]
        return [value if isinstance(value, CODE) else Constant(module, name, value)]

    def _add_imports(self, part: Part, seen: Mentions, package: str) -> None:
        for level, name, names in sorted(seen.imports):
            try:
                module = resolve_name("." * level + name, package) if level else name
            except ImportError:
                continue  # as it will when the code runs
            if not self.is_own(module):
                part.needs.append(_package(module))
                continue
            found = [module, *(f"{module}.{each}" for each in names)]
            if not names:
                found.append(module.partition(".")[0])
            for each in found:  # import a; a.b.c()
                inner = (f"{each}.{word}" for word in sorted(seen.words))
                found += [m for m in inner if m not in found and self._spec(m)]
            part.needs += [Module(each) for each in found if self._origin(each)]
        if seen.is_dynamic:
            part.opaque.append(
                f"{part.title} imports a module whose name shows only when it runs"
            )

    def _write(self, part: Part, values: Iterable[Any]) -> None:
        writer = ValueWriter(self._project, self.is_own)
        part.texts += map(writer.write, values)
        part.needs += writer.code
        part.opaque += [
            f"{part.title} holds a {each}, which cannot be compared"
            for each in writer.opaque
        ]

    def _title(self, module: str) -> str:
        """A module as people look for it: its file, from the project's package on."""
        if not module:
            return "code without a file"
        path = module.removeprefix(f"{self._package}.").replace(".", "/")
        is_package = self._origin(module).endswith("__init__.py")
        return f"{path}/__init__.py" if is_package else f"{path}.py"

    def _source(self, module: str, path: str | None) -> SourceFile | None:
        if not path or not path.endswith(".py"):
            return None
        return self._sources.setdefault(path, SourceFile(module, path))

    def _origin(self, module: str) -> str:
        spec = self._spec(module)
        return spec.origin or "" if spec and spec.has_location else ""

    def _spec(self, module: str) -> ModuleSpec | None:
        """Where a module is, without importing it."""
        if module not in self._specs:
            above, _, _ = module.rpartition(".")
            spec = getattr(sys.modules.get(module), "__spec__", None)
            if spec is None and module:
                parent = self._spec(above) if above else None
                path = parent and parent.submodule_search_locations or []
                spec = PathFinder.find_spec(module, [*path] if above else None)
            self._specs[module] = spec
        return self._specs[module]


@functools.cache
def _installed() -> dict[str, set[str]]:
    """The installed packages with their versions, by the modules that they bring."""
    found = defaultdict(set)
    # importlib.metadata.packages_distributions takes half a second, and in Python 3.10
    # does not know packages without a file top_level.txt.
    for notes in (each for top in sys.path for each in Path(top).glob("*.*-info")):
        for name in ("RECORD", "top_level.txt"):
            if (notes / name).is_file():
                for module in set(
                    re.findall(rb"(?m)^(\w+)(?:[/.]|$)", (notes / name).read_bytes())
                ):
                    package = " ".join(notes.stem.split("-")[:2])
                    found[module.decode()].add(package)
                break
    return found


def versions(package: str) -> list[str]:
    """What is installed of a package; nothing for Python's own modules."""
    if not package:
        return []
    return sorted(_installed().get(package, {f"{package} of no known version"}))


def _package(module: str) -> Package:
    top = module.partition(".")[0]
    return Package("" if _is_of_python(top) else top)


def _is_of_python(top: str) -> bool:
    # Cython puts its types into modules that do not exist.
    return top in sys.stdlib_module_names or top.startswith("_cython_")


def _is_for_packages(folder: Path) -> bool:
    if {"site-packages", "dist-packages"} & set(folder.parts):
        return True
    return any(folder.glob("*.dist-info/RECORD"))  # pip install --target


def _names(module: str) -> dict[str, Any]:
    return vars(sys.modules[module]) if module in sys.modules else {}


def _key(thing: Any) -> Any:
    if isinstance(thing, ModuleType):
        return Module(thing.__name__)
    places = (Constant, Module, LibrarySettings, Package)
    return thing if isinstance(thing, places) else id(thing)


def _free(title: str, items: dict[str, str]) -> str:
    """A title that no other part has: a module may have several lambdas."""
    number, name = 1, title
    while name in items:
        number += 1
        name = f"{title} ({number})"
    return name


def _functions_in(value: Any) -> Iterator[FunctionType]:
    """The functions of an attribute of a class: of a property, up to three."""
    names = ("fget", "fset", "fdel", "__func__", "func")
    parts = [
        inspect.getattr_static(value, name, None) and getattr(value, name)
        for name in names
    ]
    yield from (each for each in (value, *parts) if isinstance(each, FunctionType))

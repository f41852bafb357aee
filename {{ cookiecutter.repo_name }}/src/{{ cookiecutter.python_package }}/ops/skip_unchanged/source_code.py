"""Source code: modules, packages, source files, and the names that code mentions."""

from __future__ import annotations

import ast
import functools
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cached_property
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any

from attrs import define, frozen

from ..core.checksum import of_texts

EVERYTHING = "*"  # all packages that are installed
_KIT = __package__.rpartition(".")[0]
# What may be the name of code, in a text.
_NAME = re.compile(r"[A-Za-z_]\w*(?:[.:][A-Za-z_]\w*)*")


@frozen
class Module:
    """A whole module: its file, or the version of its library."""

    name: str


class Modules:
    """Finds modules, and tells whether they are the project's; imports nothing."""

    def __init__(self, package: str) -> None:
        """Take the project's package."""
        self._package = package
        self._own: dict[str, bool] = {}
        self._specs: dict[str, ModuleSpec | None] = {}
        self._codes: dict[str, str] = {}

    def is_own(self, module: str) -> bool:
        """Whether a module is the project's own: neither Python's nor installed."""
        top = module.partition(".")[0]
        if top not in self._own:
            self._own[top] = self._is_own(top)
        return self._own[top]

    def _is_own(self, top: str) -> bool:
        if top in {self._package, "__main__"}:
            return True
        if top == EVERYTHING or _is_of_python(top):
            return False
        spec = self.spec(top)
        places = [*(spec and spec.submodule_search_locations or [])]
        if not places and spec and spec.origin:
            places = [spec.origin]
        folders = [Path(place).parent for place in places]
        return not folders or not all(map(_is_for_packages, folders))

    def origin(self, module: str) -> str:
        """The file of a module; empty if it has none."""
        spec = self.spec(module)
        return spec.origin or "" if spec and spec.has_location else ""

    def spec(self, module: str) -> ModuleSpec | None:
        """Find a module without importing it."""
        if module not in self._specs:
            above, _, _ = module.rpartition(".")
            spec = getattr(sys.modules.get(module), "__spec__", None)
            if spec is None and module:
                parent = self.spec(above) if above else None
                path = parent and parent.submodule_search_locations or []
                spec = PathFinder.find_spec(module, [*path] if above else None)
            self._specs[module] = spec
        return self._specs[module]

    def named_in(self, text: str) -> str:
        """The project's module or the package that a text names."""
        if not _NAME.fullmatch(text):
            return ""
        name = text.replace(":", ".")
        top = name.partition(".")[0]
        if not self.is_own(top):
            return top if top in installed() else ""
        while name and not self.origin(name):
            name = name.rpartition(".")[0]
        return name

    def title(self, module: str) -> str:
        """A module's title: its file, relative to the project's package."""
        if not module:
            return "code without a file"
        path = module.removeprefix(f"{self._package}.").replace(".", "/")
        is_package = self.origin(module).endswith("__init__.py")
        return f"{path}/__init__.py" if is_package else f"{path}.py"

    def code_of_package(self, package: str) -> str:
        """All files of a package, without the guards."""
        if package not in self._codes:
            kit = Path(__file__).parents[1]
            spec = self.spec(package)
            found = []
            for place in [*(spec and spec.submodule_search_locations or [])]:
                files = (f for f in Path(place).rglob("*.py") if kit not in f.parents)
                for file in sorted(files):
                    name = file.relative_to(place).as_posix()
                    found.append(f"{name} {_content(file)}")
            if not found and spec and spec.origin:
                found.append(_content(Path(spec.origin)))
            self._codes[package] = of_texts(*found)
        return self._codes[package]


@functools.cache
def installed() -> dict[str, set[str]]:
    """The installed packages with their versions, by their modules."""
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
    """The installed version of a package."""
    if package == EVERYTHING:
        return sorted(set().union(*installed().values()))
    return sorted(installed().get(package, {f"{package} of no known version"}))


def _content(file: Path) -> str:
    return of_texts(file.read_bytes().decode("latin-1"))


def is_of_guards(module: str) -> bool:
    """Whether a module, or what is in it, belongs to the guards."""
    return f"{module}.".startswith(f"{_KIT}.")


def library(module: str) -> list[Module]:
    """The library of a module; none for Python's own."""
    top = module.partition(".")[0]
    return [] if not top or _is_of_python(top) else [Module(top)]


def _is_of_python(top: str) -> bool:
    # Cython puts its types into modules that do not exist.
    return top in sys.stdlib_module_names or top.startswith("_cython_")


def _is_for_packages(folder: Path) -> bool:
    if {"site-packages", "dist-packages"} & set(folder.parts):
        return True
    return any(folder.glob("*.dist-info/RECORD"))  # pip install --target


# Fields of syntax trees that do not change what the code does.
_LOOKS = {"ctx", "kind", "type_comment", "type_ignores"}
_HINTS = ("annotation", "returns")
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
# Libraries and functions whose calls at the top of a module change no data.
_HARMLESS = {"logging", "warnings", "print"}
# What gives the code that a text names.
_BY_NAME = re.compile(
    r"([\w.]*\.)?(import_module|__import__|load_obj|resolve_name|run_module|import_string)"
    r"|sys\.modules(\.get)?|pydoc\.locate|hydra\.utils\.\w+"
)
# What gives code that no text there names.
_UNNAMED = re.compile(
    r"([\w.]*\.)?(run_path|entry_points|read_pickle|Unpickler|module_from_spec"
    r"|__subclasses__)"
    r"|(_?pickle|dill|joblib|cloudpickle|torch)\.loads?|shelve\.open"
)


@define(slots=False)
class SourceFile:
    """A module's source, and the places of its functions and classes."""

    module: str
    path: str

    @property
    def package(self) -> str:
        """The package that its relative imports start at."""
        is_package = self.path.endswith("__init__.py")
        return self.module if is_package else self.module.rpartition(".")[0]

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(Path(self.path).read_bytes())

    @cached_property
    def _functions(self) -> dict[tuple[str, int], list[ast.AST]]:
        found = defaultdict[tuple[str, int], list[ast.AST]](list)
        for tree in ast.walk(self.tree):
            if isinstance(tree, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
                first = [tree, *getattr(tree, "decorator_list", [])]
                line = min(each.lineno for each in first)
                found[getattr(tree, "name", "<lambda>"), line].append(tree)
        return found

    @cached_property
    def _codes(self) -> dict[CodeType, int]:
        # From Python's cache of compiled files, if that is new.
        whole = SourceFileLoader(self.module, self.path).get_code(self.module)
        assert whole
        counts: Counter[tuple[str, int]] = Counter()
        found = {}
        for code in _codes_in([whole]):
            key = (code.co_name, code.co_firstlineno)
            found[code] = counts[key]
            counts[key] += 1
        return found

    def functions(self, code: CodeType) -> list[ast.AST]:
        """The definitions of a function: several, if a line has several lambdas."""
        return self._functions.get((code.co_name, code.co_firstlineno), [])

    def number(self, code: CodeType) -> int | None:
        """The number of a function among those of its name on its line; none if the
        file does not have this code there."""
        return self._codes.get(code)

    def classes(self, name: str) -> list[ast.ClassDef]:
        """The definitions of classes of a name."""
        trees = ast.walk(self.tree)
        return [t for t in trees if isinstance(t, ast.ClassDef) and t.name == name]

    @cached_property
    def imported_names(self) -> dict[str, str]:
        """The full names of imported names: ``pickle.load`` for ``load``."""
        found = {}
        for each in ast.walk(self.tree):
            if isinstance(each, (ast.Import, ast.ImportFrom)):
                home = getattr(each, "module", None)
                for name in each.names:
                    whole = f"{home}.{name.name}" if home else name.name
                    found[name.asname or name.name] = whole
        return found

    @cached_property
    def _statements(self) -> list[ast.stmt]:
        """The statements that run on import, without functions and classes."""
        return [each for each in self.tree.body if not isinstance(each, _DEFINITIONS)]

    @cached_property
    def import_mentions(self) -> Mentions:
        """The names that the module mentions on import."""
        return Mentions(self._statements)

    def only_imported_from(self, name: str) -> list[str]:
        """The modules that a name is imported from, if no other statement touches it."""
        if any(chain[0] == name for chain in self.import_mentions.chains):
            return []
        trees = (each for tree in self._statements for each in ast.walk(tree))
        imports = [
            each
            for each in trees
            if isinstance(each, ast.ImportFrom)
            and name in {alias.asname or alias.name for alias in each.names}
        ]
        relative = any(each.level for each in imports)
        return [] if relative else [str(each.module) for each in imports]

    @cached_property
    def effects(self) -> list[ast.stmt]:
        """The statements that call something, or set something in an object, when the
        module is imported: ``np.random.seed(1)``, ``pd.options.mode.copy_on_write = 1``."""
        return [
            statement
            for statement in self._statements
            if {*map(root_name, _acted_on(statement))} - _HARMLESS
        ]


def _acted_on(statement: ast.stmt) -> Iterator[ast.AST]:
    for each in ast.walk(statement):
        if isinstance(each, ast.Expr) and isinstance(each.value, ast.Call):
            yield each.value.func
        elif isinstance(each, (ast.Attribute, ast.Subscript)):
            if isinstance(each.ctx, ast.Store):
                yield each


def root_name(tree: ast.AST | None) -> str:
    """The name ``a`` of ``a`` and ``a["b"].c``; empty if there is none."""
    while isinstance(tree, (ast.Attribute, ast.Subscript)):
        tree = tree.value
    return tree.id if isinstance(tree, ast.Name) else ""


class Mentions:
    """The names in syntax trees, including those in nested functions."""

    def __init__(self, trees: Iterable[ast.AST], code: CodeType | None = None) -> None:
        """Find them.

        Args:
            trees: the syntax trees.
            code: of the function that they are of; then its local names are left out.
        """
        inside = [each for tree in trees for each in ast.walk(tree)]
        hints = [*_hints(inside)]
        inside += hints
        self.imports = {*_imports(inside)}  # level, module, names
        self.texts = {  # which may name code
            each.value
            for each in inside
            if isinstance(each, ast.Constant) and isinstance(each.value, str)
        }
        self.chains = _chains(inside)  # ("module", "function")
        self.words = {word for chain in self.chains for word in chain}
        self.words |= {each.attr for each in inside if isinstance(each, ast.Attribute)}
        self.words |= {word for _, _, names in self.imports for word in names}
        if code:
            names = {name for each in _codes_in([code]) for name in each.co_names}
            chains = {each for each in self.chains if each[0] in names}
            self.chains = chains | _chains(hints)


def _hints(trees: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The parts of type hints, including hints written as texts."""
    found = (getattr(tree, name, None) for tree in trees for name in _HINTS)
    for hint in filter(None, found):
        for each in ast.walk(hint):
            yield each
            if isinstance(each, ast.Constant) and isinstance(each.value, str):
                with suppress(SyntaxError, ValueError):  # as in Literal[...]
                    yield from ast.walk(ast.parse(each.value, mode="eval"))


def _imports(trees: Iterable[ast.AST]) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    for each in trees:
        if isinstance(each, ast.Import):
            yield from ((0, name.name, ()) for name in each.names)
        elif isinstance(each, ast.ImportFrom):
            names = tuple(name.name for name in each.names)
            yield each.level, each.module or "", names


def _chains(trees: list[ast.AST]) -> set[tuple[str, ...]]:
    """Names with all their attributes."""
    inner = {id(each.value) for each in trees if isinstance(each, ast.Attribute)}
    chains = (
        tuple(_dotted(each))
        for each in trees
        if isinstance(each, (ast.Name, ast.Attribute)) and id(each) not in inner
    )
    return {chain for chain in chains if chain[0] not in {"", "__name__"}}


def _dotted(tree: ast.AST) -> list[str]:
    """The parts of ``a.b.c``; the first is empty if it is no name."""
    parts = []
    while isinstance(tree, ast.Attribute):
        parts.append(tree.attr)
        tree = tree.value
    return [tree.id if isinstance(tree, ast.Name) else "", *reversed(parts)]


def tree_text(tree: object) -> str:
    """A syntax tree without docstrings, comments and places.

    Every Python that reads the source alike makes the same text, unlike ``ast.dump``.
    """
    if isinstance(tree, list):
        return f"[{' '.join(map(tree_text, tree))}]"
    if not isinstance(tree, ast.AST):
        return f"{type(tree).__name__} {tree!r}"
    fields = {name: getattr(tree, name, None) for name in tree._fields}
    if isinstance(tree, (ast.Module, *_DEFINITIONS)):
        has_docstring = ast.get_docstring(tree, clean=False) is not None
        fields["body"] = tree.body[has_docstring:]
    # An empty field may be unknown to another Python.
    parts = [
        f"{name} {tree_text(value)}"
        for name, value in fields.items()
        if name not in _LOOKS and value is not None and value != []
    ]
    return f"({type(tree).__name__} {' '.join(parts)})"


def calls_by_name(
    tree: ast.AST, imported: dict[str, str]
) -> Iterator[tuple[str, ast.expr | None]]:
    """The calls in a syntax tree that load code by name, with each argument; with none
    if no argument shows the name."""
    known: set[int] = set()
    for each in ast.walk(tree):
        arguments: list[ast.expr] = []
        if isinstance(each, ast.Call):
            function: Any = each.func
            arguments = [*each.args, *(keyword.value for keyword in each.keywords)]
        elif isinstance(each, ast.Subscript):
            function, arguments = each.value, [each.slice]
        elif isinstance(each, (ast.Name, ast.Attribute)) and id(each) not in known:
            function = each
        else:
            continue
        root, *rest = _dotted(function)
        name = ".".join([imported.get(root, root), *rest])
        shows = _BY_NAME.fullmatch(name)
        if shows or _UNNAMED.fullmatch(name):
            known.update(map(id, ast.walk(function)))
            shown: list[ast.expr | None] = [*arguments] if shows else []
            for argument in shown or [None]:
                yield name, argument


def bindings(tree: ast.AST) -> Counter[str]:
    """How often each name is bound in a syntax tree, as an argument or otherwise."""
    found: Counter[str] = Counter()
    for each in ast.walk(tree):
        is_read = isinstance(getattr(each, "ctx", None), ast.Load)
        if not (is_read or isinstance(each, ast.keyword)):
            for name in ("id", "arg", "asname", "name", "rest"):
                found[getattr(each, name, None) or ""] += 1
    return found


def _codes_in(codes: Iterable[CodeType]) -> Iterator[CodeType]:
    for code in codes:
        yield code
        yield from _codes_in(c for c in code.co_consts if isinstance(c, CodeType))

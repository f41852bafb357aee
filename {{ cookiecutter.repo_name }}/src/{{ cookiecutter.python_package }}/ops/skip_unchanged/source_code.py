"""Where code comes from: modules and packages, source files, and what code mentions."""

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

from attrs import define

from ..core.checksum import of_texts

EVERYTHING = "*"  # all packages that are installed
# What may be the name of code, in a text.
_NAME = re.compile(r"[A-Za-z_]\w*(?:[.:][A-Za-z_]\w*)*")


class Modules:
    """Where modules are, and whether they are the project's; nothing is imported."""

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
        if _is_of_python(top):
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
        """Where a module is, without importing it."""
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
        """The module of the project, or the package, of which a text names something."""
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
        """A module as people look for it: its file, from the project's package on."""
        if not module:
            return "code without a file"
        path = module.removeprefix(f"{self._package}.").replace(".", "/")
        is_package = self.origin(module).endswith("__init__.py")
        return f"{path}/__init__.py" if is_package else f"{path}.py"

    def code_of_package(self, package: str) -> str:
        """All files of a package, without the kit."""
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
    if package == EVERYTHING:
        return sorted(set().union(*installed().values()))
    return sorted(installed().get(package, {f"{package} of no known version"}))


def _content(file: Path) -> str:
    return of_texts(file.read_bytes().decode("latin-1"))


def top_level(module: str) -> str:
    """The installed package that a module is of; empty for Python's own."""
    top = module.partition(".")[0]
    return "" if _is_of_python(top) else top


def _is_of_python(top: str) -> bool:
    # Cython puts its types into modules that do not exist.
    return top in sys.stdlib_module_names or top.startswith("_cython_")


def _is_for_packages(folder: Path) -> bool:
    if {"site-packages", "dist-packages"} & set(folder.parts):
        return True
    return any(folder.glob("*.dist-info/RECORD"))  # pip install --target


# Fields of syntax trees that do not change what the code does.
_LOOKS = {"ctx", "kind", "type_comment", "type_ignores"}
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
# What gives the code that a text names.
_BY_NAME = re.compile(
    r"([\w.]*\.)?(import_module|__import__|load_obj|resolve_name|run_module|import_string)"
    r"|sys\.modules(\.get)?|pydoc\.locate|hydra\.utils\.\w+"
)
# What gives code that no text there names.
_UNNAMED = re.compile(
    r"([\w.]*\.)?(run_path|entry_points|read_pickle|Unpickler|module_from_spec)"
    r"|(_?pickle|dill|joblib|cloudpickle|torch)\.loads?|shelve\.open"
)


@define(slots=False)
class SourceFile:
    """A module's source, and where functions and classes stand in it."""

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
        """Which function of its name on its line it is; none if the file does not have
        this code at this place."""
        return self._codes.get(code)

    def classes(self, name: str) -> list[ast.ClassDef]:
        """The definitions of classes of a name."""
        trees = ast.walk(self.tree)
        return [t for t in trees if isinstance(t, ast.ClassDef) and t.name == name]

    @cached_property
    def imported_names(self) -> dict[str, str]:
        """What names stand for that are imported anywhere: ``load`` for ``pickle.load``."""
        found = {}
        for each in ast.walk(self.tree):
            if isinstance(each, (ast.Import, ast.ImportFrom)):
                home = getattr(each, "module", None)
                for name in each.names:
                    whole = f"{home}.{name.name}" if home else name.name
                    found[name.asname or name.name] = whole
        return found

    def only_imported_from(self, name: str) -> list[str]:
        """The modules that a name is imported from, if no other statement touches it."""
        found = []
        for statement in self.tree.body:
            if isinstance(statement, _DEFINITIONS):
                continue
            for each in ast.walk(statement):
                if isinstance(each, ast.Name) and each.id == name:
                    return []
                if isinstance(each, ast.alias) and (each.asname or each.name) == name:
                    level = getattr(statement, "level", 1)
                    if level:  # also of `import a`, and of what is inside a `try`
                        return []
                    found.append(str(getattr(statement, "module", "")))
        return found


class Mentions(ast.NodeVisitor):
    """The names in syntax trees."""

    def __init__(self, trees: Iterable[ast.AST], code: CodeType | None = None) -> None:
        """Find all that they mention, with the functions inside of them.

        Args:
            trees: the syntax trees.
            code: of the function that they are of; then its local names are left out.
        """
        self.chains: set[tuple[str, ...]] = set()  # ("module", "function")
        self.imports: set[tuple[int, str, tuple[str, ...]]] = set()
        self.words: set[str] = set()
        self.texts: set[str] = set()  # which may name code
        hints = set().union(*(self._visit_hints(tree) for tree in trees))
        for tree in trees:
            self.visit(tree)
        if code:
            names = {name for each in _codes_in([code]) for name in each.co_names}
            self.chains = {each for each in self.chains if each[0] in names} | hints

    def _visit_hints(self, tree: ast.AST) -> set[tuple[str, ...]]:
        """Visit type hints, also those that are written as texts."""
        for node in ast.walk(tree):
            found = (getattr(node, name, None) for name in ("annotation", "returns"))
            for hint in filter(None, found):
                self.visit(hint)
                for text in ast.walk(hint):
                    if isinstance(text, ast.Constant) and isinstance(text.value, str):
                        with suppress(SyntaxError, ValueError):  # as in Literal[...]
                            self.visit(ast.parse(text.value, mode="eval"))
        return {*self.chains}

    def visit_Name(self, node: ast.Name) -> None:  # noqa: N802
        """A name."""
        if node.id != "__name__":
            self.chains.add((node.id,))
            self.words.add(node.id)

    def visit_Attribute(self, node: ast.Attribute) -> None:  # noqa: N802
        """A name and its attributes, or an attribute of something else."""
        names, inner = [node.attr], node.value
        while isinstance(inner, ast.Attribute):
            names.append(inner.attr)
            inner = inner.value
        self.words.update(names)
        if isinstance(inner, ast.Name):
            names.append(inner.id)
            self.words.add(inner.id)
            self.chains.add(tuple(reversed(names)))
        else:
            self.visit(inner)

    def visit_Import(self, node: ast.Import) -> None:  # noqa: N802
        """An import of modules."""
        self.imports |= {(0, each.name, ()) for each in node.names}

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:  # noqa: N802
        """An import of names."""
        names = tuple(each.name for each in node.names)
        self.imports.add((node.level, node.module or "", names))
        self.words.update(names)

    def visit_Constant(self, node: ast.Constant) -> None:  # noqa: N802
        """A text, or another constant."""
        if isinstance(node.value, str):
            self.texts.add(node.value)


def tree_text(tree: object) -> str:
    """A syntax tree without docstrings, comments and places.

    Every Python that reads the source alike makes the same text, unlike ``ast.dump``.
    """
    if isinstance(tree, list):
        return f"[{' '.join(map(tree_text, tree))}]"
    if not isinstance(tree, ast.AST):
        return f"{type(tree).__name__} {tree!r}"
    fields = {name: getattr(tree, name, None) for name in tree._fields}
    if isinstance(tree, (ast.Module, *_DEFINITIONS)) and _is_text(tree.body):
        fields["body"] = tree.body[1:]
    # An empty field may be unknown to another Python.
    parts = [
        f"{name} {tree_text(value)}"
        for name, value in fields.items()
        if name not in _LOOKS and value is not None and value != []
    ]
    return f"({type(tree).__name__} {' '.join(parts)})"


def _is_text(body: list[ast.stmt]) -> bool:
    first = body[0] if body else None
    if not isinstance(first, ast.Expr) or not isinstance(first.value, ast.Constant):
        return False
    return isinstance(first.value.value, str)


def names_acted_on(statement: ast.stmt) -> list[str]:
    """The roots of what it calls or sets: ``np`` in ``np.random.seed(1)``."""
    acted_on: list[ast.expr] = []
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        acted_on = [statement.value]
    elif isinstance(statement, ast.Assign):
        acted_on = [t for t in statement.targets if not isinstance(t, ast.Name)]
    elif isinstance(statement, ast.AugAssign):
        acted_on = [statement.target]
    return [_root(each) for each in acted_on]


def _root(tree: ast.AST) -> str:
    while isinstance(tree, (ast.Attribute, ast.Subscript, ast.Call)):
        tree = tree.func if isinstance(tree, ast.Call) else tree.value
    return tree.id if isinstance(tree, ast.Name) else ""


def calls_by_name(
    tree: ast.AST, imported: dict[str, str]
) -> Iterator[tuple[str, ast.expr | None]]:
    """What in a syntax tree gives code by a name, and the name if it is all it gets."""
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
        name = _full_name(function, imported)
        if not (_BY_NAME.fullmatch(name) or _UNNAMED.fullmatch(name)):
            continue
        known.update(map(id, ast.walk(function)))
        fixed = all(isinstance(each, ast.Constant) for each in arguments)
        one = len(arguments) == 1 or (fixed and arguments)
        told = one and not _UNNAMED.fullmatch(name)
        yield name, arguments[0] if told else None


def _full_name(tree: ast.AST, imported: dict[str, str]) -> str:
    parts = []
    while isinstance(tree, ast.Attribute):
        parts.append(tree.attr)
        tree = tree.value
    root = tree.id if isinstance(tree, ast.Name) else ""
    return ".".join([imported.get(root, root), *reversed(parts)])


def name_behind(tree: ast.expr, function: ast.AST) -> tuple[str, bool]:
    """The name ``a`` of ``a``, ``a["b"]`` and ``a.b``, and whether it is an argument.

    The name is empty if the function sets it, or has several arguments of that name.
    """
    while isinstance(tree, (ast.Subscript, ast.Attribute)):
        tree = tree.value
    if not isinstance(tree, ast.Name):
        return "", False
    arguments = 0
    for each in ast.walk(function):
        arguments += isinstance(each, ast.arg) and each.arg == tree.id
        if isinstance(each, ast.Name) and each.id == tree.id:
            if not isinstance(each.ctx, ast.Load):
                return "", False
    return tree.id if arguments <= 1 else "", arguments > 0


def _codes_in(codes: Iterable[CodeType]) -> Iterator[CodeType]:
    for code in codes:
        yield code
        yield from _codes_in(c for c in code.co_consts if isinstance(c, CodeType))

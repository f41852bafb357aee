"""Source files and compiled code: where things stand in them, and what they mention."""

from __future__ import annotations

import ast
import dis
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any

from attrs import define, field

# Fields of syntax trees that do not change what the code does.
_LOOKS = {"ctx", "kind", "type_comment", "type_ignores"}
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_LOADS = {"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"}
_ATTRIBUTES = {"LOAD_ATTR", "LOAD_METHOD"}
_SILENT = {"EXTENDED_ARG", "PUSH_NULL", "CACHE"}
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
    def code(self) -> CodeType:
        """The compiled module, from Python's cache if that is new."""
        return SourceFileLoader(self.module, self.path).get_code(self.module)  # type: ignore[return-value]

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
    def _codes(self) -> set[str]:
        return {f"{c.co_firstlineno} {code_text(c)}" for c in _codes_in([self.code])}

    def functions(self, code: CodeType) -> list[ast.AST]:
        """The definitions of a function: several, if a line has several lambdas."""
        return self._functions.get((code.co_name, code.co_firstlineno), [])

    def has(self, code: CodeType) -> bool:
        """Whether the file still has this code at this place."""
        return f"{code.co_firstlineno} {code_text(code)}" in self._codes

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


@define
class Mentions:
    """The names in compiled code: Python has told those of its own from others."""

    chains: set[tuple[str, ...]] = field(factory=set)  # ("module", "function")
    imports: set[tuple[int, str, tuple[str, ...]]] = field(factory=set)
    words: set[str] = field(factory=set)
    texts: set[str] = field(factory=set)  # which may name code

    @classmethod
    def find(cls, codes: Iterable[CodeType]) -> Mentions:
        """All that code mentions, with the functions inside of it."""
        found = cls()
        for code in _codes_in(codes):
            found.words.update(code.co_names)
            found.texts.update(_texts_in(code.co_consts))
            steps = [s for s in dis.get_instructions(code) if s.opname not in _SILENT]
            for number, step in enumerate(steps):
                found._add(step, steps, number)
        return found

    def _add(self, step: Any, steps: list[Any], number: int) -> None:
        if step.opname in _LOADS and step.argval != "__name__":  # of any class
            chain = [step.argval]
            for each in steps[number + 1 :]:
                if each.opname not in _ATTRIBUTES:
                    break
                chain.append(each.argval)
            self.chains.add(tuple(chain))
        if step.opname == "IMPORT_NAME":
            level, names = (each.argval for each in steps[number - 2 : number])
            self.imports.add((level, step.argval, tuple(names or ())))

    def loaders(self) -> list[str]:
        """What it mentions that gives code by a name, for code without a source."""
        names = {*map(".".join, self.chains), *self.words}
        return sorted(
            n for n in names if _BY_NAME.fullmatch(n) or _UNNAMED.fullmatch(n)
        )


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


def code_text(code: object) -> str:
    """Compiled code without the lines that it stood on; another Python makes another."""
    if isinstance(code, tuple):
        return f"({' '.join(map(code_text, code))})"
    if isinstance(code, frozenset):  # in another order with each hash seed
        return f"{{{' '.join(sorted(map(code_text, code)))}}}"
    if not isinstance(code, CodeType):
        return f"{type(code).__name__} {code!r}"
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    counts = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount)
    seen = (code.co_name, names, counts, code.co_flags, code.co_code.hex())
    return f"{seen!r} {code_text(code.co_consts)}"


def compiled(tree: ast.stmt) -> CodeType:
    """A statement as a module of its own."""
    return compile(ast.Module([tree], []), "", "exec", dont_inherit=True)


def hints(tree: ast.AST) -> Iterator[CodeType]:
    """The type hints of a function or class, also those that are written as texts."""
    for node in ast.walk(tree):
        for name in ("annotation", "returns"):
            hint = getattr(node, name, None)
            if hint is None:
                continue
            inside = [each for each in ast.walk(hint) if isinstance(each, ast.Constant)]
            texts = [each.value for each in inside if isinstance(each.value, str)]
            for text in (ast.unparse(hint), *texts):
                try:
                    yield compile(text, "", "eval", dont_inherit=True)
                except (SyntaxError, ValueError):
                    pass  # a text inside of Literal[...], say


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


def _texts_in(constants: Iterable[Any]) -> Iterator[str]:
    for each in constants:
        if isinstance(each, str):
            yield each
        elif isinstance(each, (tuple, frozenset)):
            yield from _texts_in(each)


def _codes_in(codes: Iterable[CodeType]) -> Iterator[CodeType]:
    for code in codes:
        yield code
        yield from _codes_in(c for c in code.co_consts if isinstance(c, CodeType))

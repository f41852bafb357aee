"""The names outside of a piece of code that it reaches."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import Any

from attrs import define, field, frozen

Chain = tuple[str, ...]  # a name and the attributes that are taken of it: a.b.c
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SCOPES = (*_FUNCTIONS, *_COMPREHENSIONS, ast.ClassDef)


@frozen(order=True)
class Import:
    """A module that is imported inside a function, and what is taken of it."""

    level: int  # the dots before the name
    module: str
    names: Chain = ()


@frozen
class Reach:
    """What code reaches."""

    chains: list[Chain]  # names of the module, of outer functions, and built-in ones
    imports: list[Import]
    dynamic: bool  # it imports modules whose names show only when it runs


def reach(trees: Iterable[ast.AST]) -> Reach:
    """What code reaches when it is executed.

    A name that the code itself binds is its own; but not in the body of a class, where
    Python looks further outside.
    """
    finder = _Finder()
    for tree in trees:
        finder.look(tree, _Scope())
    return Reach(sorted(finder.chains), sorted(finder.imports), finder.dynamic)


def imports_of(statement: ast.stmt) -> dict[str, Import]:
    """What an import statement binds: a local name, and where it comes from."""
    found = {}
    if isinstance(statement, ast.Import):
        for each in statement.names:
            if each.asname:
                found[each.asname] = Import(0, each.name)
            else:
                top = each.name.partition(".")[0]
                found[top] = Import(0, top)
    elif isinstance(statement, ast.ImportFrom):
        for each in statement.names:
            name = each.asname or each.name
            source = statement.module or ""
            found[name] = Import(statement.level, source, (each.name,))
    return found


@frozen
class _Scope:
    """The names that are bound in the functions around, and what is imported there."""

    bound: frozenset[str] = frozenset()
    imports: dict[str, list[Import]] = field(factory=dict)

    def inside(self, body: Iterable[ast.AST], *names: str) -> _Scope:
        bound, free, imports = set(names), set(), dict(self.imports)
        for tree in _same_scope(body):
            if isinstance(tree, (ast.Import, ast.ImportFrom)):
                for name, found in imports_of(tree).items():
                    bound.add(name)
                    imports[name] = [*imports.get(name, []), found]
            elif isinstance(tree, ast.Global):
                free |= set(tree.names)
            elif isinstance(tree, ast.Nonlocal):
                free |= set(tree.names) - self.bound
            else:
                bound |= set(_bound_by(tree))
        return _Scope((self.bound | bound) - free, imports)


def _same_scope(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    for tree in body:
        yield tree
        if not isinstance(tree, _SCOPES):
            yield from _same_scope(ast.iter_child_nodes(tree))
        else:  # a walrus inside a comprehension binds a name outside of it
            yield from (each for each in ast.walk(tree) if _is_walrus(tree, each))


def _is_walrus(scope: ast.AST, tree: ast.AST) -> bool:
    return isinstance(scope, _COMPREHENSIONS) and isinstance(tree, ast.NamedExpr)


def _bound_by(tree: ast.AST) -> Iterator[str]:
    if isinstance(tree, ast.Name) and not isinstance(tree.ctx, ast.Load):
        yield tree.id
    elif isinstance(tree, ast.NamedExpr):
        yield tree.target.id
    elif isinstance(tree, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield tree.name
    elif isinstance(tree, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)):
        yield tree.name or ""
    elif isinstance(tree, ast.MatchMapping):
        yield tree.rest or ""


@define
class _Finder:
    chains: set[Chain] = field(factory=set)
    imports: set[Import] = field(factory=set)
    dynamic: bool = False

    def look(self, tree: ast.AST, scope: _Scope) -> None:
        if isinstance(tree, _FUNCTIONS):
            self._function(tree, scope)
        elif isinstance(tree, _COMPREHENSIONS):
            self._comprehension(tree, scope)
        elif isinstance(tree, (ast.Name, ast.Attribute)):
            self._name(tree, scope)
        elif isinstance(tree, ast.AnnAssign):
            self._hint(tree.annotation, scope)
            self._all([tree.target, tree.value], scope)
        else:
            if isinstance(tree, ast.Call):
                self._call(tree)
            self._all(ast.iter_child_nodes(tree), scope)

    def _all(self, trees: Iterable[ast.AST | None], scope: _Scope) -> None:
        for tree in trees:
            if tree is not None:
                self.look(tree, scope)

    def _function(self, tree: Any, scope: _Scope) -> None:
        given = tree.args
        arguments = [*given.posonlyargs, *given.args, *given.kwonlyargs]
        arguments += filter(None, [given.vararg, given.kwarg])
        self._all(getattr(tree, "decorator_list", []), scope)
        self._all([*given.defaults, *given.kw_defaults], scope)
        for hint in (*(each.annotation for each in arguments), _returns(tree)):
            self._hint(hint, scope)
        body = [tree.body] if isinstance(tree, ast.Lambda) else tree.body
        names = [each.arg for each in arguments]
        names += [each.name for each in getattr(tree, "type_params", [])]
        self._all(body, scope.inside(body, *names))

    def _comprehension(self, tree: Any, scope: _Scope) -> None:
        first = tree.generators[0].iter
        self.look(first, scope)  # which Python takes outside of the comprehension
        inner = scope.inside([each.target for each in tree.generators])
        for child in ast.iter_child_nodes(tree):
            if isinstance(child, ast.comprehension):
                self._all([*child.ifs, child.target], inner)
                if child.iter is not first:
                    self.look(child.iter, inner)
            else:
                self.look(child, inner)

    def _name(self, tree: ast.Name | ast.Attribute, scope: _Scope) -> None:
        rest: list[str] = []
        root: ast.expr = tree
        while isinstance(root, ast.Attribute):
            rest.insert(0, root.attr)
            root = root.value
        if not isinstance(root, ast.Name):
            self.look(root, scope)
        elif root.id not in scope.bound:
            if isinstance(root.ctx, ast.Load):
                self.chains.add((root.id, *rest))
        else:
            for each in scope.imports.get(root.id, []):
                names = (*each.names, *rest)
                self.imports.add(Import(each.level, each.module, names))

    def _hint(self, hint: ast.expr | None, scope: _Scope) -> None:
        if hint is None:
            return
        self.look(hint, scope)
        for each in ast.walk(hint):  # a hint may be written as a text
            if isinstance(each, ast.Constant) and isinstance(each.value, str):
                try:
                    self.look(ast.parse(each.value, mode="eval").body, scope)
                except SyntaxError:
                    pass  # a text inside of Literal[...], say

    def _call(self, tree: ast.Call) -> None:
        function = tree.func
        name = getattr(function, "attr", None) or getattr(function, "id", None)
        if name not in {"import_module", "__import__"}:
            return
        first = tree.args[0] if tree.args else None
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            text = first.value.lstrip(".")
            self.imports.add(Import(len(first.value) - len(text), text))
        else:
            self.dynamic = True


def _returns(tree: Any) -> ast.expr | None:
    return getattr(tree, "returns", None)

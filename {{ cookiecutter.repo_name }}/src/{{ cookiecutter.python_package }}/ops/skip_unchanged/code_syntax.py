"""A digest of Python code that stays as it is where only its looks change."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable
from types import CodeType

# Where a name is read or written shows from its place; the others are hints for tools.
_LOOKS = {"ctx", "kind", "type_comment", "type_ignores"}
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def digest(*parts: bytes) -> bytes:
    """One digest of several bytes in their order."""
    found = hashlib.blake2b(digest_size=16)
    for part in parts:
        found.update(b"%d:" % len(part))
        found.update(part)
    return found.digest()


def of_tree(trees: Iterable[ast.AST]) -> bytes:
    """The digest of syntax trees.

    Docstrings, comments, line numbers and formatting are not in it. It is the same in
    every version of Python that reads the trees alike, which ``ast.dump`` is not.
    """
    words: list[str] = []
    for tree in trees:
        _write(tree, words)
    return digest("\n".join(words).encode("utf-8", "surrogatepass"))


def _write(tree: object, words: list[str]) -> None:
    if isinstance(tree, ast.AST):
        words.append(f"({type(tree).__name__}")
        for name in tree._fields:
            value = getattr(tree, name, None)
            if name in _LOOKS or value is None or value == []:
                continue  # an empty field may be unknown to another Python
            words.append(name)
            if name == "body" and isinstance(tree, _DOCUMENTED):
                value = without_docstring(value)
            _write(value, words)
        words.append(")")
    elif isinstance(tree, list):
        words.append("[")
        for each in tree:
            _write(each, words)
        words.append("]")
    else:
        words.append(f"{type(tree).__name__} {tree!r}")


def without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    """The statements after a docstring."""
    first = body[0] if body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        return body[1:] if isinstance(first.value.value, str) else body
    return body


def of_code(code: CodeType) -> bytes:
    """The digest of compiled code, without the lines that it stood on.

    Another version of Python, and sometimes another formatting, makes other bytes.
    """
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    counts = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount)
    return digest(
        code.co_code,
        repr((code.co_name, names, counts, code.co_flags)).encode(),
        *(_of_constant(constant) for constant in code.co_consts),
    )


def _of_constant(constant: object) -> bytes:
    if isinstance(constant, CodeType):
        return of_code(constant)
    if isinstance(constant, tuple):
        return digest(b"tuple", *map(_of_constant, constant))
    if isinstance(constant, frozenset):  # another order with each hash seed
        return digest(b"frozenset", *sorted(map(_of_constant, constant)))
    return f"{type(constant).__name__} {constant!r}".encode("utf-8", "surrogatepass")

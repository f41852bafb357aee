"""What a node's function would execute, followed through the project.

A change that could change what it does changes the digest; comments, docstrings,
formatting and the code that it does not use are not in it. The digest is the same in
another process, another folder and, where there is source, another Python.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

from . import code_syntax
from .code_lazy_imports import Missing, Part
from .code_lookup import Constant
from .code_packages import Own, Package
from .code_parts import Anatomist, Anatomy
from .code_side_effects import Presets


@frozen
class Code:
    """The code of a function or class, and all that it reaches."""

    digest: str
    items: dict[str, str]  # by titles: "pipelines/clean.py: trim()", "pandas 2.3.1"
    opaque: tuple[str, ...] = ()  # what could not be followed: it may have changed

    def changes(self, before: dict[str, str]) -> list[str]:
        """What is different from the items of an earlier time, in words."""
        return [*_changes(before, self.items)]


@define
class Codes:
    """The code of the functions and classes of one plan.

    Each thing is taken apart once; so make a new one for each run of a process in
    which constants are set or modules are imported anew, as in a notebook.
    """

    _anatomist: Anatomist
    _known: dict[Any, tuple[Any, Anatomy]] = field(factory=dict)
    _codes: dict[Any, tuple[Any, Code]] = field(factory=dict)

    @classmethod
    def of_project(cls, project: Path) -> Codes:
        """Those of a project, by its folder."""
        return cls(Anatomist(Own(project, __name__.partition(".")[0])))

    def of(self, thing: Callable[..., Any] | type) -> Code:
        """The code of a node's function, or of a class, as of a dataset."""
        key = _key(thing)
        if key not in self._codes:
            self._codes[key] = (thing, self._follow(thing))
        return self._codes[key][1]

    def is_own(self, module: str) -> bool:
        """Whether a module is the project's own code, by its whole name."""
        return self._anatomist.own.has(module)

    def _follow(self, root: Any) -> Code:
        # Each thing has a number by when it is first met, and is digested with the
        # numbers of what it needs: so a cycle ends, and what is exchanged shows.
        numbers, waiting = {_key(root): 0}, [root]
        items: dict[str, str] = {}
        opaque: list[str] = []
        parts = []
        for thing in waiting:
            known = self._take_apart(thing)
            for need in known.needs:
                if numbers.setdefault(_key(need), len(numbers)) == len(waiting):
                    waiting.append(need)
            needed = [numbers[_key(need)] for need in known.needs]
            parts += [known.digest, repr(needed).encode()]
            opaque += known.opaque
            if known.title:
                items[_free(known.title, items)] = known.digest.hex()
        return Code(
            code_syntax.digest(*parts).hex(), items, tuple(dict.fromkeys(opaque))
        )

    def _take_apart(self, thing: Any) -> Anatomy:
        key = _key(thing)
        if key not in self._known:
            try:
                known = self._anatomist.of(thing)
            except Exception as error:  # what objects of any class may raise: not ours
                words = f"{_title(thing)} cannot be followed: {error!r}"
                known = Anatomy(opaque=[words])
            # The thing is kept, too, so that no other is given its id.
            self._known[key] = (thing, known)
        return self._known[key][1]


def code_of(function: Callable[..., Any], project: Path) -> Code:
    """The code of a node's function, as it was when this was first asked for it."""
    return _codes(project).of(function)


def code_of_class(cls: type, project: Path) -> Code:
    """The code of a class of the project, such as one of its datasets."""
    return _codes(project).of(cls)


@cache
def _codes(project: Path) -> Codes:
    return Codes.of_project(project)


def _key(thing: Any) -> Any:
    return (
        thing
        if isinstance(thing, (Constant, Part, Package, Presets, Missing))
        else id(thing)
    )


def _title(thing: Any) -> str:
    return str(getattr(thing, "__qualname__", None) or type(thing).__qualname__)


def _free(title: str, items: dict[str, str]) -> str:
    """A title that no other thing has: a module may have several lambdas."""
    number, name = 1, title
    while name in items:
        number += 1
        name = f"{title} ({number})"
    return name


def _changes(before: dict[str, str], now: dict[str, str]) -> Iterator[str]:
    for title, digest in now.items():
        if title not in before:
            yield f"`{title}` is new"
        elif before[title] != digest:
            yield f"`{title}` changed"
    for title in before:
        if title not in now:
            yield f"`{title}` is no longer used"

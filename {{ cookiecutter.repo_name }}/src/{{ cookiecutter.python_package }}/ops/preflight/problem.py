"""What is wrong with a run before it starts, as a table or as lines of a log."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any

from attrs import asdict, evolve, frozen
from rich.console import Console
from rich.markup import escape
from rich.table import Table

# From what stops a run to what is only shown.
ERROR, WARN, NOTE = "error", "warn", "note"
LEVELS = (ERROR, WARN, NOTE)

_COLOURS = {ERROR: "red", WARN: "yellow"}
_NAMED = 5  # names in one row; the rest is counted
_WIDE = 140  # columns, if no terminal says how many it has


@frozen
class Problem:
    """One thing that is wrong: what, with which subject, where, and how to fix it."""

    what: str
    subject: str = ""
    where: str = ""
    remedy: str = ""
    level: str = ERROR
    check: str = ""

    def __str__(self) -> str:
        remedy = f"; {self.remedy}" if self.remedy else ""
        where = f" [{self.where}]" if self.where else ""
        return self.what + remedy + where

    def at_most(self, level: str) -> Problem:
        """The same, at most as severe as ``level``."""
        severer = LEVELS.index(self.level) < LEVELS.index(level)
        return evolve(self, level=level) if severer else self

    def as_row(self) -> dict[str, Any]:
        """For JSON."""
        names = ("level", "check", "subject", "what", "where", "remedy")
        fields = asdict(self)
        return {name: fields[name] for name in names}


def merged(problems: Iterable[Problem]) -> list[tuple[Problem, list[Problem]]]:
    """Groups of problems that differ in subject and place only; the severest first."""
    alike: dict[tuple[str, ...], list[Problem]] = {}
    for each in sorted(problems, key=lambda problem: LEVELS.index(problem.level)):
        key = (each.level, each.check, each.what, each.remedy)
        alike.setdefault(key, []).append(each)
    return [(group[0], group) for group in alike.values()]


def show(problems: Sequence[Problem], title: str, to_stderr: bool = False) -> None:
    """Print a table."""
    console = Console(stderr=to_stderr)
    if not console.is_terminal and console.width < _WIDE:
        console = Console(stderr=to_stderr, width=_WIDE)
    table = Table(title=escape(title), title_justify="left", show_lines=True)
    for column in ("", "check", "what", "where", "what to do"):
        table.add_column(column, overflow="fold")
    for first, group in merged(problems):
        colour = _COLOURS.get(first.level, "")
        level = f"[{colour}]{first.level}[/]" if colour else first.level
        places = list(dict.fromkeys(each.where for each in group if each.where))
        if len(places) > _NAMED:
            places[_NAMED:] = [f"and {len(places) - _NAMED} more"]
        where = escape("\n".join(places))
        table.add_row(
            level, first.check, escape(_what(group)), where, escape(first.remedy)
        )
    console.print(table)


def log(problems: Sequence[Problem]) -> None:
    """Log a line for each group of problems."""
    for first, group in merged(problems):
        remedy = f" ({first.remedy})" if first.remedy else ""
        logging.getLogger(__name__).warning("Preflight: %s%s", _what(group), remedy)


def counted(problems: Sequence[Problem]) -> str:
    """How many there are of each level: "2 errors, 1 warning"."""
    words = {ERROR: "error", WARN: "warning"}
    parts = []
    for level, word in words.items():
        if number := sum(problem.level == level for problem in problems):
            parts.append(f"{number} {word}{'s' * (number > 1)}")
    return ", ".join(parts) or "no problems"


def first_names(names: Iterable[str], limit: int = _NAMED) -> str:
    """The first names, and how many more there are."""
    known = list(dict.fromkeys(filter(None, names)))
    more = f" and {len(known) - limit} more" if len(known) > limit else ""
    return f"{', '.join(known[:limit])}{more}"


def innermost_cause(error: BaseException) -> BaseException:
    """The error that an error was raised from, in the end."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def one_line(error: BaseException) -> str:
    """The message of an error in one line; its name if it has no message."""
    return " ".join(str(error).split()) or type(error).__name__


def _what(group: Sequence[Problem]) -> str:
    names = first_names(each.subject for each in group)
    return ": ".join(filter(None, [names, group[0].what]))

"""Problems as one table, or as lines of a log."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from .problem import ERROR, WARN, Problem, merged

_COLOURS = {ERROR: "red", WARN: "yellow"}
_NAMED = 5  # subjects of one row; the rest is counted
_WIDE = 140  # columns, where there is no terminal that says how many it has


def show(problems: Sequence[Problem], title: str, to_stderr: bool = False) -> None:
    """Print the table."""
    console = Console(stderr=to_stderr)
    if not console.is_terminal and console.width < _WIDE:
        console = Console(stderr=to_stderr, width=_WIDE)
    table = Table(title=escape(title), title_justify="left", show_lines=True)
    for column in ("", "check", "what", "where", "what to do"):
        table.add_column(column, overflow="fold")
    for first, group in merged(problems):
        colour = _COLOURS.get(first.level, "")
        level = f"[{colour}]{first.level}[/]" if colour else first.level
        what = escape(": ".join(filter(None, [_names(group), first.what])))
        where = escape("\n".join(_places(group)))
        table.add_row(level, first.check, what, where, escape(first.remedy))
    console.print(table)


def log(problems: Sequence[Problem]) -> None:
    """Write each in a line of its own."""
    for first, group in merged(problems):
        what = ": ".join(filter(None, [_names(group), first.what]))
        remedy = f" ({first.remedy})" if first.remedy else ""
        logging.getLogger(__name__).warning("Preflight: %s%s", what, remedy)


def counted(problems: Sequence[Problem]) -> str:
    """How many there are of each level: "2 errors, 1 warning"."""
    words = {ERROR: "error", WARN: "warning"}
    parts = []
    for level, word in words.items():
        if number := sum(problem.level == level for problem in problems):
            parts.append(f"{number} {word}{'s' * (number > 1)}")
    return ", ".join(parts) or "nothing wrong"


def _names(group: Sequence[Problem]) -> str:
    return _some([each.subject for each in group])


def _places(group: Sequence[Problem]) -> list[str]:
    places = list(dict.fromkeys(each.where for each in group if each.where))
    more = [f"and {len(places) - _NAMED} more"] if len(places) > _NAMED else []
    return [*places[:_NAMED], *more]


def _some(names: Sequence[str]) -> str:
    known = list(dict.fromkeys(filter(None, names)))
    more = f" and {len(known) - _NAMED} more" if len(known) > _NAMED else ""
    return f"{', '.join(known[:_NAMED])}{more}"

"""Tables, JSON and the progress bar, as a terminal shows them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from . import findings, redaction
from .findings import Finding
from .formats import printable

# Rich is imported where something is printed: `kedro --help` need not wait.
if TYPE_CHECKING:
    from rich.console import Console, Group
    from rich.table import Table
    from rich.text import Text

_COLOURS = {findings.ERROR: "red", findings.WARNING: "yellow"}
_WIDTH = 140  # columns, if the output is no terminal
_WORD = 30  # letters of a word that a table breaks only if it has to
_BAR, _NARROW = 20, 70  # columns of a bar, and of a terminal with a shorter one

# How a table shows the values of some columns.
Looks: TypeAlias = Mapping[str, Callable[[Any], str]]


def show(
    title: str,
    rows: list[dict[str, Any]],
    as_json: bool,
    whole: Collection[str] = (),
    looks: Looks = {},
) -> None:
    """Print rows of the same keys, without secrets.

    Args:
        title: of the table.
        rows: as ``table`` takes them.
        as_json: whether to print JSON instead of a table.
        whole: see ``table``.
        looks: how a table shows the values of some columns.
    """
    if as_json:
        click.echo(json.dumps(redaction.values(rows, clean=redaction.without_secrets)))
    elif rows:
        shown = [
            row | {key: look(row[key]) for key, look in looks.items() if key in row}
            for row in rows
        ]
        print_long(table(shown, title, whole))
    else:
        click.echo(f"{title}: none.")


def show_findings(
    found: Sequence[Finding], title: str, to_stderr: bool = False
) -> None:
    """Show a row for each group of findings."""
    from rich.text import Text  # noqa: PLC0415

    rows = findings.table_rows(found)
    for row in rows:
        row[""] = Text(row[""], _COLOURS.get(row[""], ""))
    screen = console(to_stderr)
    screen.print(table(rows, title, screen=screen))


def console(stderr: bool = False) -> Console:
    """The terminal. A pipe or a file is as wide as most tables."""
    from rich.console import Console  # noqa: PLC0415

    found = Console(stderr=stderr)
    is_narrow = not found.is_terminal and "COLUMNS" not in os.environ
    return Console(stderr=stderr, width=_WIDTH) if is_narrow else found


def print_long(*parts: Any) -> None:
    """Print, in a pager if the output is longer than the terminal, as git does."""
    screen = console()
    with screen.capture() as captured:
        screen.print(*parts, sep="\n")
    text = captured.get()
    is_long = screen.is_terminal and text.count("\n") >= screen.height
    if is_long and "CI" not in os.environ:
        os.environ.setdefault("LESS", "FRX")
        click.echo_via_pager(text)
    else:
        screen.file.write(text)


def table(
    rows: list[dict[str, Any]],
    title: str = "",
    whole: Collection[str] = (),
    screen: Console | None = None,
) -> Group:
    """Rows of the same keys as a table. A column that has no values is left out.

    Args:
        rows: a value is a text, a number, a list (a line each), counts by name, or
            rich's ``Text``.
        title: of the table.
        whole: columns whose values are never broken, for example because they are copied.
        screen: where it is shown, if that is not the standard output.
    """
    from rich import box  # noqa: PLC0415
    from rich.console import Group  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    cells = {key: [_cell(row[key]) for row in rows] for key in rows[0]}
    cells = {key: texts for key, texts in cells.items() if any(texts)}
    cells = {key: [Text(key.replace("_", " ")), *cells[key]] for key in cells}
    widths = {
        key: max(_longest(each.plain, "\n") for each in cells[key]) for key in cells
    }
    found = Table()
    room = (screen or console()).width
    if sum(widths.values()) + 3 * len(widths) + 1 > room:
        found = Table(
            box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0)
        )
        least = {
            key: width
            if key in whole
            else min(_WORD, max(_longest(each.plain) for each in cells[key]))
            for key, width in widths.items()
        }
        _narrow(widths, least, room - 2 * (len(widths) - 1))
    for key, (heading, *_) in cells.items():
        found.add_column(heading, overflow="fold", width=widths[key])
    for row in zip(*(cells[key][1:] for key in cells), strict=True):
        found.add_row(*map(_folded, row, widths.values()))
    return Group(*([Text(title, "italic")] if title else []), found)


def _longest(text: str, separator: str | None = None) -> int:
    from rich.cells import cell_len  # noqa: PLC0415

    return max(map(cell_len, text.split(separator)), default=0)


def _narrow(widths: dict[str, int], least: dict[str, int], room: int) -> None:
    """Narrow the widest columns first; narrow all only if words have to be broken."""
    while sum(widths.values()) > max(room, len(widths)):
        able = [key for key in widths if widths[key] > least[key]] or [*widths]
        widths[max(able, key=widths.__getitem__)] -= 1


def _folded(cell: Text, width: int) -> Text:
    """Break long words between their parts rather than within one."""

    def fold(word: re.Match[str]) -> str:
        lines = [""]
        for part in re.findall(r"[^/_.-]*[/_.-]*", word[0]):
            if lines[-1] and len(lines[-1] + part) > width:
                lines.append("")
            lines[-1] += part
        return "\n".join(lines)

    text = re.sub(rf"\S{{{width + 1},}}", fold, cell.plain)
    return cell if text == cell.plain else type(cell)(text, cell.style)


def progress_bar(  # noqa: PLR0913, PLR0917
    done: int,
    total: int,
    running: Iterable[str],
    skipped: int,
    elapsed: float,
    expected: float | None,
    width: int,
) -> Table:
    """The progress of a run, in one line.

    Args:
        done: how many nodes have run or were skipped.
        total: how many there are.
        running: the names of the running nodes.
        skipped: how many were skipped.
        elapsed: seconds since the start.
        expected: seconds that the same nodes took before, if that is known.
        width: of the line.
    """
    from rich.progress_bar import ProgressBar  # noqa: PLC0415
    from rich.table import Column, Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    timing = str(timedelta(seconds=int(elapsed)))
    if expected and expected >= elapsed and not skipped:
        timing += f" of about {timedelta(seconds=int(expected))}"
    columns = [Column(no_wrap=True) for _ in range(4)]
    columns.insert(2, Column(no_wrap=True, overflow="ellipsis", ratio=1))
    found = Table.grid(*columns, expand=True, padding=(0, 2, 0, 0))
    bar = _BAR if width >= _NARROW else _BAR // 3
    found.add_row(
        ProgressBar(total=max(total, 1), completed=done, width=bar),
        f"{done} of {total}",
        Text(printable(", ".join(running))),
        f"{skipped} skipped" if skipped else "",
        timing,
    )
    return found


def _cell(value: Any) -> Text:
    """Show a value as plain text: no markup, no control characters.

    Rich's ``Text`` comes from the guards and is kept.
    """
    from rich.text import Text  # noqa: PLC0415

    if isinstance(value, Text):
        return value
    if isinstance(value, dict):
        value = ", ".join(f"{count} {name}" for name, count in sorted(value.items()))
    elif isinstance(value, list):
        value = "\n".join(map(str, value))
    text = "" if value is None else str(value)
    return Text(printable(redaction.without_secrets(text)))

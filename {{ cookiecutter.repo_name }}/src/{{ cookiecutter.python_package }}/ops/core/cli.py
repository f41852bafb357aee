"""What is shown to a person: options of commands, tables, JSON, times, sizes and names."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

import click
from kedro.io import DatasetError

from . import redaction
from .errors import OpsError

# Rich is imported where something is printed: `kedro --help` need not wait.
if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

SOMETHING_TO_DO = 10  # exit code: there is a difference, or changes to apply

as_json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one line of JSON."
)
env_option = click.option("--env", "-e", help="Kedro configuration environment.")
yes_option = click.option(
    "--yes",
    "-y",
    is_flag=True,
    help="Apply the changes. Without --yes, only show them.",
)


# How a table shows the values of some columns.
Looks: TypeAlias = Mapping[str, Callable[[Any], str]]


class Commands(click.Group):
    """Commands on data: a place that cannot be reached is one line, without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Call the command."""
        try:
            return super().invoke(ctx)
        except (OSError, DatasetError) as error:
            raise OpsError(redaction.error_text(error)) from error


def load_context(env: str | None) -> Any:
    """The context of the project; Kedro logs nothing."""
    from kedro.framework.project import settings  # noqa: PLC0415

    logging.disable(logging.WARNING)
    create: Any = settings.SESSION_CLASS.create
    try:
        with create(env=env) as session:
            context = session.load_context()
    finally:
        logging.disable(logging.INFO)  # warnings from here on are about what is asked
    redaction.hide_secrets_of(context)
    return context


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
        from rich.console import Console  # noqa: PLC0415

        shown = [
            row | {key: look(row[key]) for key, look in looks.items() if key in row}
            for row in rows
        ]
        Console().print(table(shown, title, whole))
    else:
        click.echo(f"{title}: none.")


def table(
    rows: list[dict[str, Any]], title: str = "", whole: Collection[str] = ()
) -> Table:
    """Rows of the same keys as a table. A column that has no values is left out.

    Args:
        rows: a value is a text, a number, a list (a line each), counts by name, or
            rich's ``Text``.
        title: of the table.
        whole: columns whose values are never broken, for example because they are copied.
    """
    from rich.markup import escape  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    found = Table(title=escape(title) or None, title_justify="left")
    cells = {key: [_cell(row[key]) for row in rows] for key in rows[0]}
    cells = {key: texts for key, texts in cells.items() if any(texts)}
    for key in cells:
        heading = key.replace("_", " ")
        found.add_column(heading, overflow="fold", no_wrap=key in whole)
    for row in zip(*cells.values(), strict=True):
        found.add_row(*row)
    return found


def stop_before_doing() -> None:
    """End a command that has only shown its changes."""
    click.echo("Dry run. Use --yes to apply.", err=True)
    raise SystemExit(SOMETHING_TO_DO)


def _cell(value: Any) -> Text:
    """A name may have anything in it: it is no markup, and steers no terminal.

    Rich's ``Text`` is a word of ours.
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


# How times, sizes and names are written

_MINUTE, _KILO = 60, 1000
# Control characters but for tab and newline, and those that turn the text around them.
_STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def printable(text: str) -> str:
    """A text in which no character steers the terminal on which it is printed."""
    return _STEERING.sub("�", text)


def duration(seconds: float | None) -> str:
    """``350 ms``, ``4.2 s``, ``1 min 18 s`` or ``2 h 05 min``; empty if unknown."""
    if seconds is None:
        return ""
    if seconds < 0.9995:  # noqa: PLR2004
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:  # noqa: PLR2004
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), _MINUTE)
    hours, minutes = divmod(minutes, _MINUTE)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def local_time_of(text: str) -> str:
    """A time in ISO 8601 as ``local_time`` writes it; empty if there is none."""
    return local_time(datetime.fromisoformat(text).timestamp()) if text else ""


def local_time(seconds: float | None) -> str:
    """Seconds since 1970 as ``2026-11-26 17:05:03 CET``; empty if unknown."""
    if seconds is None:
        return ""
    return f"{datetime.fromtimestamp(seconds).astimezone():%Y-%m-%d %H:%M:%S %Z}"


def size(count: int | None) -> str:
    """Bytes as ``812 B`` or ``82.6 kB``; empty if unknown."""
    if count is None:
        return ""
    value, units = float(count), ["TB", "GB", "MB", "kB", "B"]
    while value >= 999.5 and len(units) > 1:  # noqa: PLR2004
        value /= _KILO
        units.pop()
    number = f"{value:.1f}" if count >= _KILO and value < 99.95 else f"{value:.0f}"  # noqa: PLR2004
    return f"{number} {units[-1]}"

"""What the commands share: options, the project, tables and JSON."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection, Mapping
from typing import Any

import click
from kedro.io import DatasetError
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from . import redaction
from .errors import OpsError
from .text import printable

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


class Commands(click.Group):
    """Commands on data: a place that cannot be reached is one line, without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Call the command."""
        try:
            return super().invoke(ctx)
        except (OSError, DatasetError) as error:
            text = " ".join(str(error).split())
            raise OpsError(f"{type(error).__name__}: {text}") from error


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
    looks: Mapping[str, Callable[[Any], str]] = {},
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
            {key: looks.get(key, _same)(value) for key, value in row.items()}
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
    found = Table(title=escape(title) or None, title_justify="left")
    cells = {key: [_cell(row[key]) for row in rows] for key in rows[0]}
    cells = {key: texts for key, texts in cells.items() if any(texts)}
    for key in cells:
        heading = key.replace("_", " ")
        found.add_column(heading, overflow="fold", no_wrap=key in whole)
    for row in zip(*cells.values(), strict=True):
        found.add_row(*row)
    return found


def _same(value: Any) -> Any:
    return value


def stop_before_doing() -> None:
    """End a command that has only shown its changes."""
    click.echo("Dry run. Use --yes to apply.", err=True)
    raise SystemExit(SOMETHING_TO_DO)


def _cell(value: Any) -> Text:
    """A name may have anything in it: it is no markup, and steers no terminal.

    Rich's ``Text`` is a word of ours.
    """
    if isinstance(value, Text):
        return value
    if isinstance(value, dict):
        value = ", ".join(f"{count} {name}" for name, count in sorted(value.items()))
    elif isinstance(value, list):
        value = "\n".join(map(str, value))
    text = "" if value is None else str(value)
    return Text(printable(redaction.without_secrets(text)))

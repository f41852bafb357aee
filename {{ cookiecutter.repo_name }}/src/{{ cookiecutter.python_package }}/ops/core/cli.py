"""What the commands share: the project, and answers as a table or as JSON."""

from __future__ import annotations

import json
import logging
from typing import Any

import click
from kedro.io import DatasetError
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from . import redaction
from .errors import OpsError

SOMETHING_TO_DO = 10  # exit code: there is a difference, or a plan not carried out

as_json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON, in one line, and no table."
)
env_option = click.option("--env", "-e", help="Kedro configuration environment.")
yes_option = click.option(
    "--yes", "-y", is_flag=True, help="Do it. Without it, show what would be done."
)


class Commands(click.Group):
    """Commands on data: a place that cannot be reached is one line, no traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that is asked for."""
        try:
            return super().invoke(ctx)
        except (OSError, DatasetError) as error:
            text = " ".join(str(error).split())
            raise OpsError(f"{type(error).__name__}: {text}") from error


def load_context(env: str | None) -> Any:
    """The context of the project, without what Kedro logs on the way."""
    from kedro.framework.project import settings  # noqa: PLC0415

    logging.disable(logging.WARNING)
    create: Any = settings.SESSION_CLASS.create
    with create(env=env) as session:
        context = session.load_context()
    redaction.hide_secrets_of(context)
    return context


def show(title: str, rows: list[dict[str, Any]], as_json: bool) -> None:
    """Print rows of the same keys, without secrets."""
    rows = redaction.values(rows, clean=redaction.without_secrets)
    if as_json:
        click.echo(json.dumps(rows))
        return
    if not rows:
        click.echo(f"{title}: none.")
        return
    table = Table(title=escape(title), title_justify="left")
    for key in rows[0]:
        table.add_column(key.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*map(_cell, row.values()))
    Console().print(table)


def stop_before_doing() -> None:
    """End a command that has shown its plan."""
    click.echo("Nothing was changed: --yes does it.", err=True)
    raise SystemExit(SOMETHING_TO_DO)


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{count} {name}" for name, count in sorted(value.items()))
    if isinstance(value, list):
        return escape("\n".join(map(str, value)))
    return "" if value is None else escape(str(value))

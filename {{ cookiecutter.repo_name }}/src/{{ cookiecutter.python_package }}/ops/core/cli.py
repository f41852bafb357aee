"""What the commands share: options, the project, tables and JSON."""

from __future__ import annotations

import json
import logging
from typing import Any

import click
from kedro.io import DatasetError
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from .errors import OpsError

SOMETHING_TO_DO = 10  # exit code: there is a difference, or changes to apply

as_json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON, in one line, and no table."
)
env_option = click.option("--env", "-e", help="Kedro configuration environment.")
yes_option = click.option(
    "--yes", "-y", is_flag=True, help="Apply the changes. Without it, only show them."
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
            return session.load_context()
    finally:
        logging.disable(logging.INFO)  # warnings from here on are about what is asked


def show(title: str, rows: list[dict[str, Any]], as_json: bool) -> None:
    """Print rows of the same keys."""
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
    """End a command that has only shown its changes."""
    click.echo("Dry run. Use --yes to apply.", err=True)
    raise SystemExit(SOMETHING_TO_DO)


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{count} {name}" for name, count in sorted(value.items()))
    if isinstance(value, list):
        return escape("\n".join(map(str, value)))
    return "" if value is None else escape(str(value))

"""The options that several commands share, and how a command opens the project."""

from __future__ import annotations

import logging
from typing import Any

import click

from . import redaction
from .errors import OpsError

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


# Errors by their names, since the libraries may not be there: of the configuration, of
# files, of databases (as PEP 249 has it), and of the stores of Amazon, Google, Microsoft.
_EXPECTED = {"MissingConfigException", "YAMLError", "DatasetError", "OSError"}
_EXPECTED |= {"DatabaseError", "BotoCoreError", "GoogleAuthError", "HttpError"}
_EXPECTED |= {"AzureError"}


class Command(click.Command):
    """A command on data: if it cannot reach or read something, it prints one line."""

    def invoke(self, ctx: click.Context) -> Any:
        """Call the command."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            if not _EXPECTED & {each.__name__ for each in type(error).__mro__}:
                raise
            raise OpsError(redaction.error_text(error)) from error


class Commands(Command, click.Group):
    """Several such commands."""


def load_context(env: str | None) -> Any:
    """Load the project's context without Kedro's log lines."""
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


def stop_before_doing() -> None:
    """End a command that has only shown its plan."""
    click.echo("Dry run. Use --yes to apply.", err=True)
    raise SystemExit(SOMETHING_TO_DO)

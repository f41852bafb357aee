"""The error that a user of the project sees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from . import redaction

if TYPE_CHECKING:
    from .findings import Finding


class OpsError(click.ClickException):
    """A mistake that the user can correct: one line says what is wrong, where, what to do.

    The command line shows it without a traceback, and the exit code is 1. An error that
    has several reasons lists them in ``findings``.
    """

    def __init__(self, message: str, findings: Sequence[Finding] = ()) -> None:
        """Take the line, and the reasons if there are several."""
        super().__init__(message)
        self.findings = findings

    def format_message(self) -> str:
        """What the command line shows: the line without secrets."""
        return redaction.without_secrets(self.message)


def innermost_cause(error: BaseException) -> BaseException:
    """The error that an error was raised from, in the end."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def one_line(error: object) -> str:
    """The message of an error in one line; its name if it has no message."""
    return " ".join(str(error).split()) or type(error).__name__

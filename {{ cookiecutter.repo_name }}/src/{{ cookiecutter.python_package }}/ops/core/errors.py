"""The error that a user of the project sees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from . import redaction


class OpsError(click.ClickException):
    """A mistake that the user can mend: one line saying what, where and how.

    On the command line it is shown without a traceback and the exit code is 1. Where one
    error stands for several reasons, ``problems`` has them, each with ``level`` and
    ``subject``, and as text what is wrong.
    """

    problems: Sequence[Any] = ()

    def format_message(self) -> str:
        """What the command line shows."""
        return redaction.without_secrets(self.message)

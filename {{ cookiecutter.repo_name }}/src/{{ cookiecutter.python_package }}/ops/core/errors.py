"""Errors: those that users see, and those that must not fail a run."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
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
    """The first error in the chain of causes."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def one_line(error: object) -> str:
    """The message of an error in one line; its name if it has no message."""
    return " ".join(str(error).split()) or type(error).__name__


# Work that must neither fail a run nor keep it waiting


@contextmanager
def suppress_errors() -> Iterator[None]:
    """Log an error on level DEBUG instead of raising it."""
    try:
        yield
    except Exception:  # of any file system, any kind of data, or a mistake of ours
        logging.getLogger(__name__).debug("This failed:", exc_info=True)


def start_thread(act: Callable[[], None]) -> threading.Thread:
    """Call a function on a thread and ignore its errors; no process waits for it."""

    def run() -> None:
        with suppress_errors():
            act()

    thread = threading.Thread(target=run, name="ops-start-thread", daemon=True)
    thread.start()
    return thread


def run_within(seconds: float, act: Callable[[], None]) -> None:
    """Call a function on a thread, ignore its errors, and wait at most this long."""
    start_thread(act).join(seconds)

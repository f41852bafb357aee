"""What a guard that records runs knows of one, for the guard that shows it."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

from attrs import define


def _unknown() -> None:
    return None


@define
class RunFacts:
    """Each is asked for when it is shown; nothing is known if no guard records runs."""

    # Lines for the end, each with its name: page, command to resume.
    last_lines: Callable[[], list[tuple[str, str]]] = list
    # How long the run may take, by earlier ones.
    expected_seconds: Callable[[], float | None] = _unknown


# Of the run of this thread: `kedro server` has several in one process.
RUN_FACTS: ContextVar[RunFacts | None] = ContextVar("facts", default=None)

"""What a guard that records runs knows of one, for the guard that shows it."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

from attrs import frozen


@frozen
class RunFacts:
    """Each is asked for when it is shown."""

    # Lines for the end, each with its name: page, command to resume.
    last_lines: Callable[[], list[tuple[str, str]]]
    # How long the run may take, by earlier ones.
    expected_seconds: Callable[[], float | None]


# Of this thread: `kedro server` has several runs in one process.
_FACTS: ContextVar[RunFacts | None] = ContextVar("facts", default=None)


def provide(facts: RunFacts | None) -> None:
    """Offer what is known of the run that has begun."""
    _FACTS.set(facts)


def provided() -> RunFacts | None:
    """What is offered; none if no guard records runs."""
    return _FACTS.get()

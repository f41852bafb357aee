"""Results of checks, and the error that blocks data which fails them."""

from __future__ import annotations

import logging
from collections.abc import Iterable

import click
from attrs import frozen
from kedro.validation.exceptions import DataValidationError

from ..core import findings
from .suites import CRITICAL, Expectation

_BLOCKED = {"save": "is not saved", "load": "is not loaded"}


@frozen
class Result:
    """Whether data passed one expectation; ``message`` says it to a person."""

    dataset: str
    expectation: Expectation
    passed: bool
    message: str

    @property
    def blocks(self) -> bool:
        """Whether the data must not be used."""
        return not self.passed and self.expectation.severity == CRITICAL

    def __str__(self) -> str:
        return f"{self.dataset}: {self.message} [{self.expectation.place}]"


class FailedChecks(DataValidationError, click.ClickException):  # type: ignore[misc]
    """Data failed critical checks; the command line shows it without a traceback."""

    def __init__(self, message: str) -> None:
        click.ClickException.__init__(self, message)
        DataValidationError.__init__(self, message)

    def __str__(self) -> str:
        if self.mode not in _BLOCKED:
            return self.message
        return f"'{self.dataset_name}' {_BLOCKED[self.mode]}: {self.message}"

    def format_message(self) -> str:
        """What the command line shows."""
        return str(self)


def report(results: Iterable[Result]) -> None:
    """Record all results, and log warnings. Critical failures are raised, not logged."""
    for result in results:
        critical = result.expectation.severity == CRITICAL
        findings.report(
            "expectations",
            result.dataset,
            "error" if critical else "warning",
            result.passed,
            f"{result.message} [{result.expectation.place}]",
        )
        if not result.passed and not critical:
            logging.getLogger(__name__).warning("%s", result)


def raise_for(results: Iterable[Result], context: str = "") -> None:
    """Raise if a critical check failed.

    Raises:
        FailedChecks: with a line for each check that failed, after ``context``.
    """
    failed = [result for result in results if result.blocks]
    if failed:
        count = f"{len(failed)} check{'s' if len(failed) > 1 else ''} failed."
        raise FailedChecks("\n  ".join([context + count, *map(str, failed)]))

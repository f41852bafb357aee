"""What became of expectations: one verdict for each, and a refusal if data are bad."""

from __future__ import annotations

import logging
from collections.abc import Iterable

import click
from attrs import frozen
from kedro.validation.exceptions import DataValidationError

from ..core import findings
from .suites import CRITICAL, Expectation

_ACTS = {"save": "is not saved", "load": "is not used"}


@frozen
class Verdict:
    """Whether data are as one expectation says; ``message`` is for a person."""

    dataset: str
    expectation: Expectation
    passed: bool
    message: str

    @property
    def refuses(self) -> bool:
        """Whether the data must not be used."""
        return not self.passed and self.expectation.severity == CRITICAL


class Refused(DataValidationError, click.ClickException):  # type: ignore[misc]
    """Bad data, told in a few lines and without a traceback."""

    def __init__(self, message: str) -> None:
        click.ClickException.__init__(self, message)
        DataValidationError.__init__(self, message)

    def __str__(self) -> str:
        if self.mode not in _ACTS:
            return self.message
        return f"'{self.dataset_name}' {_ACTS[self.mode]}: {self.message}"

    def format_message(self) -> str:
        """What the command line shows."""
        return str(self)


def report(verdicts: Iterable[Verdict]) -> None:
    """Make known what was found. What refuses data is not logged: it is raised."""
    for verdict in verdicts:
        critical = verdict.expectation.severity == CRITICAL
        level = "error" if critical else "warning"
        place = verdict.expectation.place
        findings.report(
            *("expectations", verdict.dataset, level, verdict.passed),
            f"{verdict.message} [{place}]",
        )
        if not verdict.passed and not verdict.refuses:
            logging.getLogger(__name__).warning("%s", line(verdict))


def refusal(verdicts: Iterable[Verdict]) -> Refused | None:
    """The error for what is critical among the verdicts; none if nothing is."""
    lines = [line(verdict) for verdict in verdicts if verdict.refuses]
    if not lines:
        return None
    return Refused("\n  ".join(["the data are not as expected.", *lines]))


def line(verdict: Verdict) -> str:
    """One line for a person: the dataset, what is wrong, where it is expected."""
    return f"{verdict.dataset}: {verdict.message} [{verdict.expectation.place}]"

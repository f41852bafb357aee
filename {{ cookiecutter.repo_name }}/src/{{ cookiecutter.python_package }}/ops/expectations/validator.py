"""The validator of a dataset with a suite, and the error that blocks data."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import cached_property, partial
from typing import Any

import click
from attrs import define, field
from kedro.validation.exceptions import DataValidationError

from ..core import findings
from ..core.errors import OpsError
from ..core.findings import Finding
from . import dataframes, gx
from .suites import Suite, SuiteFolder

_BLOCKED = {"save": "is not saved", "load": "is not loaded"}


class FailedChecks(DataValidationError, click.ClickException):  # type: ignore[misc]
    """Data failed critical checks. The command line shows this without a traceback."""

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


def report(results: Iterable[Finding]) -> None:
    """Record all results, and log warnings. Errors are raised, not logged."""
    for result in results:
        findings.report(result)
        if not result.passed and not result.is_error:
            logging.getLogger(__name__).warning("%s", result)


def raise_for(results: Iterable[Finding], prefix: str = "") -> None:
    """Raise if a critical check failed.

    Raises:
        FailedChecks: with a line for each check that failed, after ``prefix``.
    """
    failed = [str(result) for result in results if result.is_error]
    if failed:
        count = f"{len(failed)} check{'s' if len(failed) > 1 else ''} failed."
        raise FailedChecks("\n  ".join([prefix + count, *failed]))


@define(slots=False)
class SuiteValidator:
    """Blocks data that fails its suite.

    In the catalog, name only the suite; the hook adds the other options::

        validator: {class: <package>.ops.expectations.validator.SuiteValidator, options: {suite: cars}}
    """

    suite: str = ""
    dataset: str = ""
    conf: str = ""
    envs: list[str] = field(factory=list)
    lazy_rows: int | None = None
    atomic: bool = False

    def validate(self, data: Any) -> Any:
        """Check a table, or each part of partitioned data.

        Raises:
            FailedChecks: if a critical check failed; Kedro then does not save the data,
                or does not pass it to the node.
        """
        if not isinstance(data, dict):
            return self._passed("", dataframes.collected(data, self.lazy_rows))
        return {
            name: partial(self._passed_later, name, part)
            if callable(part)
            else self._passed(name, part)
            for name, part in data.items()
        }

    def check(self, part: str, data: Any) -> list[Finding]:
        """The results for a table; ``part`` is the name of its partition, if any.

        Raises:
            FailedChecks: if the table cannot be checked.
        """
        name = f"{self.dataset}/{part}" if part else self.dataset
        try:
            return gx.check_data(self._suite, name, data, self.lazy_rows)
        except OpsError as error:
            raise FailedChecks(f"{name}: {error.message}") from error

    def _passed(self, part: str, data: Any) -> Any:
        found = self.check(part, data)
        report(found)
        raise_for(found)
        return data

    def _passed_later(self, part: str, load: Any) -> Any:
        return self._passed(part, load())

    @cached_property
    def _suite(self) -> Suite:
        if not self.conf:
            raise OpsError(
                "its suite is unknown. Add Expectations() to REGISTER in hooks.py."
            )
        return SuiteFolder(self.conf, tuple(self.envs)).read(self.suite)

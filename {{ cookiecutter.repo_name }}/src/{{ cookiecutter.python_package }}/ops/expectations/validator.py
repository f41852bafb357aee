"""The validator that Kedro calls whenever it loads or saves a dataset with a suite."""

from __future__ import annotations

from functools import cached_property, partial
from typing import Any

from attrs import define, field

from ..core.errors import OpsError
from . import dataframes, gx, results
from .results import FailedChecks, Result
from .suites import Suite, SuiteFolder


@define(slots=False)
class SuiteValidator:
    """Lets data pass that passes its suite.

    A catalog entry only has to name the suite; the hook adds the other options::

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

    def check(self, part: str, data: Any) -> list[Result]:
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
        results.report(found)
        results.raise_for(found)
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

"""The validator that Kedro calls on every load and save of a dataset with a suite."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from attrs import define, field

from ..core.errors import OpsError
from . import data_docs, dataframes, results, suites
from .results import Refused, Verdict


@define(slots=False)
class SuiteValidator:
    """The validator: lets data pass that are as a suite says.

    In the catalog it needs no more than the name of the suite::

        validator: {class: <package>.ops.expectations.validator.SuiteValidator, options: {suite: cars}}

    The hook adds the other options.
    """

    suite: str = ""
    dataset: str = ""
    conf: str = ""
    envs: list[str] = field(factory=list)
    lazy_rows: int | None = None
    atomic: bool = False
    results: str = ""
    gated: str = ""

    def validate(self, data: Any) -> Any:
        """Check a table, or each part of partitioned data.

        Raises:
            Refused: if something critical is not as expected; Kedro then does not save
                the data, or does not give them to the node.
        """
        if dataframes.is_in_parts(data):
            return dataframes.each_part(data, self._pass)
        return self._pass("", dataframes.whole(data, self.lazy_rows))

    def check(self, part: str, data: Any) -> list[Verdict]:
        """The verdicts on a table; ``part`` is its name among others, or nothing."""
        from .gx import Outcome  # noqa: PLC0415

        name = f"{self.dataset}/{part}" if part else self.dataset
        try:
            outcome = Outcome.of_data(self.written, name, data, self.lazy_rows)
        except OpsError as error:
            raise Refused(f"{name}: {error.message}") from error
        data_docs.keep(self.results, name, outcome.report)
        return outcome.verdicts

    @cached_property
    def written(self) -> suites.Suite:
        """The suite as it is written."""
        if not self.conf:
            raise OpsError("only the hook Expectations in hooks.py knows the suites.")
        return suites.SuiteFolder(self.conf, tuple(self.envs)).read(self.suite)

    def _pass(self, part: str, data: Any) -> Any:
        found = self.check(part, data)
        results.report(found)
        if refused := results.refusal(found):
            raise refused
        return data

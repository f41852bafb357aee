"""What is expected of data that a run has saved, seen where they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, partial
from typing import Any

from kedro.io import DataCatalog
from kedro.pipeline import Pipeline

from ..core import kedro_internals
from ..core.errors import OpsError
from . import already_validated, between_datasets, data_docs, dataframes
from .attach import Attachment
from .results import Verdict
from .suite_plan import Plan
from .suites import CRITICAL, Expectation, Suite


def check_saved(plan: Plan, pipeline: Pipeline, catalog: DataCatalog) -> list[Verdict]:
    """The verdicts on all that is looked at after a run. It does not raise."""
    if not plan.is_on(catalog):
        return []
    found = []
    for attachment in plan.at_the_end(pipeline):
        if not already_validated.is_unchanged(catalog, attachment.dataset):
            found += check_stored(plan, attachment, catalog)
    return found + check_across(plan.suites_across(pipeline), catalog)


def check_stored(
    plan: Plan, attachment: Attachment, catalog: DataCatalog
) -> list[Verdict]:
    """The verdicts on what a dataset holds now: in its database if it is a table there."""
    suite = plan.folder.read(attachment.suite)
    name = attachment.dataset
    return _sure(suite, name, partial(_check_stored, plan, suite, name, catalog))


def check_across(suites: Iterable[Suite], catalog: DataCatalog) -> list[Verdict]:
    """The verdicts of suites about several datasets, each of which is loaded once."""
    datasets: Any = catalog
    load = cache(lambda name: datasets.get(name).load())
    return [
        verdict
        for suite in suites
        for verdict in _sure(
            suite, suite.name, partial(between_datasets.check, suite, load)
        )
    ]


def _check_stored(
    plan: Plan, suite: Suite, name: str, catalog: DataCatalog
) -> list[Verdict]:
    from .gx import Outcome  # noqa: PLC0415

    results, rows = plan.arguments["results"], plan.arguments["lazy_rows"]
    dataset: Any = catalog.get(name)
    arguments = kedro_internals.load_args(dataset)
    if hasattr(dataset, "engine") and "table_name" in arguments:
        outcome = Outcome.of_table(suite, name, dataset)
        data_docs.keep(results, name, outcome.report)
        return outcome.verdicts
    found = []
    for part, table in dataframes.parts(dataset.load()):
        whole = f"{name}/{part}" if part else name
        outcome = Outcome.of_data(suite, whole, table, rows)
        data_docs.keep(results, whole, outcome.report)
        found += outcome.verdicts
    return found


def _sure(suite: Suite, name: str, check: Callable[[], list[Verdict]]) -> list[Verdict]:
    """The verdicts of a check; one that refuses if it cannot be made."""
    try:
        return check()
    except Exception as error:  # whatever it is, the data are not known to be good
        text = error.message if isinstance(error, OpsError) else str(error)
        reason = f"cannot be checked: {' '.join(text.split())[:300]}"
        nothing = Expectation("", {}, CRITICAL, suite.place)
        return [Verdict(name, nothing, False, reason)]

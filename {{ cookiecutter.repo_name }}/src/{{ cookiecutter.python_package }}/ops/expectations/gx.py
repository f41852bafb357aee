"""Checks by Great Expectations, which the first check imports."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from difflib import get_close_matches
from functools import partial
from typing import Any

from kedro.io import DataCatalog

from ..core import redaction
from ..core.errors import OpsError, one_line
from ..core.findings import ERROR, Finding
from ..core.kedro_internals import load_args
from . import dataframes
from .suites import Expectation, Suite

_NUMBER = "number"  # in an expectation's meta: its number in the suite
_EXAMPLES = 3

Batch = Callable[[Any], Any]  # makes a batch from the data sources of a context


def check_data(
    suite: Suite, dataset: str, data: Any, lazy_rows: int | None = None
) -> list[Finding]:
    """Check a table in memory, of any kind.

    Raises:
        OpsError: if the data is no table, or the suite cannot be used.
    """
    is_spark = dataframes.is_spark(data)
    table = data if is_spark else dataframes.to_pandas(data, lazy_rows)

    def batch(sources: Any) -> Any:
        add_source = sources.add_spark if is_spark else sources.add_pandas
        asset = add_source("memory").add_dataframe_asset("table")
        definition = asset.add_batch_definition_whole_dataframe("all")
        return definition.get_batch({"dataframe": table})

    return _validate(suite, dataset, batch)


def check_table(suite: Suite, dataset: str, stored: Any) -> list[Finding]:
    """Check a table in the database of a SQL dataset, without loading it.

    Raises:
        OpsError: if the database cannot be reached, or the suite cannot be used.
    """
    try:
        url = stored.engine.url.render_as_string(hide_password=False)
        batch = partial(_sql_batch, args=load_args(stored))
        return _validate(suite, dataset, batch, {"url": url})
    except OpsError:
        raise
    except Exception as error:  # of any driver; the password may be part of the message
        redaction.hide(filter(None, [stored.engine.url.password]))
        text = redaction.text(one_line(error))
        raise OpsError(f"{type(error).__name__}: {text}") from None


def check_stored(
    suite: Suite, name: str, catalog: DataCatalog, lazy_rows: int | None
) -> list[Finding]:
    """Check a dataset's saved data. Data that cannot be checked fails."""
    try:
        dataset: Any = catalog.get(name)
        if hasattr(dataset, "engine") and "table_name" in load_args(dataset):
            return check_table(suite, name, dataset)
        return [
            result
            for part, table in dataframes.parts(dataset.load())
            for result in check_data(
                suite, f"{name}/{part}" if part else name, table, lazy_rows
            )
        ]
    except Exception as error:  # of any dataset: the data is not known to be good
        reason = f"could not be checked: {one_line(error)[:300]}"
        return [_finding(name, ERROR, suite.place, False, reason)]


def _validate(
    suite: Suite, dataset: str, batch: Batch, variables: dict[str, str] | None = None
) -> list[Finding]:
    gx_suite = _great_expectations().ExpectationSuite(name=suite.name)
    gx_suite.expectations = [
        _build(expectation, number)
        for number, expectation in enumerate(suite.expectations)
    ]
    report = batch(_new_context(variables).data_sources).validate(gx_suite)
    found = {each.expectation_config.meta[_NUMBER]: each for each in report.results}
    if set(found) != set(range(len(suite.expectations))):
        raise OpsError(
            f"{suite.place}: Great Expectations returned {len(found)} results for "
            f"{len(suite.expectations)} expectations."
        )
    return [
        _finding(
            dataset,
            expectation.level,
            expectation.place,
            found[number].success,
            _message(found[number]),
        )
        for number, expectation in enumerate(suite.expectations)
    ]


def _finding(
    dataset: str, level: str, place: str, passed: bool, message: str
) -> Finding:
    return Finding(
        message, dataset, place, level=level, guard="expectations", passed=passed
    )


def _build(expectation: Expectation, number: int) -> Any:
    """An expectation. Great Expectations itself ignores unknown ones; this raises."""
    gx = _great_expectations()
    meta = {**expectation.more.get("meta", {}), _NUMBER: number}
    written = gx.expectations.expectation_configuration.ExpectationConfiguration(
        type=expectation.type,
        kwargs=expectation.kwargs,
        severity=expectation.severity,
        **{**expectation.more, "meta": meta},
    )
    try:
        return written.to_domain_obj()
    except gx.exceptions.ExpectationNotFoundError as error:
        registry = gx.expectations.registry
        known = registry.list_registered_expectation_implementations()
        close = get_close_matches(expectation.type, known, 1, 0.6)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise OpsError(
            f"{expectation.place}: Great Expectations has no {expectation.type}.{hint}"
        ) from error
    except (ValueError, TypeError, gx.exceptions.GreatExpectationsError) as error:
        raise OpsError(
            f"{expectation.place}: {expectation.type} is not valid: {one_line(error)}"
        ) from error


def _new_context(variables: dict[str, str] | None) -> Any:
    """A context without files, progress bars and network.

    Each check has its own: threads that share one get each other's results.
    """
    gx = _great_expectations()
    types, factory = gx.data_context.types.base, gx.data_context.data_context
    config = types.DataContextConfig(
        store_backend_defaults=types.InMemoryStoreBackendDefaults(),
        progress_bars=types.ProgressBarsConfig(globally=False),
        analytics_enabled=False,
    )
    context = gx.data_context.EphemeralDataContext(
        config, runtime_environment=variables
    )
    manager = factory.context_factory.project_manager
    try:
        manager.get_current_project()
    except gx.exceptions.DataContextRequiredError:
        manager.set_project(context)  # it needs one; a project's own one stays
    return context


def _great_expectations() -> Any:
    import great_expectations  # noqa: PLC0415

    # It logs what goes wrong in a database with several tracebacks; the result has it.
    engine = "great_expectations.execution_engine.sqlalchemy_execution_engine"
    logging.getLogger(engine).disabled = True
    return great_expectations


def _sql_batch(sources: Any, args: dict[str, Any]) -> Any:
    place = {"table_name": args["table_name"]}
    if args.get("schema"):
        place["schema_name"] = args["schema"]
    with warnings.catch_warnings():
        # It recommends classes for some databases, and another way to name a schema.
        warnings.simplefilter("ignore")
        # By a variable: in the URL itself, a "$" would start the name of one.
        source = sources.add_sql("database", connection_string="${url}")
        asset = source.add_table_asset("table", **place)
    return asset.add_batch_definition_whole_table("all").get_batch()


def _message(result: Any) -> str:
    config, found = result.expectation_config, result.result
    said = f"{config.type}{_arguments(config.kwargs)}"
    if problem := _problem(result.exception_info):
        return f"{said} could not be checked: {problem}"
    if result.success:
        return f"{said} passed"
    if found.get("unexpected_count"):
        examples = list(dict.fromkeys(map(str, found["partial_unexpected_list"])))
        shown = ", ".join(examples[:_EXAMPLES])
        count = f"{found['unexpected_count']} of {found['element_count']} rows"
        return f"{said} failed for {count}, such as {shown}"
    if "observed_value" in found:
        return f"{said} failed: the observed value is {found['observed_value']}"
    return f"{said} failed"


def _arguments(kwargs: dict[str, Any]) -> str:
    shown = [
        f"{key}={value!r}"
        for key, value in kwargs.items()
        if key != "batch_id" and value is not None
    ]
    text = ", ".join(shown)
    return f"({text if len(text) < 120 else text[:117] + '...'})"  # noqa: PLR2004


def _problem(info: dict[str, Any]) -> str | None:
    """The exception of a check: Great Expectations has it at the top, or by metric."""
    by_metric = [each for each in info.values() if isinstance(each, dict)]
    for each in [info, *by_metric]:
        if each.get("raised_exception"):
            return one_line(each["exception_message"])[:300]
    return None

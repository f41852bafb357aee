"""Where Great Expectations is asked; it is imported when there is something to ask."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from difflib import get_close_matches
from functools import partial
from typing import Any
from urllib.parse import quote, quote_plus

from attrs import frozen

from ..core import kedro_internals
from ..core.errors import OpsError
from . import dataframes
from .results import Verdict
from .suites import Expectation, Suite

_NUMBER = "number"  # where an expectation's meta says which one of its suite it is
_EXAMPLES = 3


@frozen
class Outcome:
    """What a suite found: a verdict for each expectation, and the report itself."""

    verdicts: list[Verdict]
    report: Any

    @classmethod
    def of_data(
        cls, suite: Suite, dataset: str, data: Any, lazy_rows: int | None = None
    ) -> Outcome:
        """Check a table in memory, of whatever kind it is."""
        if dataframes.is_spark(data):
            return _ask(suite, dataset, lambda sources: _spark_batch(sources, data))
        table = dataframes.to_pandas(data, lazy_rows)
        return _ask(suite, dataset, lambda sources: _pandas_batch(sources, table))

    @classmethod
    def of_table(cls, suite: Suite, dataset: str, stored: Any) -> Outcome:
        """Check a table where it is, in the database of a SQL dataset."""
        try:
            url = stored.engine.url.render_as_string(hide_password=False)
            batch = partial(_sql_batch, args=kedro_internals.load_args(stored))
            return _ask(suite, dataset, batch, {"url": url})
        except OpsError:
            raise
        except (
            Exception
        ) as error:  # of any database, and it may have the password in it
            text = " ".join(str(error).split())
            for secret in _spellings(stored.engine.url.password):
                text = text.replace(secret, "***")
            raise OpsError(f"{type(error).__name__}: {text}") from None


def check_types(suite: Suite) -> None:
    """Stop for an expectation that Great Expectations does not know.

    Left alone it drops such a one, and what is left of the suite passes.

    Raises:
        OpsError: with file and line.
    """
    for number, expectation in enumerate(suite.expectations):
        _build(expectation, number)


def _ask(
    suite: Suite,
    dataset: str,
    batch: Callable[[Any], Any],
    variables: dict[str, str] | None = None,
) -> Outcome:
    # A context for each call: what contexts share, they mix up between threads.
    context = new_context(variables)
    gx_suite = _great_expectations().ExpectationSuite(name=suite.name)
    gx_suite.expectations = [
        _build(expectation, number)
        for number, expectation in enumerate(suite.expectations)
    ]
    report = batch(context.data_sources).validate(gx_suite)
    found = {
        result.expectation_config.meta[_NUMBER]: result for result in report.results
    }
    if set(found) != set(range(len(suite.expectations))):
        raise OpsError(
            f"{suite.place}: Great Expectations answered to {len(found)} of "
            f"{len(suite.expectations)} expectations, which is no verdict."
        )
    verdicts = [
        Verdict(dataset, expectation, found[number].success, _message(found[number]))
        for number, expectation in enumerate(suite.expectations)
    ]
    return Outcome(verdicts, report)


def _build(expectation: Expectation, number: int) -> Any:
    gx = _great_expectations()
    meta = {**expectation.more.get("meta", {}), _NUMBER: number}
    registry = gx.expectations.registry
    written = gx.expectations.expectation_configuration.ExpectationConfiguration(
        type=expectation.type,
        kwargs=expectation.kwargs,
        severity=expectation.severity,
        **{**expectation.more, "meta": meta},
    )
    try:
        return written.to_domain_obj()
    except gx.exceptions.ExpectationNotFoundError as error:
        known = registry.list_registered_expectation_implementations()
        close = get_close_matches(expectation.type, known, 1, 0.6)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise OpsError(
            f"{expectation.place}: Great Expectations has no {expectation.type}.{hint}"
        ) from error
    except (ValueError, TypeError, gx.exceptions.GreatExpectationsError) as error:
        reason = " ".join(str(error).split())
        raise OpsError(
            f"{expectation.place}: {expectation.type} cannot be used so: {reason}"
        ) from error


def new_context(variables: dict[str, str] | None = None, **settings: Any) -> Any:
    """A context that keeps to itself: nothing on disk, no progress bars, no network."""
    gx = _great_expectations()
    types, factory = gx.data_context.types.base, gx.data_context.data_context
    config = types.DataContextConfig(
        store_backend_defaults=types.InMemoryStoreBackendDefaults(),
        progress_bars=types.ProgressBarsConfig(globally=False),
        analytics_enabled=False,
        **settings,
    )
    context = gx.data_context.EphemeralDataContext(
        config, runtime_environment=variables
    )
    manager = factory.context_factory.project_manager
    try:
        manager.get_current_project()
    except gx.exceptions.DataContextRequiredError:
        manager.set_project(context)  # it wants one; the project's own is left alone
    return context


def _great_expectations() -> Any:
    import great_expectations  # noqa: PLC0415

    # It logs what goes wrong in a database with several tracebacks; the verdict says it.
    engine = "great_expectations.execution_engine.sqlalchemy_execution_engine"
    logging.getLogger(engine).disabled = True
    return great_expectations


def _pandas_batch(sources: Any, table: Any) -> Any:
    asset = sources.add_pandas("memory").add_dataframe_asset("table")
    definition = asset.add_batch_definition_whole_dataframe("all")
    return definition.get_batch({"dataframe": table})


def _spark_batch(sources: Any, table: Any) -> Any:
    asset = sources.add_spark("memory").add_dataframe_asset("table")
    definition = asset.add_batch_definition_whole_dataframe("all")
    return definition.get_batch({"dataframe": table})


def _sql_batch(sources: Any, args: dict[str, Any]) -> Any:
    place = {"table_name": args["table_name"]}
    if args.get("schema"):
        place["schema_name"] = args["schema"]
    with warnings.catch_warnings():
        # That there are classes for some databases, and another way to name a schema.
        warnings.simplefilter("ignore")
        # By a variable: a "$" in the URL itself would begin the name of one.
        source = sources.add_sql("database", connection_string="${url}")
        asset = source.add_table_asset("table", **place)
    return asset.add_batch_definition_whole_table("all").get_batch()


def _spellings(password: Any) -> list[str]:
    """A password as it is, and as it stands in URLs."""
    text = str(password) if password else ""
    spelled = dict.fromkeys([text, quote_plus(text), quote(text)])
    return [each for each in spelled if each]


def _message(result: Any) -> str:
    config, found = result.expectation_config, result.result
    said = f"{config.type}{_arguments(config.kwargs)}"
    if problem := _problem(result.exception_info):
        return f"{said} could not be checked: {problem}"
    if result.success:
        return f"{said} holds"
    if found.get("unexpected_count"):
        examples = list(dict.fromkeys(map(str, found["partial_unexpected_list"])))
        shown = ", ".join(examples[:_EXAMPLES])
        count = f"{found['unexpected_count']} of {found['element_count']} rows"
        return f"{said} fails for {count}, such as {shown}"
    if "observed_value" in found:
        return f"{said} fails: it is {found['observed_value']}"
    return f"{said} fails"


def _arguments(kwargs: dict[str, Any]) -> str:
    shown = [
        f"{key}={value!r}"
        for key, value in kwargs.items()
        if key != "batch_id" and value is not None
    ]
    text = ", ".join(shown)
    return f"({text if len(text) < 120 else text[:117] + '...'})"  # noqa: PLR2004


def _problem(info: dict[str, Any]) -> str | None:
    """What went wrong while it was checked: told flat, or by metric."""
    by_metric = [each for each in info.values() if isinstance(each, dict)]
    for each in [info, *by_metric]:
        if each.get("raised_exception"):
            return " ".join(str(each["exception_message"]).split())[:300]
    return None

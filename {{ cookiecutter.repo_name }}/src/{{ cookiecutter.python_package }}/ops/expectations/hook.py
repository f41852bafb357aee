"""Expectations: data that are not as their suite says are not saved.

The gate is a validator in the catalog's *configuration*, which Kedro calls on every load
and save, in every runner and however its workers start. The hook puts it there, and looks
after the run at what a validator cannot see: tables in a database, several datasets.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Generator
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from ..core import kedro_internals
from . import after_run, already_validated, dataframes, results
from .attach import SAVE, VALIDATOR
from .results import Refused
from .suite_plan import Plan
from .validator import SuiteValidator


class Expectations:
    """The hook. It stands first in the register, so that its verdict comes last."""

    def __init__(self) -> None:
        # By project and environment: `kedro server` has one hook for runs in threads.
        self._plans: dict[tuple[str, str | None], Plan] = {}
        self._catalogs = threading.local()  # that of the node which a thread runs

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Put validators into the catalog's entries."""
        plan = Plan.of(context)
        self._plans[context.project_path.as_posix(), context.env] = plan
        plan.rewrite_catalog(context.config_loader)

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Stop a run whose suites Great Expectations would not understand."""
        self._plan(run_params).prepare(pipeline, catalog)

    @hook_impl
    def before_node_run(self, catalog: DataCatalog) -> None:
        """Keep the catalog for what is saved next."""
        self._catalogs.current = catalog

    @hook_impl
    def after_node_run(
        self, node: Node, catalog: DataCatalog, outputs: dict[str, Any]
    ) -> None:
        """With ``atomic_outputs``: check all outputs before any of them is saved."""
        if len(outputs) < 2 or inspect.isgeneratorfunction(node.func):  # noqa: PLR2004
            return
        found = [
            verdict
            for name, suite in _atomic(catalog)
            if name in outputs
            for part, table in dataframes.parts_now(outputs[name])
            for verdict in suite.check(part, table)
        ]
        if refused := results.refusal(found):
            results.report(found)  # what passes here is told when it is saved
            raise Refused(f"No output of {node.name} is saved: {refused.message}")

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any, node: Node) -> None:
        """Note what the gate has let pass, if it is looked at after the run as well."""
        # Of chunks and partitions, the gate has seen no more than what came last.
        if not (inspect.isgeneratorfunction(node.func) or dataframes.is_in_parts(data)):
            already_validated.note(self._catalogs.current, dataset_name)

    @hook_impl(wrapper=True)
    def after_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> Generator[None, Any, Any]:
        """Check what was saved, let everybody else act, and only then refuse."""
        plan = self._plan(run_params)
        found = after_run.check_saved(plan, pipeline, catalog)
        results.report(found)
        plan.build_docs()
        already_validated.forget(catalog)
        result = yield
        if refused := results.refusal(found):
            raise Refused(f"The data are saved, but do not use them: {refused.message}")
        return result

    @hook_impl(wrapper=True)
    def on_pipeline_error(
        self, error: Exception, run_params: dict[str, Any], catalog: DataCatalog
    ) -> Generator[None, Any, Any]:
        """Show what was found until then."""
        self._plan(run_params).build_docs()
        already_validated.forget(catalog)
        result = yield
        # Of a partition that is made while the others are saved, Kedro tells a refusal
        # as an error of the dataset, with a traceback.
        cause = error.__cause__
        if isinstance(cause, Refused) and not isinstance(error, Refused):
            raise cause
        return result

    def _plan(self, run_params: dict[str, Any]) -> Plan:
        return self._plans[run_params["project_path"], run_params["env"]]


def _atomic(catalog: DataCatalog) -> list[tuple[str, SuiteValidator]]:
    """The suites of datasets whose node saves all its outputs or none."""
    if not kedro_internals.is_validation_enabled(catalog):
        return []
    return [
        (name, SuiteValidator(**spec.options))
        for name, spec in catalog.validator_specs.items()
        if spec.class_path == VALIDATOR and spec.enabled and SAVE in spec.on
        if spec.options.get("atomic") and spec.severity == "error"
    ]

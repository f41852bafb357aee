"""Expectations: block data that fails its suite from being saved.

The checks run in a validator in the catalog's *configuration*, which Kedro calls on every
load and save, in every runner, however its workers start. The hook adds the validator.
After the run, it checks what a validator cannot see, such as a table in a database.
"""

from __future__ import annotations

import inspect
from collections.abc import Generator
from contextvars import ContextVar
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from ..core import findings, kedro_internals
from . import dataframes, gx
from .attach import SAVE, VALIDATOR, Attachments
from .validator import FailedChecks, SuiteValidator, raise_for, report

# The nodes that the current run skips; `kedro server` runs in several threads.
_SKIPPED: ContextVar[set[str] | None] = ContextVar("skipped", default=None)


class Expectations:
    """The hook. First in the register, so the other hooks act before it raises."""

    def __init__(self) -> None:
        # By project and environment: `kedro server` shares one hook between runs.
        self._attachments: dict[tuple[str, str | None], Attachments] = {}

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Put validators into the catalog entries."""
        attachments = Attachments.read(context)
        key = context.project_path.as_posix(), context.env
        self._attachments[key] = attachments
        attachments.rewrite_catalog(context.config_loader)

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Stop a run with a malformed suite. Great Expectations is not imported yet."""
        _SKIPPED.set(set())
        findings.CHECKED_AT_END.set(frozenset())
        attachments = self._of_run(run_params)
        if attachments.is_on(catalog):
            attachments.prepare(pipeline, catalog)
            at_end = attachments.at_end(pipeline, ())
            findings.CHECKED_AT_END.set(frozenset(each.dataset for each in at_end))

    @hook_impl
    def after_node_run(
        self, node: Node, catalog: DataCatalog, outputs: dict[str, Any]
    ) -> None:
        """With ``atomic_outputs``: check all outputs before any of them is saved."""
        if len(outputs) < 2 or inspect.isgeneratorfunction(node.func):  # noqa: PLR2004
            return
        found = [
            result
            for name, validator in _atomic_validators(catalog)
            if name in outputs
            for part, table in dataframes.parts(outputs[name], load=False)
            for result in validator.check(part, table)
        ]
        if any(result.is_error for result in found):
            report(found)  # if all pass, the save reports them
        raise_for(found, f"No output of node '{node.name}' is saved: ")

    @hook_impl(wrapper=True)
    def after_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> Generator[None, Any, Any]:
        """Check what was saved, let all other hooks act, and only then raise."""
        attachments = self._of_run(run_params)
        skipped = _SKIPPED.get() or ()
        found = [
            result
            for each in attachments.at_end(pipeline, skipped)
            if attachments.is_on(catalog)
            for result in gx.check_stored(
                attachments.folder.read(each.suite),
                each.dataset,
                catalog,
                attachments.settings.lazy_rows,
            )
        ]
        report(found)
        value = yield
        raise_for(found, "The data is already saved, but do not use it: ")
        return value

    @hook_impl(wrapper=True)
    def on_pipeline_error(self, error: Exception) -> Generator[None, Any, Any]:
        """Raise failed checks as such."""
        value = yield
        # If a partition is computed while the dataset saves, Kedro wraps the failure in
        # an error of the dataset and shows a traceback.
        cause = error.__cause__
        if isinstance(cause, FailedChecks) and not isinstance(error, FailedChecks):
            raise cause
        return value

    def _of_run(self, run_params: dict[str, Any]) -> Attachments:
        return self._attachments[run_params["project_path"], run_params["env"]]


def _atomic_validators(catalog: DataCatalog) -> list[tuple[str, SuiteValidator]]:
    """The validators of datasets whose node saves all its outputs or none."""
    if not kedro_internals.is_validation_enabled(catalog):
        return []
    return [
        (name, SuiteValidator(**spec.options))
        for name, spec in catalog.validator_specs.items()
        if spec.class_path == VALIDATOR and spec.enabled and SAVE in spec.on
        if spec.options.get("atomic") and spec.severity == "error"
    ]


def _note_skipped(node: str, reason: str) -> None:
    skipped = _SKIPPED.get()
    if skipped is not None:
        skipped.add(node)


findings.listen_to_skipped_nodes(_note_skipped)

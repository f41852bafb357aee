"""Steel toes: every git branch has its own copy of the data.

A load reads ``<path>_<branch>`` if it exists, and ``<path>`` otherwise. A save writes
to ``<path>_<branch>``. The hook changes the catalog's *configuration*, so everything
that Kedro builds from it (patterns, validators, versions, every runner, notebooks,
Kedro-Viz) uses the branch's data. On a trunk, nothing changes, and the code that does
this is not even imported.
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline

from ..core import file_info, git, kedro_internals
from ..core.errors import OpsError
from ..core.settings import is_guard_on, read_settings
from .settings import SteelToesOptions

if TYPE_CHECKING:
    from ..core.findings import Finding
    from .catalog import CatalogRewriter

_LOG = logging.getLogger(__name__)


class SteelToes:
    """The hook: rewrites the catalog's configuration, and checks it before a run."""

    def __init__(self) -> None:
        self._rewriter: CatalogRewriter | None = None

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Replace the catalog's entries by the branch's datasets."""
        file_info.forget()
        self._rewriter = None
        try:
            self._rewrite(context)
        except OpsError as error:
            if not kedro_internals.is_running():
                raise
            self._rewriter = None
            kedro_internals.register_hook(context, _Refusal(error))

    def _rewrite(self, context: KedroContext) -> None:
        settings = read_settings(context.config_loader, SteelToesOptions)
        if not is_guard_on("steel_toes", settings.enabled):
            if settings.enabled and kedro_internals.is_running():
                _LOG.warning("Steel toes are off: this run saves to main's data.")
            return
        here = _current_branch(context)
        trunk = here.name in settings.trunk and not here.pull_request
        if trunk and (git.in_ci() or not settings.protect_trunk):
            return
        from .catalog import CatalogRewriter  # noqa: PLC0415

        loader: Any = context.config_loader
        loader["catalog"] = loader["catalog"]  # read once
        self._rewriter = CatalogRewriter.for_branch(
            context, settings, here.name, protect=trunk
        )
        self._rewriter.rewrite_all(context)

    @hook_impl(wrapper=True)
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> Generator[None, Any, Any]:
        """Stop a run that would overwrite the data of others, or log its branch.

        The log line needs to look at the data, so other hooks act first: they report a
        bucket that cannot be reached.
        """
        if self._rewriter is None:
            return (yield)
        from . import checks  # noqa: PLC0415

        outputs = pipeline.all_outputs()
        branched = checks.branched_datasets(pipeline, catalog)
        checks.refuse_harm(branched, outputs, catalog)
        results = yield
        warnings = self.warnings_of_run(pipeline, catalog)
        checks.warn_of(warnings, self._rewriter.branch.name)
        with kedro_internals.closing_connections():
            checks.begin_run(branched, run_params, pipeline)
        return results

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Write the manifest to its store."""
        if self._rewriter is not None:
            from . import manifest  # noqa: PLC0415

            manifest.flush(last=True)

    @hook_impl
    def on_pipeline_error(self) -> None:
        """Write the manifest to its store."""
        self.after_pipeline_run()

    def ticket_for_workers(self) -> bool:
        """Whether a worker of the project's runners saves data of a branch."""
        return self._rewriter is not None

    def start_worker(self, on: bool) -> None:
        """Begin another run in this process: what earlier ones saw is out of date."""
        file_info.forget()

    def warnings_of_run(
        self, pipeline: Pipeline, catalog: DataCatalog
    ) -> list[Finding]:
        """What a run saves to main's data. A command that only plans a run asks, too."""
        if self._rewriter is None:
            return []
        from . import checks  # noqa: PLC0415

        return checks.saves_to_main(self._rewriter, pipeline.all_outputs(), catalog)


class _Refusal:
    """Stops a run once its record has begun, before any hook that may save data."""

    def __init__(self, error: OpsError) -> None:
        self._error = error

    @hook_impl
    def before_pipeline_run(self) -> None:
        raise self._error


def _current_branch(context: KedroContext) -> git.Branch:
    try:
        return git.current_branch(context.project_path)
    except OpsError as error:
        raise OpsError(
            f"{error.message} STEEL_TOES=off turns steel toes off for one run."
        ) from error

"""Preflight: a run that cannot succeed stops before it starts, with all reasons at once.

Nothing is run and no data is written. What is looked at is the nodes that will run, with
the catalog that they will run with: the hook acts when Kedro has made both.
"""

from __future__ import annotations

import logging
from contextvars import ContextVar
from typing import Any

import click
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline

from ..core import findings, kedro_internals
from ..core.errors import OpsError
from ..core.settings import is_guard_on, read_settings
from .planned_run import StartingRun
from .problem import ERROR, NOTE, Problem
from .settings import PreflightOptions

_LOG = logging.getLogger(__name__)


class PreflightError(OpsError):
    """A run was stopped; ``problems`` says why."""

    def __init__(self, message: str, problems: list[Problem]) -> None:
        """Take the one line that is shown, and the reasons."""
        super().__init__(message)
        self.problems = problems


class Looked(Exception):
    """``kedro preflight`` has its answer, and there is no run."""

    def __init__(self, problems: list[Problem]) -> None:
        """Take all that is wrong."""
        super().__init__()
        self.problems = problems


# Of the run that is being started, which `kedro server` does in several threads.
_STARTING: ContextVar[StartingRun | None] = ContextVar("starting", default=None)
# Whether `kedro preflight` asks: it checks whatever is switched off for runs.
ASKED: ContextVar[bool] = ContextVar("asked", default=False)


class Preflight:
    """The hook: looks at a run before it starts, and stops it."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Keep the context; take out what Kedro could not even make a catalog with."""
        settings = read_settings(context.config_loader, PreflightOptions)
        asked = ASKED.get()
        if not asked and not is_guard_on("preflight", settings.enabled):
            _STARTING.set(None)
            return
        if asked:
            # What other hooks do before a run, they do for a run only.
            kedro_internals.leave_out(context, "before_pipeline_run", but=self)
        starting = StartingRun(context, settings)
        if (asked or _is_run()) and settings.level("catalog") == ERROR:
            starting.broken = _take_out_broken(context)
        _STARTING.set(starting)

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Stop the run if it cannot succeed; log what is only worth a warning."""
        starting = _STARTING.get()
        if starting is None:
            return
        if ASKED.get():
            raise Looked(_examine(starting, run_params, pipeline, catalog, code=True))
        code = starting.settings.code.before_runs
        try:
            problems = _examine(starting, run_params, pipeline, catalog, code)
        except OpsError:
            raise
        except Exception:
            # A guard never harms a run: what preflight cannot see, Kedro will.
            _LOG.warning("Preflight failed, and the run goes on.", exc_info=True)
            return
        _tell([each for each in problems if each.level != NOTE], problems)


def _tell(grave: list[Problem], problems: list[Problem]) -> None:
    if not grave:
        return
    from . import problems_table  # noqa: PLC0415

    if all(each.level != ERROR for each in grave):
        problems_table.log(grave)
        for each in grave:
            findings.report("preflight", each.subject, "warning", False, str(each))
        return
    problems_table.show(grave, "Preflight", to_stderr=True)
    raise PreflightError(
        f"The run was not started: {problems_table.counted(grave)}. PREFLIGHT=off "
        "runs once without preflight.",
        problems,
    )


def _examine(
    starting: StartingRun,
    run_params: dict[str, Any],
    pipeline: Pipeline,
    catalog: Any,
    code: bool,
) -> list[Problem]:
    from .checks import Examination  # noqa: PLC0415

    examination = Examination.of(starting, run_params, pipeline, catalog, code)
    return list(examination.problems())


def _is_run() -> bool:
    """Whether a run follows: anything else may never need the catalog."""
    command = click.get_current_context(silent=True)
    return command is not None and command.info_name == "run"


def _take_out_broken(context: KedroContext) -> dict[str, Problem]:
    """Entries that keep the whole catalog from being made; the run is stopped for them."""
    from .catalog import broken_entries  # noqa: PLC0415

    broken = broken_entries(context)
    if broken:
        catalog = context.config_loader["catalog"]
        kept = {name: entry for name, entry in catalog.items() if name not in broken}
        context.config_loader["catalog"] = kept
    return broken

"""Preflight: a run that cannot succeed stops before it starts, with all reasons at once.

Nothing runs and no data is written. Preflight checks the nodes that will run, with the
catalog that they will run with: the hook acts when Kedro has made both.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from attrs import evolve
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.utils import load_obj

from ..core import findings, kedro_internals, redaction
from ..core.errors import OpsError
from ..core.settings import is_guard_on, read_settings
from .problem import ERROR, NOTE, Problem, counted, log, one_line, show
from .settings import OFF, PreflightOptions

# The modules of the checks are imported when a run starts: `kedro --help` need not wait.
if TYPE_CHECKING:
    from .checks import Found
    from .planned_run import PlannedRun, StartingRun

_LOG = logging.getLogger(__name__)


class PreflightError(OpsError):
    """A run was stopped. The record of a run names the guard by the class of its error."""


class Looked(Exception):
    """``kedro preflight`` has its answer, and nothing runs."""

    def __init__(self, problems: list[Problem]) -> None:
        """Take all problems."""
        super().__init__()
        self.problems = problems


# The run that is being started; `kedro server` starts runs in several threads.
_STARTING: ContextVar[StartingRun | None] = ContextVar("starting", default=None)
# Whether `kedro preflight` asks: it checks although preflight is off for runs.
ASKED: ContextVar[bool] = ContextVar("asked", default=False)


class Preflight:
    """The hook: checks a run before it starts, and stops it."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Keep the context; remove entries with which Kedro cannot make a catalog."""
        from .planned_run import StartingRun  # noqa: PLC0415

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
            starting.broken = _remove_broken(context)
        _STARTING.set(starting)

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Stop the run if it cannot succeed; log warnings."""
        starting = _STARTING.get()
        if starting is None:
            return
        asked = ASKED.get()
        code = asked or starting.settings.code.before_runs
        try:
            problems = [*find_problems(starting, run_params, pipeline, catalog, code)]
        except OpsError:
            raise
        except Exception:
            # A guard never harms a run: Kedro will find what preflight could not.
            if asked:
                raise
            _LOG.warning("Preflight failed; the run continues.", exc_info=True)
            return
        if asked:
            raise Looked(problems)
        _report([each for each in problems if each.level != NOTE])


def find_problems(
    starting: StartingRun,
    run_params: dict[str, Any],
    pipeline: Pipeline,
    catalog: Any,
    code: bool,
) -> Iterator[Problem]:
    """All problems of a run, as severe as the settings say, without secrets.

    Raises:
        OpsError: if a setting is wrong.
    """
    from .linters import Linters  # noqa: PLC0415
    from .planned_run import PlannedRun  # noqa: PLC0415

    context, settings = starting.context, starting.settings
    broken = frozenset(starting.broken)
    run = PlannedRun(context, run_params, pipeline, catalog, broken)
    linters = Linters(Path(context.project_path), settings)
    redaction.hide_secrets_of(context)
    redaction.hide_parameters_of(catalog)
    for problem in _check(run, starting, linters if code else None):
        yield evolve(problem, what=redaction.without_secrets(problem.what))


def _check(run: PlannedRun, starting: StartingRun, linters: Any) -> Iterator[Problem]:
    from . import catalog, inputs, outputs, runner  # noqa: PLC0415
    from .checks import check_all  # noqa: PLC0415

    settings = starting.settings
    checks: dict[str, Iterable[Found]] = {
        "catalog": catalog.check(run, starting.broken.values()),
        "data": inputs.check(run, settings.ignore, settings.timeout),
        "outputs": outputs.check(run, settings.timeout),
        "runner": runner.check(run),
    }
    levels = {name: settings.level(name) for name in checks}
    found = [
        (name, levels[name], each)
        for name, check in checks.items()
        if levels[name] != OFF
        for each in check
    ]
    if linters is None:
        yield from check_all(found)
    else:
        found += [("code", ERROR, each) for each in linters.check()]
        try:
            yield from check_all(found)
        finally:
            linters.stop()
    for path in settings.extra:
        for problem in _extra(path, run):
            yield evolve(problem, check=problem.check or "extra")


def _extra(path: str, run: PlannedRun) -> Iterator[Problem]:
    """What a function of the team returns: problems, or texts, which are errors."""
    try:
        found: Iterable[Any] = load_obj(path)(run.pipeline, run.catalog) or ()
        for each in found:
            yield each if isinstance(each, Problem) else Problem(str(each), path)
    except Exception as error:  # it is the team's code
        what = f"failed: {type(error).__name__}: {one_line(error)}"
        yield Problem(what, path, "", "fix it, or see preflight.extra in ops.yml")


def _report(problems: list[Problem]) -> None:
    if any(each.level == ERROR for each in problems):
        show(problems, "Preflight", to_stderr=True)
        error = PreflightError(
            f"The run was not started: {counted(problems)}. PREFLIGHT=off runs once "
            "without preflight."
        )
        error.problems = problems
        raise error
    log(problems)
    for each in problems:
        findings.report("preflight", each.subject, "warning", False, str(each))


def _is_run() -> bool:
    """Whether a run follows: other commands may never need the catalog."""
    command = click.get_current_context(silent=True)
    return command is not None and command.info_name == "run"


def _remove_broken(context: KedroContext) -> dict[str, Problem]:
    """Entries with which Kedro cannot make a catalog; the run is stopped for them."""
    from .catalog import broken_entries  # noqa: PLC0415

    broken = broken_entries(context)
    if broken:
        catalog = context.config_loader["catalog"]
        kept = {name: entry for name, entry in catalog.items() if name not in broken}
        context.config_loader["catalog"] = kept
    return broken

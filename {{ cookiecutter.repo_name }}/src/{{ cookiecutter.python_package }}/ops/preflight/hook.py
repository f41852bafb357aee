"""Preflight: a run that cannot succeed stops before it starts, with all reasons at once.

Nothing runs and no data is written. Preflight checks the nodes that will run, with the
catalog that they will run with.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from attrs import evolve, field, frozen
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.utils import load_obj

from ..core import file_info, findings, kedro_internals, redaction
from ..core.errors import OpsError, one_line
from ..core.findings import ERROR, NOTE, Finding
from ..core.settings import Ignore, is_guard_on, read_settings, settings_section
from ..core.terminal import show_findings
from .linters import OFF, CodeOptions, Linters, level_of

# The modules of the checks are imported when a run starts: `kedro --help` need not wait.
if TYPE_CHECKING:
    from .checks import Found
    from .planned_run import PlannedRun

_LOG = logging.getLogger(__name__)


@settings_section("preflight")
class PreflightOptions:
    """``preflight`` in ``ops.yml``: what is checked, and how severe each finding is."""

    enabled: bool = True
    timeout: float = 30
    data: str = ERROR
    catalog: str = ERROR
    outputs: str = ERROR
    runner: str = ERROR
    code: CodeOptions = field(factory=CodeOptions)
    extra: list[str] = field(factory=list)
    ignore: Ignore = field(factory=Ignore)

    def level(self, check: str) -> str:
        """``error``, ``warning`` or ``off`` for one of the checks.

        Raises:
            OpsError: if the setting is something else.
        """
        return level_of(f"preflight.{check}", getattr(self, check))


class PreflightError(OpsError):
    """Preflight stopped a run."""


@frozen
class StartingRun:
    """What preflight keeps from the context until the run begins."""

    context: KedroContext
    settings: PreflightOptions
    broken: dict[str, Finding]  # entries with which Kedro cannot create a catalog


# The run that is being started; `kedro server` starts runs in several threads.
_STARTING: ContextVar[StartingRun | None] = ContextVar("starting", default=None)


class Preflight:
    """The hook: checks a run before it starts, and stops it."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Keep the context; remove entries with which Kedro cannot create a catalog."""
        file_info.forget()
        settings = read_settings(context.config_loader, PreflightOptions)
        starting = None
        if is_guard_on("preflight", settings.enabled):
            command = click.get_current_context(silent=True)
            # Other commands may never need the catalog.
            is_run = command is not None and command.info_name == "run"
            starting = start(context, settings, is_run)
        _STARTING.set(starting)

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Stop a run that would fail; log warnings."""
        starting = _STARTING.get()
        if starting is None:
            return
        code = starting.settings.code.before_runs
        try:
            found = [*check_run(starting, run_params, pipeline, catalog, code)]
        except OpsError:
            raise
        except Exception as error:
            # A guard never harms a run: Kedro will find what preflight could not.
            why = redaction.error_text(error)
            _LOG.warning("Preflight failed; the run continues (%s).", why)
            _LOG.debug("Where it failed:", exc_info=True)
            return
        _report([each for each in found if each.level != NOTE])


def start(
    context: KedroContext, settings: PreflightOptions, remove_broken: bool
) -> StartingRun:
    """Begin to check a run, before its catalog exists.

    Args:
        context: the context of the run.
        settings: those of the run.
        remove_broken: whether to take entries out of the configuration with which Kedro
            cannot create a catalog. The run is stopped for them later.
    """
    from .catalog import broken_entries  # noqa: PLC0415

    broken = {}
    if remove_broken and settings.level("catalog") == ERROR:
        broken = broken_entries(context)
    if broken:
        catalog = context.config_loader["catalog"]
        kept = {name: entry for name, entry in catalog.items() if name not in broken}
        context.config_loader["catalog"] = kept
    return StartingRun(context, settings, broken)


def check_run(
    starting: StartingRun,
    run_params: dict[str, Any],
    pipeline: Pipeline,
    catalog: Any,
    code: bool,
) -> Iterator[Finding]:
    """All findings about a run, as severe as the settings say, without secrets.

    Raises:
        OpsError: if a setting is wrong.
    """
    from .planned_run import PlannedRun  # noqa: PLC0415

    context, broken = starting.context, frozenset(starting.broken)
    # A forked worker of the run must not get a connection that was opened here.
    with kedro_internals.closing_connections():
        run = PlannedRun(context, run_params, pipeline, catalog, broken)
        found = list(_check(run, starting, code))
    if found:  # a run without findings need not read the credentials
        redaction.hide_secrets_of(context)
        redaction.hide_parameters_of(catalog)
    for finding in found:
        message = redaction.text(finding.message, context.project_path)
        clean = finding.without_secrets()
        yield evolve(clean, message=message, guard="preflight")


def _check(run: PlannedRun, starting: StartingRun, code: bool) -> Iterator[Finding]:
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
    if code:
        linters = Linters(Path(run.context.project_path), settings.code)
        found += [("code", ERROR, each) for each in linters.check()]
    yield from check_all(found)
    for path in settings.extra:
        for finding in _extra(path, run):
            yield evolve(finding, check=finding.check or "extra")


def _extra(path: str, run: PlannedRun) -> Iterator[Finding]:
    """What a function of the team returns: findings, or texts, which are errors."""
    try:
        found: Iterable[Any] = load_obj(path)(run.pipeline, run.catalog) or ()
        for each in found:
            yield each if isinstance(each, Finding) else Finding(str(each), path)
    except Exception as error:  # it is the team's code
        message = f"failed: {type(error).__name__}: {one_line(error)}"
        yield Finding(message, path, remedy="fix it, or see preflight.extra in ops.yml")


def _report(found: list[Finding]) -> None:
    if any(each.is_error for each in found):
        show_findings(found, "Preflight", to_stderr=True)
        raise PreflightError(
            f"The run was not started: {findings.count(found)}. PREFLIGHT=off turns "
            "preflight off for one run.",
            found,
        )
    findings.log_warnings(found, "Preflight")
    for each in found:
        findings.report(each)

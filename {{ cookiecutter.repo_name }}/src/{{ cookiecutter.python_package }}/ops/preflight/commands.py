"""``kedro preflight``: check a run without running anything."""

from __future__ import annotations

import json
import logging
from typing import Any

import click
from kedro.framework import project

from ..core import findings
from ..core.cli import as_json_option
from ..core.errors import OpsError
from ..core.findings import Finding
from ..core.run_options import (
    PlanCommand,
    load_run_context,
    pipeline_names,
    planned_run,
)
from ..core.settings import read_settings
from ..core.terminal import show_findings


@click.command(cls=PlanCommand)
@click.option("--no-code", is_flag=True, help="Check the run only, not the code.")
@as_json_option
def command(no_code: bool, as_json: bool, **options: Any) -> None:
    """Check a run and the code without running anything. Exit code 1 if it would fail.

    Takes every option of `kedro run`.
    """
    from . import hook  # noqa: PLC0415

    logging.disable(logging.WARNING)
    try:
        found = _check(options, not no_code)
    except OpsError as error:  # no branch is known, say
        _record_stop(options, error)
        raise
    if as_json:
        click.echo(json.dumps([each.as_row() for each in found]))
    elif found:
        show_findings(found, f"Preflight: {findings.count(found)}")
    else:
        click.echo("Preflight: no problems.")
    if any(each.is_error for each in found):
        reasons = [each for each in found if each.level != findings.NOTE]
        text = f"kedro preflight found {findings.count(found)}."
        _record_stop(options, hook.PreflightError(text, reasons))
        raise SystemExit(1)


def _check(options: dict[str, Any], code: bool) -> list[Finding]:
    from . import hook  # noqa: PLC0415

    context = load_run_context(options)
    settings = read_settings(context.config_loader, hook.PreflightOptions)
    starting = hook.start(context, settings, remove_broken=True)
    runner, pipeline, catalog = planned_run(context, options)
    run_params = {
        "pipeline_names": pipeline_names(options),
        "only_missing_outputs": options["only_missing_outputs"],
        "runner": runner,
    }
    return [*hook.check_run(starting, run_params, pipeline, catalog, code)]


def _record_stop(options: dict[str, Any], error: OpsError) -> None:
    """Ask the guard that records runs, if it is on, to record the reason."""
    path = click.get_current_context().obj.project_path
    for guard in project.settings.HOOKS:
        if hasattr(guard, "record_stop"):
            guard.record_stop(path, pipeline_names(options), options["env"], error)

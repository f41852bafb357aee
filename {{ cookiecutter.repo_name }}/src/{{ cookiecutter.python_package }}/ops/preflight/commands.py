"""``kedro preflight``: check a run without running anything."""

from __future__ import annotations

import json
import logging
from typing import Any

import click
from kedro.framework import project

from ..core import findings
from ..core.cli import as_json_option
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
    context = load_run_context(options)
    settings = read_settings(context.config_loader, hook.PreflightOptions)
    starting = hook.start(context, settings, remove_broken=True)
    runner, pipeline, catalog = planned_run(context, options)
    run_params = {
        "pipeline_names": pipeline_names(options),
        "only_missing_outputs": options["only_missing_outputs"],
        "runner": runner,
    }
    code = not no_code
    found = [*hook.check_run(starting, run_params, pipeline, catalog, code)]
    if as_json:
        click.echo(json.dumps([each.as_row() for each in found]))
    elif found:
        show_findings(found, f"Preflight: {findings.count(found)}")
    else:
        click.echo("Preflight: no problems.")
    if any(each.is_error for each in found):
        error = hook.PreflightError(
            f"kedro preflight found {findings.count(found)}.",
            [each for each in found if each.level != findings.NOTE],
        )
        for guard in project.settings.HOOKS:
            if hasattr(guard, "record_stop"):  # the guard that records runs
                guard.record_stop(context, run_params["pipeline_names"], error)
        raise SystemExit(1)

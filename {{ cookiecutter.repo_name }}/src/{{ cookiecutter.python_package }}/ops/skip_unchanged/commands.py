"""``kedro plan``: which nodes would run, and why."""

from __future__ import annotations

import json
import logging
from typing import Any

import click
from kedro.framework import project
from kedro.io import DatasetError

from ..core import kedro_internals
from ..core.cli import SOMETHING_TO_DO, as_json_option
from ..core.errors import OpsError
from ..core.findings import first_names
from ..core.run_options import PlanCommand, load_run_context, planned_run

# The modules behind the command are imported in it: `kedro --help` need not wait.


@click.command(cls=PlanCommand)
@click.option(
    "--explain",
    metavar="NODE",
    help="Show what makes up a node's fingerprint, next to its last record.",
)
@as_json_option
def command(explain: str | None, as_json: bool, **selected: Any) -> None:
    """Show which nodes would run, and why. Exit code 10 if there is anything to do.

    Takes every option of `kedro run`.
    """
    from .plan_table import View  # noqa: PLC0415
    from .run import SkipRun  # noqa: PLC0415

    logging.disable(logging.WARNING)
    context = load_run_context(selected)
    runner, pipeline, catalog = planned_run(context, selected)
    if missing := [name for name in pipeline.inputs() if name not in catalog]:
        raise OpsError(f"Not defined in the catalog: {first_names(sorted(missing))}.")
    if selected["only_missing_outputs"]:
        pipeline = kedro_internals.only_missing_outputs(runner, pipeline, catalog)
    try:
        planned = SkipRun.prepare(context, pipeline, catalog)
    except DatasetError as error:  # an entry that is wrong
        raise OpsError(str(error)) from error
    view = View.of_run(planned, pipeline, selected)
    if explain:
        rows = view.explained(explain)
        click.echo(json.dumps(rows)) if as_json else view.show_explained(explain, rows)
        return
    for hook in project.settings.HOOKS:
        if hasattr(hook, "warnings_of_run"):  # of another guard
            for warning in hook.warnings_of_run(pipeline, catalog):
                click.echo(f"Warning: {warning.without_secrets()}", err=True)
    if as_json:
        click.echo(json.dumps(view.as_data()))
    else:
        view.show()
    if view.is_something_to_do:
        raise SystemExit(SOMETHING_TO_DO)

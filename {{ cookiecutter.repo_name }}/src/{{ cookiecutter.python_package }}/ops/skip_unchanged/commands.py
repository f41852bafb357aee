"""``kedro plan``: what a run would do, node by node, and why."""

from __future__ import annotations

import json
import logging
from typing import Any

import click
from kedro.framework.cli.project import run

from ..core.cli import SOMETHING_TO_DO, as_json_option
from ..core.errors import OpsError
from ..core.run_options import options_of_run


@click.command()
@click.option(
    "--explain",
    metavar="NODE",
    help="Show all that went into the fingerprint of a node, beside the last record.",
)
@as_json_option
def command(explain: str | None, as_json: bool, **selected: Any) -> None:
    """Say what a run would do, without running it. Exit code 10 if there is any to do.

    The options choose what to run, as those of `kedro run` do.
    """
    from . import plan_table  # noqa: PLC0415
    from .session import ASKED, Planned  # noqa: PLC0415

    logging.disable(logging.WARNING)
    asked = ASKED.set(True)
    try:
        assert run.callback is not None
        run.callback(**selected)
        raise OpsError(
            "settings.py: SESSION_CLASS is not SkippingSession; put it there."
        )
    except Planned as seen:
        view = plan_table.View.of_run(seen.run, seen.pipeline, selected)
    except (ValueError, ImportError) as error:  # no such pipeline, node, ...
        raise OpsError(" ".join(str(error).split())) from error
    finally:
        ASKED.reset(asked)
    if explain:
        rows = view.explained(explain)
        click.echo(json.dumps(rows)) if as_json else view.show_explained(explain, rows)
        return
    if as_json:
        click.echo(json.dumps(view.as_data()))
    else:
        view.show()
    if view.is_something_to_do:
        raise SystemExit(SOMETHING_TO_DO)


command.params[:0] = options_of_run()

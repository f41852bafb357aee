"""``kedro preflight``: everything that would stop a run, without running anything."""

from __future__ import annotations

import json
import logging
from typing import Any

import click
from kedro.framework.cli.project import run

from ..core.cli import as_json_option
from ..core.errors import OpsError
from ..core.run_options import options_of_run


@click.command()
@as_json_option
def command(as_json: bool, **selected: Any) -> None:
    """Say what is wrong with a run, without running it. Exit code 1 if it would fail.

    The options choose what to run, as those of `kedro run` do. The code is checked, too.
    """
    from . import problems_table  # noqa: PLC0415
    from .dataset_types import innermost_cause, one_line  # noqa: PLC0415
    from .hook import ASKED, Looked  # noqa: PLC0415
    from .problem import ERROR  # noqa: PLC0415

    logging.disable(logging.WARNING)
    asked = ASKED.set(True)
    try:
        assert run.callback is not None
        run.callback(**selected)
        raise OpsError("hooks.py: Preflight() is not in the REGISTER; put it there.")
    except Looked as seen:
        problems = seen.problems
    except (ValueError, ImportError) as error:  # no such pipeline, node, ...
        cause = innermost_cause(error)
        why = f" {one_line(cause)}" if cause is not error else ""
        raise OpsError(f"{one_line(error)}{why}") from error
    finally:
        ASKED.reset(asked)
    if as_json:
        click.echo(json.dumps([each.as_row() for each in problems]))
    elif problems:
        title = f"Preflight: {problems_table.counted(problems)}"
        problems_table.show(problems, title)
    else:
        click.echo("Preflight: nothing wrong.")
    if any(each.level == ERROR for each in problems):
        raise SystemExit(1)


command.params[:0] = options_of_run()

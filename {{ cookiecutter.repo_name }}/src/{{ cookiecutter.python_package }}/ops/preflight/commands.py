"""``kedro preflight``: check a run without running anything."""

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
    """Check a run and the code without running anything. Exit code 1 if it would fail.

    The options are those of `kedro run`.
    """
    from .hook import ASKED, Looked  # noqa: PLC0415
    from .problem import (  # noqa: PLC0415
        ERROR,
        counted,
        innermost_cause,
        one_line,
        show,
    )

    logging.disable(logging.WARNING)
    asked = ASKED.set(True)
    try:
        assert run.callback is not None
        run.callback(**selected)
        raise OpsError("Preflight() is not in the REGISTER of hooks.py. Add it.")
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
        show(problems, f"Preflight: {counted(problems)}")
    else:
        click.echo("Preflight: no problems.")
    if any(each.level == ERROR for each in problems):
        raise SystemExit(1)


command.params[:0] = options_of_run()

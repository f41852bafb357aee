"""The options of ``kedro run``, for commands that tell of a run without running it."""

from __future__ import annotations

import copy
from typing import Any

import click
from kedro.framework.cli import utils
from kedro.framework.cli.project import run


def _read_config(context: click.Context, param: click.Parameter, value: Any) -> Any:
    # Kedro looks for a section with the name of the command; a file for runs has "run".
    name, context.info_name = context.info_name, run.name
    try:
        return utils._config_file_callback(context, param, value)
    finally:
        context.info_name = name


def options_of_run() -> list[click.Parameter]:
    """Those of ``kedro run`` as it is installed, so that none is ever missing."""
    options = [copy.copy(param) for param in run.params]
    for option in options:
        if option.name == "config":
            option.callback = _read_config
    return options

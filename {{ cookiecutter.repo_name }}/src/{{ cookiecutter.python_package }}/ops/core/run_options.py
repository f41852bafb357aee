"""The options of ``kedro run``, for commands that tell of a run without running it."""

from __future__ import annotations

import copy
from functools import partial
from typing import Any

import click
from kedro.framework.cli.project import run


def _read_config(
    read: Any, context: click.Context, param: click.Parameter, value: Any
) -> Any:
    # Kedro looks for a section with the name of the command; a file for runs has "run".
    name, context.info_name = context.info_name, run.name
    try:
        return read(context, param, value)
    finally:
        context.info_name = name


def options_of_run() -> list[click.Parameter]:
    """Those of ``kedro run`` as it is installed, so that none is ever missing."""
    options = [copy.copy(param) for param in run.params]
    for option in options:
        if option.name == "config":
            option.callback = partial(_read_config, option.callback)
    return options

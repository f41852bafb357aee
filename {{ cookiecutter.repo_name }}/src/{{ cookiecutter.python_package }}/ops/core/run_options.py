"""The options of ``kedro run`` and the run that they select, for other commands."""

from __future__ import annotations

import copy
from functools import partial
from typing import Any

import click
from kedro.framework import project
from kedro.framework.cli.project import run
from kedro.framework.context import KedroContext
from kedro.framework.session import KedroSession
from kedro.pipeline import Pipeline
from kedro.runner import AbstractRunner
from kedro.utils import load_obj

from . import kedro_internals, redaction
from .cli import Command
from .errors import OpsError, innermost_cause, one_line


class PlanCommand(Command):
    """A command with the options of the installed ``kedro run``.

    If a pipeline or node does not exist, it prints one line and no traceback.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Add the options to those of the command."""
        super().__init__(*args, **kwargs)
        self.params[:0] = run_options()

    def invoke(self, ctx: click.Context) -> Any:
        """Call the function of the command."""
        try:
            return super().invoke(ctx)
        except (ValueError, ImportError) as error:
            cause = innermost_cause(error)
            why = f" {one_line(cause)}" if cause is not error else ""
            raise OpsError(f"{one_line(error)}{why}") from error


def run_options() -> list[click.Parameter]:
    """The options of ``kedro run``."""
    options = [copy.copy(param) for param in run.params]
    for option in options:
        if option.name == "config":
            option.callback = partial(_read_config, option.callback)
    return options


def _read_config(
    read: Any, context: click.Context, param: click.Parameter, value: Any
) -> Any:
    # Kedro looks for a section with the name of the command; a file for runs has "run".
    name, context.info_name = context.info_name, run.name
    try:
        return read(context, param, value)
    finally:
        context.info_name = name


def load_run_context(options: dict[str, Any]) -> KedroContext:
    """The context of the run that the options select, after the hooks for it."""
    project.pipelines.set_requested(options["pipelines"] or None)
    create: Any = KedroSession.create
    with create(
        env=options["env"],
        conf_source=options["conf_source"],
        runtime_params=options["params"],
    ) as session:
        context: KedroContext = session.load_context()
    redaction.hide_secrets_of(context)
    return context


def planned_run(
    context: KedroContext, options: dict[str, Any]
) -> tuple[AbstractRunner, Pipeline, Any]:
    """The runner, the pipeline and the catalog of the run that the options select.

    Raises:
        ValueError: if a pipeline or a node does not exist.
    """
    names = pipeline_names(options)
    unknown = [name for name in names if name not in project.pipelines]
    if unknown:
        raise ValueError(f"The pipeline '{unknown[0]}' does not exist.")
    pipeline = sum((project.pipelines[name] for name in names), Pipeline([])).filter(
        tags=options["tags"],
        from_nodes=options["from_nodes"],
        to_nodes=options["to_nodes"],
        node_names=options["node_names"],
        from_inputs=options["from_inputs"],
        to_outputs=options["to_outputs"],
        node_namespaces=options["namespaces"],
    )
    runner = _runner(options)
    versions = options["load_versions"]
    catalog = kedro_internals.catalog_of_run(context, names, runner, versions)
    return runner, pipeline, catalog


def _runner(options: dict[str, Any]) -> AbstractRunner:
    try:
        kind = load_obj(options["runner"] or "SequentialRunner", "kedro.runner")
    except AttributeError as error:
        raise ValueError(one_line(error)) from None
    given = {"is_async": options["is_async"], **options["runner_params"]}
    runner: AbstractRunner = kind(**given)
    return runner


def pipeline_names(options: dict[str, Any]) -> list[str]:
    """The pipelines that the options select."""
    return [*options["pipelines"]] or [options["pipeline"] or "__default__"]

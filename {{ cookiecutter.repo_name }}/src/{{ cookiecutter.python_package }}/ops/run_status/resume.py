"""The command that goes on where a run has failed."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

from kedro.io import DataCatalog
from kedro.pipeline import Pipeline

from ..core import kedro_internals
from .model import Run, State

_DONE = {State.SUCCEEDED, State.SKIPPED}
# Options that still hold for the rest of the run.
_LISTS = {
    "pipeline_names": "--pipelines",
    "to_nodes": "--to-nodes",
    "to_outputs": "--to-outputs",
    "tags": "--tags",
    "namespaces": "--namespaces",
}
_FROM = {
    "node_names": "--nodes",
    "from_nodes": "--from-nodes",
    "from_inputs": "--from-inputs",
}


def command(
    run: Run, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
) -> str:
    """``kedro run`` with the options of the run, from the nodes that are to be run.

    Parameters of the command line are left out: they may hold secrets.
    """
    left = [node for node in pipeline.nodes if run.nodes[node.name].state not in _DONE]
    options = list(_options(run_params, _LISTS))
    if len(left) < len(pipeline.nodes):
        names = kedro_internals.nodes_to_resume_from(pipeline, left, catalog)
        if names:
            options.append(f"--from-nodes={','.join(sorted(names))}")
    else:
        options += _options(run_params, _FROM)
    if env := run_params.get("env"):
        options.insert(0, f"--env={env}")
    if run.runner and run.runner != "SequentialRunner":
        options.insert(0, f"--runner={_runner(run_params)}")
    return shlex.join(["kedro", "run", *options])


def _options(run_params: dict[str, Any], known: dict[str, str]) -> Iterator[str]:
    for key, option in known.items():
        if given := run_params.get(key):
            yield f"{option}={','.join(map(str, given))}"


def _runner(run_params: dict[str, Any]) -> str:
    """``kedro.runner.thread_runner.ThreadRunner`` is known by its last word."""
    path = str(run_params["runner"]).strip("<").partition(" ")[0]
    return path.rpartition(".")[2] if path.startswith("kedro.runner.") else path

"""Whether the nodes and datasets of a run work with its runner."""

from __future__ import annotations

import inspect
import multiprocessing
import os
from collections.abc import Iterator
from multiprocessing.reduction import ForkingPickler
from typing import Any

from kedro.framework import project
from kedro.io import MemoryDataset

from ..core import kedro_internals
from ..core.errors import one_line
from ..core.findings import Finding
from .planned_run import PlannedRun

_IN_WORKERS = (
    "before_node_run",
    "after_node_run",
    "on_node_error",
    "before_dataset_loaded",
    "after_dataset_loaded",
    "before_dataset_saved",
    "after_dataset_saved",
)


def check(run: PlannedRun) -> Iterator[Finding]:
    """Findings about the runner."""
    from kedro.runner import ParallelRunner, ThreadRunner  # noqa: PLC0415

    runner = run.runner
    if runner is None:
        return
    if issubclass(runner, ParallelRunner):
        yield from _missing_hooks(runner, ParallelRunner)
        yield from _unpicklable(run)
    if run.is_async and not issubclass(runner, ThreadRunner):
        for node in run.pipeline.nodes:
            if inspect.isgeneratorfunction(node.func):
                yield Finding(
                    "yields its outputs, which does not work with is_async",
                    node.name,
                    f"node {node.name}",
                    "run without --async (is_async), or return the outputs",
                )


def _missing_hooks(runner: Any, plain: Any) -> Iterator[Finding]:
    """Kedro's own workers run no hooks of the project unless they are forks."""
    method = os.environ.get("KEDRO_MP_CONTEXT")
    if method not in {"fork", "spawn", "forkserver"}:
        method = multiprocessing.get_context().get_start_method()
    if method == "fork" or kedro_internals.has_own_executor(runner, plain):
        return
    missing = sorted(
        type(hook).__name__
        for hook in project.settings.HOOKS
        if any(hasattr(hook, name) for name in _IN_WORKERS)
    )
    if missing:
        yield Finding(
            f"its workers start by '{method}' and do not run the hooks of "
            f"{', '.join(missing)}",
            runner.__name__,
            "",
            f"use --runner={project.PACKAGE_NAME}.runners.ParallelRunner",
        )


def _unpicklable(run: PlannedRun) -> Iterator[Finding]:
    """Nodes and datasets that cannot be sent to another process."""
    use = "use --runner=ThreadRunner"
    for node in run.pipeline.nodes:
        if why := _why_not(node):
            yield Finding(
                f"cannot be sent to another process: {why}",
                node.name,
                f"node {node.name}",
                f"use a function with a name at the top of a module, or {use}",
            )
    passed_on = run.pipeline.all_outputs() & run.pipeline.all_inputs()
    for name, dataset in run.datasets.items():
        if kedro_internals.is_single_process(dataset):
            why = f"{dataset.__class__.__name__} is for one process only"
        elif name in passed_on and isinstance(dataset, MemoryDataset):
            why = "its data is in the memory of one process"
        else:
            why = _why_not(dataset)
        if why:
            message = f"cannot be shared with other processes: {why}"
            yield Finding(message, name, run.place(name), use)


def _why_not(thing: Any) -> str:
    try:
        ForkingPickler.dumps(thing)
    except Exception as error:  # pickling runs the code of others
        return one_line(error)
    return ""

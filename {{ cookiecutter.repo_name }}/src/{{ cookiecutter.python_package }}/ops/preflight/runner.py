"""Whether the run fits the runner that it is given to."""

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
from .dataset_types import one_line
from .planned_run import PlannedRun
from .problem import Problem

_IN_WORKERS = (
    "before_node_run",
    "after_node_run",
    "on_node_error",
    "before_dataset_loaded",
    "after_dataset_loaded",
    "before_dataset_saved",
    "after_dataset_saved",
)


def check(run: PlannedRun) -> Iterator[Problem]:
    """What of the run its runner cannot do."""
    from kedro.runner import ParallelRunner, ThreadRunner  # noqa: PLC0415

    runner = run.runner
    if runner is None:
        return
    if issubclass(runner, ParallelRunner):
        yield from _without_hooks(runner, ParallelRunner)
        yield from _cannot_travel(run)
    if run.is_async and not issubclass(runner, ThreadRunner):
        yield from _generators(run)


def _without_hooks(runner: Any, plain: Any) -> Iterator[Problem]:
    """Kedro's own workers run no hook of the project unless they are forks."""
    method = _start_method()
    if method == "fork" or kedro_internals.has_own_executor(runner, plain):
        return
    left_out = [
        type(hook).__name__
        for hook in project.settings.HOOKS
        if any(hasattr(hook, name) for name in _IN_WORKERS)
    ]
    if left_out:
        yield Problem(
            f"its workers start by '{method}' and would run none of the hooks of "
            f"{', '.join(sorted(left_out))}",
            runner.__name__,
            "",
            f"use --runner={project.PACKAGE_NAME}.runners.ParallelRunner",
        )


def _start_method() -> str:
    told = os.environ.get("KEDRO_MP_CONTEXT")
    if told in {"fork", "spawn", "forkserver"}:
        return told
    return multiprocessing.get_context().get_start_method()


def _cannot_travel(run: PlannedRun) -> Iterator[Problem]:
    """Nodes and datasets that no other process can be given."""
    use = "use --runner=ThreadRunner"
    for node in run.pipeline.nodes:
        if why := _why_not(node):
            yield Problem(
                f"cannot be sent to another process: {why}",
                node.name,
                f"node {node.name}",
                f"give it a function with a name, at the top of a module, or {use}",
            )
    handed_on = run.pipeline.all_outputs() & run.pipeline.all_inputs()
    for name, dataset in run.datasets.items():
        if kedro_internals.is_single_process(dataset):
            why = f"{dataset.__class__.__name__} is for one process only"
        elif name in handed_on and isinstance(dataset, MemoryDataset):
            why = "what one process keeps in memory, no other sees"
        else:
            why = _why_not(dataset)
        if why:
            what = f"cannot be shared with other processes: {why}"
            yield Problem(what, name, run.where(name), use)


def _why_not(thing: Any) -> str:
    try:
        ForkingPickler.dumps(thing)
    except Exception as error:  # pickling runs the code of others
        return one_line(error)
    return ""


def _generators(run: PlannedRun) -> Iterator[Problem]:
    for node in run.pipeline.nodes:
        if inspect.isgeneratorfunction(node.func):
            yield Problem(
                "yields its outputs, which is_async does not take",
                node.name,
                f"node {node.name}",
                "run without --async (is_async), or return what it yields",
            )

"""Runners of this project, for ``kedro run --runner=<package>.runners.<name>``."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from typing import Any

from kedro import runner
from kedro.framework import project
from kedro.framework.hooks import manager
from pluggy import PluginManager


class ParallelRunner(runner.ParallelRunner):
    """Kedro's ``ParallelRunner``, with the project's hooks in every worker.

    Under the start methods ``spawn`` and ``forkserver`` (macOS, Windows, and Python 3.14
    everywhere) a worker of Kedro's own starts without the project's settings, so that
    no hook runs in it. ``KEDRO_MP_CONTEXT`` chooses the method, as in Kedro.
    """

    def _get_executor(self, max_workers: int) -> Executor:
        method = os.environ.get("KEDRO_MP_CONTEXT")
        if method not in {"fork", "spawn", "forkserver"}:
            method = None
        return _Workers(
            max_workers,
            mp_context=get_context(method),
            initializer=_start_worker,
            initargs=(project.PACKAGE_NAME, dict(project.LOGGING), _told()),
        )


class _Workers(ProcessPoolExecutor):
    def submit(
        self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any
    ) -> Future[Any]:
        return super().submit(_execute, fn, *args, **kwargs)


def _start_worker(
    package_name: str | None, logging_config: dict[str, Any], told: list[Any]
) -> None:
    if package_name and project.PACKAGE_NAME != package_name:  # a fork has it already
        project.configure_project(package_name)
        project.configure_logging(logging_config)
    for hook, state in zip(project.settings.HOOKS, told):
        if state is not None:
            hook.start_worker(state)


def _told() -> list[Any]:
    """What the hooks want their like in the workers to know of this run."""
    return [
        hook.tell_workers() if hasattr(hook, "tell_workers") else None
        for hook in project.settings.HOOKS
    ]


def _execute(task: Any) -> Any:
    # A task that is told of a hook manager uses it; one marked parallel would configure
    # the project and look for plugins again, for every node.
    task.parallel, task.hook_manager = False, _hook_manager()
    try:
        return task()
    except Exception as error:
        vars(error).setdefault("kedro_node", task.node.name)  # travels with the error
        raise


@cache
def _hook_manager() -> PluginManager:
    hooks = manager._create_hook_manager()
    manager._register_hooks(hooks, project.settings.HOOKS)
    manager._register_hooks_entry_points(
        hooks, project.settings.DISABLE_HOOKS_FOR_PLUGINS
    )
    return hooks

"""Runners of this project, for ``kedro run --runner=<package>.runners.<name>``."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from functools import cache
from multiprocessing import connection, get_context, parent_process
from multiprocessing.reduction import ForkingPickler
from threading import Thread
from typing import Any, NamedTuple

from kedro import runner
from kedro.framework import project
from kedro.framework.hooks import manager
from kedro.io import MemoryDataset, SharedMemoryDataset
from kedro.runner.parallel_runner import ParallelRunnerManager
from pluggy import PluginManager


class ParallelRunner(runner.ParallelRunner):
    """Kedro's ``ParallelRunner``, with the project's hooks in every worker.

    With the start methods ``spawn`` and ``forkserver`` (on macOS, on Windows, and everywhere
    in Python 3.14), Kedro's own workers start without the project's settings, so they run
    no hooks. ``KEDRO_MP_CONTEXT`` selects the method, as in Kedro.
    """

    def __init__(self, max_workers: int | None = None, is_async: bool = False) -> None:
        """Take the arguments of Kedro's own runner."""
        # Not Kedro's own: it forks the process for data in memory, whatever the start
        # method is, and a fork of a process with threads, such as a server, may hang.
        super(runner.ParallelRunner, self).__init__(is_async)
        self._max_workers = self._validate_max_workers(max_workers)
        self._manager = ParallelRunnerManager(ctx=_context())
        self._manager.start(_end_with_parent)  # else it outlives a killed run

    def _set_manager_datasets(self, catalog: Any) -> None:
        super()._set_manager_datasets(catalog)
        # Once for each worker. Kedro pickles it for each node: with 1,000 datasets that
        # takes longer than most nodes.
        self._catalog = bytes(ForkingPickler.dumps(catalog))

    def _get_executor(self, max_workers: int) -> Executor:
        return _Workers(
            max_workers,
            mp_context=_context(),
            initializer=_start_worker,
            initargs=(ticket_for_workers(), self._catalog),
        )


def _context() -> Any:
    method = os.environ.get("KEDRO_MP_CONTEXT")
    return get_context(method if method in {"fork", "spawn", "forkserver"} else None)


class Ticket(NamedTuple):
    """What a worker needs to take part in a run; it can be pickled."""

    package_name: str | None
    logging: dict[str, Any]
    of_hooks: list[Any]


def ticket_for_workers() -> Ticket:
    """The ticket for the workers of this run.

    Any runner or engine that runs nodes in other processes calls this after the run has
    started, ``start_worker`` once in each worker, and ``execute_task`` for each node.
    """
    of_hooks = [
        hook.ticket_for_workers() if hasattr(hook, "ticket_for_workers") else None
        for hook in project.settings.HOOKS
    ]
    return Ticket(project.PACKAGE_NAME, dict(project.LOGGING), of_hooks)


def start_worker(ticket: Ticket) -> None:
    """Make this process a worker of the run, and end it when its parent has ended."""
    if ticket.package_name and project.PACKAGE_NAME != ticket.package_name:
        project.configure_project(ticket.package_name)  # a fork has it already
        project.configure_logging(ticket.logging)
    for hook, of_hook in zip(project.settings.HOOKS, ticket.of_hooks):
        if of_hook is not None:
            hook.start_worker(of_hook)
    _end_with_parent()


def _end_with_parent() -> None:
    if parent := parent_process():
        Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: Any) -> None:
    if os.name == "posix" and os.getppid() == parent.pid:
        # A forked worker keeps the pipes open that would tell the others.
        while os.getppid() == parent.pid:
            time.sleep(0.5)
    else:
        connection.wait([parent.sentinel])
    os._exit(1)


class _Workers(ProcessPoolExecutor):
    def submit(
        self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any
    ) -> Future[Any]:
        setattr(fn, "catalog", None)  # of a task: the worker has it
        return super().submit(_execute_task, fn, *args, **kwargs)


_PICKLED: list[bytes] = []  # the catalog of the run that this process is a worker of


def _start_worker(ticket: Ticket, catalog: bytes) -> None:
    start_worker(ticket)
    _PICKLED[:] = [catalog]


@cache
def _catalog() -> Any:
    return ForkingPickler.loads(_PICKLED[0])


def _execute_task(task: Any) -> Any:
    task.catalog = _catalog()
    node = execute_task(task)
    # The next node checks its data again, and workers do not keep cached data.
    for name in {*node.inputs, *node.outputs}:
        dataset = task.catalog.get(name)
        if not isinstance(dataset, (MemoryDataset, SharedMemoryDataset)):
            dataset.release()
    return node


def execute_task(task: Any) -> Any:
    """Execute a Kedro ``Task`` in a worker that called ``start_worker``.

    Raises:
        Exception: whatever the node raises.
    """
    # A task uses the hook manager that it gets. A task marked parallel would configure the
    # project and search for plugins again, for every node.
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

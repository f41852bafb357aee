"""Run status: records what a run does in the journal, as it happens.

The page, ``kedro runs`` and the summary at the end of ``kedro run`` read the journal.
"""

from __future__ import annotations

import inspect
import logging
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Any

from kedro.framework import project
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from ..core import findings, redaction
from ..core.errors import OpsError, run_within
from ..core.findings import RUN_FACTS, Finding
from ..core.settings import is_guard_on, read_settings, settings_section
from ..core.store import Store
from . import describe, journal, kedro_viz
from .history import open_runs
from .journal import Journal, Ticket
from .model import State
from .page import StatusPage
from .watch import Watch, describe_error, enter_finding, record_stop

_PATIENCE = 5.0  # seconds
_ONE_PROCESS = {"SequentialRunner", "ThreadRunner"}


@settings_section("run_status")
class RunStatusOptions:
    """``run_status`` in ``ops.yml``."""

    enabled: bool = True
    keep: int = 50
    keep_days: float = 1
    page: bool = True
    kedro_viz: bool = False


# Of this thread: `kedro server` has one hook for all of its requests.
_SETTINGS: ContextVar[RunStatusOptions | None] = ContextVar("settings", default=None)
_STORE: ContextVar[Store] = ContextVar("store")


class RunStatus:
    """The hook. It wraps other hooks whose result it has to know."""

    def __init__(self) -> None:
        """No run is open."""
        self._watches: dict[Journal, Watch] = {}
        self._generators = threading.local()

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Read the settings."""
        settings = read_settings(context.config_loader, RunStatusOptions)
        on = is_guard_on("run_status", settings.enabled)
        _SETTINGS.set(settings if on else None)
        if on:
            redaction.hide_secrets_of(context)
            _STORE.set(open_runs(context))

    @hook_impl(wrapper=True)
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> Generator[None, Any, Any]:
        """Record the run with its nodes, and an error that stops it before it
        starts."""
        watch = self._start(run_params, pipeline, catalog)
        with self._recording_failure(watch):
            return (yield)

    @hook_impl(wrapper=True)
    def after_pipeline_run(
        self, run_params: dict[str, Any], catalog: DataCatalog
    ) -> Generator[None, Any, Any]:
        """Record the end of the run, after the other guards."""
        watch = self._watch_of(run_params, catalog)
        if watch is not None:
            watch.journal.enter("pipeline_ran")
        with self._recording_failure(watch):
            result = yield
        if watch is not None:
            self._end(watch, State.SUCCEEDED)
        return result

    @hook_impl(wrapper=True)
    def on_pipeline_error(
        self,
        error: Exception,
        run_params: dict[str, Any],
        pipeline: Pipeline,
        catalog: DataCatalog,
    ) -> Generator[None, Any, Any]:
        """Record why the run failed and how to resume it, before others report it."""
        watch = self._watch_of(run_params, catalog)
        if watch is not None:
            watch.fail(error)
            run_within(_PATIENCE, watch.enter_resume)
        try:
            return (yield)
        finally:
            if watch is not None:
                self._end(watch, State.FAILED)

    @hook_impl
    def before_dataset_loaded(self, dataset_name: str, node: Node) -> None:
        """Record loads, except those of parameters, which are in memory."""
        entries = journal.current()
        if entries is None or dataset_name.startswith("params:"):
            return
        self._close_generator(entries, node)
        entries.enter("load_started", node=node.name, dataset=dataset_name)

    @hook_impl
    def before_node_run(self, node: Node, catalog: DataCatalog, run_id: str) -> None:
        """Record that a node has loaded its inputs."""
        if entries := journal.journal_of_catalog(catalog, run_id):
            self._close_generator(entries, node)
            entries.enter("node_started", node=node.name)

    @hook_impl
    def after_node_run(
        self, node: Node, catalog: DataCatalog, outputs: dict[str, Any], run_id: str
    ) -> None:
        """Record that a node has computed; its outputs are not saved yet."""
        if entries := journal.journal_of_catalog(catalog, run_id):
            entries.enter("node_computed", node=node.name)

    @hook_impl
    def on_node_error(
        self, error: Exception, node: Node, catalog: DataCatalog, run_id: str
    ) -> None:
        """Record why a node failed."""
        entries = journal.journal_of_catalog(catalog, run_id)
        if entries is not None:
            facts = describe_error(error, Path(entries.ticket.project_path))
            entries.enter("node_failed", node=node.name, **facts)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, node: Node) -> None:
        """Record saves; of a generator, only that of its first chunk."""
        entries = journal.current()
        if entries is None:
            return
        if inspect.isgeneratorfunction(node.func):
            parts = self._parts_of(entries, node)
            if dataset_name in parts:
                return
            parts.add(dataset_name)
        entries.enter("dataset_saved", node=node.name, dataset=dataset_name)

    def ticket_for_workers(self) -> Ticket | None:
        """What a worker of the project's runners needs to record into this run."""
        entries = journal.current()
        if entries is None:
            return None
        if entries.reader is not None:  # in the process that started the run
            entries.reader.alone = False
        return entries.ticket_for_others()

    def start_worker(self, ticket: Ticket) -> None:
        """Record into a run that another process has started."""
        journal.join(ticket)

    def record_stop(
        self, project_path: Path, pipelines: list[str], env: str | None, error: OpsError
    ) -> None:
        """Record that a check stopped a run of several processes, as those of a DAG."""
        settings = _SETTINGS.get()
        if settings is None or not describe.is_shared():
            return
        wishes = (getattr(hook, "is_wanted", None) for hook in project.settings.HOOKS)
        notify = any(wish(pipelines) for wish in wishes if wish)
        store = _STORE.get()
        ticket = Ticket(store, describe.key_of(""), "", str(project_path))

        def record() -> None:
            run = record_stop(ticket, error, pipelines, env, notify)
            if settings.page:
                StatusPage(store).finish(run)

        run_within(_PATIENCE, record)

    @contextmanager
    def _recording_failure(self, watch: Watch | None) -> Iterator[None]:
        """Record an error of another guard as a failure; Ctrl-C or an exit as an
        interruption."""
        try:
            yield
        except Exception as error:
            if watch is not None:
                watch.fail(error)
                self._end(watch, State.FAILED)
            raise

    def _start(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> Watch | None:
        """Record this run. An error in this guard only causes a warning."""
        settings = _SETTINGS.get()
        if settings is None:
            return None
        try:
            watch = _new_watch(settings, run_params, pipeline, catalog)
            for other in list(self._watches.values()):
                if signal := other.signal():
                    self._watches.pop(other.journal, None)
                    other.interrupt(signal)
            self._watches[watch.journal] = watch
            if facts := RUN_FACTS.get():
                facts.last_lines = watch.last_lines
                facts.expected_seconds = watch.expected_seconds
            watch.start()
        except Exception as error:
            log, why = logging.getLogger(__name__), redaction.error_text(error)
            log.warning("There is no status of this run (%s)", why)
            log.debug("Where it failed:", exc_info=True)
            return None
        return watch

    def _watch_of(
        self, run_params: dict[str, Any], catalog: DataCatalog
    ) -> Watch | None:
        entries = journal.journal_of_catalog(catalog, str(run_params.get("run_id")))
        return self._watches.get(entries) if entries else None

    def _end(self, watch: Watch, state: State) -> None:
        self._watches.pop(watch.journal, None)
        run = watch.end(state)
        if run is not None and run.started is not None:
            settings, ticket = _SETTINGS.get(), watch.journal.ticket
            if settings and settings.kedro_viz and state == State.SUCCEEDED:
                path = Path(ticket.project_path)
                watch.viz = kedro_viz.build(path, ticket.store, run.env)
            text = describe.report(run, watch.page, watch.viz)
            # Where the last lines of the run say the same, the console leaves this out.
            log = logging.getLogger(__name__)
            log.info(text, extra={"in_last_lines": True})

    def _close_generator(self, entries: Journal, node: Node) -> None:
        """Close a generator when the next node starts in its thread: it has no end
        event."""
        before = getattr(self._generators, "last", None)
        if before and before[:2] != (entries, node.name):
            before[0].enter("node_completed", node=before[1])
            self._generators.last = None

    def _parts_of(self, entries: Journal, node: Node) -> set[str]:
        last = getattr(self._generators, "last", None)
        if not last or last[:2] != (entries, node.name):
            self._generators.last = last = (entries, node.name, set())
        parts: set[str] = last[2]
        return parts


def _new_watch(
    settings: RunStatusOptions,
    run_params: dict[str, Any],
    pipeline: Pipeline,
    catalog: DataCatalog,
) -> Watch:
    run_id, store = str(run_params["run_id"]), _STORE.get()
    redaction.hide_parameters_of(catalog)
    facts = describe.describe(run_params, pipeline, catalog)
    path = str(run_params["project_path"])
    ticket = Ticket(store, describe.key_of(run_id), run_id, path)
    page = StatusPage(store) if settings.page else None
    store.prepare()
    entries = journal.start(ticket, catalog)
    entries.enter("run_started", **facts)
    resume = partial(
        describe.resume_command,
        run_params=run_params,
        pipeline=pipeline,
        catalog=catalog,
    )
    alone = facts["runner"] in _ONE_PROCESS and not facts["shared"]
    return Watch(entries, page, (settings.keep, settings.keep_days), resume, alone)


def _enter_check(finding: Finding) -> None:
    if entries := journal.current():
        enter_finding(entries, finding)


def _enter_skipped(node: str, reason: str) -> None:
    journal.enter("node_skipped", node=node, reason=reason)


findings.listen(_enter_check)
findings.listen_to_skipped_nodes(_enter_skipped)

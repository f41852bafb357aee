"""Node stats: rows, columns, nulls, bytes and memory of each node, and unusual values.

The hook adds them to the journal of the run. It never fails the run.
"""

from __future__ import annotations

import inspect
import threading
import time
from collections.abc import Hashable
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from attrs import field
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.io.core import is_parameter
from kedro.pipeline.node import Node

from ..core import git
from ..core.errors import run_within, start_thread, suppress_errors
from ..core.settings import is_guard_on, read_settings, settings_section
from ..run_status import journal
from ..run_status.journal import Journal
from . import anomalies, dataset_stats, openlineage
from .anomalies import Summary

_PATIENCE = 5.0  # seconds to wait for the figures of earlier runs
_EVERY = 0.05  # seconds between two looks at the memory


@settings_section("node_stats")
class NodeStatsOptions:
    """``node_stats`` in ``ops.yml``."""

    enabled: bool = True
    trunk: list[str] = field(factory=lambda: ["main", "master"])
    openlineage: dict[str, Any] | None = None


_SETTINGS: ContextVar[NodeStatsOptions | None] = ContextVar("node_stats", default=None)


class Peaks:
    """The peak memory of this process during each node, sampled by a thread."""

    def __init__(self) -> None:
        self._peaks: dict[Hashable, int] = {}
        self._busy = threading.Event()
        self._psutil: Any = None

    def begin(self, node: Hashable) -> None:
        """Note that a node starts."""
        if self._psutil is None:
            # Not in the thread: a worker that is forked meanwhile could never import it.
            import psutil  # noqa: PLC0415

            self._psutil = psutil
            threading.Thread(target=self._look, name="node-memory", daemon=True).start()
        self._peaks[node] = 0
        self._busy.set()

    def end(self, node: Hashable) -> int | None:
        """End the node, and return its peak of memory in bytes."""
        if node not in self._peaks:
            return None
        self._sample()
        peak = self._peaks.pop(node)
        if not self._peaks:
            self._busy.clear()
        return peak

    def _look(self) -> None:
        while self._busy.wait():
            self._sample()
            time.sleep(_EVERY)

    def _sample(self) -> None:
        # A new Process each time: a forked worker is another one.
        now = int(self._psutil.Process().memory_info().rss)
        for node, peak in list(self._peaks.items()):
            if now > peak and node in self._peaks:
                self._peaks[node] = now


class NodeStats:
    """The hook."""

    def __init__(self) -> None:
        self._peaks = Peaks()
        self._catalogs = threading.local()
        self._earlier: WeakKeyDictionary[Journal, _EarlierRuns] = WeakKeyDictionary()
        self._is_worker = False

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Read the settings."""
        settings = read_settings(context.config_loader, NodeStatsOptions)
        settings.enabled = is_guard_on("node_stats", settings.enabled)
        if settings.enabled and settings.openlineage:
            settings.openlineage = openlineage.transport(settings.openlineage, context)
        _SETTINGS.set(settings)

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], catalog: DataCatalog
    ) -> None:
        """Start to read the figures of earlier runs."""
        entries = journal.journal_of_catalog(catalog, run_params["run_id"])
        settings = _SETTINGS.get()
        if entries is not None and settings is not None and settings.enabled:
            self._earlier[entries] = _EarlierRuns(entries, settings.trunk)
            if settings.openlineage:
                entries.at_end.append(partial(openlineage.send, settings.openlineage))

    @hook_impl
    def before_node_run(
        self, node: Node, catalog: DataCatalog, inputs: dict[str, Any], run_id: str
    ) -> None:
        """Record the figures of the inputs."""
        entries = self._entries(journal.journal_of_catalog(catalog, run_id))
        if entries is None:
            return
        self._catalogs.current = catalog
        for name in dict.fromkeys(node.inputs):
            if not is_parameter(name):
                _record_figures(entries, "loaded", name, inputs.get(name), catalog)
        self._peaks.begin((entries, id(node)))

    @hook_impl
    def after_node_run(self, node: Node, catalog: DataCatalog, run_id: str) -> None:
        """Record the memory that the node took."""
        entries = self._entries(journal.journal_of_catalog(catalog, run_id))
        if entries is not None:
            peak = self._peaks.end((entries, id(node)))
            if peak is not None:
                entries.enter("stats", peak={node.name: peak})

    @hook_impl
    def on_node_error(self, node: Node, catalog: DataCatalog, run_id: str) -> None:
        """Record the memory that the node took."""
        self.after_node_run(node, catalog, run_id)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any, node: Node) -> None:
        """Record the figures of an output, unless it is a part of a generator's."""
        entries = self._entries(journal.current())
        if entries is None or inspect.isgeneratorfunction(node.func):
            return
        catalog = getattr(self._catalogs, "current", None)
        _record_figures(entries, "saved", dataset_name, data, catalog)

    @hook_impl
    def after_pipeline_run(
        self, run_params: dict[str, Any], catalog: DataCatalog
    ) -> None:
        """Record what is unusual, and keep the figures for later runs."""
        entries = journal.journal_of_catalog(catalog, run_params["run_id"])
        earlier = self._earlier.pop(entries, None) if entries else None
        if entries is not None and earlier is not None:
            run_within(_PATIENCE, partial(earlier.compare, entries))

    @hook_impl
    def on_pipeline_error(
        self, run_params: dict[str, Any], catalog: DataCatalog
    ) -> None:
        """Record what is unusual: it may be why the run failed."""
        self.after_pipeline_run(run_params, catalog)

    def ticket_for_workers(self) -> bool:
        """Whether a worker of the project's runners must record figures."""
        return self._entries(journal.current()) is not None

    def start_worker(self, on: bool) -> None:
        """Record figures for a run that another process has started."""
        self._is_worker = on

    def _entries(self, entries: Journal | None) -> Journal | None:
        known = entries is not None and (self._is_worker or entries in self._earlier)
        return entries if known else None


class _EarlierRuns:
    """The figures of earlier runs, read during this run."""

    def __init__(self, entries: Journal, trunk: list[str]) -> None:
        self._runs: list[Summary] = []
        self._reading = start_thread(partial(self._read, entries, trunk))

    def _read(self, entries: Journal, trunk: list[str]) -> None:
        branch = git.branch_name(Path(entries.ticket.project_path))
        self._runs = anomalies.last_runs(entries.ticket.store, branch, trunk)
        if seconds := anomalies.median_seconds(self._runs):
            entries.enter("usual", seconds=seconds)

    def compare(self, entries: Journal) -> None:
        """Record what is unusual in this run, and keep its figures for later ones."""
        run = entries.reader.run()
        self._reading.join(_PATIENCE)
        for name, node in run.nodes.items():
            if marks := anomalies.unusual_node(node, self._runs):
                entries.enter("marked", node=name, marks=marks)
        for name, dataset in run.datasets.items():
            if marks := anomalies.unusual_dataset(dataset, self._runs):
                entries.enter("marked", dataset=name, marks=marks)
        summary = anomalies.summarize(run)
        if summary.seconds:  # else all nodes were skipped, which is no measure
            summary.write(entries.ticket.store)


def _record_figures(
    entries: Journal, way: str, name: str, data: Any, catalog: DataCatalog | None
) -> None:
    known: dict[str, Any] = {}
    with suppress_errors():
        known.update(dataset_stats.stats_of_data(data))
    with suppress_errors():
        dataset = catalog.get(name) if catalog is not None else None
        known["size"] = dataset_stats.size_of(dataset)
    if any(known.values()):
        entries.enter("stats", **{way: {name: known}})

"""Progress: shows how far a run has come and how it ended; spares Kedro work per node."""

from __future__ import annotations

import warnings
from collections.abc import Generator
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from ..core import findings, kedro_internals, run_facts
from ..core.errors import OpsError
from ..core.settings import is_guard_on, read_settings, settings_section
from ..core.suppress import suppress_errors
from . import bar
from . import logging as run_logging
from .shown_run import ShownRun


@settings_section("progress")
class ProgressOptions:
    """``progress`` in ``ops.yml``."""

    enabled: bool = True


# Of this thread: `kedro server` has one hook for all of its requests.
_ON: ContextVar[bool] = ContextVar("on", default=False)
_SHOWN: ContextVar[ShownRun | None] = ContextVar("shown", default=None)


class Progress:
    """The hook. It wraps all others, to say the last word on a run."""

    def __init__(self) -> None:
        """Hide what Kedro's way of using OmegaConf would say at the start of each run."""
        message = r"register_new_resolver\(\) is deprecated"
        warnings.filterwarnings("ignore", message, module=r"kedro\.config")
        self._bar: bar.Bar | None = None  # a terminal has one
        self._file = ""  # in a worker: where it says which nodes it begins
        self._node = ""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Read the settings."""
        settings = read_settings(context.config_loader, ProgressOptions)
        _ON.set(is_guard_on("progress", settings.enabled))
        with suppress_errors():
            run_logging.use_project_logging(Path(context.project_path))

    @hook_impl(wrapper=True)
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline
    ) -> Generator[None, Any, Any]:
        """Show the run from now on, also if another guard refuses it."""
        self._stop()  # a run that Ctrl-C ended in a notebook
        run_facts.provide(None)
        if _ON.get():
            kedro_internals.remember_inputs_and_outputs(pipeline)
            with suppress_errors():
                self._start(len(pipeline.nodes), Path(run_params["project_path"]))
        try:
            result = yield
        except Exception as error:
            refused = isinstance(error, OpsError)
            self._end("not started" if refused else "failed", error)
            raise
        if shown := _SHOWN.get():
            shown.facts = run_facts.provided()
            # On top of what a guard does then, which is what comes next.
            shown.watch_for_sigterm()
        return result

    @hook_impl(wrapper=True)
    def after_pipeline_run(self) -> Generator[None, Any, Any]:
        """Say how the run ended, when the other hooks have said what they have to say."""
        self._stop_watching()
        try:
            result = yield
        except Exception as error:
            self._end("failed", error)
            raise
        self._end("succeeded")
        return result

    @hook_impl(wrapper=True)
    def on_pipeline_error(self, error: Exception) -> Generator[None, Any, Any]:
        """Say why it failed."""
        self._stop_watching()
        try:
            return (yield)
        finally:
            self._end("failed", error)

    @hook_impl
    def before_dataset_loaded(self, node: Node) -> None:
        """A node begins."""
        self._begin(node.name)

    @hook_impl
    def before_node_run(self, node: Node) -> None:
        """A node begins that loads nothing."""
        self._begin(node.name)

    def ticket_for_workers(self) -> tuple[str, str] | None:
        """What a worker has to know of the run: its folder, and a file if there is a bar."""
        shown = _SHOWN.get()
        if shown is None:
            return None
        file = self._bar.file_for_workers() if self._bar is not None else ""
        return str(shown.project_path), file

    def start_worker(self, ticket: tuple[str, str]) -> None:
        """Log in a worker as its parent does."""
        project_path, self._file = ticket
        self._bar = None
        with suppress_errors():
            run_logging.log_in_worker(Path(project_path), bool(self._file))

    def _begin(self, node: str) -> None:
        if self._bar is not None:
            self._bar.begin(node)
        elif self._file and node != self._node:
            self._node = node
            bar.report_to_parent(self._file, node)

    def _start(self, total: int, project_path: Path) -> None:
        shown = ShownRun(total, project_path)
        _SHOWN.set(shown)
        self._bar = shown.bar
        shown.start()

    def _stop_watching(self) -> None:
        if shown := _SHOWN.get():
            shown.ignore_sigterm()

    def _end(self, state: str, error: BaseException | None = None) -> None:
        if shown := _SHOWN.get():
            shown.facts = run_facts.provided()
            self._bar = None
            _SHOWN.set(None)
            with suppress_errors():
                shown.end(state, error)

    def _stop(self) -> None:
        if shown := _SHOWN.get():
            self._bar = None
            _SHOWN.set(None)
            with suppress_errors():
                shown.stop()


def _skip(node: str, reason: str) -> None:
    if shown := _SHOWN.get():
        shown.skip()


findings.listen_to_skipped_nodes(_skip)

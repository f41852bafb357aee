"""Progress: says how far a run has come, and makes Kedro's bookkeeping linear."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Generator
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.pipeline import Pipeline

from ..core import findings, kedro_internals
from ..core.settings import is_guard_on, read_settings, settings_section
from ..core.suppress import suppress_errors
from .logging import CompletedNodes, ConsoleFilter, console, use_project_logging

_LOG = logging.getLogger(__name__)


@settings_section("progress")
class ProgressOptions:
    """``progress`` in ``ops.yml``."""

    enabled: bool = True


class ShownRun:
    """A run that is shown: how many of its nodes are done."""

    def __init__(self, total: int) -> None:
        """Take how many nodes there are."""
        self.total, self.completed, self.skipped = total, 0, 0
        self._counter = CompletedNodes(self.complete)
        self._filter = ConsoleFilter()
        self._console = console()

    def start(self) -> None:
        """Begin to listen."""
        logging.getLogger().addHandler(self._counter)
        if self._console is not None:
            self._console.addFilter(self._filter)

    def stop(self) -> None:
        """Leave the log as it was."""
        logging.getLogger().removeHandler(self._counter)
        if self._console is not None:
            self._console.removeFilter(self._filter)

    def complete(self, node: str) -> None:
        """A node has saved its outputs."""
        self.completed += 1
        _LOG.info("%d of %d: %s", self.completed + self.skipped, self.total, node)

    def skip(self) -> None:
        """A node need not run."""
        self.skipped += 1


# Of this thread: `kedro server` has one hook for all of its requests.
_ON: ContextVar[bool] = ContextVar("on", default=False)
_SHOWN: ContextVar[ShownRun | None] = ContextVar("shown", default=None)


class Progress:
    """The hook. It wraps all others, to say the last word on a run."""

    def __init__(self) -> None:
        """Hide what Kedro's way of using OmegaConf would say at the start of each run."""
        message = r"register_new_resolver\(\) is deprecated"
        warnings.filterwarnings("ignore", message, module=r"kedro\.config")

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Read the settings."""
        settings = read_settings(context.config_loader, ProgressOptions)
        _ON.set(is_guard_on("progress", settings.enabled))
        with suppress_errors():
            use_project_logging(Path(context.project_path))

    @hook_impl(wrapper=True)
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline
    ) -> Generator[None, Any, Any]:
        """Show the run from now on."""
        if _ON.get():
            kedro_internals.remember_inputs_and_outputs(pipeline)
            with suppress_errors():
                self._start(run_params, pipeline)
        try:
            return (yield)
        except BaseException:
            self._stop()
            raise

    @hook_impl(wrapper=True)
    def after_pipeline_run(self) -> Generator[None, Any, Any]:
        """Show it no longer, when the other hooks have said what they have to say."""
        try:
            return (yield)
        finally:
            self._stop()

    on_pipeline_error = after_pipeline_run

    def _start(self, run_params: dict[str, Any], pipeline: Pipeline) -> None:
        self._stop()  # a run that Ctrl-C ended in a notebook
        shown = ShownRun(len(pipeline.nodes))
        shown.start()
        _SHOWN.set(shown)

    def _stop(self) -> None:
        shown = _SHOWN.get()
        _SHOWN.set(None)
        if shown is not None:
            with suppress_errors():
                shown.stop()


def _skip(node: str, reason: str) -> None:
    if shown := _SHOWN.get():
        shown.skip()


findings.listen_to_skipped_nodes(_skip)

"""Progress: shows a run's progress and how it ended, and saves Kedro work per node."""

from __future__ import annotations

import logging
import os
import sys
import time
import warnings
from collections.abc import Generator
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from ..core import findings, kedro_internals, process
from ..core.errors import OpsError, run_within, suppress_errors
from ..core.findings import RUN_FACTS, RunFacts
from ..core.formats import duration, printable
from ..core.settings import is_guard_on, read_settings, settings_section
from . import ending
from . import logging as run_logging

# What draws with rich is imported at a terminal only: elsewhere, no run waits for it.
if TYPE_CHECKING:
    from .bar import Bar, BarOfParent

_LOG = logging.getLogger(__name__)
_PATIENCE = 2.0  # seconds, for what another guard knows of the run


@settings_section("progress")
class ProgressOptions:
    """``progress`` in ``ops.yml``."""

    enabled: bool = True


class RunDisplay:
    """Shows one run: counts its nodes, draws the bar or logs lines, prints how it ended."""

    def __init__(self, total: int, project_path: Path, facts: RunFacts) -> None:
        """Take the number of nodes, the project's folder, and what other guards
        know."""
        self.total, self.skipped = total, 0
        self.nodes: set[str] = set()  # that have saved their outputs
        self.project_path, self._ask = project_path, facts
        self._is_command = click.get_current_context(silent=True) is not None
        self._began = time.monotonic()
        self._counter = run_logging.CompletedNodes(self.complete)
        self._filter = run_logging.ConsoleFilter()
        self._console = run_logging.console()
        self._file: logging.Handler | None = None
        self._lines: list[tuple[str, str]] = []  # how it ended
        # A bar needs an end that is always noticed: in a notebook, Ctrl-C calls no hook.
        self.bar: Bar | None = None
        if self._is_command and run_logging.can_show_bar():
            from .bar import Bar  # noqa: PLC0415

            self.bar = Bar(self, self.expected_seconds)

    @property
    def completed(self) -> int:
        """The number of nodes that have saved their outputs."""
        return len(self.nodes)

    def expected_seconds(self) -> float | None:
        """The expected duration, which another guard knows once the run has started."""
        return self._ask.expected_seconds()

    def start(self) -> None:
        """Show the run from now on."""
        logging.captureWarnings(True)
        logging.getLogger().addHandler(self._counter)
        if self.bar is not None:
            self._file = run_logging.open_file(self.project_path)
            self.bar.start()
            sys.excepthook = ending.print_traceback
        if self._console is not None:
            self._console.addFilter(self._filter)
            run_logging.use_stderr(self._console)
        if self._is_command:
            # Ctrl-C, SIGTERM, a node that ends the process: Kedro calls no hook for them.
            process.call_at_end(self._interrupted)

    def complete(self, node: str) -> None:
        """Count a node that has saved its outputs."""
        self.nodes.add(node)
        if self.bar is not None:
            self.bar.end(node)
        else:
            done = self.completed + self.skipped
            _LOG.info("%d of %d: %s", done, self.total, node)

    def end(self, state: str, error: BaseException | None = None) -> None:
        """End the display, and print the summary."""
        self._lines = ending.last_lines(
            state, self._summary(), error, self.project_path
        )
        if error is not None and self._file is not None:
            extra = {"in_last_lines": True}
            _LOG.error("The run failed.", exc_info=error, extra=extra)
        self.stop()
        # A command prints the error when the hooks have been called, and then ends.
        if error is None or not self._is_command:
            self._print_last_lines()

    def stop(self) -> None:
        """Restore log and terminal."""
        if self.bar is not None:
            self.bar.stop()
        logging.getLogger().removeHandler(self._counter)
        if self._console is not None:
            self._console.removeFilter(self._filter)
        if self._file is not None:
            logging.getLogger().removeHandler(self._file)
            self._file.close()

    def _interrupted(self, reason: str) -> None:
        """Print the summary when the process ends. After a failure, the error is
        printed."""
        with suppress_errors():
            if not self._lines:
                how = "by SIGTERM, " if reason == "SIGTERM" else ""
                self._lines = [("interrupted", f"{how}after {self._summary()}")]
            self.stop()
            self._print_last_lines()

    def _print_last_lines(self) -> None:
        if self._is_command:
            process.do_not_call_at_end(self._interrupted)
        lines = [*self._lines]
        run_within(_PATIENCE, lambda: lines.extend(self._ask.last_lines()))
        if self._file is not None:
            path = getattr(self._file, "baseFilename", "")
            lines.append(("log", os.path.relpath(path, self.project_path)))
        click.echo(printable(ending.formatted(lines)), err=True)

    def _summary(self) -> str:
        took = duration(time.monotonic() - self._began)
        skipped = f", {self.skipped} skipped," if self.skipped else ""
        return f"{self.completed} of {self.total} nodes{skipped} in {took}"


# Of this thread: `kedro server` has one hook for all of its requests.
_ON: ContextVar[bool] = ContextVar("on", default=False)
_DISPLAY: ContextVar[RunDisplay | None] = ContextVar("display", default=None)


class Progress:
    """The hook. It wraps all others, so its summary comes last."""

    def __init__(self) -> None:
        """Hide OmegaConf's deprecation warnings about Kedro."""
        message = r"register_new_resolver\(\) is deprecated"
        warnings.filterwarnings("ignore", message, module=r"kedro\.config")
        self._bar: Bar | BarOfParent | None = None  # a terminal has one

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
        with suppress_errors():  # a run that Ctrl-C ended in a notebook
            if display := self._take_display():
                display.stop()
        facts = RunFacts()
        RUN_FACTS.set(facts)
        if _ON.get():
            kedro_internals.remember_inputs_and_outputs(pipeline)
            with suppress_errors():
                folder = Path(run_params["project_path"])
                display = RunDisplay(len(pipeline.nodes), folder, facts)
                _DISPLAY.set(display)
                self._bar = display.bar
                display.start()
        try:
            return (yield)
        except Exception as error:
            refused = isinstance(error, OpsError)
            self._end("not started" if refused else "failed", error)
            raise

    @hook_impl(wrapper=True)
    def after_pipeline_run(self) -> Generator[None, Any, Any]:
        """Print how the run ended, after all other hooks."""
        try:
            result = yield
        except Exception as error:
            self._end("failed", error)
            raise
        self._end("succeeded")
        return result

    @hook_impl(wrapper=True)
    def on_pipeline_error(self, error: Exception) -> Generator[None, Any, Any]:
        """Print why it failed."""
        try:
            return (yield)
        finally:
            self._end("failed", error)

    @hook_impl
    def before_dataset_loaded(self, node: Node) -> None:
        """Note that a node starts."""
        if self._bar is not None:
            self._bar.begin(node.name)

    @hook_impl
    def before_node_run(self, node: Node) -> None:
        """Note that a node starts that loads nothing."""
        self.before_dataset_loaded(node)

    def ticket_for_workers(self) -> tuple[str, str] | None:
        """What a worker needs: the run's folder, and a file if there is a bar."""
        if (display := _DISPLAY.get()) is None:
            return None
        file = display.bar.file_for_workers() if display.bar is not None else ""
        return str(display.project_path), file

    def start_worker(self, ticket: tuple[str, str]) -> None:
        """Log in a worker as its parent does."""
        project_path, file = ticket
        self._bar = None
        with suppress_errors():
            if file:
                from .bar import BarOfParent  # noqa: PLC0415

                self._bar = BarOfParent(file)
            run_logging.log_in_worker(Path(project_path), bool(file))

    def _end(self, state: str, error: BaseException | None = None) -> None:
        with suppress_errors():
            if display := self._take_display():
                display.end(state, error)

    def _take_display(self) -> RunDisplay | None:
        display, self._bar = _DISPLAY.get(), None
        _DISPLAY.set(None)
        return display


def _skip(node: str, reason: str) -> None:
    if display := _DISPLAY.get():
        display.skipped += 1


findings.listen_to_skipped_nodes(_skip)

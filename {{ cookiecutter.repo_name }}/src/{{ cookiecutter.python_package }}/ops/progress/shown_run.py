"""One run that is shown, from its start to its last lines."""

from __future__ import annotations

import atexit
import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

import click

from ..core.run_facts import RunFacts
from ..core.suppress import run_within, suppress_errors
from ..core.text import duration, printable
from . import ending
from . import logging as run_logging
from .bar import Bar, is_wanted

_LOG = logging.getLogger(__name__)
_PATIENCE = 2.0  # seconds, for what another guard knows of the run


class ShownRun:
    """Counts nodes; shows the bar or lines; says how the run ended."""

    def __init__(self, total: int, project_path: Path) -> None:
        """Take how many nodes there are, and the folder of the project."""
        self.total, self.skipped = total, 0
        self.nodes: set[str] = set()  # that have saved their outputs
        self.facts: RunFacts | None = None
        self.project_path = project_path
        self.is_command = click.get_current_context(silent=True) is not None
        self._began, self._pid = time.monotonic(), os.getpid()
        self._counter = run_logging.CompletedNodes(self.complete)
        self._filter = run_logging.ConsoleFilter()
        self._console = run_logging.console()
        self._file: logging.Handler | None = None
        self._before: Any = None  # what SIGTERM did
        self._lines: list[tuple[str, str]] = []  # how it ended
        self._is_over = False
        # A bar needs an end that is always noticed: in a notebook, Ctrl-C calls no hook.
        self.bar = (
            Bar(self, self._expected) if self.is_command and is_wanted() else None
        )

    @property
    def completed(self) -> int:
        """How many nodes have saved their outputs."""
        return len(self.nodes)

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
        if self.is_command:
            atexit.register(self._at_exit)

    def watch_for_sigterm(self) -> None:
        """Say it if the process is asked to end; then let others act, as they would."""
        if self.is_command and threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGTERM, self._terminated)

    def ignore_sigterm(self) -> None:
        """Let SIGTERM do again what it did before."""
        if self._before is None:
            return
        if signal.getsignal(signal.SIGTERM) == self._terminated:
            signal.signal(signal.SIGTERM, self._before)
        self._before = None

    def stop(self) -> None:
        """Leave log and terminal as they were."""
        self.ignore_sigterm()
        if self.bar is not None:
            self.bar.stop()
        logging.getLogger().removeHandler(self._counter)
        if self._console is not None:
            self._console.removeFilter(self._filter)
        if self._file is not None:
            logging.getLogger().removeHandler(self._file)
            self._file.close()

    def complete(self, node: str) -> None:
        """A node has saved its outputs."""
        self.nodes.add(node)
        if self.bar is not None:
            self.bar.end(node)
        else:
            done = self.completed + self.skipped
            _LOG.info("%d of %d: %s", done, self.total, node)

    def skip(self) -> None:
        """A node need not run."""
        self.skipped += 1

    def end(self, state: str, error: BaseException | None = None) -> None:
        """The run has ended; what is said of it comes last."""
        self._lines = ending.last_lines(
            state, self._summary(), error, self.project_path
        )
        if error is not None and self._file is not None:
            extra = {"in_last_lines": True}
            _LOG.error("The run failed.", exc_info=error, extra=extra)
        self.stop()
        # A command prints the error when the hooks have been called, and then ends.
        if error is None or not self.is_command:
            self.say()

    def say(self) -> None:
        """Print the last lines."""
        if self._is_over:
            return
        self._is_over = True
        atexit.unregister(self._at_exit)
        lines = self._lines + self._facts()
        if self._file is not None:
            path = getattr(self._file, "baseFilename", "")
            lines.append(("log", os.path.relpath(path, self.project_path)))
        click.echo(printable("\n".join(ending.formatted(lines))), err=True)

    def _summary(self) -> str:
        took = duration(time.monotonic() - self._began)
        skipped = f", {self.skipped} skipped," if self.skipped else ""
        return f"{self.completed} of {self.total} nodes{skipped} in {took}"

    def _facts(self) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        if self.facts is not None:
            ask = self.facts.last_lines
            run_within(_PATIENCE, lambda: found.extend(ask()))
        return found

    def _expected(self) -> float | None:
        return self.facts.expected_seconds() if self.facts is not None else None

    def _interrupted(self, how: str) -> None:
        with suppress_errors():
            if not self._lines:
                self._lines = [("interrupted", f"{how}: {self._summary()}")]
            self.stop()
            self.say()

    def _at_exit(self) -> None:
        if os.getpid() == self._pid:
            # Ctrl-C, or a node that ends the process: Kedro calls no hook for either.
            self._interrupted("before its end")

    def _terminated(self, number: int, frame: FrameType | None) -> None:
        before = self._before
        if os.getpid() == self._pid:
            self._interrupted("by SIGTERM")
        if callable(before):
            before(number, frame)
        else:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

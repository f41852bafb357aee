"""One progress bar at the bottom of a terminal, below what others print.

The bar is one line, drawn from time to time with the cursor put back to its start. So
whatever else is printed goes over it, nothing has to be put right if the process dies,
and while a node has a line of its own that is not finished, such as a bar, it waits.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress_bar import ProgressBar
from rich.table import Column, Table
from rich.text import Text

from ..core.errors import suppress_errors

_AFTER = 1.0  # seconds: a shorter run shows no bar
_EVERY = 0.25
_WIDTH, _NARROW = 20, 60
_ERASE = "\r\x1b[2K"
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_STREAMS = ("stdout", "stderr")


class StreamAboveBar:
    """A stream to the terminal that clears the line of the bar before it writes."""

    def __init__(self, stream: Any, bar: Bar | None = None) -> None:
        """Take a stream; and the bar, which is in another process if there is none."""
        self.stream, self.bar = stream, bar
        self._at_start = True

    def write(self, text: str) -> int:
        """Write, as the stream would."""
        if self.bar is None:
            before = _ERASE if self._at_start and text else ""
            self._at_start = _is_at_start(text, self._at_start)
            self.stream.write(before + text)
        else:
            self.bar.write_above(self.stream, text)
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Write each of them."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        """All else is as the stream has it."""
        return getattr(self.stream, name)


class Bar:
    """Draws how far a run has come."""

    def __init__(self, counts: Any, expected: Callable[[], float | None]) -> None:
        """Take the counts of the run, and how to find out how long it may take."""
        self._counts, self._find_expected = counts, expected
        self._expected: float | None = None
        self._began = time.monotonic()
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._is_drawn, self._at_start = False, True
        self._running: dict[str, None] = {}
        self._streams: dict[str, StreamAboveBar] = {}
        self._terminal: Any = sys.stderr
        self._console = Console(stderr=True, file=sys.stderr)
        self._from_workers: Path | None = None
        self._offset = 0
        self._thread = threading.Thread(target=self._run, name="progress", daemon=True)

    def start(self) -> None:
        """Draw from now on."""
        for name in _STREAMS:
            stream = getattr(sys, name)
            if stream is not None and stream.isatty():
                self._streams[name] = StreamAboveBar(stream, self)
                setattr(sys, name, self._streams[name])
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._in_a_fork)
        self._thread.start()

    def stop(self) -> None:
        """Leave the terminal as it was."""
        self._over.set()
        with self._lock:
            self._erase()
            if not self._at_start:  # a node was interrupted within its line
                self._terminal.write("\n")
                self._at_start = True
            for name, stream in self._streams.items():
                setattr(sys, name, stream.stream)
        if self._from_workers is not None:
            self._from_workers.unlink(missing_ok=True)

    def begin(self, node: str) -> None:
        """A node runs."""
        with self._lock:
            self._running[node] = None

    def end(self, node: str) -> None:
        """A node has run."""
        with self._lock:
            self._running.pop(node, None)

    def file_for_workers(self) -> str:
        """The file in which workers write the names of nodes that they begin."""
        if self._from_workers is not None:
            return str(self._from_workers)
        number, name = tempfile.mkstemp(prefix="kedro-run-")
        os.close(number)
        self._from_workers = Path(name)
        return name

    def write_above(self, stream: Any, text: str) -> None:
        """Write for somebody else, in the place of the bar."""
        with self._lock:
            self._erase()
            # First, because a signal may come when the text is on the terminal already.
            self._at_start = _is_at_start(text, self._at_start)
            stream.write(text)

    def line(self, width: int) -> str:
        """The bar as it is now."""
        counts = self._counts
        done = counts.completed + counts.skipped
        elapsed = time.monotonic() - self._began
        timing = _clock(elapsed)
        if self._expected and not counts.skipped:
            timing += f" of about {_clock(max(self._expected, elapsed))}"
        skipped = f"{counts.skipped} skipped" if counts.skipped else ""
        bar = _WIDTH if width >= _NARROW else _WIDTH // 3
        columns = [Column(no_wrap=True) for _ in range(4)]
        columns.insert(2, Column(no_wrap=True, overflow="ellipsis", ratio=1))
        table = Table.grid(*columns, expand=True, padding=(0, 2, 0, 0))
        table.add_row(
            ProgressBar(total=max(counts.total, 1), completed=done, width=bar),
            f"{done} of {counts.total}",
            Text(", ".join(self._running)),
            skipped,
            timing,
        )
        with self._console.capture() as captured:
            self._console.print(table, width=width, end="")
        return captured.get().rstrip("\n")

    def _run(self) -> None:
        if self._over.wait(_AFTER):
            return
        with suppress_errors():
            self._expected = self._find_expected()
        while not self._over.wait(_EVERY):
            with suppress_errors():
                self._draw()

    def _draw(self) -> None:
        with self._lock:
            if self._over.is_set() or not self._at_start:
                return
            self._read_workers()
            line = self.line(self._console.width - 1)
            self._terminal.write(f"{_ERASE}{line}\r")
            self._terminal.flush()
            self._is_drawn = True

    def _erase(self) -> None:
        if self._is_drawn:
            self._terminal.write(_ERASE)
            self._terminal.flush()
            self._is_drawn = False

    def _read_workers(self) -> None:
        if self._from_workers is None:
            return
        with self._from_workers.open("rb") as file:
            file.seek(self._offset)
            text = file.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._offset += len(whole)
        for node in whole.decode().splitlines():
            if node not in self._counts.nodes:
                self._running[node] = None

    def _in_a_fork(self) -> None:
        # The lock may be held by a thread that is not in this process.
        for stream in self._streams.values():
            stream.bar = None


class BarOfParent:
    """The bar, for a worker: it is drawn by the parent, which reads what runs in a file."""

    def __init__(self, file: str) -> None:
        """Take the file; from now on, clear the line of the bar before a text is printed."""
        self._file, self._node = file, ""
        for name in _STREAMS:
            stream = getattr(sys, name)
            if stream is not None and not isinstance(stream, StreamAboveBar):
                if stream.isatty():
                    setattr(sys, name, StreamAboveBar(stream))

    def begin(self, node: str) -> None:
        """A node runs."""
        if node != self._node:
            self._node = node
            with suppress_errors(), open(self._file, "ab") as stream:
                stream.write(f"{node}\n".encode())


def _is_at_start(text: str, before: bool) -> bool:
    """Whether the cursor is at the start of a line when a text has been printed."""
    plain = _CONTROL.sub("", text)
    return plain.endswith("\n") if plain else before


def _clock(seconds: float) -> str:
    return str(timedelta(seconds=int(seconds)))

"""One progress bar at the bottom of a terminal, below all other output.

The bar is one line. After each drawing, the cursor goes back to its start, so other
output overwrites the bar, and a killed process leaves nothing to clean up. An
unfinished line, such as a node's own bar, is kept: other output overwrites it, too, and
it is drawn again when it continues.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from rich.console import Console

from ..core.errors import suppress_errors
from ..core.terminal import progress_bar

_AFTER = 1.0  # seconds: a shorter run shows no bar
_EVERY = 0.25
_ERASE = "\r\x1b[2K"
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_MOVES = re.compile(r"\x1b\[[0-9;]*[A-Hf]")  # the cursor, to another line
_STREAMS = ("stdout", "stderr")


class StreamAboveBar:
    """A stream to the terminal that clears the line of the bar before it writes."""

    def __init__(self, stream: Any, bar: Bar | None = None) -> None:
        """Take a stream and the bar; without a bar, another process draws it."""
        self.stream, self.bar = stream, bar
        self.unfinished: dict[int, str] = {}  # by thread: what its line has so far
        self.for_log: StreamAboveBar | None = None  # whose lines go on nobody's line

    def write(self, text: str) -> int:
        """Write to the stream, above the bar."""
        thread = threading.get_ident()
        line = self.unfinished.get(thread, "")
        rest = re.split(r"[\r\n]", line + text)[-1]
        moves = _MOVES.search(rest)  # what is in the line then is not known
        seen = _CONTROL.sub("", rest)
        self.unfinished[thread] = rest if seen and not moves else ""
        if self.bar is None:
            self.stream.write(_ERASE + line + text if text else "")
        elif text:
            after = (self, thread) if seen or moves else None
            self.bar.write_above((self, thread), line, text, after)
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Write each of them."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        """Pass everything else to the stream."""
        return getattr(self.stream, name)


_Writer: TypeAlias = tuple[StreamAboveBar, int]  # a stream, and the thread that writes


class Bar:
    """Draws the progress of a run."""

    def __init__(self, counts: Any, expected: Callable[[], float | None]) -> None:
        """Take the counts of the run, and a function for its expected duration."""
        self._counts, self._find_expected = counts, expected
        self._expected: float | None = None
        self._began = time.monotonic()
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._in_line: Bar | _Writer | None = None  # who has the line of the cursor
        self._running: dict[str, None] = {}
        self._streams: dict[str, StreamAboveBar] = {}
        self._terminal: Any = sys.stderr
        self._console = Console(stderr=True, file=sys.stderr)
        self._from_workers: Path | None = None
        self._offset = 0
        self._thread = threading.Thread(target=self._run, name="progress", daemon=True)

    def start(self) -> None:
        """Start to draw."""
        for name in _STREAMS:
            stream = getattr(sys, name)
            if stream is not None and stream.isatty():
                self._streams[name] = StreamAboveBar(stream, self)
                self._streams[name].for_log = StreamAboveBar(stream, self)
                setattr(sys, name, self._streams[name])
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._in_a_fork)
        self._thread.start()

    def stop(self) -> None:
        """Restore the terminal."""
        self._over.set()
        with self._lock:
            within, self._in_line = self._in_line, None
            if within is not None:  # a node may be interrupted within its line
                self._terminal.write(_ERASE if within is self else "\n")
            for name, stream in self._streams.items():
                setattr(sys, name, stream.stream)
                for thread, line in stream.unfinished.items():
                    if line and (stream, thread) != within:
                        self._terminal.write(f"{line}\n")
                stream.unfinished.clear()
        if self._from_workers is not None:
            self._from_workers.unlink(missing_ok=True)

    def begin(self, node: str) -> None:
        """Note that a node runs."""
        with self._lock:
            self._running[node] = None

    def end(self, node: str) -> None:
        """Note that a node has run."""
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

    def write_above(
        self, writer: _Writer, line: str, text: str, after: _Writer | None
    ) -> None:
        """Write the text of another writer over the bar.

        Args:
            writer: who writes.
            line: what it has written of the line, if it goes on.
            text: what it writes.
            after: who has the line of the cursor then.
        """
        with self._lock:
            again = "" if self._in_line == writer else line
            self._begin_line(writer)
            # First, because a signal may come when the text is on the terminal already.
            self._in_line = after
            writer[0].stream.write(again + text)

    def line(self, width: int) -> str:
        """The current bar."""
        counts = self._counts
        bar = progress_bar(
            counts.completed + counts.skipped,
            counts.total,
            self._running,
            counts.skipped,
            time.monotonic() - self._began,
            self._expected,
            width,
        )
        with self._console.capture() as captured:
            self._console.print(bar, width=width, end="")
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
            if self._over.is_set() or self._in_line not in {None, self}:
                return
            self._read_workers()
            line = self.line(self._console.width - 1)
            self._in_line = self
            self._terminal.write(f"{_ERASE}{line}\r")
            self._terminal.flush()

    def _begin_line(self, writer: _Writer | None) -> None:
        if self._in_line not in {None, writer}:
            self._terminal.write(_ERASE)
            self._terminal.flush()
            self._in_line = None

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
            if stream.for_log is not None:
                stream.for_log.bar = None


class BarOfParent:
    """The bar for a worker: its parent reads the running nodes from a file."""

    def __init__(self, file: str) -> None:
        """Take the file; from now on, clear the line of the bar before a text is printed."""
        self._file, self._node = file, ""
        for name in _STREAMS:
            stream = getattr(sys, name)
            if stream is not None and not isinstance(stream, StreamAboveBar):
                if stream.isatty():
                    setattr(sys, name, StreamAboveBar(stream))

    def begin(self, node: str) -> None:
        """Note that a node runs."""
        if node != self._node:
            self._node = node
            with suppress_errors(), open(self._file, "ab") as stream:
                stream.write(f"{node}\n".encode())

"""How much memory this process takes while nodes run."""

from __future__ import annotations

import threading
import time
from collections.abc import Hashable
from typing import Any

_EVERY = 0.05  # seconds


class Peaks:
    """The peak of each node that runs, from a thread that looks now and then."""

    def __init__(self) -> None:
        self._peaks: dict[Hashable, int] = {}
        self._busy = threading.Event()
        self._psutil: Any = None

    def begin(self, node: Hashable) -> None:
        """A node begins."""
        if self._psutil is None:
            # Not in the thread: a worker that is forked meanwhile could never import it.
            import psutil  # noqa: PLC0415

            self._psutil = psutil
            threading.Thread(target=self._look, name="node-memory", daemon=True).start()
        self._peaks[node] = 0
        self._busy.set()

    def end(self, node: Hashable) -> int | None:
        """A node has ended: the most memory that was seen, in bytes."""
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

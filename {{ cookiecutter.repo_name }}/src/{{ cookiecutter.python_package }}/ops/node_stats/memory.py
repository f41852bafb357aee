"""How much memory this process takes while nodes run."""

from __future__ import annotations

import mmap
import os
import threading
import time
from collections.abc import Callable, Hashable

_EVERY = 0.05  # seconds
_STATM = "/proc/self/statm"  # of Linux, in pages


class Peaks:
    """A thread that looks now and then, as long as there is a node to look after."""

    def __init__(self) -> None:
        """Nothing runs yet."""
        self._peaks: dict[Hashable, int] = {}
        self._busy = threading.Event()
        self._looked = 0.0  # when that was, by the monotonic clock
        self._last = 0
        self._resident: Callable[[], int] | None = None

    def begin(self, what: Hashable) -> None:
        """A node begins."""
        if self._resident is None:
            self._resident = resident()
            threading.Thread(target=self._look, name="node-memory", daemon=True).start()
        self._peaks[what] = 0
        self._busy.set()

    def end(self, what: Hashable) -> int | None:
        """A node has ended: the most memory that was seen, in bytes."""
        if what not in self._peaks:
            return None
        if time.monotonic() - self._looked > _EVERY:
            self._sample()
        peak = self._peaks.pop(what) or self._last
        if not self._peaks:
            self._busy.clear()
        return peak

    def _look(self) -> None:
        pause = threading.Event()
        while self._busy.wait():
            self._sample()
            pause.wait(_EVERY)

    def _sample(self) -> None:
        assert self._resident is not None
        self._last = now = self._resident()
        self._looked = time.monotonic()
        for what, peak in list(self._peaks.items()):
            if now > peak and what in self._peaks:
                self._peaks[what] = now


def resident() -> Callable[[], int]:
    """What tells the memory of this process, in bytes."""
    if os.path.exists(_STATM):
        return _of_linux  # a tenth of what psutil takes, and there is much to ask
    import psutil  # noqa: PLC0415

    return lambda: int(psutil.Process().memory_info().rss)


def _of_linux() -> int:
    with open(_STATM, "rb") as stream:
        return int(stream.read().split()[1]) * mmap.PAGESIZE

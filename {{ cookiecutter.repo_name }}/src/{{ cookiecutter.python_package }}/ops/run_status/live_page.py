"""Keeps the status page up to date while a run goes on, at little cost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from .history import History
from .model import Run
from .page_files import PAGE, StatusPage, printed, write
from .page_runs import Shown
from .run_store import RunStore

# Of the time that the run takes, this much may go to the page, and in any case a little.
_SHARE, _ANYWAY = 0.0025, 0.05
_RUNS = 50


class RunPage:
    """The page in a store. It has this run, and earlier ones as far as time allows."""

    def __init__(self, store: RunStore, key: str) -> None:
        """Take the store, and the key of the run that goes on."""
        self._store, self._key = store, key
        self._earlier: list[Shown] = []
        self._to_come = self._others()
        self._live = StatusPage(Path(store.path), self._put)
        self._is_written = False
        self._began, self._spent = time.monotonic(), 0.0

    @property
    def place(self) -> str:
        """The path or URL of the page."""
        return f"{self._store.path}/{PAGE}"

    def update(self, read: Callable[[], Run]) -> None:
        """Show the run as it is now, unless the page has had its share of time.

        Args:
            read: tells how it is; it is not asked where there is no time.
        """
        if not self._has_time():
            return
        run = Shown(read())
        began = time.thread_time()
        if self._is_written:
            self._live.update(run)
        else:
            self._earlier += self._printed()
            self._write(run)
        self._spent += time.thread_time() - began
        self._read_earlier()

    def finish(self, run: Run) -> None:
        """Show the run as it has ended."""
        if not self._is_written:
            self._earlier += self._printed()
        self._read_earlier()
        shown = Shown(run)
        if self._is_written:
            self._live.update(shown)  # who looks at the page has it from there
        self._write(shown)

    def _write(self, run: Shown) -> None:
        write(Path(self._store.path), [run, *self._earlier], put=self._put)
        self._is_written = True

    def _put(self, name: str, content: str) -> None:
        self._store.put(name, content.encode())

    def _printed(self) -> Iterator[Shown]:
        """The runs on the page that is there, as far as that is all there is to say.

        They are there at once, while to read the journals of each takes its time.
        """
        page = self._store.get(PAGE) or b""
        sizes = self._store.sizes() if page else {}
        for it in printed(page.decode()):
            if it.is_over and it.key != self._key and it.bytes == sizes.get(it.key):
                yield it

    def _others(self) -> Iterator[Shown]:
        """The runs that are not on the page yet, read in their journals."""
        known = {self._key, *(it.key for it in self._earlier)}
        yield from map(Shown, History(self._store).without(known))

    def _read_earlier(self) -> None:
        while self._has_time() and len(self._earlier) < _RUNS:
            began = time.thread_time()
            it = next(self._to_come, None)
            self._spent += 2 * (time.thread_time() - began)  # it will be written, too
            if it is None:
                return
            self._earlier.append(it)

    def _has_time(self) -> bool:
        elapsed = time.monotonic() - self._began
        return self._spent < _ANYWAY + _SHARE * elapsed

"""Brings a file to a store behind a URL, while it is written."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable
from multiprocessing.util import Finalize

from .run_store import RunStore

_EVERY = 1.0  # second, at most; longer if an upload takes long
_AT_THE_END = 10.0  # seconds that a worker waits for its last upload


class Upload:
    """A thread that uploads the only file of a folder whenever it has grown."""

    def __init__(
        self,
        store: RunStore,
        name: str,
        folder: str,
        warn: Callable[[Exception], None],
    ) -> None:
        """Start it.

        Args:
            store: where to.
            name: of the file in the store.
            folder: where the file is; it is removed at the end.
            warn: is told what went wrong.
        """
        self._store, self._name, self._folder, self._warn = store, name, folder, warn
        self._news, self._ending = threading.Event(), threading.Event()
        self._thread = threading.Thread(
            target=self._run, name="journal-upload", daemon=True
        )
        self._thread.start()
        # Workers of multiprocessing end without calling what atexit knows.
        Finalize(self, self.finish, args=(_AT_THE_END,), exitpriority=10)

    def there_is_more(self) -> None:
        """The file has grown."""
        self._news.set()

    def finish(self, seconds: float) -> None:
        """Upload the rest, if that takes no longer, and end."""
        self._ending.set()
        self._news.set()
        self._thread.join(seconds)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self) -> None:
        while True:
            self._news.wait()
            self._news.clear()
            ending = self._ending.is_set()
            began = time.monotonic()
            self._upload()
            if ending:
                return
            took = time.monotonic() - began
            self._ending.wait(max(_EVERY, 2 * took))

    def _upload(self) -> None:
        try:
            [name] = os.listdir(self._folder)
            with open(os.path.join(self._folder, name), "rb") as file:
                self._store.put(self._name, file.read())
        except Exception as error:  # of any file system: it must not fail the run
            self._warn(error)

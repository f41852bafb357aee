"""Work that must neither fail a run nor keep it waiting."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def suppress_errors() -> Iterator[None]:
    """Log an error on level DEBUG instead of raising it."""
    try:
        yield
    except Exception:  # of any file system, any kind of data, or a mistake of ours
        logging.getLogger(__name__).debug("This could not be done:", exc_info=True)


def start_thread(act: Callable[[], None]) -> threading.Thread:
    """Call a function on a thread, without its errors; no process waits for it."""

    def run() -> None:
        with suppress_errors():
            act()

    thread = threading.Thread(target=run, name="ops-start-thread", daemon=True)
    thread.start()
    return thread


def run_within(seconds: float, act: Callable[[], None]) -> None:
    """Call a function on a thread, without its errors, and wait for it this long."""
    start_thread(act).join(seconds)

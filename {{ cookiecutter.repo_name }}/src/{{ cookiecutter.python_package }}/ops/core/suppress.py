"""What must not fail a run, nor keep it waiting, whatever is wrong with it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def suppress_errors() -> Iterator[None]:
    """Let no error out; whoever looks for it finds it in the log, on level DEBUG."""
    try:
        yield
    except Exception:  # of any file system, any kind of data, or a mistake of ours
        logging.getLogger(__name__).debug("This was left undone:", exc_info=True)


def run_within(seconds: float, act: Callable[[], None]) -> None:
    """Act quietly, and wait for it so long; a store may take longer to answer."""

    def run() -> None:
        with suppress_errors():
            act()

    thread = threading.Thread(target=run, name="run-status-act", daemon=True)
    thread.start()
    thread.join(seconds)

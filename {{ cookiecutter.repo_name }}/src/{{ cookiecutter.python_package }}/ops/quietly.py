"""What must not fail a run, whatever is wrong with it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quietly() -> Iterator[None]:
    """Let no error out; whoever looks for it finds it in the log, on level DEBUG."""
    try:
        yield
    except Exception:  # of any file system, any kind of data, or a mistake of ours
        logging.getLogger(__name__).debug("This was left undone:", exc_info=True)

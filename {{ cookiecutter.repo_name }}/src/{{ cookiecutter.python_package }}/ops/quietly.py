"""What must not fail a run, nor keep it waiting, whatever is wrong with it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any


class quietly:  # noqa: N801
    """Let no error out; whoever looks for it finds it in the log, on level DEBUG."""

    def __enter__(self) -> None:
        """Nothing to do."""

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> bool:
        """Of any file system, any kind of data, or a mistake of ours."""
        if not isinstance(error, Exception):
            return False
        logging.getLogger(__name__).debug("This was left undone:", exc_info=error)
        return True


def within(seconds: float, act: Callable[[], None]) -> None:
    """Act quietly, and wait for it so long; a store may take longer to answer."""

    def run() -> None:
        with quietly():
            act()

    thread = threading.Thread(target=run, name="run-status-act", daemon=True)
    thread.start()
    thread.join(seconds)

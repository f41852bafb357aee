"""Notices what ends a run and reaches no hook: signals, and the end of the process."""

from __future__ import annotations

import atexit
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

_NOTED: list[tuple[float, str]] = []  # when a signal came, and its name
_ENDINGS: list[Callable[[str], None]] = []


def on_the_end(act: Callable[[str], None]) -> None:
    """Have ``act`` called with the reason, if this process ends."""
    if not _ENDINGS:
        atexit.register(_at_exit, os.getpid())
    _ENDINGS.append(act)
    _install()


def forget(act: Callable[[str], None]) -> None:
    """The opposite."""
    _ENDINGS.remove(act)
    if not _ENDINGS:
        atexit.unregister(_at_exit)
        _uninstall()


def noted(since: float = 0.0) -> str:
    """The name of the last signal since this ``time.monotonic()``; empty if none came."""
    return _NOTED[-1][1] if _NOTED and _NOTED[-1][0] >= since else ""


def _install() -> None:
    # Only where nobody else handles them, and only where Python allows it. The exit
    # code and what follows stay what they were.
    if threading.current_thread() is not threading.main_thread():
        return
    if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _on_terminate)
    if signal.getsignal(signal.SIGINT) == signal.default_int_handler:
        signal.signal(signal.SIGINT, _on_interrupt)


def _uninstall() -> None:
    with suppress(ValueError):  # not in the main thread
        if signal.getsignal(signal.SIGTERM) == _on_terminate:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if signal.getsignal(signal.SIGINT) == _on_interrupt:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def _on_terminate(number: int, frame: FrameType | None) -> None:
    _NOTED.append((time.monotonic(), "SIGTERM"))
    _end_all("SIGTERM")
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTERM)


def _on_interrupt(number: int, frame: FrameType | None) -> None:
    _NOTED.append((time.monotonic(), "SIGINT"))
    signal.default_int_handler(number, frame)


def _at_exit(pid: int) -> None:
    if os.getpid() == pid:  # not in a process that was forked from it
        _end_all(noted() or "the process ended")


def _end_all(reason: str) -> None:
    for act in reversed([*_ENDINGS]):  # who began first has the last word
        act(reason)


def _in_a_fork() -> None:
    _ENDINGS.clear()
    _uninstall()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_a_fork)

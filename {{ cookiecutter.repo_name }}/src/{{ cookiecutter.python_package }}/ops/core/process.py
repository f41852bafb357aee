"""Processes: who runs this one, how it ends, and whether another one is alive."""

from __future__ import annotations

import atexit
import getpass
import os
import platform
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

LOST = 300.0  # seconds without news after which another machine's process is dead
_PROC = Path("/proc")
_STATE, _STARTED = 0, 19  # in /proc/<pid>/stat, behind the name in brackets

_SIGNALS: list[tuple[float, str]] = []  # when a signal came, and its name
_AT_END: list[Callable[[str], None]] = []


def identity() -> dict[str, Any]:
    """A unique identity of this process, across machines and time."""
    pid = os.getpid()
    return {
        "host": platform.node(),
        "pid": pid,
        "machine": _machine(),
        "born": _born(pid),
    }


def is_alive(who: dict[str, Any]) -> bool | None:
    """Whether a process is alive, by its ``identity``; None if this machine cannot
    tell."""
    pid = who.get("pid")
    if not isinstance(pid, int) or not 0 < pid < 2**31:
        return None  # no process wrote that
    if not who.get("machine") or who["machine"] != _machine():
        return None
    if who.get("born") is not None:
        return bool(_born(pid) == who["born"])
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's process
        return True
    return True


def is_gone(who: dict[str, Any], silence: float) -> bool:
    """Whether a process is gone; on the same machine, this is known at once.

    Args:
        who: its identity.
        silence: seconds since it wrote last, which decides about other machines.
    """
    alive = is_alive(who)
    return not alive if alive is not None else silence > LOST


def user() -> str:
    """The name of the user; empty if there is none, as in some containers."""
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):
        return ""


def _machine() -> str:
    """A text that is equal where process ids are comparable; empty if unknown.

    A container has process ids of its own, and often the name of its host.
    """
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{boot}/{os.stat(_PROC / 'self/ns/pid').st_ino}"
    except OSError:
        # On Windows there is no asking: os.kill would end the process.
        return "" if sys.platform == "win32" else platform.node()


def _born(pid: int) -> int | None:
    """When a process started, in ticks; None if it is gone or a zombie."""
    try:
        stat = (_PROC / str(pid) / "stat").read_text("utf-8", "replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[_STATE] in {"Z", "X"} else int(fields[_STARTED])


# The end of this process: signals, and whatever else ends it


def call_at_end(act: Callable[[str], None]) -> None:
    """Call a function with the reason if this process ends. Kedro has no hook for
    that."""
    if not _AT_END:
        atexit.register(_at_exit, os.getpid())
    _AT_END.append(act)
    _install()


def do_not_call_at_end(act: Callable[[str], None]) -> None:
    """The opposite of ``call_at_end``."""
    _AT_END.remove(act)
    if not _AT_END:
        atexit.unregister(_at_exit)
        _uninstall()


def last_signal(since: float = 0.0) -> str:
    """The name of the last signal since this ``time.monotonic()``; empty if none."""
    return _SIGNALS[-1][1] if _SIGNALS and _SIGNALS[-1][0] >= since else ""


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
    _SIGNALS.append((time.monotonic(), "SIGTERM"))
    _end_all("SIGTERM")
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTERM)
    if os.getpid() == 1:  # of a container: Linux does not end it by a signal
        os._exit(128 + number)


def _on_interrupt(number: int, frame: FrameType | None) -> None:
    _SIGNALS.append((time.monotonic(), "SIGINT"))
    signal.default_int_handler(number, frame)


def _at_exit(pid: int) -> None:
    if os.getpid() == pid:  # not in a process that was forked from it
        _end_all(last_signal() or "the process ended")


def _end_all(reason: str) -> None:
    for act in reversed([*_AT_END]):  # who began first has the last word
        act(reason)


def _in_a_fork() -> None:
    _AT_END.clear()
    _uninstall()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_a_fork)

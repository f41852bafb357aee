"""Which process is this, and is another one still there?"""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path
from typing import Any

_PROC = Path("/proc")
_STATE, _STARTED = 0, 19  # in /proc/<pid>/stat, behind the name in brackets


def identity() -> dict[str, Any]:
    """This process, told apart from all others on all machines, at all times."""
    pid = os.getpid()
    return {
        "host": platform.node(),
        "pid": pid,
        "machine": _machine(),
        "born": _born(pid),
    }


def is_alive(who: dict[str, Any]) -> bool | None:
    """Whether a process is still there; None if that cannot be seen from here."""
    if not who.get("machine") or who["machine"] != _machine():
        return None
    pid = who["pid"]
    if who.get("born") is not None:
        return bool(_born(pid) == who["born"])
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is somebody else's
        return True
    return True


def _machine() -> str:
    """The same text where a process id means the same process; empty if unknown.

    A container has process ids of its own, and often the name of its host.
    """
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{boot}/{os.stat(_PROC / 'self/ns/pid').st_ino}"
    except OSError:
        # On Windows there is no asking: os.kill would end the process.
        return "" if sys.platform == "win32" else platform.node()


def _born(pid: int) -> int | None:
    """When a process started, in ticks; None if it is gone, or only its id is left."""
    try:
        stat = (_PROC / str(pid) / "stat").read_text("utf-8", "replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[_STATE] in {"Z", "X"} else int(fields[_STARTED])

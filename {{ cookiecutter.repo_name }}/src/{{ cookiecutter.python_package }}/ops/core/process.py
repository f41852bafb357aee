"""Which process is this, who runs it, and is another process still alive?"""

from __future__ import annotations

import getpass
import os
import platform
import sys
from pathlib import Path
from typing import Any

LOST = 300.0  # seconds without news after which another machine's process is dead
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
    """Whether a process is alive, by its ``identity``; None if it cannot be seen from here."""
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
    """Whether a process is dead: on this machine that is seen at once.

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

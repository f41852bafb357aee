"""What guards have checked, for whoever keeps a record of it."""

from __future__ import annotations

from collections.abc import Callable

from . import redaction

# Called with the guard, what it checked, "error" or "warning", whether it passed, and in
# words what was found.
Listener = Callable[[str, str, str, bool, str], None]

_LISTENERS: list[Listener] = []


def listen(listener: Listener) -> None:
    """Have a function called for every check of this process from now on."""
    _LISTENERS.append(listener)


def report(guard: str, subject: str, level: str, passed: bool, message: str) -> None:
    """Tell the listeners, if there are any, of a check, without secrets."""
    message = redaction.text(message) if _LISTENERS else message
    for listener in _LISTENERS:
        listener(guard, subject, level, passed, message)

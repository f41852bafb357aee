"""Which nodes a run leaves out, for whoever keeps a record of it."""

from __future__ import annotations

from collections.abc import Callable

from . import redaction

# Called with the name of a node, and in words why it need not run.
Listener = Callable[[str, str], None]

_LISTENERS: list[Listener] = []


def listen(listener: Listener) -> None:
    """Have a function called for every node that is left out from now on."""
    _LISTENERS.append(listener)


def report(node: str, reason: str) -> None:
    """Tell the listeners, if there are any, of a node; the reason without secrets."""
    reason = redaction.text(reason) if _LISTENERS else reason
    for listener in _LISTENERS:
        listener(node, reason)

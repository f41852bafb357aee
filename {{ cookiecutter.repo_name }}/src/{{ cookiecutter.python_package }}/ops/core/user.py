"""Who runs this."""

from __future__ import annotations

import getpass


def user() -> str:
    """The name of the user; empty if there is none, as in some containers."""
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):
        return ""

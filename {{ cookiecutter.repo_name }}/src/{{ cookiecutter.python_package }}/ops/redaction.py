"""Takes secrets and a user's folders out of what others will read."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HIDDEN = "***"

_SECRET = re.compile(
    r"pass(word|wd|phrase)?$|pwd$|secret|token|credential|api_?key|access_?key"
    r"|private_?key|account_?key|sas$|^(aws_)?key$|auth(orization)?$|conn(ection)?_?str",
    re.IGNORECASE,
)
# user:password@ or user@ of a URL, and what looks like a password in a query.
_USER = re.compile(r"(?<=://)[^/\s@'\"]+@")
_QUERY = re.compile(
    r"(?i)\b((?:[\w-]*(?:password|passwd|pwd|secret|token|signature|api_?key|access_?key"
    r"|account_?key))|sig|sas)(=|:\s*|%3D)([^\s&;,'\"]+)"
)
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}")
_KEYS = re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bxox[a-z]-[\w-]+|\bgh[a-z]_\w{20,}")


def values(given: Any, key: str = "") -> Any:
    """A copy of settings or parameters in which secrets are hidden."""
    if isinstance(given, Mapping):
        return {str(name): values(value, str(name)) for name, value in given.items()}
    if key and _SECRET.search(key) and given not in (None, "", False, True):
        return HIDDEN
    if isinstance(given, (list, tuple, set, frozenset)):
        return [values(value) for value in given]
    if given is None or isinstance(given, (bool, int, float)):
        return given
    return text(str(given))


def text(given: str, project_path: Path | None = None) -> str:
    """A text in which secrets are hidden, and paths say nothing about their user.

    Args:
        given: any text: a message, a traceback, a place of data.
        project_path: paths in this folder become relative to it.
    """
    if project_path is not None:
        given = _without(given, f"{project_path}{os.sep}", "")
        given = _without(given, f"{project_path.as_posix()}/", "")
        given = _without(given, str(project_path), ".")
    given = _without(given, str(Path.home()), "~")
    given = _USER.sub("", given)
    given = _QUERY.sub(rf"\1\2{HIDDEN}", given)
    given = _BEARER.sub(rf"\1 {HIDDEN}", given)
    return _KEYS.sub(HIDDEN, given)


def _without(given: str, path: str, instead: str) -> str:
    return given.replace(path, instead) if len(path) > 1 else given

"""Takes secrets and a user's folders out of what others will read."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

HIDDEN = "***"

_HOME = os.path.expanduser("~")

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

# What credentials hold that is no secret, and would be missed in a message.
_PUBLIC = re.compile(
    r"(^|_)(user(name)?|host|port|region(_name)?|endpoint(_url)?|account(_name)?|bucket"
    r"|project|database|type|protocol|drivername)$",
    re.IGNORECASE,
)
_SHORT, _SHORTEST = 6, 4  # letters: a shorter text may be any word

# The secrets of this process, the longest first.
_KNOWN: list[str] = []


def hide(secrets: Iterable[str]) -> None:
    """From now on leave these out of every text, whatever stands around them."""
    known = {*_KNOWN, *secrets}
    known |= {quote(each, safe="") for each in known} | {repr(k)[1:-1] for k in known}
    _KNOWN[:] = sorted(known, key=len, reverse=True)


def hidden() -> list[str]:
    """What ``hide`` was told, for another process."""
    return list(_KNOWN)


def secrets(given: Any, everything: bool, key: str = "") -> Iterator[str]:
    """The texts in settings that are secret.

    Args:
        given: credentials or parameters.
        everything: whether all is secret but what is known to be none, as in
            credentials; else what is called so.
        key: under which ``given`` is.
    """
    if isinstance(given, Mapping):
        for name, value in given.items():
            yield from secrets(value, everything, str(name))
        return
    if isinstance(given, (list, tuple)):
        for value in given:
            yield from secrets(value, everything, key)
        return
    text = str(given)
    if password := _password(text):
        yield password
    called_so = bool(_SECRET.search(key)) and not isinstance(given, bool)
    public = _PUBLIC.search(key) or not isinstance(given, str)
    if called_so and len(text) >= _SHORTEST:
        yield text
    elif everything and not public and len(text) >= _SHORT:
        yield text


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
    for secret in _KNOWN:
        given = given.replace(secret, HIDDEN)
    given = _without(given, _HOME, "~")
    given = _USER.sub("", given)
    given = _QUERY.sub(rf"\1\2{HIDDEN}", given)
    given = _BEARER.sub(rf"\1 {HIDDEN}", given)
    return _KEYS.sub(HIDDEN, given)


def _without(given: str, path: str, instead: str) -> str:
    return given.replace(path, instead) if len(path) > 1 else given


def _password(text: str) -> str:
    """That of a URL or of a database's address."""
    try:
        password = unquote(urlsplit(text).password or "") if "://" in text else ""
    except ValueError:
        return ""
    return password if len(password) >= _SHORTEST else ""

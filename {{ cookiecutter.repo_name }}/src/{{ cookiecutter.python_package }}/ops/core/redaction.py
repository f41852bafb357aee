"""Takes secrets and a user's folders out of what others will read."""

from __future__ import annotations

import json
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
# user:password@ or user@ of a URL; a password may hold another @.
_USER = re.compile(r"(?<=://)[^/\s'\"]+@")
# What is called a secret, and its value: password=x, 'token': 'x', --api-key x. Where a
# name may begin is bounded, so that the time is linear in the text.
_CALLED = (
    r"(?<![\w-])[\w-]{0,30}(?:password|passwd|passphrase|pwd|secret|token|signature|api[_-]?key"
    r"|access[_-]?key|account[_-]?key|private[_-]?key)|\bsig|\bsas"
)
_LABELLED = re.compile(
    rf"(?i)((?:{_CALLED})['\"]?(?:\s*[=:]\s*|%3D)|--[\w-]{{0,30}}(?:password|token|secret|key)\s+)"
    r"(?:'[^'\n]*'|\"[^\"\n]*\"|[^\s&;,'\"(){}\[\]]+)"
)
_HEADER = re.compile(
    r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}|\b(cookie):\s*[^\r\n'\"]+"
)
# Keys that show by their form what they are, as the rules of gitleaks list them.
_KEYS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|https://hooks\.slack\.com/[\w/-]+"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bxox[a-z]-[\w-]+"  # AWS, Slack
    r"|\bgh[a-z]_\w{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{20,}"  # GitHub, GitLab
    r"|\bhf_[A-Za-z0-9]{20,}|\bsk-[\w-]{20,}"  # Hugging Face, OpenAI and others
    r"|\bdapi[0-9a-f]{32}|\bAIza[\w-]{35}"  # Databricks, Google
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*",  # a JSON Web Token
    re.DOTALL,
)

# What credentials hold that is no secret, and would be missed in a message.
_PUBLIC = re.compile(
    r"(^|_)(user(name)?|host|port|region(_name)?|endpoint(_url)?|account(_name)?|bucket"
    r"|project|database|type|protocol|drivername)$",
    re.IGNORECASE,
)
_SHORT, _SHORTEST = 6, 4  # letters: a shorter text may be any word
_LINE = 16  # letters: a shorter line of a secret, such as BEGIN, says nothing

# The secrets of this process, and all the ways in which a text may show one, the
# longest first.
_SECRETS: set[str] = set()
_WAYS: list[str] = []


def hide(secrets: Iterable[str]) -> None:
    """From now on leave these out of every text, whatever stands around them."""
    new = {*secrets} - _SECRETS
    if new:
        _SECRETS.update(new)
        ways = {*_WAYS}.union(*map(_ways, new))
        _WAYS[:] = sorted(ways, key=len, reverse=True)


def hidden() -> list[str]:
    """What ``hide`` was given, for another process."""
    return sorted(_SECRETS)


def _ways(secret: str) -> set[str]:
    """As it is, in a URL, in Python's and in JSON's quotes, and line by line."""
    lines = (line for line in secret.splitlines() if len(line) > _LINE)
    quoted = (quote(secret, safe=""), repr(secret)[1:-1], json.dumps(secret)[1:-1])
    return {secret, *quoted, *lines}


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
    # Secrets go first: a path that is replaced may be a part of one.
    for way in _WAYS:
        given = given.replace(way, HIDDEN)
    given = _KEYS.sub(HIDDEN, given)
    given = _USER.sub("", given)
    given = _HEADER.sub(lambda found: f"{found[1] or found[2]} {HIDDEN}", given)
    given = _LABELLED.sub(rf"\1{HIDDEN}", given)
    if project_path is not None:
        given = _without(given, f"{project_path}{os.sep}", "")
        given = _without(given, f"{project_path.as_posix()}/", "")
        given = _without(given, str(project_path), ".")
    return _without(given, _HOME, "~")


def _without(given: str, path: str, instead: str) -> str:
    return given.replace(path, instead) if len(path) > 1 else given


def _password(text: str) -> str:
    """That of a URL or of a database's address."""
    try:
        password = unquote(urlsplit(text).password or "") if "://" in text else ""
    except ValueError:
        return ""
    return password if len(password) >= _SHORTEST else ""

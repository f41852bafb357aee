"""Takes secrets and a user's folders out of what others will read."""

from __future__ import annotations

import base64
import html
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus, unquote, urlsplit

from . import kedro_internals, secret_patterns
from .suppress import suppress_errors

if TYPE_CHECKING:
    from kedro.framework.context import KedroContext
    from kedro.io import DataCatalog

HIDDEN = "***"
_HOME = os.path.expanduser("~")

# What credentials hold that is no secret, and would be missed in a message.
_PUBLIC = re.compile(
    r"(?i)(^|_)(user(name)?|host|port|region(_name)?|endpoint(_url)?|account(_name)?"
    r"|bucket|project|database|type|protocol|drivername)$"
)
_LOGIN = re.compile(r"(?i)(^|_)(user(name)?|login|client_id)$")
_SHORT, _SHORTEST = 6, 4  # letters: a shorter text may be any word
_LINE = 16  # letters: a shorter line of a secret, such as BEGIN, says nothing

# The secrets of this process, and all the ways in which a text may show one, the
# longest first.
_SECRETS: set[str] = set()
_WAYS: list[str] = []


def hide_secrets_of(context: KedroContext) -> None:
    """Hide what is in ``credentials.yml``, and credentials written into the catalog."""
    with suppress_errors():  # what is wrong with these files, Kedro says
        hide(secrets(kedro_internals.credentials(context), everything=True))
    with suppress_errors():
        loader = context.config_loader
        loader["catalog"] = catalog = loader["catalog"]  # Kedro need not read it again
        hide(secrets(catalog, everything=False))


def hide_parameters_of(catalog: DataCatalog) -> None:
    """Hide the parameters of a run that are called a secret."""
    with suppress_errors():
        if (parameters := catalog.get("parameters")) is not None:
            hide(secrets(parameters.load(), everything=False))


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
    """As it is, in URLs, in the quotes of Python, JSON and HTML, and line by line."""
    as_json = json.dumps(secret)[1:-1]
    for_html = as_json
    for mark in "<>&'":  # as libraries that write JSON for web pages do
        for_html = for_html.replace(mark, f"\\u{ord(mark):04x}")
    in_python = [repr(secret)[1:-1], repr(secret.encode())[2:-1]]
    in_urls = [quote(secret, safe=""), quote(secret), quote_plus(secret)]
    lines = [line for line in secret.splitlines() if len(line) > _LINE]
    others = [as_json, for_html, html.escape(secret)]
    return {secret, *others, *in_python, *in_urls, *lines}


def secrets(given: Any, everything: bool, key: str = "") -> Iterator[str]:
    """The texts in settings that are secret.

    Args:
        given: credentials, parameters or a catalog.
        everything: whether all is secret but what is known to be none, as in
            credentials; else what is called so.
        key: under which ``given`` is.
    """
    if isinstance(given, Mapping):
        for name, value in given.items():
            all_of_it = everything or name == "credentials"
            if found := [*secrets(value, all_of_it, str(name))]:
                yield from found
                yield from _as_http_sends(given, found)
        return
    if isinstance(given, (list, tuple)):
        for value in given:
            yield from secrets(value, everything, key)
        return
    text = str(given)
    if password := _password(text):
        yield password
    if key == "credentials" or isinstance(given, bool):  # in a catalog, a name of them
        return
    if len(text) >= _SHORTEST and secret_patterns.NAME.search(key):
        yield text
    elif everything and isinstance(given, str) and len(text) >= _SHORT:
        if not _PUBLIC.search(key):
            yield text


def _as_http_sends(given: Mapping[Any, Any], found: list[str]) -> Iterator[str]:
    for name, login in given.items():
        if _LOGIN.search(str(name)):
            for secret in found:
                yield base64.b64encode(f"{login}:{secret}".encode()).decode()


def values(given: Any, key: str = "", clean: Callable[[str], str] | None = None) -> Any:
    """A copy of settings in which ``clean``, or else ``text``, has cleaned each text."""
    if isinstance(given, Mapping):
        return {str(k): values(value, str(k), clean) for k, value in given.items()}
    named = key and secret_patterns.NAME.search(key)
    if named and given not in (None, "", False, True):
        return HIDDEN
    if isinstance(given, (list, tuple, set, frozenset)):
        return [values(value, "", clean) for value in given]
    if given is None or isinstance(given, (bool, int, float)):
        return given
    return (clean or text)(str(given))


def text(given: str, project_path: Path | None = None) -> str:
    """A text in which secrets are hidden, and paths say nothing about their user.

    Args:
        given: any text: a message, a traceback, a place of data.
        project_path: paths in this folder become relative to it.
    """
    # Secrets go first: a path that is replaced may be a part of one.
    given, paths = without_secrets(given), {_HOME: "~"}
    if project_path is not None:
        path, posix = str(project_path), project_path.as_posix()
        paths = {f"{path}{os.sep}": "", f"{posix}/": "", path: ".", **paths}
    for path, instead in paths.items():
        if len(path) > 1:
            given = given.replace(path, instead)
    return given


def without_secrets(given: str) -> str:
    """A text in which secrets are hidden, and paths are what they were."""
    for way in _WAYS:
        given = given.replace(way, HIDDEN)
    given = secret_patterns.USER.sub("", given)
    for pattern in secret_patterns.HIDING:
        given = pattern.sub(_hide, given)
    return given


def _hide(found: re.Match[str]) -> str:
    return f"{found[1] if found.re.groups else ''}{HIDDEN}"


def _password(text: str) -> str:
    """That of a URL or of a database's address."""
    try:
        password = unquote(urlsplit(text).password or "") if "://" in text else ""
    except ValueError:
        return ""
    return password if len(password) >= _SHORTEST else ""

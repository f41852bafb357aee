"""Removes secrets and home folders from everything that others may read."""

from __future__ import annotations

import base64
import html
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, quote_plus, unquote, urlsplit

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
    """Hide the values in ``credentials.yml`` and credentials in the catalog."""
    from . import kedro_internals  # noqa: PLC0415  a store needs none of its imports

    with suppress(Exception):  # what is wrong with these files, Kedro says
        hide(secrets(kedro_internals.credentials(context), everything=True))
    with suppress(Exception):
        loader = context.config_loader
        loader["catalog"] = catalog = loader["catalog"]  # Kedro need not read it again
        hide(secrets(catalog, everything=False))


def hide_parameters_of(catalog: DataCatalog) -> None:
    """Hide the parameters of a run whose names are those of secrets."""
    with suppress(Exception):
        if (parameters := catalog.get("parameters")) is not None:
            hide(secrets(parameters.load(), everything=False))


def hide(secrets: Iterable[str]) -> None:
    """From now on, hide these values in every text."""
    new = {*secrets} - _SECRETS
    if new:
        _SECRETS.update(new)
        ways = {*_WAYS}.union(*map(_ways, new))
        _WAYS[:] = sorted(ways, key=len, reverse=True)


def hidden() -> list[str]:
    """The hidden values, for another process."""
    return sorted(_SECRETS)


def _ways(secret: str) -> set[str]:
    """The forms of a secret: plain, in URLs, quoted by Python, JSON and HTML, by
    line."""
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
    if len(text) >= _SHORTEST and _patterns().name.search(key):
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
    """A copy of settings with each text cleaned by ``clean``, by default ``text``."""
    if isinstance(given, Mapping):
        return {str(k): values(value, str(k), clean) for k, value in given.items()}
    named = key and _patterns().name.search(key)
    if named and given not in (None, "", False, True):
        return HIDDEN
    if isinstance(given, (list, tuple, set, frozenset)):
        return [values(value, "", clean) for value in given]
    if given is None or isinstance(given, (bool, int, float)):
        return given
    return (clean or text)(str(given))


def text(given: str, project_path: Path | None = None) -> str:
    """A text without secrets, and with paths that do not reveal the user.

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
    """A text without secrets, and with unchanged paths."""
    for way in _WAYS:
        given = given.replace(way, HIDDEN)
    given = _patterns().user.sub("", given)
    for pattern in _patterns().hiding:
        given = pattern.sub(_hide, given)
    return given


def error_text(error: BaseException, project_path: Path | None = None) -> str:
    """Type and message of an error in one line, as ``text`` has it, for a warning."""
    message = " ".join(str(error).split())
    return text(f"{type(error).__name__}: {message}".rstrip(": "), project_path)


def _hide(found: re.Match[str]) -> str:
    return f"{found[1] if found.re.groups else ''}{HIDDEN}"


def _password(text: str) -> str:
    """That of a URL or of a database's address."""
    try:
        password = unquote(urlsplit(text).password or "") if "://" in text else ""
    except ValueError:
        return ""
    return password if len(password) >= _SHORTEST else ""


# What a secret looks like: by its name, by what stands around it, by its form. Every
# repetition that can begin anywhere is bounded, so that the time is linear in the length
# of the text. A pattern keeps its groups and hides the rest.

# What a secret is called, at the end of a name: DB_PASSWORD, x-api-key, clientSecret2.
_NAME = (
    r"(?:pass(?:word|wd|phrase)|pwd|secret|token"
    r"|(?:api|access|account|auth|encryption|private|secret|shared|signing|subscription)"
    r"[_-]?key)_?\d*"
)
_WHOLE_NAME = (
    rf"(?i){_NAME}$|(?<![a-z])pass$|(passwords|secrets|credentials?)$|^aws_key$"
    r"|(^|_)(sas|auth(orization)?)$|conn(ection)?_?str(ing)?$"
)

# user:password@ or user@ of a URL. A password may contain @ and /.
_USER = (
    r"(?<=://)(?:[^\s/'\"<>@:]{0,99}:(?!\d{1,5}\b[/?#])[^\s'\"<>]{1,300}@"
    r"|[^/\s'\"<>]{1,300}@)"
)

# A header, to the end of the line or of the quotes.
_HEADER = (
    r"(?i)(\b(?:(?:proxy-)?authorization|(?:set-)?cookie)(?:\\?['\"])?\s?[:=]\s?)"
    r"(?:[bruf]{0,2}\\?['\"])?[^\r\n'\"]+"
)

# A name and its value: password=x, 'token': 'x', --api-key x, <secret>x.
_LABEL = (
    rf"(?:(?<![\w-])[\w-]{{0,30}}{_NAME}|\bx-amz-signature|\bsig|\bsas)(?:\\?['\"])?"
    r"(?:\s{0,9}(?::=|=>|[=:](?!=))\s{0,9}|>|%3D)"
    r"|--[\w-]{0,30}(?:password|token|secret|key)\s{1,9}"
    r"|\b(?:password|identified\s{1,9}by)\s{1,9}(?=['\"])"
    r"|\bcurl\b[^\n]{0,200}?\s(?:-u|--user)[\s=]['\"]?[^\s:'\"]{1,99}:"
    r"|\b(?:bearer|basic)\s{1,9}(?=[A-Za-z]{0,30}[0-9+=~_])(?=[\w.~+/=-]{8})"
)
# Not a value but code, as in the lines of a traceback: password=self.password
_CODE = (
    r"(?:None|True|False|null|str|bytes|int|Optional|SecretStr)\b(?![\w-])"
    r"|(?:self|cls|os|settings|config|credentials|context|params|args|kwargs|options)[.\[]"
    r"|\w{1,40}\[['\"]|\w{0,40}(?:get|read|load|env|make|create)\w{0,40}\(|%|\*\*\*"
)
# A text in quotes, which may be escaped or cut off at its end; else a word.
_VALUE = (
    r"[bruf]{0,2}'(?:[^'\\\n]|\\.)*'?|[bruf]{0,2}\"(?:[^\"\\\n]|\\.)*\"?"
    r"|\\[\"'](?:[^\\\n]|\\[^\"'\n])*(?:\\[\"'])?"
    r"|(?:[^\s&;,'\"(){}\[\]<\\]|[,'\"(){}\[\]\\](?=[^\s&;,'\"(){}\[\]<\\]))+"
)
_LABELED = rf"(?i)({_LABEL})(?!{_CODE})(?:{_VALUE})"

# Keys that show by their form what they are, as the rules of gitleaks list them.
_KEYS = (
    r"(?s)-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----"
    r".*?(?:-----END [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----|\Z)"
    r"|https://(?:hooks\.slack(?:-gov)?\.com|discord(?:app)?\.com/api/webhooks"
    r"|[\w-]{1,99}\.webhook\.office\.com)/[\w/@-]+"
    # AWS, and the secret that stands beside its id
    r"|\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b"
    r"(?:[^A-Za-z0-9]{1,20}[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=]))?"
    r"|\b(?:xox[a-z](?:\.xox[a-z])?|xapp)-[\w-]{8,}"  # Slack
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"  # a JSON Web Token
    r"|\b\d{8,10}:AA[\w-]{33}|(?<![\w~.])[\w~.]{3}\dQ~[\w~.-]{31,34}"  # Telegram, Azure
    # A prefix and letters: GitHub, Hugging Face, npm, Grafana, DigitalOcean, ...
    r"|\b(?:gh[a-z]_|github_pat_|hf_|api_org_|npm_|gl(?:c|sa)_|figd_|gsk_|r8_|pnu_"
    r"|lin_api_|rubygems_|do[opr]_v1_|sntry[su]_|pul-|AKCp|LTAI|EAA[A-Z]|dapi|ops_eyJ"
    r"|shp[a-z]{2}_|pscale_[a-z]{2,6}_)[A-Za-z0-9]{20}[\w.=+/-]*"
    # A prefix and what has a digit: OpenAI, GitLab, Google, Vault, Stripe, ...
    r"|\b(?:sk-|gl[a-z]{2,5}-|AIza|ya29\.|GOCSPX-|SG\.|dckr_[a-z]{3}_|hv[bs]\.|dp\.pt\."
    r"|[sr]k_(?:live|test)_|whsec_|xkeysib-|PMAK-|NRAK-|ATATT3|ATBB|pypi-|HRKU-|sha256~"
    r"|AGE-SECRET-KEY-1)(?=[\w.=~+/-]{0,60}\d)[\w.=~+/-]{20,}"
)


class _Patterns(NamedTuple):
    name: re.Pattern[str]  # of a setting
    user: re.Pattern[str]
    hiding: tuple[re.Pattern[str], ...]


@cache
def _patterns() -> _Patterns:
    """The patterns, compiled when they are first needed: `kedro --help` never does."""
    # In this order: a key may be the value of a name.
    hiding = (re.compile(_KEYS), re.compile(_HEADER), re.compile(_LABELED))
    return _Patterns(re.compile(_WHOLE_NAME), re.compile(_USER), hiding)

"""Suites of expectations: ``conf/<env>/expectations/<name>.yml``."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

import fsspec  # type: ignore[import-untyped]
import yaml
from attrs import frozen

from ..core.errors import OpsError, one_line
from ..core.findings import ERROR, NOTE, WARNING

FOLDER = "expectations"
# The severities of Great Expectations, and the levels of the findings.
LEVELS = {"critical": ERROR, "warning": WARNING, "info": NOTE}

_KEYS = {"type", "kwargs", "severity", "description", "notes", "meta"}
# Kedro reads files whose names begin so as something else, in whatever folder.
_TAKEN = ("catalog", "parameters", "credentials")


@frozen
class Expectation:
    """One expectation, and where it is written."""

    type: str
    kwargs: dict[str, Any]
    severity: str
    place: str  # file and line
    more: dict[str, Any] = {}  # noqa: RUF012

    @property
    def level(self) -> str:
        """The severity of a failure."""
        return LEVELS[self.severity]


@frozen
class Suite:
    """The expectations of a dataset."""

    name: str
    place: str
    expectations: tuple[Expectation, ...]


@frozen
class SuiteFolder:
    """The suites of a project; those of an environment override those of base."""

    conf: str  # as Kedro has it: a folder, an archive or a URL
    envs: tuple[str, ...]  # a later one overrides

    def names(self) -> list[str]:
        """The names of all suites."""
        return sorted(self._files())

    def read(self, name: str) -> Suite:
        """The suite of that name.

        Raises:
            OpsError: if it does not exist or is malformed.
        """
        files = self._files()
        if name not in files:
            close = get_close_matches(name, list(files), 1, 0.6)
            hint = f"Did you mean '{close[0]}'? " if close else ""
            raise OpsError(
                f"The suite '{name}' does not exist. {hint}Write conf/{self.envs[0]}/"
                f"{FOLDER}/{name}.yml, or run 'kedro expectations new DATASET'."
            )
        env, path = files[name]
        filesystem, _ = _open(self.conf)
        text = filesystem.cat_file(path).decode("utf-8")
        return parsed(name, text, f"conf/{env}/{FOLDER}/{posixpath.basename(path)}")

    def _files(self) -> dict[str, tuple[str, str]]:
        filesystem, root = _open(self.conf)
        found = {}
        for env in self.envs:
            for path in filesystem.glob(posixpath.join(root, env, FOLDER, "*.y*ml")):
                name, _, kind = posixpath.basename(path).rpartition(".")
                if kind in {"yml", "yaml"}:
                    found[name] = (env, path)
        return found


def parsed(name: str, text: str, place: str) -> Suite:
    """A suite from the text of its file.

    Raises:
        OpsError: with file and line, if it is malformed.
    """
    refuse_name(name, place)
    try:
        content, lines = yaml.safe_load(text), list(_lines(text))
    except yaml.YAMLError as error:
        raise OpsError(f"{place} cannot be read: {one_line(error)}") from error
    if not isinstance(content, dict) or list(content) != ["expectations"]:
        raise OpsError(f"{place} must have one key, 'expectations', with a list.")
    items = content["expectations"]
    if not isinstance(items, list) or not items:
        raise OpsError(f"{place}: the list of expectations is empty.")
    expectations = tuple(
        _expectation(item, f"{place}, line {line}") for item, line in zip(items, lines)
    )
    return Suite(name, place, expectations)


def refuse_name(name: str, place: str) -> None:
    """Refuse a name that a suite cannot have.

    Raises:
        OpsError: if Kedro would read a file of this name as something else.
    """
    if name.startswith(_TAKEN):
        raise OpsError(
            f"{place}: Kedro reads a file of this name as part of the "
            f"{next(word for word in _TAKEN if name.startswith(word))}. Give the suite "
            "another name, and attach it under expectations.attach in conf/base/ops.yml."
        )


def _expectation(item: Any, place: str) -> Expectation:
    if not isinstance(item, dict) or not isinstance(item.get("type"), str):
        raise OpsError(f"{place}: an expectation needs a 'type', and 'kwargs' for it.")
    for key in item:
        if key not in _KEYS:
            raise OpsError(
                f"{place}: '{key}' is not a key of an expectation. Use "
                f"{', '.join(sorted(_KEYS))}; arguments belong in kwargs."
            )
    kwargs = item.get("kwargs") or {}
    if not isinstance(kwargs, dict):
        raise OpsError(f"{place}: 'kwargs' must be a mapping, not {kwargs!r}.")
    severity = item.get("severity", "critical")
    if severity not in LEVELS:
        raise OpsError(
            f"{place}: the severity '{severity}' is not one of {', '.join(LEVELS)}."
        )
    keys = ("description", "notes", "meta")
    more = {key: item[key] for key in keys if item.get(key) is not None}
    return Expectation(item["type"], kwargs, severity, place, more)


def _lines(text: str) -> Iterator[int]:
    """The line of each expectation."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if isinstance(root, yaml.MappingNode) and root.value:
        items = root.value[0][1]
        if isinstance(items, yaml.SequenceNode):
            yield from (item.start_mark.line + 1 for item in items.value)


def _open(conf: str) -> tuple[Any, str]:
    """The file system of the configuration, and its root there."""
    for ending, protocol in ((".zip", "zip"), (".tar.gz", "tar")):
        if conf.endswith(ending):
            filesystem = fsspec.filesystem(protocol, fo=conf)
            return filesystem, filesystem.ls("", detail=False)[-1]  # as Kedro does
    filesystem, path = fsspec.url_to_fs(conf)
    return filesystem, path

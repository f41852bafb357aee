"""Suites of expectations, as they are written: ``conf/<env>/expectations/<name>.yml``."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any

import fsspec  # type: ignore[import-untyped]
import yaml
from attrs import frozen

from ..core.errors import OpsError

FOLDER = "expectations"
CRITICAL, WARNING = "critical", "warning"
SEVERITIES = (CRITICAL, WARNING, "info")  # as Great Expectations has them

_KEYS = {"type", "kwargs", "severity", "description", "notes", "meta"}
# Kedro reads files of these names as something else, in whatever folder they are.
_TAKEN = ("catalog", "parameters", "credentials")


@frozen
class Expectation:
    """One thing that is expected, and where it is written."""

    type: str
    kwargs: dict[str, Any]
    severity: str
    place: str  # file and line
    more: dict[str, Any] = {}  # noqa: RUF012


@frozen
class Suite:
    """What is expected of one dataset; with ``across``, of several together."""

    name: str
    place: str
    expectations: tuple[Expectation, ...]
    across: bool = False

    @property
    def has_critical(self) -> bool:
        """Whether a failure of it can refuse data."""
        return any(each.severity == CRITICAL for each in self.expectations)


@frozen
class SuiteFolder:
    """The suites of a project: what an environment has stands before the base's."""

    conf: str  # as Kedro has it: a folder, an archive or a URL
    envs: tuple[str, ...]  # the one that counts more comes later

    def names(self) -> list[str]:
        """The suites that there are."""
        return sorted(self._files())

    def read(self, name: str) -> Suite:
        """The suite of that name.

        Raises:
            OpsError: if there is none, or it is written wrongly.
        """
        files = self._files()
        if name not in files:
            raise OpsError(
                f"There is no suite '{name}': write conf/{self.envs[0]}/{FOLDER}/"
                f"{name}.yml, or let 'kedro expectations new DATASET' do it. "
                f"{_nearest(name, files)}"
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
        OpsError: with file and line, if it is written wrongly.
    """
    refuse_name(name, place)
    try:
        content, lines = yaml.safe_load(text), list(_lines(text))
    except yaml.YAMLError as error:
        raise OpsError(
            f"{place} cannot be read: {' '.join(str(error).split())}"
        ) from error
    keys = list(content) if isinstance(content, dict) else []
    if keys not in (["expectations"], ["across"]):
        raise OpsError(
            f"{place} holds one key, 'expectations' or 'across', with a list."
        )
    items = content[keys[0]]
    if not isinstance(items, list) or not items:
        raise OpsError(f"{place}: there is nothing in it that data could fail.")
    expectations = tuple(
        _expectation(item, f"{place}, line {line}") for item, line in zip(items, lines)
    )
    return Suite(name, place, expectations, keys == ["across"])


def refuse_name(name: str, place: str) -> None:
    """Stop for a name that a suite cannot have.

    Raises:
        OpsError: for a name by which Kedro takes the file for another kind.
    """
    if name.startswith(_TAKEN):
        raise OpsError(
            f"{place}: Kedro reads a file of this name as part of the "
            f"{next(word for word in _TAKEN if name.startswith(word))}. Give the suite "
            "another name, and say whose it is under expectations.attach in "
            "conf/base/ops.yml."
        )


def _expectation(item: Any, place: str) -> Expectation:
    if not isinstance(item, dict) or not isinstance(item.get("type"), str):
        raise OpsError(f"{place}: an expectation has a 'type', and 'kwargs' for it.")
    for key in item:
        if key not in _KEYS:
            raise OpsError(
                f"{place}: '{key}' is no key of an expectation; there are: "
                f"{', '.join(sorted(_KEYS))}. What the expectation takes goes into kwargs."
            )
    kwargs = item.get("kwargs") or {}
    if not isinstance(kwargs, dict):
        raise OpsError(f"{place}: 'kwargs' holds values by name, not {kwargs!r}.")
    severity = item.get("severity", CRITICAL)
    if severity not in SEVERITIES:
        raise OpsError(
            f"{place}: the severity '{severity}' is none of {', '.join(SEVERITIES)}."
        )
    keys = ("description", "notes", "meta")
    more = {key: item[key] for key in keys if item.get(key) is not None}
    return Expectation(item["type"], kwargs, severity, place, more)


def _lines(text: str) -> Iterator[int]:
    """The line of each item of the one list in a suite."""
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


def _nearest(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, list(known), 1, 0.6)
    return f"Did you mean '{close[0]}'?" if close else ""

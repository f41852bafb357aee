"""Places of a catalog entry: the texts in its arguments that name a path or table."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Callable, Iterator
from typing import Any

from kedro.utils import HTTP_PROTOCOLS

FILE, FOLDER, TABLES = "filepath", "path", ("table_name", "table")
# The arguments that Kedro itself takes for paths, in every dataset.
PATHS = (FILE, FOLDER, "filename")

# A text in an entry is known by the arguments that lead to it: ("save_args", "path").
Address = tuple[str, ...]

# With a table's name, these say which table it is.
_DATABASE = ("credentials", "connection", "url", "database", "schema", "dataset")
_IN_ARGUMENTS = ("database", "schema")
# What is below these names no place, or the server that a place is on.
_NO_PLACE = {"type", "credentials", "metadata", "connection", "url", "sql"}
_PATH = re.compile(
    r"(\w[\w+.-]*://|~?/\w|\.{1,2}/|[A-Za-z]:[\\/])"
    r"|[\w{}. -]+([/\\][\w{}. -]+)*[/\\][\w{}. -]+\.\w{1,9}$"
)
# Protocols that are two names for one place.
_SAME = {"s3a": "s3", "s3n": "s3", "gcs": "gs", "abfss": "abfs", "az": "abfs"}


def change_texts(
    value: Any, change: Callable[[Address, str], str], address: Address = ()
) -> Any:
    """Copy an entry with each of its texts changed, at any depth.

    Args:
        value: the entry, or what is in it.
        change: gets a text and where it is; it returns what replaces the text.
        address: the arguments that lead to ``value``.
    """
    if isinstance(value, dict):
        return {
            key: inner
            if key in {"credentials", "metadata"}
            else change_texts(inner, change, (*address, str(key)))
            for key, inner in value.items()
        }
    if type(value) in {list, tuple}:  # a Version of Kedro is a tuple, too
        return type(value)([change_texts(inner, change, address) for inner in value])
    if isinstance(value, (str, os.PathLike)):
        changed = change(address, str(value))
        return value if changed == str(value) else changed
    return value


def is_path(entry: dict[str, Any], address: Address, text: str) -> bool:
    """Whether a text of an entry is a path, by its argument or its form."""
    if _NO_PLACE & {*address} or not text:
        return False
    return address[-1] in PATHS or looks_like_path(entry, text)


def looks_like_path(entry: dict[str, Any], text: str) -> bool:
    """Whether a text is absolute, has a protocol or an extension, or is in ``data/`` or the
    folder of another place of the entry. ``MM/dd/yyyy`` and ``Europe/Berlin`` are not."""
    if _PATH.match(text):
        return not is_on_the_web(text)
    first, slash, _ = text.partition("/")
    folders = {"data", *(path.split("/")[0] for path in paths(entry))}
    return bool(first and slash) and first in folders


def is_on_the_web(text: str) -> bool:
    """Whether a path is a web address, where no dataset saves."""
    return text.startswith(tuple(f"{protocol}://" for protocol in HTTP_PROTOCOLS))


def innermost(entry: dict[str, Any]) -> dict[str, Any]:
    """The entry that holds the data: itself, or the ``dataset`` inside it."""
    while not {FILE, FOLDER, *TABLES} & entry.keys() and isinstance(
        entry.get("dataset"), dict
    ):
        entry = entry["dataset"]
    return entry


def paths(entry: dict[str, Any]) -> list[str]:
    """The paths of an entry by the arguments that Kedro takes for paths."""
    held = innermost(entry)
    return [str(held[key]) for key in PATHS if held.get(key)]


def texts(config: dict[str, Any]) -> Iterator[str]:
    """The places that an entry names, as texts that are equal for the same place."""
    found: list[str] = []

    def note(address: Address, text: str) -> str:
        if is_path(config, address, text):
            found.append(normal_path(text))
        return text

    change_texts(config, note)
    held = innermost(config)
    arguments = {**(held.get("load_args") or {}), **(held.get("save_args") or {})}
    database = [str(held.get(key)) for key in _DATABASE]
    database += [str(arguments.get(key)) for key in _IN_ARGUMENTS]
    yield from found
    yield from ("|".join([*database, str(held[key])]) for key in TABLES if key in held)


def normal_path(path: str) -> str:
    """A path in its normal form, for comparisons."""
    protocol, mark, bare = path.partition("://")
    if not mark or protocol == "file":
        return f"file:{os.path.abspath(bare if mark else path)}"
    return f"{_SAME.get(protocol, protocol)}:{posixpath.normpath(bare)}"

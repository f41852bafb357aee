"""Where a catalog entry keeps its data."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator
from typing import Any

FILE, FOLDER, TABLES = "filepath", "path", ("table_name", "table")

# With a table's name, these say which table it is.
_DATABASE = ("credentials", "connection", "url", "database", "schema", "dataset")
_IN_ARGUMENTS = ("database", "schema")
# Protocols that are two names for one place.
_SAME = {"s3a": "s3", "s3n": "s3", "gcs": "gs", "abfss": "abfs", "az": "abfs"}


def keys(config: dict[str, Any]) -> Iterator[str]:
    """The arguments of an entry that say where its data is."""
    yield from (key for key in (FILE, FOLDER, *TABLES) if key in config)
    if "/" in str(config.get("location")):  # of an external table; else a region
        yield "location"


def innermost(entry: dict[str, Any]) -> dict[str, Any]:
    """The entry that holds the data: itself, or the ``dataset`` inside it."""
    while not any(keys(entry)) and isinstance(entry.get("dataset"), dict):
        entry = entry["dataset"]
    return entry


def texts(config: dict[str, Any]) -> Iterator[str]:
    """Where an entry keeps its data, as texts that are equal for the same place."""
    arguments = {**(config.get("load_args") or {}), **(config.get("save_args") or {})}
    database = [str(config.get(key)) for key in _DATABASE]
    database += [str(arguments.get(key)) for key in _IN_ARGUMENTS]
    for key in keys(config):
        place = str(config[key])
        yield "|".join([*database, place]) if key in TABLES else _normal_path(place)


def _normal_path(path: str) -> str:
    protocol, mark, bare = path.partition("://")
    if not mark or protocol == "file":
        return f"file:{os.path.abspath(bare if mark else path)}"
    return f"{_SAME.get(protocol, protocol)}:{posixpath.normpath(bare)}"

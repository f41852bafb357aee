"""The place of an entry's data on a branch, and who else has data there."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Any

from kedro.utils import HTTP_PROTOCOLS

from ..core import entry_places
from ..core.branch import short_hash
from ..core.entry_places import FILE, FOLDER, TABLES

# Nothing that a run could overwrite, whatever the arguments look like.
_WITHOUT_DATA = re.compile(
    r"(Memory|Lambda|Query|API|DeltaSharing|\.HF|\.HFTransformerPipeline)Dataset$"
)
# Arguments that say how data is read and written, not where it is.
_NO_PLACE = {"type", "credentials", "metadata", "versioned", "version", "file_format"}
_NO_PLACE |= {"load_args", "save_args", "fs_args"}
_COMPRESSED = {".gz", ".bz2", ".xz", ".zip", ".zst", ".br", ".lz4", ".snappy"}
_LONGEST_TABLE = 63  # bytes, in PostgreSQL, which cuts off the rest without a word


class NotBranchable(Exception):
    """A place that has no counterpart on a branch; the message says why."""


def on_branch(config: dict[str, Any], suffix: str) -> dict[str, Any]:
    """The same entry with the place of its data moved to a branch.

    Returns:
        The entry; as it is, if it holds no data of its own (a query, memory, an API).

    Raises:
        NotBranchable: if there is, or may be, data whose place cannot be moved.
    """
    if _WITHOUT_DATA.search(str(config.get("type"))) or _is_web_page(config):
        return config
    moved = dict(config)
    for key in entry_places.keys(config):
        move = branch_table if key in TABLES else branch_path
        moved[key] = move(str(config[key]), suffix)
    unknown = [
        key for key in config if key not in _NO_PLACE and _may_say_where(config[key])
    ]
    if moved == config and unknown:
        raise NotBranchable(
            f"steel toes do not know what its '{unknown[0]}' stands for"
        )
    return moved


def branch_path(path: str, suffix: str) -> str:
    """``data/cars.csv`` becomes ``data/cars_dev.csv``; so does a folder's name."""
    if re.search(r"[*?\[\]]|::", path):
        raise NotBranchable(f"'{path}' names more than one file")
    folder, slash, name = path.rstrip("/").rpartition("/")
    if not name or folder.endswith(":/"):
        raise NotBranchable(f"'{path}' is a whole bucket or disk")
    stem, extension = posixpath.splitext(name)
    if extension in _COMPRESSED:
        stem, inner = posixpath.splitext(stem)
        extension = inner + extension
    end = "/" if path.endswith("/") else ""
    return f"{folder}{slash}{stem}_{suffix}{extension}{end}"


def branch_table(table: str, suffix: str) -> str:
    """``cars`` becomes ``cars_dev``: a name that databases take without quotes."""
    if not suffix.isalnum():
        suffix = f"{re.sub('[^a-z0-9]', '_', suffix)}_{short_hash(suffix)}"
    name = f"{table}_{suffix}"
    if len(name.encode()) > _LONGEST_TABLE:
        name = f"{table}_{short_hash(suffix)}"
    if len(name.encode()) > _LONGEST_TABLE:
        raise NotBranchable(f"the name of table '{table}' leaves no room for a branch")
    return name


class Owners:
    """Which entry of a catalog has its data in a place."""

    def __init__(self, entries: dict[str, dict[str, Any]]) -> None:
        """Take the entries, by name, as they stand in ``catalog.yml``."""
        self._places: dict[str, str] = {}
        self._folders: dict[str, str] = {}
        self._around: dict[str, str] = {}  # the folders that any of them is in
        for name, entry in entries.items():
            held = entry_places.innermost(entry)
            names = dict.fromkeys(entry_places.texts(held), name)
            self._places |= names
            for place in names:
                for folder in _folders(place):
                    if folder in self._around:
                        break  # and so are all that it is in
                    self._around[folder] = name
            if FOLDER in held:
                self._folders |= names

    def of(self, config: dict[str, Any], saved: bool) -> str | None:
        """The entry that has its data where ``config`` has it.

        Args:
            config: the place that is asked for.
            saved: whether data would be saved there, or deleted; then the folder of a
                partitioned dataset is taken, too, with everything that it may come to
                hold, and so is every folder that holds the data of an entry.
        """
        for place in entry_places.texts(config):
            if place in self._places:
                return self._places[place]
            if saved and place in self._around:
                return self._around[place]
            for folder in _folders(place) if saved and self._folders else ():
                if folder in self._folders:
                    return self._folders[folder]
        return None


def _folders(place: str) -> Iterator[str]:
    while (folder := posixpath.dirname(place)) not in {"", place}:
        yield folder
        place = folder


def _may_say_where(value: Any) -> bool:
    if isinstance(value, dict):
        return any(key in value for key in (FILE, FOLDER, *TABLES))
    return isinstance(value, str)


def _is_web_page(config: dict[str, Any]) -> bool:
    return str(config.get(FILE)).startswith(tuple(f"{p}://" for p in HTTP_PROTOCOLS))

"""The datasets of a run: their configuration and their current data."""

from __future__ import annotations

import mmap
import os
import posixpath
import re
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from attrs import evolve, frozen
from kedro.io import AbstractVersionedDataset
from kedro.io.core import VersionNotFoundError
from kedro.utils import load_obj

from ..core import checksum, dataset_io, file_info, kedro_internals, tables
from ..core.entry_places import FILE, FOLDER, TABLES
from ..core.errors import OpsError
from .code_version import CodeVersions
from .settings import CONTENT, RUN, SkipUnchangedOptions
from .source_code import is_of_guards
from .stat_cache import StatCache

MISSING = "is not there"
NO_FINGERPRINT = "has no fingerprint"
# Types of Kedro's own datasets that keep data, and no objects with code.
_DATA = re.compile(
    r"(?:kedro_datasets\.)?(?:pandas|polars|dask|spark|snowflake|databricks|ibis|json|yaml"
    r"|text|toml|plotly|pillow|geopandas|networkx|svmlight|biosequence"
    r"|holoviews|video|api|tracking)\.[\w.]+"
)
# How compressed files begin: gzip, bzip2, xz, lzma, zstandard, lz4, zlib, zip.
_COMPRESSED = (
    *(b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x5d\x00\x00", b"\x28\xb5\x2f\xfd"),
    *(b"\x04\x22\x4d\x18", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda", b"PK"),
)
# What does not change how data is read or written.
_BESIDE = {"credentials", "metadata", "validator", *TABLES}
# What stores say of an object that differs once its content does.
_CHECKSUMS = (
    *("ETag", "etag", "md5Hash", "content_md5", "crc32c", "VersionId", "version_id"),
    *("generation", "checksum"),
)
_QUERY = re.compile(r"\s*(select|with)\b", re.IGNORECASE)


@frozen
class Held:
    """The current data of a dataset."""

    print: str | None  # of the content; none if it is not there or cannot be told
    why_not: str = ""  # in words, where there is none
    place: str = ""  # where it was found
    signs: Any = ()  # would differ if it was written again
    below: bool = False  # whether it is not the copy that a save would replace


@frozen
class Datasets:
    """The datasets of a catalog."""

    catalog: Any
    cache: StatCache
    options: SkipUnchangedOptions
    project: Path
    codes: CodeVersions

    def dataset(self, name: str) -> Any:
        """The dataset, as Kedro creates it for a run."""
        return self.catalog.get(name, fallback_to_runtime_pattern=True)

    def is_in_memory(self, name: str) -> bool:
        """Whether its data is lost after the run."""
        # Kedro marks a CachedDataset, too, but the dataset inside keeps its data.
        dataset = kedro_internals.uncached(self.dataset(name))
        return kedro_internals.is_ephemeral(dataset)

    def configuration(self, name: str) -> dict[str, Any]:
        """The parts of configuration and class that change how its data is read and
        written."""
        dataset = dataset_io.readings(self.dataset(name))[-1]
        try:
            config = kedro_internals.init_config(dataset)
        except Exception:  # classes of others, which may not keep their arguments
            return {"object": dataset}
        # A class may change its arguments, which the catalog has as they were written.
        written = _innermost(self.catalog.config_resolver.resolve_pattern(name))
        beside = {*_BESIDE}
        if FILE in config:
            beside -= {*TABLES}  # of a table in the file, and not in a database
        if kedro_internals.is_ephemeral(dataset):
            # What is in memory is so in different types under different runners.
            beside |= {"type", "data"}
        spec = self.catalog.validator_specs.get(name)
        if spec and not is_of_guards(spec.class_path):
            config["validated by"] = spec.to_config()
        pairs = {
            key: [config.get(key), written.get(key)]
            for key in sorted({*config, *written} - beside)
        }
        return {
            key: self._without_places(key, pair)
            for key, pair in pairs.items()
            if pair != [None, None]
        }

    def look_ahead(self, names: Iterable[str]) -> None:
        """Ask buckets for the data of these datasets at once, unless you say how."""
        dataset_io.look_ahead(self.dataset(n) for n in names if not self.options.way(n))

    def now(self, name: str) -> Held:
        """The data that a load would read."""
        readings = dataset_io.readings(self.dataset(name))
        way = self.options.way(name)
        if way:
            return held_by_the_teams_way(way, name, readings)
        if len(readings) > 1 and _is_a(readings[0], "IncrementalDataset"):
            # A load may take the checkpoint from one and the partitions from the other.
            return Held(None, f"{NO_FINGERPRINT}: an IncrementalDataset on a branch")
        return _first(held_by_default(each, self.cache) for each in readings)

    def on_branch(self, name: str, branch: str) -> Held | None:
        """The data of another branch; none if it cannot be copied to this one."""
        dataset = kedro_internals.uncached(self.dataset(name))
        if self.options.way(name) or not hasattr(type(dataset), "on_branch"):
            return None
        found = dataset.on_branch(branch)
        return found and _held_in_files(found, self.cache)

    def copy_from(self, name: str, branch: str) -> None:
        """Make a dataset a copy of another branch's."""
        kedro_internals.uncached(self.dataset(name)).copy_from(branch)

    def read(self, name: str, held: Held) -> Held:
        """The loaded data: its fingerprint, with the code of the objects in it."""
        if held.print is None:
            return held
        # A pickle has the name of an object's class, but not what the class does.
        package = __name__.partition(".")[0]
        dataset = dataset_io.readings(self.dataset(name))[-1]
        if not (_may_hold_objects(dataset) and _may_name(held.place, package)):
            return held
        code = self.codes.modules.code_of_package(package)
        return evolve(held, print=f"{held.print}+{code}")

    def is_still(self, name: str, held: Held) -> bool:
        """Whether a load would read the same data, not written again since."""
        now = self.now(name)
        return (now.place, now.signs) == (held.place, held.signs)

    def place(self, name: str) -> str:
        """The place to which a save would write; empty if unknown."""
        return _place(dataset_io.written(self.dataset(name)))

    def appends(self, name: str) -> bool:
        """Whether a save adds to the existing data: then each run leaves other data."""
        return dataset_io.appends(dataset_io.written(self.dataset(name)))

    def is_pinned(self, name: str) -> bool:
        """Whether a load reads a version that was asked for, and not the one saved."""
        dataset = dataset_io.written(self.dataset(name))
        return bool(getattr(kedro_internals.version(dataset), "load", None))

    def _without_places(self, key: str, value: Any, of_entry: bool = True) -> Any:
        """A part of an entry, or of the arguments that it passes on to a library."""
        if isinstance(value, dict):
            is_entry = "type" in value
            # What is inside a CachedDataset has its "versioned" on a branch only.
            beside = {*_BESIDE, "versioned"} if is_entry else {"credentials"}
            return {
                inner: self._without_places(str(inner), each, is_entry)
                for inner, each in _innermost(value).items()
                if inner not in beside
            }
        if isinstance(value, list):
            return [self._without_places(key, each, of_entry) for each in value]
        if isinstance(value, type):
            return f"{value.__module__}.{value.__qualname__}"
        if key in {FILE, FOLDER} and of_entry and value is not None:
            return posixpath.splitext(str(value))[1]
        if isinstance(value, str):
            return value.replace(self.project.as_posix(), ".")
        return value


def _innermost(entry: dict[str, Any]) -> dict[str, Any]:
    """The innermost entry, whose data a load may read instead."""
    inner = entry["dataset"] if hasattr(entry.get("type"), "readings") else entry
    return dict(inner)


def _may_hold_objects(dataset: Any) -> bool:
    """Whether a type may store Python objects, which have code."""
    given: Any = kedro_internals.init_config(dataset)
    while isinstance(given, dict):
        if given.get("file_format") == "pickle" or "type" not in given:
            return True
        inner, kind = given.get("dataset"), given["type"]
        if inner is None:
            name = kind if isinstance(kind, str) else kind.__module__ + ".x"
            return not _DATA.fullmatch(name)
        given = inner if isinstance(inner, dict) else {"type": inner}
    return True


def _may_name(path: str, package: str) -> bool:
    """Whether a file may name a package; yes if its bytes cannot tell."""
    try:
        with open(path, "rb") as file:
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            with content:
                packed = content[:6].startswith(_COMPRESSED)
                return packed or content.find(package.encode()) >= 0
    except (OSError, ValueError):  # a folder, a URL, an empty file
        return True


def _first(found: Iterable[Held]) -> Held:
    """The first that has data, as in a load; the others are not checked."""
    missing: list[Held] = []
    for held in found:
        if held.why_not != MISSING:
            return evolve(held, below=bool(missing))
        missing.append(held)
    return missing[0]


def held_by_default(dataset: Any, cache: StatCache) -> Held:
    """The data of a dataset, if it is files or a table in a local file."""
    if tables.local_table(dataset):
        return _held_in_table(dataset)
    return _held_in_files(dataset, cache)


def _is_a(dataset: Any, name: str) -> bool:
    """Whether a dataset is of a class of this name, which need not be imported."""
    return name in {each.__name__ for each in type(dataset).__mro__}


def _held_in_files(dataset: Any, cache: StatCache) -> Held:
    filesystem, path = kedro_internals.place(dataset)
    in_parts = _is_a(dataset, "PartitionedDataset")
    has_versions = isinstance(dataset, AbstractVersionedDataset)
    if filesystem is None or not (has_versions or in_parts):
        why = f"{NO_FINGERPRINT}: it is a {type(dataset).__name__}"
        return Held(None, why, signs=None)
    path = kedro_internals.strip_protocol(filesystem, path)
    place = path
    try:
        if has_versions and kedro_internals.version(dataset) is not None:
            filesystem.invalidate_cache(path)
            newest = kedro_internals.load_path(kedro_internals.version_probe(dataset))
            path = kedro_internals.strip_protocol(filesystem, str(newest))
        if re.search(r"[*?\[]|::", path):
            return Held(None, f"names more than one file: {path}", path, None)
        if file_info.is_local(filesystem):
            content, signs = cache.look(path)
            return Held(content, "" if content else MISSING, path, signs)
        place = str(filesystem.unstrip_protocol(path))
        return _remote(filesystem, path, place)
    except VersionNotFoundError:
        return Held(None, MISSING)
    except Exception as error:  # of any store: no network, no rights
        return _unreadable(error, place)


def _remote(filesystem: Any, path: str, place: str) -> Held:
    files = file_info.objects(filesystem, path)
    if not files:
        return Held(None, MISSING, place)
    parts = []
    for name, info in files.items():
        known = [f"{key}:{info[key]}" for key in _CHECKSUMS if info.get(key)]
        if not known:
            return Held(None, f"has no checksum at {place}", place)
        parts.append(f"{name} {known[0]}")
    found = checksum.of_texts(*parts)
    return Held(found, "", place, found)


def _held_in_table(dataset: Any) -> Held:
    place = _place(dataset)
    file = place.removeprefix("file://").rpartition("::")[0]
    if not os.path.exists(file):  # to connect would make it
        return Held(None, MISSING, place)
    try:
        found = tables.local_table_checksum(dataset)
    except Exception as error:  # of any driver: it is locked, or no database
        return _unreadable(error, place)
    return Held(found, "" if found else MISSING, place, found)


def _unreadable(error: Exception, place: str = "") -> Held:
    text = " ".join(str(error).split())[:200]
    return Held(None, f"cannot be read ({type(error).__name__}: {text})", place)


def _place(dataset: Any) -> str:
    """The place of a dataset's data; empty if unknown."""
    if table := tables.local_table(dataset):
        return f"file://{os.path.abspath(table[0])}::{table[1]}"
    there = dataset_io.stored_data(dataset)
    return there.location if there else ""


def held_by_the_teams_way(way: str, name: str, readings: list[Any]) -> Held:
    """The data of a dataset, by your setting in ``fingerprints``.

    Args:
        way: ``run``, ``content``, a query, or the name of a function.
        name: of the dataset.
        readings: what a load would read: the first that holds data.

    Raises:
        OpsError: if there is no such function.
    """
    if way == RUN:
        return Held(None, "is for the nodes to look at: the settings say run")
    ask: Callable[[str, Any], Any]
    if way == CONTENT:
        ask = _content
    elif _QUERY.match(way):
        ask = partial(_answer, way)
    else:
        ask = _function(way, name)
    try:
        there = next((each for each in readings[:-1] if each.exists()), readings[-1])
        found = ask(name, there)
    except Exception as error:  # databases and functions of others
        return _unreadable(error)
    if found is None:
        return Held(None, MISSING)
    below = there is not readings[0]
    return Held(f"told:{found}", place=_place(there), signs=found, below=below)


def _content(name: str, dataset: Any) -> str | None:
    there = dataset_io.stored_data(dataset)
    if there is None:
        raise ValueError(f"{name} is of a kind that nobody can read")
    return there.fingerprint()


def _answer(query: str, name: str, dataset: Any) -> str:
    table = getattr(dataset_io.stored_data(dataset), "name", "")
    text = query.replace("{table}", str(table))
    if hasattr(dataset, "engine"):
        import sqlalchemy  # noqa: PLC0415

        with dataset.engine.connect() as connection:
            rows = list(connection.execute(sqlalchemy.text(text)))
    else:
        rows = dataset.connection.sql(text).to_pyarrow().to_pylist()
    return checksum.of_texts(*map(repr, rows))


def _function(way: str, name: str) -> Callable[[str, Any], Any]:
    try:
        function: Callable[[str, Any], Any] = load_obj(way)
    except (ImportError, AttributeError, ValueError) as error:
        raise OpsError(
            f"ops.yml: 'skip_unchanged.fingerprints' says '{way}' for '{name}': write "
            f"{RUN}, {CONTENT}, a query, or module.function ({error})."
        ) from error
    return function

"""The datasets of a run: how they are read and written, and what they hold now."""

from __future__ import annotations

import inspect
import mmap
import posixpath
import re
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

from attrs import evolve, field, frozen
from kedro.io.core import parse_dataset_definition
from kedro.utils import load_obj

from ..core import kedro_internals
from ..core.entry_places import FILE, FOLDER, TABLES
from . import data_version
from .code_version import CodeVersion, CodeVersions
from .data_version import MISSING, Held, StatCache, signs_of
from .settings import SkipUnchangedOptions

# Types whose data is one local file or folder, so that none need be built to look at it.
_PLAIN = re.compile(
    r"(kedro_datasets\.)?((text|json|yaml|pickle|plotly|networkx|pillow"
    r"|svmlight|polars)\.|pandas\.(CSV|JSON|Parquet|Excel|Feather|XML|Generic))"
)
# Types of Kedro's own datasets that keep data, and no objects with code.
_DATA = re.compile(
    r"(?:kedro_datasets\.)?(?:pandas|polars|dask|spark|snowflake|databricks|ibis|json|yaml"
    r"|text|toml|plotly|pillow|geopandas|networkx|svmlight|biosequence"
    r"|holoviews|video|api|tracking)\.\w+"
)
# How compressed files begin: gzip, bzip2, xz, lzma, zstandard, lz4, zlib, zip.
_COMPRESSED = (
    *(b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x5d\x00\x00", b"\x28\xb5\x2f\xfd"),
    *(b"\x04\x22\x4d\x18", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda", b"PK"),
)
_IN_MEMORY = re.compile(r"(^|\.)(Shared)?MemoryDataset$")
# What does not change how data is read or written.
_BESIDE = {"credentials", "metadata", "validator", *TABLES}
_PLACES = {FILE, FOLDER}


@frozen
class Configuration:
    """What changes how a dataset is read and written."""

    items: dict[str, str]
    opaque: tuple[str, ...] = ()


@frozen(slots=False)
class Datasets:
    """Those of a catalog."""

    catalog: Any
    cache: StatCache
    options: SkipUnchangedOptions
    project: Path
    codes: CodeVersions
    _entries: dict[str, Any] = field(factory=dict)

    def entry(self, name: str) -> dict[str, Any] | None:
        """Its configuration; none for one that was put into the catalog as an object."""
        if name not in self._entries:
            self._entries[name] = self._found(name)
        found: dict[str, Any] | None = self._entries[name]
        return found

    def _found(self, name: str) -> dict[str, Any] | None:
        resolver = self.catalog.config_resolver
        found: dict[str, Any] | None = resolver.config.get(name)
        made = kedro_internals.materialized(self.catalog, name)
        if found is None and (
            resolver.match_dataset_pattern(name)
            or resolver.match_user_catch_all_pattern(name)
        ):
            found = resolver.resolve_pattern(name)
            if made is not None and not _is_of(made, found):
                return None
        if found is None and made is None:
            return {"type": "MemoryDataset"}
        return found

    def is_in_memory(self, name: str) -> bool:
        """Whether nothing is left of it after the run."""
        entry = self.entry(name)
        if entry is not None:
            kind = entry["type"]
            if isinstance(kind, str) and _IN_MEMORY.search(kind):
                return True
            if _is_plain(_readings(entry)[0]):
                return False
        return kedro_internals.is_ephemeral(self.catalog.get(name))

    def configuration(self, name: str) -> Configuration:
        """What of its configuration and its class changes how it is read and written."""
        entry = self.entry(name)
        if entry is None:
            return self._configuration_of_object(self.catalog.get(name))
        items: dict[str, str] = {}
        opaque: list[str] = []
        base = _readings(entry)[-1]
        in_memory = isinstance(base["type"], str) and _IN_MEMORY.search(base["type"])
        for key, value in base.items():
            # What is in memory is so in different types under different runners.
            if key not in _BESIDE and not (in_memory and key == "type"):
                items[key] = self._digest(key, value, opaque)
        validator = entry.get("validator")
        if _is_of_a_guard(validator):
            validator = None
        for code in self._codes(base, validator):
            items |= {**code.items, f"code {code.digest}": ""}
            opaque += code.opaque
        if validator is not None:
            items["validator"] = self._digest("", validator, opaque)
        if str(base["type"]).startswith("kedro_datasets.") or _is_plain_type(base):
            items["kedro-datasets"] = self._version
        return Configuration(items, tuple(opaque))

    def now(self, name: str) -> Held:
        """What a load would read."""
        way = self.options.way(name)
        if way:
            return data_version.by_the_teams_way(way, name, self._readings(name))
        entry = self.entry(name)
        if entry is not None and _all_plain(entry):
            return _first([self._held(each[FILE]) for each in _readings(entry)])
        found = [
            data_version.version_of_data(each, self._held)
            for each in self._readings(name)
        ]
        return _first(found)

    def read(self, name: str, held: Held) -> Held:
        """What a load gets: what is held, with the code of the objects in it."""
        if held.print is None:
            return held
        # A pickle has the name of an object's class, but not what the class does.
        entry = self.entry(name)
        if entry is not None and not _may_hold_objects(_readings(entry)[-1]):
            return held
        if not _may_name(held.place, __name__.partition(".")[0]):
            return held
        return evolve(held, print=f"{held.print}+{self._package_code}")

    def is_still(self, name: str, held: Held) -> bool:
        """Whether a load would read the same, and it was not written again."""
        entry = self.entry(name)
        if self.options.way(name) or entry is None or not _all_plain(entry):
            now = self.now(name)
            return (now.place, now.signs) == (held.place, held.signs)
        paths = [str(each[FILE]) for each in _readings(entry)]
        there = next(((path, found) for path in paths if (found := signs_of(path))), ())
        return there == (held.place, held.signs)

    def place(self, name: str) -> str:
        """Where a save would write it; empty if that is not known."""
        entry = self.entry(name)
        if entry is not None and _is_plain(_readings(entry)[0]):
            return str(_readings(entry)[0][FILE])
        return data_version.place_of(self._readings(name)[0])

    def _readings(self, name: str) -> list[Any]:
        from ..core.dataset_io import readings  # noqa: PLC0415

        return readings(self.catalog.get(name, fallback_to_runtime_pattern=True))

    def _held(self, path: str) -> Held:
        try:
            found, signs = self.cache.look(path)
        except OSError as error:
            return Held(None, f"cannot be read ({type(error).__name__})", path)
        return Held(found, "" if found else MISSING, path, signs)

    def _configuration_of_object(self, dataset: Any) -> Configuration:
        opaque: list[str] = []
        if kedro_internals.is_ephemeral(dataset):
            return Configuration({})
        try:
            config = kedro_internals.init_config(dataset)
        except Exception:  # classes of others, which may not keep their arguments
            return Configuration({}, (f"{type(dataset).__qualname__}",))
        items = {key: self._digest(key, config[key], opaque) for key in config}
        return Configuration(items, tuple(opaque))

    def _digest(self, key: str, value: Any, opaque: list[str]) -> str:
        found = self.codes.version(self._without_places(key, value))
        opaque += [f"{key}: {each}" for each in found.opaque]
        return found.digest

    def _without_places(self, key: str, value: Any) -> Any:
        if isinstance(value, dict):
            if hasattr(value.get("type"), "entries"):
                value = _readings(value)[-1]
            return {
                inner: self._without_places(str(inner), each)
                for inner, each in value.items()
                if inner not in _BESIDE
            }
        if isinstance(value, list):
            return [self._without_places(key, each) for each in value]
        if isinstance(value, type):
            return f"{value.__module__}.{value.__qualname__}"
        if key in _PLACES:
            return posixpath.splitext(str(value))[1]
        if isinstance(value, str):
            return value.replace(self.project.as_posix(), ".")
        return value

    def _codes(self, base: dict[str, Any], validator: Any) -> list[CodeVersion]:
        """Of its classes that are the project's own."""
        found = []
        given: Any = base
        while isinstance(given, dict) and "type" in given:
            kind = given["type"]
            if not (isinstance(kind, str) and _is_known(kind)):
                found.append(self._code(parse_dataset_definition(given)[0]))
            given = given.get("dataset")
            if isinstance(given, str):
                given = {"type": given}
        if isinstance(validator, dict):
            validator = validator.get("class")
        if isinstance(validator, str):
            found.append(self._code(load_obj(validator)))
        return [each for each in found if each is not None]

    def _code(self, thing: Any) -> CodeVersion | None:
        if not (inspect.isroutine(thing) or inspect.isclass(thing)):
            thing = type(thing)
        is_own = self.codes.modules.is_own(thing.__module__)
        return self.codes.version(thing) if is_own else None

    @property
    def _package_code(self) -> str:
        return self.codes.modules.code_of_package(__name__.partition(".")[0])

    @cached_property
    def _version(self) -> str:
        try:
            return metadata.version("kedro-datasets")
        except metadata.PackageNotFoundError:
            return ""


def _may_hold_objects(entry: dict[str, Any]) -> bool:
    """Whether a type may keep Python objects, which have code, and not only data."""
    given: Any = entry
    while isinstance(given, dict):
        if given.get("file_format") == "pickle" or "type" not in given:
            return True
        inner = given.get("dataset")
        if inner is None:
            return not _DATA.fullmatch(str(given["type"]))
        given = {"type": inner} if isinstance(inner, str) else inner
    return True


def _may_name(path: str, package: str) -> bool:
    """Whether a file names a package; so it may if its bytes do not show that."""
    try:
        with open(path, "rb") as file:
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            with content:
                packed = content[:6].startswith(_COMPRESSED)
                return packed or content.find(package.encode()) >= 0
    except (OSError, ValueError):  # a folder, a URL, an empty file
        return True


def _first(found: list[Held]) -> Held:
    """The first that holds anything, as a load takes it."""
    for number, held in enumerate(found):
        if held.why_not != MISSING:
            return evolve(held, below=number > 0)
    return found[0]


def _is_of(dataset: Any, entry: dict[str, Any]) -> bool:
    """Whether a dataset was made by an entry, and not put into its place by a hook."""
    kind, path = entry["type"], entry.get(FILE)
    if not isinstance(kind, str):
        return type(dataset) is kind
    same = type(dataset).__name__ == kind.rpartition(".")[2]
    there = str(kedro_internals.path(dataset))
    return same and (path is None or str(path).endswith(there))


def _readings(entry: dict[str, Any]) -> list[dict[str, Any]]:
    """The entries whose data a load would read: the first that holds any."""
    entries = getattr(entry["type"], "entries", None)
    return list(entries(entry)) if entries else [entry]


def _all_plain(entry: dict[str, Any]) -> bool:
    return all(map(_is_plain, _readings(entry)))


def _is_plain(entry: dict[str, Any]) -> bool:
    """Whether its data is what lies at its path, on this machine."""
    path = entry.get(FILE)
    return (
        isinstance(path, str)
        and "://" not in path
        and not re.search(r"[*?\[]|::", path)
        and not entry.get("versioned")
        and not entry.get("fs_args", {}).get("protocol")
        and _is_plain_type(entry)
    )


def _is_plain_type(entry: dict[str, Any]) -> bool:
    return isinstance(entry["type"], str) and bool(_PLAIN.match(entry["type"]))


def _is_of_a_guard(validator: Any) -> bool:
    """Whether it only lets data pass or not, and is told anew what run it is in."""
    name = validator.get("class") if isinstance(validator, dict) else validator
    kit = __package__.rpartition(".")[0]
    return isinstance(name, str) and name.startswith(f"{kit}.")


def _is_known(kind: str) -> bool:
    """Whether a class is of Kedro's own packages."""
    return bool(_PLAIN.match(kind)) or kind.startswith(("kedro_datasets.", "kedro.io."))

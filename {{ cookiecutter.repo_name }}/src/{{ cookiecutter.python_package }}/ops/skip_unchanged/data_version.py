"""What a dataset holds, as a text that is the same as long as that is."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any

from attrs import frozen
from kedro.io import AbstractVersionedDataset
from kedro.io.core import VersionNotFoundError
from kedro.utils import load_obj

from ..core import checksum, dataset_io, kedro_internals
from ..core.errors import OpsError
from .settings import CONTENT, RUN

MISSING = "is not there"
# What stores tell of an object that is another one once its content is.
_TELLING = (
    *("ETag", "etag", "md5Hash", "content_md5", "crc32c", "VersionId", "version_id"),
    *("generation", "checksum"),
)
_QUERY = re.compile(r"\s*(select|with)\b", re.IGNORECASE)


@frozen
class Held:
    """What a dataset holds."""

    print: str | None  # of the content; none if it is not there or cannot be told
    why_not: str = ""  # in words, where there is none
    place: str = ""  # where it was found
    signs: Any = ()  # would differ if it was written again
    below: bool = False  # whether it is not the copy that a save would replace


def version_of_data(dataset: Any, look: Callable[[str], Held]) -> Held:
    """What one dataset holds, if its data is files.

    Args:
        dataset: as the catalog has it.
        look: tells what lies at a path on this machine.
    """
    found = _files(dataset)
    if found is None:
        kind = type(dataset).__name__
        why = f"is a {kind}: whether it changed cannot be detected; ops.yml can say how"
        return Held(None, f"{why} (skip_unchanged.fingerprints)", signs=None)
    filesystem, path = found
    if path is None:
        return Held(None, MISSING)
    if re.search(r"[*?\[]|::", path):
        return Held(None, f"names more than one file: {path}", path, None)
    if dataset_io.is_local(filesystem):
        return look(path)
    return _remote(filesystem, path)


def place_of(dataset: Any) -> str:
    """Where a dataset keeps its data; empty if that is not known."""
    there = dataset_io.stored_data(dataset)
    return there.location if there else ""


def by_the_teams_way(way: str, name: str, readings: list[Any]) -> Held:
    """What a dataset holds, as the team says that it can be told.

    Args:
        way: ``run``, ``content``, a query, or the name of a function.
        name: of the dataset.
        readings: what a load would read: the first that holds data.

    Raises:
        OpsError: if there is no such function.
    """
    if way == RUN:
        return Held(None, "is for the nodes to look at: the settings say run")
    ask: Callable[[Any], Any]
    if way == CONTENT:
        ask = _content
    elif _QUERY.match(way):
        ask = _asked(way)
    else:
        ask = _function(way, name)
    for number, dataset in enumerate(readings):
        last = number == len(readings) - 1
        if not last and not dataset.exists():
            continue
        try:
            found = ask(dataset)
        except Exception as error:  # databases and functions of others
            text = " ".join(str(error).split())[:200]
            return Held(None, f"cannot be told ({type(error).__name__}: {text})")
        if found is None:
            return Held(None, MISSING)
        return Held(f"told:{found}", place=place_of(dataset), signs=found, below=last)
    return Held(None, MISSING)


def _files(dataset: Any) -> tuple[Any, str | None] | None:
    """The file system and the path that is read now; no path if nothing is there."""
    filesystem, path = kedro_internals.place(dataset)
    if filesystem is None:
        return None
    if isinstance(dataset, AbstractVersionedDataset):
        # A copy: the one in the catalog would keep the version for the run.
        probe = copy.copy(dataset)
        kedro_internals.forget_versions(probe)
        if kedro_internals.version(probe) is not None:
            bare = kedro_internals.strip_protocol(filesystem, path)
            filesystem.invalidate_cache(bare)
            try:
                path = str(kedro_internals.load_path(probe))
            except VersionNotFoundError:
                return filesystem, None
    elif "PartitionedDataset" not in {each.__name__ for each in type(dataset).__mro__}:
        return None
    return filesystem, kedro_internals.strip_protocol(filesystem, path)


def _remote(filesystem: Any, path: str) -> Held:
    place = str(filesystem.unstrip_protocol(path))
    try:
        files = dataset_io.objects(filesystem, path)
    except Exception as error:  # of any store: no network, no rights
        text = " ".join(str(error).split())[:200]
        return Held(None, f"cannot be read ({type(error).__name__}: {text})", place)
    if not files:
        return Held(None, MISSING, place)
    parts = []
    for name, info in files.items():
        told = [f"{key}:{info[key]}" for key in _TELLING if info.get(key)]
        if not told:
            return Held(None, f"has no checksum at {place}", place)
        parts.append(f"{name} {told[0]}")
    found = checksum.of_texts(*parts)
    return Held(found, "", place, found)


def _content(dataset: Any) -> str | None:
    there = dataset_io.stored_data(dataset)
    if there is None:
        raise ValueError(f"{type(dataset).__name__} is of a kind that nobody can read")
    return there.fingerprint()


def _asked(query: str) -> Callable[[Any], str]:
    def ask(dataset: Any) -> str:
        table = getattr(dataset_io.stored_data(dataset), "name", "")
        text = query.replace("{table}", str(table))
        if hasattr(dataset, "engine"):
            import sqlalchemy  # noqa: PLC0415

            with dataset.engine.connect() as connection:
                rows = list(connection.execute(sqlalchemy.text(text)))
        else:
            rows = dataset.connection.sql(text).to_pyarrow().to_pylist()
        return checksum.of_texts(*map(repr, rows))

    return ask


def _function(way: str, name: str) -> Callable[[Any], Any]:
    try:
        function = load_obj(way)
    except (ImportError, AttributeError, ValueError) as error:
        raise OpsError(
            f"ops.yml: 'skip_unchanged.fingerprints' says '{way}' for '{name}': write "
            f"{RUN}, {CONTENT}, a query, or module.function ({error})."
        ) from error
    return lambda dataset: function(name, dataset)

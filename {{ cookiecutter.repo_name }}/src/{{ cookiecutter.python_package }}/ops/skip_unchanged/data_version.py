"""What a dataset holds, as a text that is the same as long as that is."""

from __future__ import annotations

import copy
import json
import os
import re
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

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

# Nanoseconds in which a file may be written again without its times telling.
_FRESH = 2_000_000_000
_MOST = 100_000  # files that are remembered

# Size, times of change, and which file it is: with these the same, so is the content.
Sign = tuple[int, int, int, int, int]
# Of everything in a folder, by name.
Signs = tuple[tuple[str, Sign], ...]


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
            return Held(None, f"cannot be read ({type(error).__name__}: {text})")
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


class StatCache:
    """Fingerprints by path; in a file, so that the next run need not read either."""

    def __init__(self, file: str, project: str) -> None:
        """Read the file, if there is one that can be read."""
        self._file, self._project = file, f"{project}{os.sep}"
        self._known: dict[str, Any] = {}
        self._used: dict[str, Any] = {}
        self._changed = False
        try:
            with open(file, "rb") as stream:
                known = json.loads(stream.read())
            if isinstance(known, dict):
                self._known = known
        except (OSError, ValueError):
            pass  # then every file is read anew

    def look(self, path: str) -> tuple[str | None, Signs]:
        """The fingerprint of a file or folder, and what would tell that it changed.

        Returns:
            As that of ``Files`` in core; none if nothing is there.
        """
        signs = signs_of(path)
        if not signs:
            return None, signs
        if signs[0][0] == "":
            return self._of_file(path, signs[0][1]), signs
        parts = (f"{name} {self._of_file(path + name, sign)}" for name, sign in signs)
        return checksum.of_texts(*parts), signs

    def save(self) -> None:
        """Keep what is known for the next run."""
        if not self._changed:
            return
        self._changed = False
        room = max(0, _MOST - len(self._used))
        others = list(self._known.items())[-room:] if room else []
        scratch = f"{self._file}.{uuid4().hex}"
        os.makedirs(os.path.dirname(self._file), exist_ok=True)
        with open(scratch, "x", encoding="utf-8") as stream:
            stream.write(json.dumps({**dict(others), **self._used}))
        os.replace(scratch, self._file)

    def _of_file(self, path: str, sign: Sign) -> str:
        name = path.removeprefix(self._project)
        known = self._used.get(name) or self._known.get(name)
        if known and _holds(known, sign):
            self._used[name] = known
            return str(known[-1])
        now = time.time_ns()
        found = checksum.of_local_file(path)
        if _sign(os.stat(path)) == sign:
            self._used[name] = [*sign, now, found]
            self._changed = True
        return found


def signs_of(path: str) -> Signs:
    """What would change with the content of a file or of anything in a folder."""
    try:
        there = os.stat(path)
        if not _is_folder(there):
            return (("", _sign(there)),)
        return tuple(sorted(_inside(path, "", ())))
    except (FileNotFoundError, NotADirectoryError):
        return ()


def _inside(top: str, name: str, above: tuple[Any, ...]) -> Iterator[tuple[str, Sign]]:
    there = os.stat(top + name)
    folder = (there.st_dev, there.st_ino)
    if folder in above:  # a link to a folder that it is in
        return
    for entry in os.scandir(top + name):
        inner = f"{name}/{entry.name}"
        if entry.is_dir():
            yield from _inside(top, inner, (*above, folder))
        elif entry.is_file():
            yield inner, _sign(os.stat(entry.path))


def _is_folder(there: os.stat_result) -> bool:
    return (there.st_mode & 0o170000) == 0o040000  # noqa: PLR2004


def _sign(there: os.stat_result) -> Sign:
    return (
        there.st_size,
        there.st_mtime_ns,
        there.st_ctime_ns,
        there.st_ino,
        there.st_dev,
    )


def _holds(known: Any, sign: Sign) -> bool:
    """Whether what was read belongs to the file as it is, and was old enough then."""
    if not isinstance(known, list) or known[:-2] != list(sign):
        return False
    return bool(known[-2] - max(sign[1], sign[2]) > _FRESH)

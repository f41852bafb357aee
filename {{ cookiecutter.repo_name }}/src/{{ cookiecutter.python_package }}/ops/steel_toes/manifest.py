"""The manifest: the data of each branch, and where it came from.

It has a record for each branch and dataset, in JSON lines in ``manifest/<branch>/`` of
the store. Each save adds a line. An error here never fails the run.
"""

from __future__ import annotations

import logging
import os
import platform
import posixpath
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from datetime import datetime, timezone
from functools import cache
from multiprocessing import parent_process
from multiprocessing.util import Finalize
from operator import attrgetter
from threading import Timer
from typing import Any, NamedTuple

from attrs import frozen

from ..core import file_info, redaction
from ..core.dataset_io import stored_data
from ..core.errors import suppress_errors
from ..core.git import slug
from ..core.process import user
from ..core.records import Records
from ..core.store import Store, warn_once
from . import overview
from .overview import BranchSummary, Folder, summarize

NOTHING = "nothing"  # main's fingerprint where main had no data
_FOLDER = "manifest"
_SOON = 1.0  # seconds until a record is in a store behind a URL
_FRESH = 1.0  # seconds for which a process need not look what others have added


class Record(NamedTuple):
    """A record of one dataset on one branch. None means unknown."""

    branch: str  # as git names it
    dataset: str
    location: str
    time: str  # ISO 8601, UTC
    run: str | None = None
    node: str | None = None
    commit: str | None = None
    dirty: bool | None = None
    user: str | None = None
    host: str | None = None
    bytes: int | None = None
    fingerprint: str | None = None
    rows: int | None = None
    schema: dict[str, str] | None = None
    base: str | None = None  # main's fingerprint when the branch first wrote


# All others are text.
_TYPES = {"dirty": bool, "bytes": int, "rows": int, "schema": dict}


@frozen
class Manifest:
    """The records in a store."""

    store: Store

    def read(self, branch: str, dataset: str, look: bool = False) -> Record | None:
        """The record of a dataset on a branch; None if there is none.

        Args:
            branch: as git names it.
            dataset: as the catalog names it.
            look: whether to look what others have added within the last moment, too.
        """
        records = self._records(slug(branch))
        records.look(fresh=0.0 if look else _FRESH)
        found = records.latest.get((dataset,))
        return _checked(found) if found else None

    def write(self, record: Record) -> None:
        """Add a record, which replaces the previous one.

        During a run, a store behind a URL has it within a second: it is one request,
        however many datasets are saved meanwhile.
        """
        records = self._records(slug(record.branch))
        records.append(**record._asdict())
        if self.store.is_local or record.node is None or parent_process():
            records.flush()
        elif not _TIMERS:
            # No daemon: a process that ends otherwise than by a signal waits for it.
            _TIMERS.append(Timer(_SOON, flush))
            _TIMERS[0].start()

    def remove(self, *records: Record) -> None:
        """Remove records, unless their datasets were saved since they were read."""
        folders = defaultdict[str, list[dict[str, Any]]](list)
        for each in records:
            key = {"branch": each.branch, "dataset": each.dataset}
            folders[slug(each.branch)].append(key)
        for folder, found in folders.items():
            self._records(folder).remove(*found)

    def records(self, branch: str | None = None) -> Iterator[Record]:
        """All records, or those of one branch, by branch and dataset."""
        folders = self._folders(f"{_FOLDER}/{slug(branch)}" if branch else _FOLDER)
        for found in self._look(folders).values():
            yield from (each for each in found if branch in {None, each.branch})

    def overview(self) -> list[BranchSummary]:
        """A summary of each branch. Behind a URL, only what has changed is read."""
        folders = self._folders(_FOLDER)
        known = {} if self.store.is_local else overview.read(self.store)
        same = {k: v for k, v in known.items() if v.files == folders.get(k)}
        changed = {k: sizes for k, sizes in folders.items() if k not in same}
        found = {
            name: Folder(folders[name], summarize(records))
            for name, records in self._look(changed).items()
        }
        if not self.store.is_local and (found or len(same) < len(known)):
            with suppress_errors():  # you may be allowed to read only
                overview.write(self.store, {**same, **found})
        rows = [row for each in {**same, **found}.values() for row in each.summaries]
        return sorted(rows, key=attrgetter("branch"))

    def _folders(self, folder: str) -> dict[str, dict[str, int]]:
        """The sizes of the files in each folder of the manifest."""
        folders = defaultdict[str, dict[str, int]](dict)
        for name, size in self.store.files(folder).items():
            if name.count("/") == 2:  # noqa: PLR2004
                folders[posixpath.basename(posixpath.dirname(name))][name] = size
        return folders

    def _look(self, folders: dict[str, dict[str, int]]) -> dict[str, list[Record]]:
        """The records in each of these folders."""
        found = {folder: self._records(folder) for folder in folders}
        with ThreadPoolExecutor() as pool:  # a bucket gives many files at once
            list(pool.map(Records.look, found.values(), folders.values()))
        return {folder: _entries(records) for folder, records in found.items()}

    def _records(self, folder: str) -> Records:
        # A process that was forked adds to a file of its own, and takes no lock along.
        place = os.getpid(), self.store.url, folder
        if place not in _OPEN:
            opened = Records(self.store, f"{_FOLDER}/{folder}", ("dataset",))
            if _OPEN.setdefault(place, opened) is opened and parent_process():
                # A worker is not told when the run ends.
                Finalize(None, _close_worker, args=(opened,), exitpriority=5)
        return _OPEN[place]


_OPEN: dict[tuple[int, str, str], Records] = {}
_TIMERS: list[Timer] = []


def flush(last: bool = False) -> None:
    """Write waiting records to their stores, each second and at the end of the run."""
    while _TIMERS:
        _TIMERS.pop().cancel()
    for (process, url, folder), records in list(_OPEN.items()):
        if process == os.getpid():
            with _warn_of_errors(url):
                if last:
                    _close(folder, records)
                else:
                    records.flush()


def _close_worker(records: Records) -> None:
    with suppress_errors():
        records.close()


def _close(folder: str, records: Records) -> None:
    """End what this process has added to a folder, and update the overview."""
    if not records.is_open:
        return
    records.close()
    store = records.store
    if not store.is_local:
        now = Folder(records.files, summarize(_entries(records)))
        with suppress_errors():  # the list reads the manifest then
            overview.write(store, {**overview.read(store), folder: now})


class Recorder(NamedTuple):
    """Records the saves of one dataset on one branch; never fails the run.

    ``origin`` holds what only the run knows: its key, the node, the commit.
    """

    manifest: Manifest
    branch: str
    dataset: str
    origin: dict[str, Any] = {}

    @contextmanager
    def record(self, target: Any, base: Any, data: Any) -> Iterator[None]:
        """Record the save that happens inside.

        Args:
            target: the dataset of the branch that is saved.
            base: builds main's dataset, of which the branch is a fork.
            data: what is saved.
        """
        can_read, fork = False, None
        with _warn_of_errors(self.manifest.store.url):
            known = self.manifest.read(self.branch, self.dataset)
            can_read = True  # else the fork point of an earlier record would be lost
            # Of a run, what main had when it began: that has been asked already.
            with file_info.at_start() if "node" in self.origin else nullcontext():
                fork = known.base if known else _fork_point(target, base())
        yield
        if can_read:
            with _warn_of_errors(self.manifest.store.url):
                self._enter(target, data, fork)

    def has_saved(self, target: Any) -> bool:
        """Whether the branch has saved the dataset, and in the place where it is now:
        its path may differ by environment."""
        known = self.manifest.read(self.branch, self.dataset, look=True)
        there = stored_data(target)
        return known is not None and (not there or known.location == there.location)

    def hides(self, target: Any, base: Any) -> bool:
        """Whether the branch's data hides newer data of main."""
        with _warn_of_errors(self.manifest.store.url):
            record = self.manifest.read(self.branch, self.dataset)
            there, below = stored_data(target), stored_data(base)
            if not record or not there or not below or record.base is None:
                return False
            written, later = there.modified(), below.modified()
            if written and later and later <= written:
                return False  # not newer: its content need not be read
            now_below = below.fingerprint()
            return now_below not in {None, record.base, there.fingerprint()}
        return False

    def _enter(self, target: Any, data: Any, fork: str | None) -> None:
        there = stored_data(target)
        size, fingerprint = there.measure() if there else (None, None)
        record = Record(
            branch=self.branch,
            dataset=self.dataset,
            location=there.location if there else str(target),
            time=now(),
            bytes=size,
            fingerprint=fingerprint,
            base=fork,
            **author(),
            **shape(data),
            **self.origin,
        )
        self.manifest.write(record)


@contextmanager
def _warn_of_errors(url: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # of any file system: it must not fail the run
        if url not in _WARNED:
            _WARNED.add(url)
            log = logging.getLogger(__name__)
            text = redaction.without_secrets(url)
            log.warning(_NOT_WRITTEN, text, redaction.error_text(error))


_WARNED: set[str] = set()
_NOT_WRITTEN = (
    "The manifest in %s is not written, so that 'kedro branches' will not know what this "
    "run saves (%s)"
)


def now() -> str:
    """The current time in the form of records."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


@cache
def author() -> dict[str, Any]:
    """The user and the machine."""
    return {"user": user() or None, "host": platform.node() or None}


def shape(data: Any) -> dict[str, Any]:
    """Rows and schema of a table in memory; nothing for other data or a lazy table."""
    rows, *_ = getattr(data, "shape", None) or (None,)
    if not isinstance(rows, int) or not hasattr(data, "columns"):
        return {}
    schema = {str(name): str(kind) for name, kind in zip(data.columns, data.dtypes)}
    return {"rows": rows, "schema": schema}


def _fork_point(target: Any, base: Any) -> str | None:
    there, below = stored_data(target), stored_data(base)
    if there is None or below is None or there.fingerprint() is not None:
        return None  # the branch wrote before there was a record of it
    return below.fingerprint() or NOTHING


def _entries(records: Records) -> list[Record]:
    entries = sorted(records.all(), key=lambda entry: str(entry["dataset"]))
    return [*filter(None, map(_checked, entries))]


def _checked(entry: dict[str, Any]) -> Record | None:
    """The record of an entry; None if it was removed or is malformed."""
    if entry.get("gone"):
        return None
    for name in Record._fields:
        value = entry.get(name)
        is_missing = value is None and name in Record._field_defaults
        if not is_missing and not isinstance(value, _TYPES.get(name, str)):
            where = f"Manifest of branch {entry.get('branch')!r:.60}"
            warn_once(where, f"a record whose '{name}' is damaged")
            return None
    known: dict[str, Any] = {name: entry.get(name) for name in Record._fields}
    return Record(**known)

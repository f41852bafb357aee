"""The runs of a project, read from their journals."""

from __future__ import annotations

import posixpath
import re
import time
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from itertools import islice

from attrs import frozen
from kedro.framework.context import KedroContext

from ..core.errors import OpsError
from ..core.settings import open_store
from ..core.store import LINES, Store
from . import replay
from .model import ENDED, Run, State

LAST = "last"
_LOOK_BACK = 5  # runs
_DAY = 86_400  # seconds
_AT_ONCE, _MOST = 10, 160  # runs that are read at once
_REMOVED = 10  # runs that a run removes
_FILES = (LINES, ".js", ".json", ".html")


def open_runs(context: KedroContext) -> Store:
    """The store of the runs of a project, with a folder for each run, by its key.

    Raises:
        OpsError: if its credentials are not there.
    """
    url, options = open_store(context)
    return Store(posixpath.join(url, "runs"), options)


def all_files(store: Store) -> dict[str, int]:
    """The sizes of all files of all runs: what several readers need, by one request."""
    return store.files("", _FILES)


def run_keys(store: Store, files: Iterable[str] | None = None) -> list[str]:
    """The keys of the runs, the oldest first: by the names of their journals.

    Args:
        store: with a folder for each run.
        files: what is in the store, if that is known.
    """
    return [*_starts(store.files("") if files is None else files)]


def _starts(files: Iterable[str]) -> dict[str, str]:
    """When each run started, the oldest first: ``20261127T093000-``, UTC."""
    found: dict[str, str] = {}
    for name in files:
        if name.count("/") == 1 and name.endswith(LINES):
            key, file = name.split("/")
            start = re.match(r"\d{8}T\d{6}-", file)  # else of an earlier version
            found[key] = min(found.get(key, "9"), start[0] if start else "")
    return dict(sorted(found.items(), key=lambda item: (item[1], item[0])))


@frozen
class History:
    """The runs in a store."""

    store: Store

    def __iter__(self) -> Iterator[Run]:
        """The runs, the last one first."""
        return self.without(set())

    def without(self, keys: Container[str]) -> Iterator[Run]:
        """The runs without some, newest first."""
        files = self.store.files("")
        known = journals(files)
        found = [
            key for key in reversed(run_keys(self.store, files)) if key not in keys
        ]
        first = 0
        while first < len(found):
            # Twice as many each time: a list may be of 20 runs or of 1,000.
            many = min(max(_AT_ONCE, first), _MOST)
            some = {key: known[key] for key in found[first : first + many]}
            for run in replay.read_many(self.store, some):
                if run.started is not None:
                    yield run
            first += many

    def find(self, name: str) -> str:
        """The key that starts or ends with ``name``, or that of the last run.

        Raises:
            OpsError: if there is none, or more than one.
        """
        keys = run_keys(self.store)
        if not keys:
            raise OpsError(
                f"There are no runs in {self.store.url} yet. Start one: kedro run."
            )
        found = keys[-1:] if name == LAST else [k for k in keys if _fits(name, k)]
        if name in found:
            return name
        if len(found) == 1:
            return found[0]
        if not found:
            raise OpsError(f"Run '{name}' does not exist. See kedro runs list.")
        raise OpsError(
            f"'{name}' matches {len(found)} runs. Write more, such as {found[-1]}."
        )

    def expected_seconds(self, key: str, nodes: set[str]) -> float | None:
        """Duration of the last run of exactly these nodes; none if it is too long ago.

        Args:
            key: of the current run.
            nodes: their names.
        """
        for run in islice(self.without({key}), _LOOK_BACK):
            ran = {n.name for n in run.nodes.values() if n.state == State.SUCCEEDED}
            if run.state == State.SUCCEEDED and ran == nodes and run.ended:
                return run.ended - (run.started or run.ended)
        return None

    def outdated(
        self, files: Mapping[str, int], keep: int, days: float, key: str
    ) -> list[str]:
        """The keys of the oldest runs, except of those that are still running.

        Args:
            files: all files in the store.
            keep: how many runs are kept.
            days: how long each is kept, however many there are.
            key: of the current run, which may not be in the store yet.
        """
        starts, known = _starts(files), journals(files)
        others = [each for each in starts if each != key]
        limit = time.strftime("%Y%m%dT%H%M%S-", time.gmtime(time.time() - days * _DAY))
        many = others[: max(0, len(others) - max(keep, 1) + 1)]
        old = [each for each in many if starts[each] <= limit][:_REMOVED]
        runs = zip(
            old, replay.read_many(self.store, {each: known[each] for each in old})
        )
        return [each for each, run in runs if run.state in ENDED or not run.started]


def journals(files: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """The sizes of the journals of each run, by its key, among files of the store."""
    found = defaultdict[str, dict[str, int]](dict)
    for name, size in files.items():
        if name.endswith(LINES):
            found[name.partition("/")[0]][name] = size
    return found


def _fits(name: str, key: str) -> bool:
    """Lists show only the end of a key, so that matches, too."""
    return key.startswith(name) or key.endswith(f"-{name}")

"""What was made from what: a record for each time that nodes ran to their end.

The records are JSON lines in ``made/<branch>/`` of the store. A record that is lost does
no harm: the nodes run again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from attrs import asdict, field, frozen

from ..core.branch import slug
from ..core.records import Record, Records
from ..core.store import Store

_FOLDER = "made"
_KEY = ("key", "how", "inputs", "outputs")
_TRUNK = ("main", "master")
_KEPT = 8  # records of the same nodes in a file that replaces old ones
_BRANCHES = 20  # that are looked at beside one's own and the main branch


@frozen
class Made:
    """Nodes that ran, by fingerprints: of all that went in, and of what came out."""

    key: str  # which nodes: by the names of their outputs
    how: str  # code, parameters, configuration
    inputs: str
    outputs: str
    details: dict[str, Any] = field(repr=False)  # all of it, for a person


class MadeIndex:
    """What was made on some branches, as it was when this was read."""

    def __init__(self, records: list[Record]) -> None:
        """Take the records, oldest first."""
        self.last: dict[str, Made] = {}
        self.found: dict[tuple[str, str], list[Made]] = defaultdict(list)
        for made in filter(None, map(_made, records)):
            self.last[made.key] = made
            self.found[made.how, made.outputs].append(made)


class MadeLog:
    """The records in a store, for a run on a branch."""

    def __init__(self, url: str, options: dict[str, Any], branch: str) -> None:
        """Take the store and the branch."""
        self.branch = branch
        self._store = Store(url, options)

    @property
    def is_local(self) -> bool:
        """Whether the store is a folder on this machine."""
        return self._store.is_local

    def find(self, how: str, outputs: str) -> Iterator[list[Made]]:
        """What was made that way with these outputs: on this branch, then on others."""
        for index in self._indexes():
            yield index.found.get((how, outputs), [])

    def last(self, key: str) -> Made | None:
        """The last time that these nodes ran: on this branch, else on another."""
        return next((i.last[key] for i in self._indexes() if key in i.last), None)

    def add(self, made: Made) -> None:
        """Add a record; behind a URL it waits for ``close``."""
        self._records.append(**asdict(made))

    def close(self) -> None:
        """Bring all records to the store."""
        self._records.close()

    def _indexes(self) -> Iterator[MadeIndex]:
        """Those of this branch, the main branch, others: each is read when it is needed."""
        yield self._own
        yield self._trunk
        yield self._others

    @cached_property
    def _own(self) -> MadeIndex:
        return MadeIndex(self._records.all())

    @cached_property
    def _trunk(self) -> MadeIndex:
        return self._read([slug(name) for name in _TRUNK])

    @cached_property
    def _others(self) -> MadeIndex:
        """The branches on which something ran last, by the times in their files' names."""
        others = self._files.keys() - {slug(name) for name in _TRUNK}
        last = {each: max(map(_file_name, self._files[each])) for each in others}
        return self._read(sorted(last, key=lambda each: last[each])[-_BRANCHES:])

    def _read(self, branches: list[str]) -> MadeIndex:
        records = Records(self._store, _FOLDER, _KEY)
        own = slug(self.branch)
        sizes = [self._files.get(each, {}) for each in branches if each != own]
        records.look({name: size for files in sizes for name, size in files.items()})
        return MadeIndex(records.all())

    @cached_property
    def _records(self) -> Records:
        folder = f"{_FOLDER}/{slug(self.branch)}"
        records = Records(self._store, folder, _KEY, keep=_last_of_each)
        records.look(self._files.get(slug(self.branch), {}))
        return records

    @cached_property
    def _files(self) -> dict[str, dict[str, int]]:
        """The sizes of the files of each branch."""
        found: dict[str, dict[str, int]] = defaultdict(dict)
        for name, size in self._store.files(_FOLDER).items():
            found[name.split("/")[1]][name] = size
        return found


def _made(record: Record) -> Made | None:
    known: dict[str, Any] = {name: record.get(name) for name in (*_KEY, "details")}
    texts = all(isinstance(known[name], str) for name in _KEY)
    if not texts or not isinstance(known["details"], dict):
        return None  # it is damaged, or of another version
    return Made(**known)


def _last_of_each(records: list[Record]) -> list[Record]:
    """The last records of each group of nodes."""
    found: dict[Any, list[Record]] = defaultdict(list)
    for record in records:
        found[str(record.get("key"))].append(record)
    return [record for same in found.values() for record in same[-_KEPT:]]


def _file_name(path: str) -> str:
    return path.rpartition("/")[2]

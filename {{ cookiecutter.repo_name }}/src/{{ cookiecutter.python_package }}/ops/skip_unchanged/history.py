"""The history of groups of nodes: a record for each time that one ran to its end.

The records are JSON lines in ``made/<branch>/`` of the store. A record that is lost does
no harm: the nodes run again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from attrs import asdict, field, fields, frozen

from ..core.git import slug
from ..core.records import Record, Records
from ..core.store import Store

_FOLDER = "made"
_KEY = ("key", "how", "inputs", "outputs")
_TRUNK = ("main", "master")
_LAST = 8  # records of the same nodes in a file that replaces old ones
_BRANCHES = 20  # that are looked at beside one's own and the main branch


@frozen
class GroupRecord:
    """Nodes that ran together, with fingerprints of what went in and what came out."""

    key: str  # which nodes: by the names of their outputs
    how: str  # code, parameters, configuration
    inputs: dict[str, str] = field(factory=dict)
    outputs: dict[str, str] = field(factory=dict)
    items: dict[str, str] = field(factory=dict)  # what ``how`` is made of
    shown: dict[str, str] = field(factory=dict)  # values of parameters, without secrets
    seconds: dict[str, float] = field(factory=dict)  # by node
    kept: dict[str, str] = field(factory=dict)  # outputs in memory, in the store
    not_kept: dict[str, str] = field(factory=dict)  # why others are not
    branch: str = ""
    run: str = ""
    time: str = ""


NEVER = GroupRecord("", "")


class _Index:
    """The records of some branches, as they were when this was read."""

    def __init__(self, records: list[Record]) -> None:
        self.last: dict[str, GroupRecord] = {}
        self.found: dict[str, list[GroupRecord]] = defaultdict(list)
        for record in filter(None, map(_structured, records)):
            self.last[record.key] = record
            self.found[record.how].append(record)


class NodeHistory:
    """The records in a store, for a run on a branch."""

    def __init__(self, url: str, options: dict[str, Any], branch: str) -> None:
        """Take the store and the branch."""
        self.branch = branch
        self._store = Store(url, options)
        self._indexes: list[_Index] = []

    @property
    def is_local(self) -> bool:
        """Whether the store is a folder on this machine."""
        return self._store.is_local

    def find(self, how: str) -> Iterator[list[GroupRecord]]:
        """What ran that way: on this branch, then on the main branch, then on others."""
        return (index.found.get(how, []) for index in self._read())

    def last(self, key: str) -> GroupRecord:
        """The last time that these nodes ran: on this branch, else on another."""
        found = (index.last[key] for index in self._read() if key in index.last)
        return next(found, NEVER)

    def add(self, record: GroupRecord) -> None:
        """Add a record; behind a URL it waits for ``close``."""
        self._records.append(**asdict(record))

    def close(self) -> None:
        """Bring all records to the store."""
        self._records.close()

    def _read(self) -> Iterator[_Index]:
        """The index of this branch, the main branch, others: each once it is needed."""
        for number, branches in enumerate(self._branches):
            if number == len(self._indexes):
                records = Records(self._store, _FOLDER, _KEY)
                if number == 0:
                    records = self._records
                else:
                    records.look(
                        {k: v for b in branches for k, v in self._files[b].items()}
                    )
                self._indexes.append(_Index(records.all()))
            yield self._indexes[number]

    @cached_property
    def _branches(self) -> list[list[str]]:
        own, trunk = slug(self.branch), [*map(slug, _TRUNK)]
        others = self._files.keys() - {own, *trunk}
        # Those on which something ran last, by the times in the names of their files.
        last = {each: max(map(_file_name, self._files[each])) for each in others}
        latest = sorted(last, key=lambda each: last[each])[-_BRANCHES:]
        return [[own], [each for each in trunk if each != own], latest]

    @cached_property
    def _records(self) -> Records:
        folder = f"{_FOLDER}/{slug(self.branch)}"
        records = Records(self._store, folder, _KEY, keep=_last_of_each)
        records.look(self._files[slug(self.branch)])
        return records

    @cached_property
    def _files(self) -> dict[str, dict[str, int]]:
        """The sizes of the files of each branch."""
        found: dict[str, dict[str, int]] = defaultdict(dict)
        for name, size in self._store.files(_FOLDER).items():
            found[name.split("/")[1]][name] = size
        return found


def _structured(record: Record) -> GroupRecord | None:
    """A record, if it is not damaged, or of another version."""
    known: dict[str, Any] = {
        each.name: record.get(each.name) for each in fields(GroupRecord)
    }
    for name, value in known.items():
        kind = float if name == "seconds" else str
        inside = value.values() if isinstance(value, dict) else [value]
        whole = type(value) is type(getattr(NEVER, name))
        if not (whole and all(isinstance(each, kind) for each in inside)):
            return None
    return GroupRecord(**known)


def _last_of_each(records: list[Record]) -> list[Record]:
    """The last records of each group of nodes."""
    found: dict[Any, list[Record]] = defaultdict(list)
    for record in records:
        found[str(record.get("key"))].append(record)
    return [record for same in found.values() for record in same[-_LAST:]]


def _file_name(path: str) -> str:
    return path.rpartition("/")[2]

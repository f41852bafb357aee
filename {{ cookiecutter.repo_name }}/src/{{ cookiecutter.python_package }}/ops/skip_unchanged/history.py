"""The history of groups of nodes: one record for each completed run of a group.

The records are JSON lines in ``made/<branch>/`` of the store. If a record is lost, the
nodes run again.

Small outputs in memory are kept next to the records, so that their nodes can be
skipped. They are JSON and never a pickle, so nobody who can write to the store can make
you run code. A kept value must have the fingerprint in the record of the run.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from attrs import asdict, field, fields, frozen

from ..core import redaction
from ..core.checksum import of_texts
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
    """Nodes that ran together, with fingerprints of their inputs and outputs."""

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
    """The records of some branches, as they were when they were read."""

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
        """Records with this recipe: of this branch, then of main, then of others."""
        return (index.found.get(how, []) for index in self._read())

    def last(self, key: str) -> GroupRecord:
        """The last record of these nodes, of this branch or else of another."""
        found = (index.last[key] for index in self._read() if key in index.last)
        return next(found, NEVER)

    def add(self, record: GroupRecord) -> None:
        """Add a record; at a URL, it is written by ``close``."""
        self._records.append(**asdict(record))

    def close(self) -> None:
        """Write all records to the store."""
        self._records.close()

    def _read(self) -> Iterator[_Index]:
        """The index of this branch, of main, of others; each is read when needed."""
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
    """A record; none if it is damaged or of another version."""
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


_NUMBERS = ("bool", "int", "uint", "float")  # types of NumPy's numbers begin so


class NotKeptError(Exception):
    """A value is not kept; the message says why: ``it is a DataFrame``."""


@frozen
class KeptValues:
    """Values in the store, by their fingerprints."""

    store: Store
    limit: int  # bytes
    _known: dict[str, bytes] = field(factory=dict)  # by file

    def look_ahead(self, fingerprints: Iterable[str]) -> None:
        """Read many values at once."""
        self._known.update(
            self.store.read_many(dict.fromkeys(map(_name, fingerprints), 0))
        )

    def keep(self, value: Any) -> str:
        """Keep a value; return its fingerprint.

        Raises:
            NotKeptError: if it is large, no plain value, or may hold a secret.
        """
        try:
            plain = _encode(value, self.limit)
            text = json.dumps(plain)
        except RecursionError as error:
            raise NotKeptError("it holds itself, or is very deep") from error
        if len(text) > self.limit:
            raise NotKeptError(f"it is larger than {self.limit} bytes")
        if json.dumps(redaction.values(plain)) != text:
            raise NotKeptError("it may hold a secret")
        fingerprint = of_texts(text)
        self.store.write(_name(fingerprint), text.encode())
        return fingerprint

    def load(self, fingerprint: str) -> Any:
        """The value with this fingerprint.

        Raises:
            LookupError: if there is none, or it is damaged.
        """
        name = _name(fingerprint)
        found = self._known.get(name) or self.store.read(name)
        text = (found or b"").decode("utf-8", "replace")
        if not found or of_texts(text) != fingerprint:
            raise LookupError(fingerprint)
        return _decode(json.loads(text))


def _name(fingerprint: str) -> str:
    # What a record says is never a path: only the letters of a digest are taken.
    letters = "".join(filter(str.isalnum, fingerprint.rpartition(":")[2]))
    return f"kept/{letters}.json"


def _encode(value: Any, room: int) -> Any:
    kind = type(value)
    if kind in {type(None), bool, int, float, str}:
        return value
    if kind in {list, tuple, dict} and len(value) > room:
        raise NotKeptError(f"it is larger than {room} bytes")
    if kind is list:
        return [_encode(each, room) for each in value]
    if kind is tuple:
        return {"tuple": [_encode(each, room) for each in value]}
    if kind is dict and all(type(key) is str for key in value):
        return {"dict": {key: _encode(each, room) for key, each in value.items()}}
    if kind.__module__ == "numpy" and hasattr(value, "dtype") and not value.shape:
        name = str(value.dtype)
        if name.startswith(_NUMBERS) and name != "float128":
            return {"numpy": [name, value.item()]}
    raise NotKeptError(f"it is or holds a {kind.__qualname__}")


def _decode(plain: Any) -> Any:
    if isinstance(plain, list):
        return [*map(_decode, plain)]
    if not isinstance(plain, dict):
        return plain
    [(kind, inner)] = plain.items()
    if kind == "numpy":
        import numpy as np  # noqa: PLC0415

        return np.dtype(inner[0]).type(inner[1])
    if kind == "tuple":
        return (*map(_decode, inner),)
    return {key: _decode(each) for key, each in inner.items()}

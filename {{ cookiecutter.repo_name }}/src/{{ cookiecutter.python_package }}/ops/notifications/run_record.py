"""What is kept of a run that has ended, beside its journals, for the messages of later ones.

Who makes the record speaks for the run: of all processes that try, one succeeds.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import statistics
from collections.abc import Iterator
from contextlib import suppress

from attrs import asdict, define, field

from ..run_status.model import Run, State
from ..run_status.run_store import RunStore

FILE = "notified.json"
_FORMAT = 1
_LAST = 30  # records that are looked at
_ENOUGH, _MANY = 3, 10  # runs that make a duration usual, and that are looked at for it
DONE = {State.COMPLETE, State.SKIPPED}


@define
class Record:
    """One run, and what was said of it."""

    key: str
    state: str
    line: str  # the same for runs of the same pipelines, branch and environment
    shape: str  # the same for runs of the same nodes
    whole: bool = True  # whether these were all nodes of the pipeline
    commit: str = ""
    seconds: float | None = None
    done: list[str] = field(factory=list)  # nodes
    left: list[str] = field(factory=list)  # those that were to run and have not
    parameters: dict[str, str] = field(factory=dict)  # what stands for their values
    said: str = ""  # the kind of message; empty if there was nothing to say

    @classmethod
    def of(cls, run: Run, parameters: dict[str, str]) -> Record:
        """What is kept of a run."""
        ran = [n for n in run.nodes.values() if n.state != State.NOT_SELECTED]
        ended = run.started is not None and run.ended is not None
        return cls(
            key=run.key,
            state=run.state.value,
            line=line_of(run),
            shape=_digest(sorted(node.name for node in ran)),
            whole=len(ran) == len(run.nodes),
            commit=run.commit,
            seconds=round((run.ended or 0) - (run.started or 0), 3) if ended else None,
            done=[node.name for node in ran if node.state in DONE],
            left=[node.name for node in ran if node.state not in DONE],
            parameters=parameters,
        )

    @property
    def is_green(self) -> bool:
        """Whether it ended well."""
        return self.state == State.COMPLETE.value

    def claim(self, store: RunStore) -> bool:
        """Write it, unless it is there: who is told True speaks for the run."""
        text = json.dumps({"format": _FORMAT, **asdict(self)})
        return store.create(f"{self.key}/{FILE}", text.encode())


class Earlier:
    """The runs of the same line before one, the last one first; read as needed."""

    def __init__(self, store: RunStore, run: Run) -> None:
        """Take where the records are, and the run."""
        self._line, self._known = line_of(run), list[Record]()
        self._to_come = _records(store, run.key)

    def __iter__(self) -> Iterator[Record]:
        """The records of the line."""
        number = 0
        while number < len(self._known) or self._has_read_one():
            yield self._known[number]
            number += 1

    def green(self) -> Record | None:
        """The last one that ended well, with all nodes of the pipeline."""
        return next((each for each in self if each.is_green and each.whole), None)

    def red(self) -> list[Record]:
        """Those since then that did not."""
        since = itertools.takewhile(lambda each: each is not self.green(), self)
        return [record for record in since if not record.is_green]

    def left(self) -> set[str]:
        """What the last one that ended badly has left, and none after it has done."""
        done: set[str] = set()
        for record in self:
            if not record.is_green:  # a guard may fail it when all nodes are done
                return {*(record.left or record.done)} - done
            done.update(record.done)
        return set()

    def usual(self, shape: str) -> list[float]:
        """How long those of the same nodes took; empty if there are too few."""
        times = [r.seconds for r in self if r.is_green and r.shape == shape]
        known = [each for each in times if each is not None][:_MANY]
        return known if len(known) >= _ENOUGH else []

    def median(self, shape: str) -> float | None:
        """The same in one number."""
        times = self.usual(shape)
        return statistics.median(times) if times else None

    def _has_read_one(self) -> bool:
        found = (each for each in self._to_come if each.line == self._line)
        record = next(found, None)
        self._known += [record] if record else []
        return record is not None


def line_of(run: Run) -> str:
    """What runs have in common that follow one another."""
    return _digest([run.project, *run.pipelines, "", run.branch, run.env])


def _digest(texts: list[str]) -> str:
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()[:12]


def _records(store: RunStore, key: str) -> Iterator[Record]:
    keys = [each for each in reversed(store.keys()) if each != key]
    for each in keys[:_LAST]:
        with suppress(ValueError, TypeError):  # torn, or of another version
            known = json.loads(store.get(f"{each}/{FILE}") or b"{}")
            if known.pop("format", None) == _FORMAT:
                yield Record(**known)

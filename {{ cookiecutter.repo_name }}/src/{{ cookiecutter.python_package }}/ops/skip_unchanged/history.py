"""What was made from what: a line for each time that nodes ran to their end.

The lines are in ``<store>/made/<branch>/``, in a file for each run, so that no two of
them share one; when there are many, the last lines of all go into one file. A line that
is damaged or lost is no harm: what it told is computed again.
"""

from __future__ import annotations

import json
import posixpath
import time
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from attrs import define, field, frozen

from ..core.branch import slug
from ..core.record_log import Logs, new_name

FORMAT = 1
_FILES = 8  # of a branch, before they are put together
_KEPT = 8  # lines of the same nodes
_BRANCHES = 20  # that are looked at, the last ones
_PATIENCE = 5.0  # seconds for which a store that is far away need not know


@frozen
class Made:
    """Nodes that ran, by fingerprints: of all that went in, and of what came out."""

    key: str  # which nodes: by the names of their outputs
    how: str  # code, parameters, configuration
    inputs: str
    outputs: str
    text: str = field(repr=False)  # all of it in detail, as JSON

    @property
    def details(self) -> dict[str, Any]:
        """All of it in detail; nothing if that is damaged."""
        try:
            found = json.loads(self.text)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def line(self) -> str:
        """As it is written down."""
        return (
            f"{FORMAT} {self.key} {self.how} {self.inputs} {self.outputs} {self.text}"
        )

    @classmethod
    def parse(cls, line: str) -> Made | None:
        """What a line says; none if it is damaged, or of another version."""
        parts = line.split(" ", 5)
        if len(parts) != 6 or parts[0] != str(FORMAT):  # noqa: PLR2004
            return None
        return cls(*parts[1:]) if parts[5].endswith("}") else None


class MadeIndex:
    """What was made, as it was when this was read."""

    def __init__(self, lines: list[Made]) -> None:
        """Take the lines, oldest first."""
        self.last = {made.key: made for made in lines}
        self.found: dict[tuple[str, str], list[Made]] = defaultdict(list)
        for made in lines:
            self.found[made.how, made.outputs].append(made)


@define(slots=False)
class MadeLog:
    """The lines in a store, for a run on a branch."""

    url: str
    options: dict[str, Any]
    branch: str
    _name: str = field(factory=new_name)
    _waiting: str = ""
    _written: str = ""
    _flushed: float = field(factory=time.monotonic)

    @property
    def is_local(self) -> bool:
        """Whether the store is a folder on this machine."""
        return self._logs("").is_local

    def find(self, how: str, outputs: str) -> Iterator[list[Made]]:
        """What was made that way with these outputs: on this branch, then on others."""
        yield self._own.found[how, outputs]
        yield self._others.found[how, outputs]

    def last(self, key: str) -> Made | None:
        """The last time that these nodes ran: on this branch, else on another."""
        return self._own.last.get(key) or self._others.last.get(key)

    @cached_property
    def _own(self) -> MadeIndex:
        return MadeIndex(self.own())

    @cached_property
    def _others(self) -> MadeIndex:
        return MadeIndex(self.others())

    def own(self) -> list[Made]:
        """The lines of this branch, oldest first."""
        return list(_parsed(self._logs(slug(self.branch))))

    def others(self) -> list[Made]:
        """The lines of other branches, oldest first."""
        return [
            each
            for name in self._branches()
            if name != slug(self.branch)
            for each in _parsed(self._logs(name))
        ]

    def add(self, made: Made) -> None:
        """Write down one more; a store that is far away has it within seconds."""
        self._waiting += f"{made.line()}\n"
        if self.is_local or time.monotonic() - self._flushed > _PATIENCE:
            self.flush()

    def flush(self) -> None:
        """Write down what is waiting."""
        if not self._waiting:
            return
        self._flushed = time.monotonic()
        text, self._waiting = self._waiting, ""
        before, self._written = self._written, self._written + text
        self._logs(slug(self.branch)).add(self._name, text, before)

    def tidy(self) -> None:
        """Put the files of many runs on this branch together."""
        logs = self._logs(slug(self.branch))
        names = logs.names()
        if len(names) <= _FILES:
            return
        kept: dict[str, list[str]] = {}
        for made in self.own():
            same = kept.setdefault(made.key, [])
            same[:] = [line for line in same if line != made.line()] + [made.line()]
            del same[:-_KEPT]
        text = "".join(f"{line}\n" for same in kept.values() for line in same)
        # A name before all that come later: the lines in it are the oldest.
        logs.add(f"{names[-1].removesuffix('.log')}-all.log", text)
        for name in names:
            logs.remove(name)

    def _logs(self, branch: str) -> Logs:
        return Logs(posixpath.join(self.url, "made", branch), self.options)

    def _branches(self) -> list[str]:
        return self._logs("").folders()[-_BRANCHES:]


def _parsed(logs: Logs) -> Iterator[Made]:
    for name in logs.names():
        try:
            text = logs.read(name)
        except FileNotFoundError:
            continue  # it was put together with others in the meantime
        for line in text.decode("utf-8", "replace").split("\n"):
            made = Made.parse(line)
            if made is not None:
                yield made

"""Promote: a branch's data take the place of the base's, all of them or none.

First everything is copied beside its new place, the base's data as well, and only then
does the base change. What is going on is written down in the store before each of these
steps, so that a promotion that was killed can be finished or undone by a later command.
"""

from __future__ import annotations

import os
import platform
from typing import Any
from uuid import uuid4

from attrs import asdict, evolve, field, frozen
from kedro.io.core import generate_timestamp

from ..core.branch import slug
from ..core.errors import OpsError
from ..core.store import Store, damaged
from ..core.stored_data import Stored, stored_data
from .branches import Branches

# The phases. In the first the base is as it was, in the last as it shall be.
COPYING, SWAPPING, UNDOING, DONE = "copying", "swapping", "undoing", "done"


@frozen
class Intent:
    """What a promotion is about to do, as the store keeps it."""

    branch: str
    versions: dict[str, str | None]  # by dataset: the version that the base will have
    new: list[str]  # the datasets that the base does not have yet
    mark: str = field(factory=lambda: uuid4().hex[:8])  # of the copies on their way
    phase: str = COPYING
    host: str = field(factory=platform.node)
    pid: int = field(factory=os.getpid)

    @property
    def name(self) -> str:
        """Of the record in the store."""
        return f"promotions/{slug(self.branch)}-{self.mark}.json"

    def is_running(self) -> bool | None:
        """Whether its process is still there; none if that cannot be told from here."""
        if self.host != platform.node() or os.name == "nt":
            return None
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:  # it is there, and somebody else's
            return True
        return self.pid != os.getpid()


@frozen
class Promotion:
    """Carries out, finishes or undoes an intent."""

    branches: Branches
    intent: Intent

    @classmethod
    def of(cls, branches: Branches, branch: str, datasets: list[str]) -> Promotion:
        """The one of some datasets of a branch."""
        versions, new = {}, []
        for name in datasets:
            base, target = _ends(branches, branch, name)
            version = target.version
            if version and base.version and version <= base.version:
                # A later one, or the base would go on reading its own.
                version = max(generate_timestamp(), f"{base.version}_2")
            versions[name] = version
            if base.at(version).fingerprint() is None:
                new.append(name)
        return cls(branches, Intent(branch, versions, new))

    def run(self) -> None:
        """Carry it out; if that fails, the base is as it was.

        Raises:
            OpsError: if another one is under way.
        """
        phase = COPYING
        try:
            self._write(COPYING)
            self._refuse_company()
            for name in self.intent.versions:
                base, copy, backup, _ = self._places(name)
                copy.copy_from(_ends(self.branches, self.intent.branch, name)[1])
                if name not in self.intent.new:
                    backup.copy_from(base)
            phase = SWAPPING
            self._write(SWAPPING)
            self._swap()
        except BaseException:  # a failure or Ctrl-C: in both the base comes back
            evolve(self, intent=evolve(self.intent, phase=phase)).undo()
            raise
        self._put_away()

    def finish(self) -> None:
        """Complete one that was killed while it changed the base."""
        self._write(SWAPPING)  # as this process's own
        self._swap()
        self._put_away()

    def undo(self) -> None:
        """Bring back the base of one that failed or was killed."""
        if self.intent.phase in {SWAPPING, UNDOING}:
            self._write(UNDOING)
            for name in self.intent.versions:
                base, _, backup, away = self._places(name)
                if name in self.intent.new:
                    base.remove()
                else:
                    base.take(backup, away)
        self._put_away()

    def _refuse_company(self) -> None:
        for other in under_way(self.branches.manifest.store):
            if other.mark != self.intent.mark:
                raise OpsError(
                    f"A promotion of '{other.branch}' has begun at the same moment; "
                    "nothing was promoted. Try again."
                )

    def _swap(self) -> None:
        for name in self.intent.versions:
            base, copy, _, away = self._places(name)
            base.take(copy, away)
        for name in self.intent.versions:
            self._note(name)

    def _note(self, name: str) -> None:
        # The base that the branch has become is where it forks from now.
        manifest = self.branches.manifest
        record = manifest.read(self.intent.branch, name)
        if record:
            base, _ = _ends(self.branches, self.intent.branch, name)
            manifest.write(record._replace(base=base.fingerprint()))

    def _put_away(self) -> None:
        self._write(DONE)
        for name in self.intent.versions:
            for place in self._places(name)[1:]:
                place.remove()
        self.branches.manifest.store.remove(self.intent.name)

    def _places(self, name: str) -> tuple[Stored, Stored, Stored, Stored]:
        """The base, and beside it: its successor, its copy, a place for what goes."""
        base, _ = _ends(self.branches, self.intent.branch, name)
        copy, backup, away = (
            base.beside(f"{what}-{self.intent.mark}") for what in ("new", "old", "out")
        )
        return base.at(self.intent.versions[name]), copy, backup, away

    def _write(self, phase: str) -> None:
        mine = evolve(self.intent, phase=phase, host=platform.node(), pid=os.getpid())
        self.branches.manifest.store.write(self.intent.name, asdict(mine))


def under_way(store: Store) -> list[Intent]:
    """The promotions that are under way or were killed."""
    return [_intent(name, text) for name, text in store.read_all("promotions")]


def _intent(name: str, text: dict[str, Any]) -> Intent:
    try:
        return Intent(**text)
    except TypeError as error:
        raise damaged(name, error) from error


def _ends(branches: Branches, branch: str, name: str) -> tuple[Any, Any]:
    """Where the base has a dataset, and where the branch has it."""
    dataset = branches.dataset(name, branch)
    if dataset is None:
        raise OpsError(f"The catalog has no '{name}' that could be promoted.")
    base, target = stored_data(dataset.base), stored_data(dataset.target)
    if base is None or target is None:
        raise OpsError(f"'{name}' is of a kind that only its own class can copy.")
    return base, target

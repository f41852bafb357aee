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

from . import stored
from .branch import slug
from .branches import Branches
from .errors import OpsError
from .store import Store
from .stored import Stored

COPYING, SWAPPING, DONE = "copying", "swapping", "done"


@frozen
class Intent:
    """What a promotion is about to do, as the store keeps it."""

    branch: str
    versions: dict[str, str | None]  # by dataset: the version that is promoted
    new: list[str]  # the datasets that the base does not have yet
    mark: str = field(factory=lambda: uuid4().hex[:8])  # of the copies on their way
    phase: str = COPYING
    host: str = field(factory=platform.node)
    pid: int = field(factory=os.getpid)

    @property
    def name(self) -> str:
        """Of the record in the store."""
        return f"promotions/{slug(self.branch)}-{self.mark}.json"

    def is_running(self) -> bool:
        """Whether its process is still there, as far as this host can tell."""
        if self.host != platform.node() or self.pid == os.getpid():
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:  # it is there, and somebody else's
            return True
        return True


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
            versions[name] = target.version
            if base.at(target.version).fingerprint() is None:
                new.append(name)
        return cls(branches, Intent(branch, versions, new))

    def run(self) -> None:
        """Carry it out; if that fails, the base is as it was."""
        self._write(COPYING)
        phase = COPYING
        try:
            for name in self.intent.versions:
                base, copy, backup = self._places(name)
                copy.replace_with(_ends(self.branches, self.intent.branch, name)[1])
                if name not in self.intent.new:
                    backup.replace_with(base)
            self._write(phase := SWAPPING)
            self._swap()
        except BaseException:  # a failure or Ctrl-C: in both the base comes back
            evolve(self, intent=evolve(self.intent, phase=phase)).undo()
            raise
        self._put_away()

    def finish(self) -> None:
        """Complete one that was killed."""
        if self.intent.phase != SWAPPING:
            raise OpsError("It was killed before it changed the base: undo it instead.")
        self._swap()
        self._put_away()

    def undo(self) -> None:
        """Bring back the base of one that failed or was killed."""
        if self.intent.phase == SWAPPING:
            for name in self.intent.versions:
                base, _, backup = self._places(name)
                if name in self.intent.new:
                    base.remove()
                else:
                    base.replace_with(backup)
        self._put_away()

    def _swap(self) -> None:
        for name in self.intent.versions:
            base, copy, _ = self._places(name)
            base.replace_with(copy)
        for name in self.intent.versions:
            self._note(name)

    def _note(self, name: str) -> None:
        # The base that the branch has become is where it forks from now.
        manifest = self.branches.manifest
        record = manifest.read(self.intent.branch, name)
        if record:
            base, _ = _ends(self.branches, self.intent.branch, name)
            manifest.write(evolve(record, base=base.fingerprint()))

    def _put_away(self) -> None:
        self._write(DONE)
        for name in self.intent.versions:
            _, copy, backup = self._places(name)
            copy.remove()
            backup.remove()
        self.branches.manifest.store.remove(self.intent.name)

    def _places(self, name: str) -> tuple[Stored, Stored, Stored]:
        """The base, the copy beside it that becomes the base, the copy of the base."""
        base, _ = _ends(self.branches, self.intent.branch, name)
        copy, backup = (
            base.beside(f"{what}-{self.intent.mark}") for what in ("new", "old")
        )
        return base.at(self.intent.versions[name]), copy, backup

    def _write(self, phase: str) -> None:
        text = asdict(evolve(self.intent, phase=phase))
        self.branches.manifest.store.write(self.intent.name, text)


def interrupted(store: Store) -> list[Intent]:
    """The promotions that are under way or were killed."""
    found = [store.read(name) for name in list(store.names("promotions"))]
    return [Intent(**text) for text in found if text]


def _ends(branches: Branches, branch: str, name: str) -> tuple[Any, Any]:
    """Where the base has a dataset, and where the branch has it."""
    dataset = branches.dataset(name, branch)
    if dataset is None:
        raise OpsError(f"The catalog has no '{name}' that could be promoted.")
    base, target = stored.of(dataset.base), stored.of(dataset.target)
    if base is None or target is None:
        raise OpsError(f"'{name}' is of a kind that only its own class can copy.")
    return base, target

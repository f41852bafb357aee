"""Enters in the manifest what a branch saves."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from attrs import evolve, field, frozen

from . import manifest, stored
from .manifest import Manifest, Record

_WARNED: set[str] = set()


@frozen
class Recorder:
    """Enters the saves of one dataset on one branch; never fails the run that saves.

    ``origin`` holds what only the run knows: its key, the node, the commit.
    """

    manifest: Manifest
    branch: str
    dataset: str
    origin: dict[str, Any] = field(factory=dict)

    @contextmanager
    def record(self, target: Any, base: Any, data: Any) -> Iterator[None]:
        """Enter the save that happens inside.

        Args:
            target: the dataset of the branch that is saved.
            base: builds the dataset of the base, of which the branch is a fork.
            data: what is saved.
        """
        fork = self._quietly(self._fork_point, target, base)
        yield
        self._quietly(self._enter, target, data, fork)

    def hides(self, target: Any, base: Any) -> bool:
        """Whether the branch's data stand before data of the base that came later."""
        return bool(self._quietly(self._hides, target, base))

    def _hides(self, target: Any, base: Any) -> bool:
        record = self.manifest.read(self.branch, self.dataset)
        there, below = stored.of(target), stored.of(base)
        if not record or not there or not below or record.base is None:
            return False
        ours, theirs = there.modified(), below.modified()
        if ours and theirs and theirs <= ours:
            return False  # not newer: its content need not be read
        now = below.fingerprint()
        return now not in {None, record.base, record.fingerprint}

    def _fork_point(self, target: Any, base: Any) -> str | None:
        known = self.manifest.read(self.branch, self.dataset)
        if known:
            return known.base
        there, below = stored.of(target), stored.of(base())
        if there is None or below is None or there.fingerprint() is not None:
            return None  # the branch wrote before there was a record of it
        return below.fingerprint() or manifest.NOTHING

    def _enter(self, target: Any, data: Any, fork: str | None) -> None:
        there = stored.of(target)
        record = Record(
            branch=self.branch,
            dataset=self.dataset,
            location=there.location if there else str(target),
            time=manifest.now(),
            base=fork,
            **manifest.author(),
            **manifest.shape(data),
            **self.origin,
        )
        if there:
            record = evolve(record, bytes=there.size(), fingerprint=there.fingerprint())
        self.manifest.write(record)

    def _quietly(self, act: Any, *arguments: Any) -> Any:
        try:
            return act(*arguments)
        except Exception as error:  # of any file system: it must not fail the run
            _warn_once(self.manifest.store.url, error)
            return None


def _warn_once(url: str, error: Exception) -> None:
    if url not in _WARNED:
        _WARNED.add(url)
        logging.getLogger(__name__).warning(
            "The manifest in %s is not written, so that 'kedro branches' will not know "
            "what this run saves (%s: %s)",
            url,
            type(error).__name__,
            error,
        )

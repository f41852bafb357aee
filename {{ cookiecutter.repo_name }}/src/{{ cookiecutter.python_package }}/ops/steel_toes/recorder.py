"""Enters in the manifest what a branch saves."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from ..core.store import Store
from ..core.stored_data import stored_data
from . import manifest
from .manifest import Manifest, Record

_WARNED: set[str] = set()


class Recorder(NamedTuple):
    """Enters the saves of one dataset on one branch; never fails the run that saves.

    ``origin`` holds what only the run knows: its key, the node, the commit.
    """

    manifest: Manifest
    branch: str
    dataset: str
    origin: dict[str, Any] = {}

    @classmethod
    def of(
        cls, store: dict[str, Any], branch: str, dataset: str, origin: dict[str, Any]
    ) -> Recorder:
        """The one that writes to a store, as ``options.read_store`` puts it."""
        place = Store(store["url"], store.get("credentials") or {})
        return cls(Manifest(place), branch, dataset, origin)

    @contextmanager
    def record(self, target: Any, base: Any, data: Any) -> Iterator[None]:
        """Enter the save that happens inside.

        Args:
            target: the dataset of the branch that is saved.
            base: builds the dataset of the base, of which the branch is a fork.
            data: what is saved.
        """
        ours, fork = False, None
        with self._quietly():
            known = self.manifest.read(self.branch, self.dataset)
            ours = True  # a record that cannot be read is not ours to replace
            fork = known.base if known else _fork_point(target, base())
        yield
        if ours:
            with self._quietly():
                self._enter(target, data, fork)

    def hides(self, target: Any, base: Any) -> bool:
        """Whether the branch's data stand before data of the base that came later."""
        with self._quietly():
            record = self.manifest.read(self.branch, self.dataset)
            there, below = stored_data(target), stored_data(base)
            if not record or not there or not below or record.base is None:
                return False
            written, later = there.modified(), below.modified()
            if written and later and later <= written:
                return False  # not newer: its content need not be read
            now = below.fingerprint()
            return now not in {None, record.base, there.fingerprint()}
        return False

    def _enter(self, target: Any, data: Any, fork: str | None) -> None:
        there = stored_data(target)
        record = Record(
            branch=self.branch,
            dataset=self.dataset,
            location=there.location if there else str(target),
            time=manifest.now(),
            bytes=there.size() if there else None,
            fingerprint=there.fingerprint() if there else None,
            base=fork,
            **manifest.author(),
            **manifest.shape(data),
            **self.origin,
        )
        self.manifest.write(record)

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # of any file system: it must not fail the run
            _warn_once(self.manifest.store.url, error)


def _fork_point(target: Any, base: Any) -> str | None:
    there, below = stored_data(target), stored_data(base)
    if there is None or below is None or there.fingerprint() is not None:
        return None  # the branch wrote before there was a record of it
    return below.fingerprint() or manifest.NOTHING


def _warn_once(url: str, error: Exception) -> None:
    if url in _WARNED:
        return
    _WARNED.add(url)
    logging.getLogger(__name__).warning(
        "The manifest in %s is not written, so that 'kedro branches' will not know "
        "what this run saves (%s: %s)",
        url,
        type(error).__name__,
        error,
    )

"""Claims: the places that each run writes to, for other runs at the same time.

After a save, a run can record its output only if no other run wrote there. So each run
claims its places in ``claims/`` of the store and renews the claim every minute. If two
runs write to the same place at the same time, neither records it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from ..core import process
from ..core.errors import suppress_errors
from ..core.records import Key, Record, Records
from ..core.store import Store

EVERYTHING = "*"  # the place of a run that does not say where it writes
_BEAT = 60.0  # seconds
_JUST_NOW = 1.0  # seconds
_KEPT = 86_400.0  # seconds: the longest time that a node may take to notice a claim


class RunMark:
    """The claim of one run."""

    def __init__(self, url: str, options: dict[str, Any]) -> None:
        """Nothing is claimed yet."""
        self._records = Records(Store(url, options), "claims", ("run",), keep=_recent)
        self._claim: Record = {}
        self._over: set[Key] = set()  # claims of runs that were over before this one
        self._ended = threading.Event()

    def begin(self, places: Iterable[str]) -> None:
        """Claim the places of this run, and read the claims of other runs.

        Args:
            places: an empty one may be anywhere. A run claims only once.
        """
        if self._claim:
            return
        known = sorted({place or EVERYTHING for place in places})
        claim = {"run": uuid4().hex, **process.identity(), "places": known}
        self._records.append(**claim)
        self._records.flush()
        self._records.look()  # of two that begin at once, one at least sees the other
        self._claim = claim
        for key, other in self._others():
            is_gone = process.is_gone(other, time.time() - other["at"])
            if is_gone and not other.get("gone"):  # it was killed
                self._records.append(**{**other, "gone": True})
            if is_gone or other.get("gone"):
                self._over.add(key)
        threading.Thread(target=self._beat, name="claim", daemon=True).start()

    def end(self) -> None:
        """End the claim."""
        if self._claim:
            self._ended.set()
            self._records.remove(self._claim, fresh=_JUST_NOW)

    def look(self) -> None:
        """Read which runs have started meanwhile."""
        self._records.look()

    def alone_at(self, places: Iterable[str]) -> bool:
        """Whether no other run has claimed these places since this one started."""
        if not self._claim:
            return False
        wanted = {EVERYTHING, *places}
        others = [claim for key, claim in self._others() if key not in self._over]
        return not any(_places(claim) & wanted for claim in others)

    def _others(self) -> list[tuple[Key, Record]]:
        own = (self._claim["run"],)
        return [each for each in list(self._records.latest.items()) if each[0] != own]

    def _beat(self) -> None:
        while not self._ended.wait(_BEAT):
            with suppress_errors():
                self._records.append(**self._claim)
                self._records.flush()


def _places(claim: Record) -> set[str]:
    places = claim.get("places")  # a claim that is damaged may be about anything
    return {*map(str, places)} if isinstance(places, list) else {EVERYTHING}


def _recent(claims: list[Record]) -> list[Record]:
    return [claim for claim in claims if claim["at"] > time.time() - _KEPT]

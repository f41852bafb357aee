"""What notifications enter in a journal when a run begins, for whoever tells its end.

That may be another process, on another machine, after the first one was killed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import asdict, define, field, frozen

from ..core import redaction
from ..run_status.model import Run, State
from ..run_status.replay import parsed
from ..run_status.run_store import RunStore

EVENT = "notifications"
_MARK, _FAILED = (b'"event": "%s"' % e for e in (b"notifications", b"run_failed"))
_TRY = "AIRFLOW_CTX_TRY_NUMBER"
_PATIENCE = 1800.0  # seconds; Airflow may start a task again that was killed


@define
class Mark:
    """Of one session."""

    watched: bool = True  # whether its end is to be told
    shared: bool = False  # whether others work on the same run
    last_try: bool = True  # whether nobody starts it again if it fails
    parameters: dict[str, str] = field(factory=dict)

    def as_event(self) -> dict[str, Any]:
        """As it is entered."""
        return asdict(self)


@frozen
class Marks:
    """Of all sessions of a run."""

    all: list[Mark]
    failed: list[Mark]  # of those that failed

    @classmethod
    def of(cls, store: RunStore, key: str, own: Mark | None = None) -> Marks:
        """Those in the journals of a run; ``own`` if it ended before it was entered."""
        found, failed = [], []
        for text in store.read(key).values():
            lines = [line for line in text.splitlines() if _MARK in line]
            marks = [_mark(each) for each in parsed(b"\n".join(lines))]
            found += marks
            if _FAILED in text:
                failed += marks or ([own] if own else [])
        return cls(found or ([own] if own else []), failed)

    @property
    def are_shared(self) -> bool:
        """Whether the run has several sessions, or may have them."""
        return any(mark.shared for mark in self.all)

    @property
    def are_watched(self) -> bool:
        """Whether the run is to be told."""
        return any(mark.watched for mark in self.all)

    @property
    def parameters(self) -> dict[str, str]:
        """What stands for the values of the parameters."""
        return self.all[-1].parameters if self.all else {}

    def is_over(self, run: Run, now: float) -> bool:
        """Whether nothing more is to be expected of a run.

        One that many processes work on has ended well when all nodes of its pipeline
        have, and badly when one has failed that nobody starts again.
        """
        if run.state == State.COMPLETE:
            open_states = {State.NOT_SELECTED, State.QUEUED}
            left = any(node.state in open_states for node in run.nodes.values())
            return not (self.are_shared and left)
        if run.state == State.ERROR:
            return not self.are_shared or any(mark.last_try for mark in self.failed)
        if run.state == State.INTERRUPTED:
            silence = now - (run.last_news or now)
            return not self.are_shared or silence > _PATIENCE
        return False


def is_last_try(retries: int, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether Airflow does not start this task again if it fails."""
    number = environ.get(_TRY, "")
    return not number.isdigit() or int(number) > retries


def stand_ins(parameters: Any) -> dict[str, str]:
    """What stands for the values of parameters, so that a change is seen and no value."""
    return {
        name: hashlib.sha256(json.dumps(value, default=str).encode()).hexdigest()[:8]
        for name, value in _leaves(redaction.values(parameters))
    }


def _leaves(given: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(given, dict) and given:
        for name, value in given.items():
            yield from _leaves(value, f"{path}.{name}" if path else str(name))
    elif path:
        yield path, given


def _mark(event: dict[str, Any]) -> Mark:
    names = ("watched", "shared", "last_try", "parameters")
    return Mark(**{name: event[name] for name in names if name in event})

"""What notifications keep of a run: an event at its start, and a record of its end.

The event says what another process needs to know if this one is killed. The record is
written once: of all processes that try, the one that succeeds sends the notification.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from attrs import asdict, define, field, fields_dict, frozen

from ..core import redaction
from ..core.records import json_lines
from ..run_status.journal import RunStore
from ..run_status.model import Run, State

EVENT = "notifications"
FILE = "notified.json"
_ENTRY, _FAILED = (b'"event": "%s"' % e for e in (b"notifications", b"run_failed"))
_FORMAT = 2
_PREVIOUS = 30  # runs whose records are read
_RESTART = 1800.0  # seconds in which Airflow may restart a task that was killed
_DONE = {State.SUCCEEDED, State.SKIPPED}


@define
class Attempt:
    """One session of Kedro that works on a run; several may, in Airflow."""

    notify: bool = True  # whether to send a notification when the run ends
    shared: bool = False  # whether other processes work on the same run
    last_try: bool = True  # whether nobody starts it again if it fails
    failed: bool = False
    parameters: dict[str, str] = field(factory=dict)  # short hashes of the values


def read_attempts(store: RunStore, key: str) -> list[Attempt]:
    """The attempts in the journals of a run."""
    attempts = []
    for text in store.read(key).values():
        lines = [line for line in text.splitlines() if _ENTRY in line]
        for event in json_lines(b"\n".join(lines)):
            known = fields_dict(Attempt).keys() & event.keys()
            attempt = Attempt(**{name: event[name] for name in known})
            attempt.failed = attempt.failed or _FAILED in text
            attempts.append(attempt)
    return attempts


def is_finished(run: Run, attempts: list[Attempt], now: float) -> bool:
    """Whether nobody will go on with a run.

    A run that many processes share has succeeded when all nodes of its pipeline have,
    and has failed when one failed on its last try.
    """
    shared = any(attempt.shared for attempt in attempts)
    if run.state == State.SUCCEEDED:
        open_states = {State.NOT_SELECTED, State.QUEUED}
        left = any(node.state in open_states for node in run.nodes.values())
        return not (shared and left)
    if run.state == State.FAILED:
        return not shared or any(a.failed and a.last_try for a in attempts)
    if run.state == State.INTERRUPTED:
        return not shared or now - (run.last_news or now) > _RESTART
    return False


def is_last_try(retries: int, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether Airflow will not start this task again if it fails."""
    number = environ.get("AIRFLOW_CTX_TRY_NUMBER", "")
    return not number.isdigit() or int(number) > retries


def hash_parameters(parameters: Any) -> dict[str, str]:
    """A short hash of each parameter: it shows that a value changed, not the value."""
    return {
        name: hashlib.sha256(json.dumps(value, default=str).encode()).hexdigest()[:8]
        for name, value in _leaves(redaction.values(parameters))
    }


@define
class Record:
    """The end of one run, and which notification was sent."""

    key: str
    state: str
    series: str  # the same for runs of the same pipelines, branch and environment
    whole: bool = True  # whether all nodes of the pipeline were selected
    commit: str = ""
    done: list[str] = field(factory=list)  # nodes
    left: list[str] = field(factory=list)  # nodes that were selected and not done
    parameters: dict[str, str] = field(factory=dict)
    sent: str = ""  # the kind of notification; empty if none

    @classmethod
    def from_run(cls, run: Run, attempts: list[Attempt]) -> Record:
        """Make the record of a run."""
        ran = [n for n in run.nodes.values() if n.state != State.NOT_SELECTED]
        return cls(
            key=run.key,
            state=run.state.value,
            series=series_of(run),
            whole=len(ran) == len(run.nodes),
            commit=run.commit,
            done=[node.name for node in ran if node.state in _DONE],
            left=[node.name for node in ran if node.state not in _DONE],
            parameters=attempts[-1].parameters if attempts else {},
        )

    @property
    def succeeded(self) -> bool:
        """Whether the run succeeded."""
        return self.state == State.SUCCEEDED.value

    def write_once(self, store: RunStore) -> bool:
        """Write it; False if another process has."""
        text = json.dumps({"format": _FORMAT, **asdict(self)})
        return store.create(f"{self.key}/{FILE}", text.encode())


@frozen
class PreviousRuns:
    """Earlier runs of the same series, newest first, back to the last good one.

    Good is a run of all nodes that succeeded: what came before it no longer matters.
    """

    records: list[Record]

    @classmethod
    def read(cls, store: RunStore, run: Run) -> PreviousRuns:
        """Read those before a run."""
        records, series = list[Record](), series_of(run)
        keys = [key for key in reversed(store.keys()) if key != run.key]
        for record in filter(None, (_read(store, key) for key in keys[:_PREVIOUS])):
            if record.series == series:
                records.append(record)
                if record.succeeded and record.whole:
                    break
        return cls(records)

    def last_good(self) -> Record | None:
        """The last run of all nodes that succeeded."""
        return next((r for r in self.records if r.succeeded and r.whole), None)

    def bad(self) -> list[Record]:
        """The runs since then that did not succeed."""
        return [record for record in self.records if not record.succeeded]

    def left(self) -> set[str]:
        """The nodes that the last bad run left and that no run has done since."""
        done = set[str]()
        for record in self.records:
            if not record.succeeded:  # a guard may fail it when all nodes are done
                return {*(record.left or record.done)} - done
            done.update(record.done)
        return set()


def series_of(run: Run) -> str:
    """What runs of the same pipelines, branch and environment have in common."""
    names = [run.project, *run.pipelines, "", run.branch, run.env]
    return hashlib.sha256(json.dumps(names).encode()).hexdigest()[:12]


def _read(store: RunStore, key: str) -> Record | None:
    with suppress(ValueError, TypeError):  # damaged, or of another version
        known = json.loads(store.get(f"{key}/{FILE}") or b"{}")
        if known.pop("format", None) == _FORMAT:
            return Record(**known)
    return None


def _leaves(given: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(given, dict) and given:
        for name, value in given.items():
            yield from _leaves(value, f"{path}.{name}" if path else str(name))
    elif path:
        yield path, given

"""Folds the journals of a run into what it did and how it stands.

A run is one session of Kedro, or several with one key, as the tasks of an Airflow DAG are.
"""

from __future__ import annotations

import copy
import posixpath
import time
from collections.abc import Mapping
from threading import Lock

from ..core.records import json_lines
from ..core.store import Store
from .model import ENDED, Run, State
from .session import Event, Session, mark_upstream_failed

_DONE = {State.SUCCEEDED, State.SKIPPED}
# Of the states of several sessions, the first that one of them has.
_OPEN = [State.RUNNING, State.UNKNOWN]
_WEIGHT = [*_OPEN, State.FAILED, State.INTERRUPTED, State.SUCCEEDED]


class Follower:
    """Reads the journals of one run, each time what has come since."""

    def __init__(self, store: Store, key: str) -> None:
        """Take where the journals are, and the key of the run."""
        self._store, self._key = store, key
        self._offsets: dict[str, int] = {}
        self._sessions: dict[str, Session] = {}  # by the file of their first process
        self._session_of: dict[str, Session] = {}  # by any file
        self._lock = Lock()

    def run(self, now: float | None = None) -> Run:
        """The run as it is now."""
        with self._lock:
            if self._read():  # its end, but maybe not yet what workers wrote before
                self._read()
            now = time.time() if now is None else now
            started = [each for each in self._sessions.values() if each.run.started]
            started.sort(key=lambda each: each.run.started or 0.0)
            runs = [session.settled(now) for session in started]
            if not runs:
                return Run(self._key, "")
            if len(runs) == 1 and not started[0].is_shared:
                return runs[0]
            return _merged(runs)

    def _read(self) -> bool:
        has_ended = False
        for file, text in read_journals(self._store, self._key, self._offsets).items():
            whole = text[: text.rfind(b"\n") + 1]  # the last line may not be complete
            self._offsets[file] = self._offsets.get(file, 0) + len(whole)
            events = json_lines(whole, self._store.path(f"{self._key}/{file}"))
            for event in (e for e in events if isinstance(e.get("event"), str)):
                self._add(file, event)
                has_ended |= event["event"] == "run_ended"
        return has_ended

    def _add(self, file: str, event: Event) -> None:
        if event["event"] == "process":
            first = str(event.get("joined") or file)
            self._session_of[file] = self._sessions.setdefault(first, Session())
        if file in self._session_of:
            self._session_of[file].add(event)


def read(store: Store, key: str, now: float | None = None) -> Run:
    """The run with a key."""
    return Follower(store, key).run(now)


def read_journals(
    store: Store, key: str, offsets: Mapping[str, int]
) -> dict[str, bytes]:
    """What each process has written of a run since these offsets, by file."""
    starts = {
        name: offsets.get(posixpath.basename(name), 0)
        for name, size in store.files(key).items()
        if size > offsets.get(posixpath.basename(name), 0)
    }
    texts = store.read_many(starts)
    return {posixpath.basename(name): text for name, text in texts.items()}


def is_over(store: Store, key: str) -> bool:
    """Whether a run has ended, or its processes are gone."""
    run = read(store, key)
    return run.state in ENDED or run.started is None


# Several sessions with one key


def _merged(runs: list[Run]) -> Run:
    """Sessions with one key as one run; of a node that ran again, the last try counts."""
    whole, *others = copy.deepcopy(runs)
    for run in others:
        for name in _selected(run) | (run.nodes.keys() - whole.nodes.keys()):
            before, node = whole.nodes.get(name), run.nodes[name]
            if before and before.started and node.started:
                node.attempts = before.attempts + 1
            whole.nodes[name] = node
        for name, dataset in run.datasets.items():
            known = whole.datasets.setdefault(name, dataset)
            known.loaded = dataset.loaded or known.loaded
            known.saved = dataset.saved or known.saved
        whole.checks += run.checks
        whole.pipelines = list(dict.fromkeys([*whole.pipelines, *run.pipelines]))
    counting = [run for i, run in enumerate(runs) if not _is_redone(run, runs[i + 1 :])]
    deciding = min(counting, key=lambda run: _WEIGHT.index(run.state))
    whole.state, whole.resume = deciding.state, deciding.resume
    whole.failure = deciding.failure
    ends = [run.ended for run in counting if run.ended is not None]
    whole.ended = max(ends) if len(ends) == len(counting) else None
    whole.last_news = max(run.last_news or 0.0 for run in runs)
    mark_upstream_failed(whole, State.NOT_SELECTED)  # other sessions would run them
    return whole


def _selected(run: Run) -> set[str]:
    return {n for n, node in run.nodes.items() if node.state != State.NOT_SELECTED}


def _is_redone(run: Run, later: list[Run]) -> bool:
    """Whether later sessions ran again what a session left undone."""
    if run.state not in {State.FAILED, State.INTERRUPTED}:
        return False
    left = {name for name in _selected(run) if run.nodes[name].state not in _DONE}
    again = set().union(*(_selected(each) for each in later))
    return bool(later) and (left or _selected(run)) <= again

"""Folds the events of a journal into a run.

The state of a run and its nodes is nowhere written down: it is what the events say, and
what is known of the processes that wrote them. So a run that was killed is seen as such.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Iterable, Mapping
from threading import Lock

from ..core import process
from ..core.records import json_lines
from . import outcome
from .journal import RunStore
from .model import Run, State
from .session import Event, Session

# The events after which nobody adds to a file.
_LAST = [b"run_ended", b"run_interrupted", b"postscript"]
# Of the states of several sessions, the first that one of them has.
_WEIGHT = [State.RUNNING, State.UNKNOWN, State.ERROR, State.INTERRUPTED, State.COMPLETE]


class Timeline:
    """One run, as far as its events were added."""

    def __init__(self, key: str) -> None:
        """Take the key of the run."""
        self.key = key
        self._sessions: dict[str, Session] = {}  # by the file of their first process
        self._session_of: dict[str, Session] = {}  # by any file

    def add(self, file: str, events: Iterable[Event]) -> None:
        """Add what a process wrote, in its order."""
        for event in events:
            if event.get("event") == "process":
                first = str(event.get("joined") or file)
                session = self._sessions.setdefault(first, Session())
                self._session_of[file] = session
            if file in self._session_of:
                self._session_of[file].add(event)

    def run(self, now: float | None = None) -> Run:
        """The run as it stands: what the events say, and who is still there."""
        now = time.time() if now is None else now
        told = [each for each in self._sessions.values() if each.run.started]
        told.sort(key=lambda each: each.run.started or 0.0)
        runs = [outcome.run_of_session(session, now) for session in told]
        return _merged(runs) if runs else Run(self.key, "")


def fold(files: Mapping[str, Iterable[Event]], key: str, now: float) -> Run:
    """The run that the events of its processes tell.

    Args:
        files: the events of each process, by the name of its file.
        key: of the run.
        now: the time, by which it is told who has been silent for long.
    """
    timeline = Timeline(key)
    # What a worker wrote makes sense only after what its first process did.
    for file, events in sorted(
        ((file, list(events)) for file, events in files.items()),
        key=lambda item: _joined(item[1]),
    ):
        timeline.add(file, events)
    return timeline.run(now)


class Follower:
    """Reads the journals of one run, each time what has come since."""

    def __init__(self, store: RunStore, key: str) -> None:
        """Take where the journals are, and the key of the run."""
        self._store, self._timeline = store, Timeline(key)
        self._offsets: dict[str, int] = {}
        self._lock = Lock()

    def run(self, now: float | None = None) -> Run:
        """The run as it is now."""
        with self._lock:
            if self._read():  # its end, but maybe not yet what workers wrote before
                self._read()
            return self._timeline.run(now)

    def _read(self) -> bool:
        news: dict[str, list[Event]] = {}
        for file, text in self._store.read(self._timeline.key, self._offsets).items():
            whole = text[: text.rfind(b"\n") + 1]  # the last line may not be complete
            self._offsets[file] = self._offsets.get(file, 0) + len(whole)
            path = f"{self._store.path}/{self._timeline.key}/{file}"
            events = json_lines(whole, path)
            news[file] = [e for e in events if isinstance(e.get("event"), str)]
        for file in sorted(news, key=lambda name: _joined(news[name])):
            self._timeline.add(file, news[file])
        return any(
            each.get("event") == "run_ended" for e in news.values() for each in e
        )


def read(store: RunStore, key: str, now: float | None = None) -> Run:
    """The run with a key."""
    return Follower(store, key).run(now)


def is_over(store: RunStore, key: str) -> bool:
    """Whether a run does not go on, told without reading all of it."""
    for text in store.read(key).values():
        if any(b'"event": "%s"' % last in text for last in _LAST):
            continue
        lines = text.splitlines()
        for event in json_lines(b"\n".join([*lines[:1], *lines[-2:]])):
            if not process.is_gone(event, time.time() - event["at"]):
                return False
    return True


def _joined(events: list[Event]) -> bool:
    return bool(events and events[0].get("joined"))


def _merged(runs: list[Run]) -> Run:
    """Sessions with one key as one run; of what ran again, the last word counts."""
    if len(runs) == 1:
        return runs[0]
    whole, *others = copy.deepcopy(runs)
    for run in others:
        for name in _ran(run) | (run.nodes.keys() - whole.nodes.keys()):
            whole.nodes[name] = run.nodes[name]
        for name, dataset in run.datasets.items():
            known = whole.datasets.setdefault(name, dataset)
            known.loaded = dataset.loaded or known.loaded
            known.saved = dataset.saved or known.saved
        whole.checks += run.checks
        whole.pipelines = list(dict.fromkeys([*whole.pipelines, *run.pipelines]))
    counting = [run for i, run in enumerate(runs) if not _mended(run, runs[i + 1 :])]
    deciding = min(counting, key=lambda run: _WEIGHT.index(run.state))
    whole.state, whole.resume = deciding.state, deciding.resume
    whole.failure = deciding.failure
    ends = [run.ended for run in counting if run.ended is not None]
    whole.ended = max(ends) if len(ends) == len(counting) else None
    whole.last_news = max(run.last_news or 0.0 for run in runs)
    return whole


def _ran(run: Run) -> set[str]:
    return {n for n, node in run.nodes.items() if node.state != State.NOT_SELECTED}


def _mended(run: Run, later: list[Run]) -> bool:
    """Whether what a session left undone was for later ones to do."""
    if run.state not in {State.ERROR, State.INTERRUPTED}:
        return False
    done = {State.COMPLETE, State.SKIPPED}
    left = {name for name in _ran(run) if run.nodes[name].state not in done}
    again = set().union(*(_ran(each) for each in later))
    return bool(later) and (left or _ran(run)) <= again

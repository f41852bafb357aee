"""Reads the journals of a run.

A run is one Kedro session, or several with one key, such as the tasks of an Airflow DAG.
"""

from __future__ import annotations

import copy
import posixpath
import time
from collections.abc import Iterable, Iterator, Mapping
from threading import Lock

from ..core.records import json_lines
from ..core.store import OwnFile, Store
from .model import Run, State
from .session import Event, Session

_DONE = {State.SUCCEEDED, State.SKIPPED}
_FAILED = {State.FAILED: "failed"}
_TRIED_AGAIN = {**_FAILED, State.INTERRUPTED: "was interrupted"}
# Of the states of several sessions, the first that one of them has.
_WEIGHT = [
    State.RUNNING,
    State.UNKNOWN,
    State.FAILED,
    State.INTERRUPTED,
    State.SUCCEEDED,
]


class Follower:
    """Reads the journals of one run; each time, only the new lines."""

    def __init__(
        self, store: Store, key: str, own: OwnFile | None = None, alone: bool = False
    ) -> None:
        """Take where the journals are, the key of the run, and this process's journal.

        What this process has entered may not be in a store behind a URL yet. If it is
        ``alone``, no other process works on the run, so that the store need not be asked.
        """
        self._store, self._key = store, key
        self._own = None if store.is_local else own
        self.alone = alone and self._own is not None
        self._offsets: dict[str, int] = {}
        self._sessions: dict[str, Session] = {}  # by the file of their first process
        self._session_of: dict[str, Session] = {}  # by any file
        self._lock = Lock()

    def run(
        self,
        now: float | None = None,
        texts: dict[str, bytes] | None = None,
        sizes: dict[str, int] | None = None,
    ) -> Run:
        """The run as it is now; ``texts`` are its journals, or ``sizes`` their sizes, if
        they were just read."""
        with self._lock:
            has_ended = self._read(sizes) if texts is None else self._take(texts)
            # Its end may be read before what its workers wrote.
            if has_ended and len(self._offsets) > 1:
                self._read()
            now = time.time() if now is None else now
            started = [each for each in self._sessions.values() if each.run.started]
            started.sort(key=lambda each: each.run.started or 0.0)
            over = max((each.others_ended for each in started), default=0.0)
            runs = [session.settled(now, over) for session in started]
            if not runs:
                return Run(self._key, "")
            if len(runs) == 1 and not runs[0].shared:
                return runs[0]
            return _merged(runs)

    def _read(self, sizes: dict[str, int] | None = None) -> bool:
        texts = dict[str, bytes]()
        if sizes is None:
            sizes = {} if self.alone else self._store.files(self._key)
        if self._own is not None:
            sizes[self._own.name] = self._own.size
        read = {name: self._offsets.get(name, 0) for name in sizes}
        new = {name: read[name] for name, size in sizes.items() if size > read[name]}
        if self._own is not None and self._own.name in new:
            texts[self._own.name] = self._own.waiting(new.pop(self._own.name))
        return self._take({**texts, **self._store.read_many(new)})

    def _take(self, texts: dict[str, bytes]) -> bool:
        """Apply the new events; return whether a session has ended."""
        has_ended = False
        for name, text in texts.items():
            whole = text[: text.rfind(b"\n") + 1]  # the last line may not be complete
            self._offsets[name] = self._offsets.get(name, 0) + len(whole)
            for event in json_lines(whole, self._store.path(name)):
                if isinstance(event.get("event"), str):
                    self._add(posixpath.basename(name), event)
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


def read_many(store: Store, journals: Mapping[str, Iterable[str]]) -> Iterator[Run]:
    """Several runs, whose journals, by their keys, are read at once."""
    texts = store.read_many({name: 0 for names in journals.values() for name in names})
    for key, names in journals.items():
        known = {name: texts[name] for name in names if name in texts}
        yield Follower(store, key).run(texts=known)


# Several sessions with one key


def _merged(runs: list[Run]) -> Run:
    """Merge sessions with one key into one run; the last attempt of a node counts."""
    whole, *others = copy.deepcopy(runs)
    for run in others:
        for name in _selected(run) | (run.nodes.keys() - whole.nodes.keys()):
            before, node = whole.nodes.get(name), run.nodes[name]
            if before and before.started and node.started:
                node.attempts = max(node.attempts, before.attempts + 1)
            whole.nodes[name] = node
        for name, dataset in run.datasets.items():
            known = whole.datasets.setdefault(name, dataset)
            known.loaded = dataset.loaded or known.loaded
            known.saved = dataset.saved or known.saved
        whole.notify |= run.notify
        whole.parameter_hashes = run.parameter_hashes or whole.parameter_hashes
        whole.pipelines = list(dict.fromkeys([*whole.pipelines, *run.pipelines]))
    counting = [run for i, run in enumerate(runs) if not _is_redone(run, runs[i + 1 :])]
    # A check before the run that was tried again says nothing about it any more.
    telling = [run for run in runs if _selected(run) or any(run is e for e in counting)]
    whole.checks = [check for run in telling for check in run.checks]
    deciding = min(counting, key=lambda run: _WEIGHT.index(run.state))
    whole.state, whole.resume = deciding.state, deciding.resume
    whole.failure = deciding.failure
    ends = [run.ended for run in counting if run.ended is not None]
    whole.ended = max(ends) if len(ends) == len(counting) else None
    whole.last_news = max(run.last_news or 0.0 for run in runs)
    tries = [run.tries_left for run in counting if run.state in _TRIED_AGAIN]
    left = [number for number in tries if isinstance(number, int)]
    whole.tries_left = min(left, default=None) if len(left) == len(tries) else None
    # Other sessions would run these.
    whole.mark_upstream_failed(State.NOT_SELECTED, _TRIED_AGAIN)
    return whole


def _selected(run: Run) -> set[str]:
    return {n for n, node in run.nodes.items() if node.state != State.NOT_SELECTED}


def _is_redone(run: Run, later: list[Run]) -> bool:
    """Whether later sessions ran the nodes that a session left."""
    if run.state not in _TRIED_AGAIN:
        return False
    left = {name for name in _selected(run) if run.nodes[name].state not in _DONE}
    again = set().union(*(_selected(each) for each in later))
    return bool(later) and (left or _selected(run)) <= again

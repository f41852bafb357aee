"""The status page: what the runs in a store did, and what one does now.

``index.html`` lists the runs. ``<key>/run.js`` is all of one run, as a call with a JSON
object: the page loads it when the run is chosen, and again and again while the run goes
on. It is a script because a page on a disk may load scripts, but no data. ``runs.json``
is the list once more: for the next run, and for other programs.
"""

from __future__ import annotations

import json
import time
from base64 import b64encode
from collections.abc import Callable, Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path
from string import Template

from ..core.suppress import suppress_errors
from . import replay
from .journal import RunStore
from .layout import drawings
from .model import Run
from .outcome import ENDED
from .page_data import JsonObject, script, summary, text

INDEX, RUN, LIST = "index.html", "run.js", "runs.json"
FORMAT = 1  # of run.js and runs.json: files of another format are written anew

Put = Callable[[str, bytes], None]  # writes a file: its name with "/", its content

_SOURCES = Path(__file__).parent / "page"
_SCRIPTS = "model dom graph detail timeline nodes runs live page"
# Of the time that a run takes, this much may go to its page, and in any case a little.
_SHARE, _ANYWAY = 0.0025, 0.05
_ENDED = {state.value for state in ENDED}
_AT_ONCE = 5  # earlier runs that a run reads in their journals for the page


def write(put: Put, runs: Iterable[Run], publish: bool = False) -> None:
    """Write the page of these runs anew.

    Args:
        put: writes a file.
        runs: of one store.
        publish: whether others than the team may read it: without tracebacks, users and
            machines.
    """
    lines = []
    for run in runs:
        put(f"{run.key}/{RUN}", script(run, drawings(run), publish))
        lines.append(summary(run, publish))
    _put_list(put, lines, publish)


def put_into(folder: Path) -> Put:
    """What writes a file into a folder of this machine."""

    def put(name: str, content: bytes) -> None:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    return put


class StatusPage:
    """The page in a store, kept up to date at little cost."""

    def __init__(self, store: RunStore) -> None:
        """Take the store."""
        self._store = store
        self._drawn: tuple[list[str], list[JsonObject]] = [], []
        self._is_listed = False
        self._began, self._spent = time.monotonic(), 0.0

    @property
    def place(self) -> str:
        """The path or URL of the page."""
        return f"{self._store.path}/{INDEX}"

    def update(self, read: Callable[[], Run]) -> None:
        """Show a run as it is now, unless the page has had its share of time.

        Args:
            read: tells how it is; it is not asked where there is no time.
        """
        if self._spent >= _ANYWAY + _SHARE * (time.monotonic() - self._began):
            return
        run = read()
        began = time.thread_time()
        self._put(run)
        if not self._is_listed:
            self._list(run)
        self._spent += time.thread_time() - began

    def finish(self, run: Run) -> None:
        """Show a run as it has ended."""
        self._put(run)
        self._list(run)

    def refresh(self) -> None:
        """Show which runs were killed, if there is a page and it can be written."""
        with suppress_errors():
            if self._store.get(LIST):
                self._list()

    def _put(self, run: Run) -> None:
        names, drawn = self._drawn
        if names != list(run.nodes):  # a graph is drawn once, it takes the most time
            drawn = drawings(run)
            self._drawn = list(run.nodes), drawn
        self._store.put(f"{run.key}/{RUN}", script(run, drawn))

    def _list(self, run: Run | None = None) -> None:
        """Write the list: with this run, and with what has become of others."""
        before = {line["key"]: line for line in self._lines()}
        missing = set(self._store.without(RUN))
        # A store behind a URL may not have the journal of this run yet.
        lines, reads = [summary(run)] if run else [], 0
        for key in reversed(self._store.keys()):
            if run and key == run.key:
                continue
            line = before.get(key)
            if line is not None and line["state"] not in _ENDED:
                line = self._read(key, line)
            elif (line is None or key in missing) and reads < _AT_ONCE:
                line, reads = self._read(key, line), reads + 1
            if line is not None:
                lines.append(line)
        if run or {line["key"]: line for line in lines} != before:
            _put_list(self._store.put, lines)
        self._is_listed = True

    def _read(self, key: str, line: JsonObject | None) -> JsonObject | None:
        """The line of another run, whose file is written if that run does not do it."""
        run = replay.read(self._store, key)
        if run.started is None:
            return line
        if run.state in ENDED:
            self._store.put(f"{key}/{RUN}", script(run, drawings(run)))
        return summary(run) if run.state in ENDED or line is None else line

    def _lines(self) -> list[JsonObject]:
        try:
            told = json.loads(self._store.get(LIST) or b"{}")
        except ValueError:  # somebody has changed it
            return []
        return list(told["runs"]) if told.get("format") == FORMAT else []


def _put_list(put: Put, lines: list[JsonObject], publish: bool = False) -> None:
    lines = sorted(lines, key=lambda line: line.get("started", 0.0), reverse=True)
    facts = {"format": FORMAT, "written": round(time.time()), "published": publish}
    data = f'{json.dumps(facts)[:-1]}, "runs": {text(lines)}}}'
    put(LIST, data.encode())
    put(INDEX, Template(_source(INDEX)).substitute(_sources(), data=data).encode())


@cache
def _sources() -> dict[str, str]:
    """Style and script of the page, and the policy that lets no other act."""
    style = _source("page.css")
    scripts = "\n".join(_source(f"{name}.js") for name in _SCRIPTS.split())
    code = f'(() => {{\n"use strict";\n{scripts}}})();\n'
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; "
        f"style-src '{_hash(style)}'; script-src '{_hash(code)}' 'self' file:"
    )
    return {"style": style, "script": code, "policy": policy}


def _source(name: str) -> str:
    return (_SOURCES / name).read_text(encoding="utf-8")


def _hash(content: str) -> str:
    return f"sha256-{b64encode(sha256(content.encode()).digest()).decode()}"

"""The status page: the runs in a store, including the current one.

``index.html`` lists the runs. ``<key>/run.js`` has everything about one run, as a call
with a JSON object. The page loads it when you choose the run, and repeatedly during the
run. It is a script because a page on a disk may load scripts but not data.
``runs.json`` has the list again, for the next run and for other programs.

Times are seconds since 1970 (UTC); those of nodes are seconds since the run started.
Unknown values are left out, and so are values that most nodes or datasets share.
"""

from __future__ import annotations

import json
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path
from string import Template
from typing import Any

from attrs import asdict
from kedro.io.core import is_parameter

from ..core.errors import suppress_errors
from ..core.store import Store
from . import replay
from .history import all_files, run_keys
from .model import ENDED, Dataset, Node, Run

INDEX, RUN, LIST = "index.html", "run.js", "runs.json"
FORMAT = 3  # of run.js and runs.json: files of another format are written anew

JsonObject = dict[str, Any]
Put = Callable[[str, bytes], None]  # writes a file: its name with "/", its content

_SOURCES = Path(__file__).parent / "page"
_SCRIPTS = "model dom layout graph detail timeline nodes runs live page"
# Of the time that a run takes, this much may go to its page, and in any case a little.
_SHARE, _ANYWAY = 0.0025, 0.05
_IN_LIST = (
    "key project pipelines env runner branch commit dirty user host started ended "
    "last_news"
)
_ENDED = {state.value for state in ENDED}
_AT_ONCE = 5  # earlier runs that a run reads in their journals for the page
_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False)


def write(put: Put, runs: Iterable[Run]) -> None:
    """Write the page of these runs again, with a function that writes a file."""
    lines = []
    for run in runs:
        put(f"{run.key}/{RUN}", script(run))
        lines.append(summary(run))
    _put_list(put, lines)


class StatusPage:
    """The page in a store, kept up to date at little cost."""

    def __init__(self, store: Store) -> None:
        """Take the store."""
        self._store = store
        self._is_listed = False
        self._began, self._spent = time.monotonic(), 0.0

    @property
    def place(self) -> str:
        """The path or URL of the page."""
        return self._store.path(INDEX)

    def update(self, read: Callable[[], Run]) -> None:
        """Show the run's current state, unless the page has used its share of time.

        Args:
            read: reads how it is; it is not called where there is no time.
        """
        if self._spent >= _ANYWAY + _SHARE * (time.monotonic() - self._began):
            return
        run = read()
        began = time.thread_time()
        self._store.write(f"{run.key}/{RUN}", script(run))
        if not self._is_listed:
            self._list(run)
        self._spent += time.thread_time() - began

    def finish(self, run: Run, files: Iterable[str] | None = None) -> list[JsonObject]:
        """Show the run's final state, and return the list of runs.

        Args:
            run: the run.
            files: all files in the store, if they are known.
        """
        self._store.write(f"{run.key}/{RUN}", script(run))
        return self._list(run, files)

    def refresh(self) -> None:
        """Show which runs were killed, if there is a page and it can be written."""
        with suppress_errors():
            if self._store.read(LIST):
                self._list()

    def _list(
        self, run: Run | None = None, files: Iterable[str] | None = None
    ) -> list[JsonObject]:
        """Write the list, with this run and the current state of others."""
        before = {line["key"]: line for line in read_list(self._store)}
        files = all_files(self._store) if files is None else files
        # A store behind a URL may not have the journal of this run yet.
        lines, reads = [summary(run)] if run else [], 0
        for key in reversed(run_keys(self._store, files)):
            if run and key == run.key:
                continue
            line = before.get(key)
            if line is not None and line["state"] not in _ENDED:
                line = self._read(key, line)
            elif (line is None or f"{key}/{RUN}" not in files) and reads < _AT_ONCE:
                line, reads = self._read(key, line), reads + 1
            if line is not None:
                lines.append(line)
        if run or {line["key"]: line for line in lines} != before:
            _put_list(self._store.write, lines)
        self._is_listed = True
        return lines

    def _read(self, key: str, line: JsonObject | None) -> JsonObject | None:
        """The line of another run. Its file is written if that run does not do it."""
        run = replay.read(self._store, key)
        if run.started is None:
            return line
        if run.state in ENDED:
            self._store.write(f"{key}/{RUN}", script(run))
        return summary(run) if run.state in ENDED or line is None else line


def read_list(store: Store) -> list[JsonObject]:
    """The list of runs in a store, as ``summary`` has each; empty without a page."""
    try:
        known = json.loads(store.read(LIST) or b"{}")
        lines = list(known["runs"]) if known.get("format") == FORMAT else []
        return [line for line in lines if line["key"] and line["state"]]
    except (ValueError, TypeError, KeyError, AttributeError):  # somebody has changed it
        return []


def _put_list(put: Put, lines: list[JsonObject]) -> None:
    lines = sorted(lines, key=lambda line: line.get("started", 0.0), reverse=True)
    facts = {"format": FORMAT, "written": round(time.time())}
    data = f'{json.dumps(facts)[:-1]}, "runs": {script_json(lines)}}}'
    put(LIST, data.encode())
    put(INDEX, Template(_source(INDEX)).substitute(_sources(), data=data).encode())


@cache
def _sources() -> dict[str, str]:
    """Style and script of the page, and the policy that allows nothing else."""
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


# What is in the files


def summary(run: Run) -> JsonObject:
    """A run as the list has it."""
    counts = Counter(node.state.value for node in run.nodes.values())
    facts = {name: getattr(run, name) for name in _IN_LIST.split()}
    return _known(facts | {"state": run.state.value, "nodes": dict(counts)})


def script(run: Run) -> bytes:
    """The text of ``run.js``: a line for each node, dataset and check."""
    nodes = [_node(node, run) for node in run.nodes.values()]
    named = (each for each in run.datasets.values() if not is_parameter(each.name))
    datasets = [_dataset(each) for each in named]
    facts = {"resume": run.resume, "failure": run.failure and asdict(run.failure)}
    objects = {
        "run": _known(summary(run) | facts),
        "each_node": _shared(nodes, {"state": "", "tags": [], "namespace": ""}),
        "each_dataset": _shared(datasets, {"type": "", "columns": {}, "nulls": {}}),
    }
    lists = {
        "nodes": nodes,
        "datasets": datasets,
        "checks": [asdict(check) for check in run.checks],
    }
    parts = [f'"{name}":{script_json([item])[2:-2]}' for name, item in objects.items()]
    parts += [f'"{name}":{script_json(items)}' for name, items in lists.items()]
    return f"opsRun({{{','.join(parts)}}});\n".encode()


def script_json(items: list[JsonObject]) -> str:
    """JSON lines that cannot end a script, whatever names and texts contain."""
    packed = ",\n".join(map(_ENCODER.encode, items))  # all ASCII
    for letter in "<>&":
        packed = packed.replace(letter, f"\\u{ord(letter):04x}")
    return f"[\n{packed}\n]"


def _shared(items: list[JsonObject], empty: JsonObject) -> JsonObject:
    """Remove each key's most frequent value from the items, and return these values."""
    shared = {}
    for key, nothing in empty.items():
        texts = [repr(item.setdefault(key, nothing)) for item in items]
        for most, _ in Counter(texts).most_common(1):
            shared[key] = items[texts.index(most)][key]
            for item, text in zip(items, texts, strict=True):
                if text == most:
                    del item[key]
    return shared


def _node(node: Node, run: Run) -> JsonObject:
    """When a node started, and how long each phase took: it ended after the last."""
    phases: dict[str, float] = {}
    phase = ""  # in which it is now
    for span in node.spans:
        if span.end is None:
            phase = span.phase.value
        else:
            before = phases.get(span.phase.value, 0.0)
            phases[span.phase.value] = round(before + span.end - span.start, 3)
    first = run.started or 0.0
    started = None if node.started is None else round(node.started - first, 3)
    ended = None if node.ended is None else round(node.ended - first, 3)
    if phases and ended == round((started or 0.0) + sum(phases.values()), 3):
        ended = None
    return _known(
        {
            "name": node.name,
            "short_name": node.short_name if node.short_name != node.name else "",
            "namespace": node.namespace,
            "tags": node.tags,
            "inputs": node.inputs,
            "outputs": node.outputs,
            "state": node.state.value,
            "started": started,
            **phases,
            "phase": phase,
            "ended": ended,
            "usual": node.usual and round(node.usual, 3),
            "memory": node.peak_memory,
            "attempts": node.attempts if node.attempts > 1 else None,
            "reason": node.reason,
            "marks": node.marks,
            "failure": node.failure and asdict(node.failure),
        }
    )


def _dataset(dataset: Dataset) -> JsonObject:
    """Its figures when it was saved, else when it was loaded."""
    figures = [each for each in (dataset.saved, dataset.loaded) if each]
    rows = [each.row_count for each in figures if each.row_count is not None]
    sizes = [each.size for each in figures if each.size is not None]
    schemas = [each for each in figures if each.schema]
    return _known(
        {
            "name": dataset.name,
            "type": dataset.type,
            "place": dataset.place,
            "rows": rows[0] if rows else None,
            "size": sizes[0] if sizes else None,
            "loaded": rows[-1] if rows and rows[-1] != rows[0] else None,
            "columns": schemas and schemas[0].schema,
            "nulls": schemas and schemas[0].null_count,
            "marks": dataset.marks,
        }
    )


def _known(facts: JsonObject) -> JsonObject:
    """The known values only: the page treats a missing value as unknown."""
    return {name: value for name, value in facts.items() if value or value == 0}

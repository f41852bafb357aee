"""The status page: what the runs in a store did, and what one does now.

``index.html`` holds all that it shows, and opens from a disk, a web server or a bucket.
While a run goes on, it loads that run's ``<key>/status.js`` again and again: a script can
be loaded from a disk, data cannot. It is shown by the files in ``page/``.
"""

from __future__ import annotations

import os
import re
import time
from base64 import b64encode
from collections.abc import Callable, Iterable
from functools import cache, cached_property, lru_cache
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from attrs import define, field

from .page_data import Detail, record, text
from .page_graph import Graph
from .runs import Phase, Run, State

PAGE = "index.html"
STATUS = "status.js"

Put = Callable[[str, str], None]  # writes a file: its name with "/", its text

_SOURCES = Path(__file__).parent / "page"
_SCRIPTS = (
    "model.js",
    "dom.js",
    "graph.js",
    "detail.js",
    "timeline.js",
    "nodes.js",
    "runs.js",
    "compare.js",
    "live.js",
    "page.js",
)
# Letters. Runs beyond it are held in less detail; the newest is held in any case.
_ROOM = 290_000


@define(slots=False, eq=False)
class Shown:
    """A run for the page. What is made of it is made once, however often it is written."""

    run: Run
    _texts: dict[tuple[Detail, bool], str] = field(factory=dict)

    @cached_property
    def graph(self) -> Graph:
        """Its graph."""
        return Graph.of(self.run)

    def text(self, detail: Detail, publish: bool) -> str:
        """The run in that detail, for others than the team or not."""
        key = detail, publish
        if key not in self._texts:
            graph = self.graph if detail else Graph([])
            self._texts[key] = text(record(self.run, graph, detail, publish))
        return self._texts[key]


def write(
    folder: Path, runs: Iterable[Shown], publish: bool = False, put: Put | None = None
) -> Path:
    """Write the page with these runs.

    Args:
        folder: where to, and what is returned the page's path in.
        runs: of one store, in any order.
        publish: whether others than the team may read it: without tracebacks, users,
            machines and parameters.
        put: what writes a file where the folder is none of this machine's.
    """
    (put or Folder(folder).put)(PAGE, page(runs, publish))
    return folder / PAGE


class StatusPage:
    """The page while a run goes on."""

    def __init__(self, folder: Path, put: Put | None = None) -> None:
        """Take where the page is, as for ``write``."""
        self._put = put or Folder(folder).put

    def update(self, it: Shown) -> None:
        """Show a run, which the page has, as it is now."""
        told = it.text(Detail.ALL, publish=False)
        self._put(f"{it.run.key}/{STATUS}", f"opsStatus({told});\n")


class Folder:
    """A folder of this machine, in which a reader never finds half a file."""

    def __init__(self, path: Path) -> None:
        """Take a folder, which may not be there yet."""
        self.path = path

    def put(self, name: str, content: str) -> None:
        """Write a file in the place of the one of that name."""
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        scratch = file.with_name(f".{file.name}.{uuid4().hex}")
        try:
            scratch.write_text(content, encoding="utf-8", newline="\n")
            os.replace(scratch, file)
        finally:
            scratch.unlink(missing_ok=True)


def page(runs: Iterable[Shown], publish: bool = False) -> str:
    """The text of ``index.html``."""
    newest_first = sorted(
        runs, key=lambda it: (it.run.started or 0.0, it.run.key), reverse=True
    )
    graphs: dict[str, str] = {}
    records, room = [], _ROOM
    for it in newest_first:
        written, room = _fitting(it, graphs, room, publish)
        records.append(written)
    known = {
        "project": next((it.run.project for it in newest_first if it.run.project), ""),
        "written": round(time.time(), 3),
        "published": publish,
        "states": [state.value for state in State],
        "phases": [phase.value for phase in Phase],
    }
    before, after = _shell()
    rest = f'"graphs":[{",".join(graphs.values())}],"runs":[{",".join(records)}]'
    return f"{before}{text(known)[:-1]},{rest}}}{after}"


def _fitting(
    it: Shown, graphs: dict[str, str], room: int, publish: bool
) -> tuple[str, int]:
    """A run in the most detail that there is room for, and the room that is left.

    Once there is none, older runs get none either: a page that compares every second
    run would mislead.
    """
    if room > 0:
        key, newest = it.graph.key, room == _ROOM
        drawing = _drawn(it.graph)
        room -= 0 if key in graphs else len(drawing)
        for detail in (Detail.ALL, Detail.FIGURES, Detail.NODES):
            # Older runs leave half of the room for many that can be compared.
            needed = 0 if newest or detail == Detail.NODES else _ROOM // 2
            if room <= needed and not newest:
                continue
            written = it.text(detail, publish)
            left = room - len(written)
            if left >= needed or (newest and detail == Detail.FIGURES):
                graphs[key] = drawing
                return written, left
    return it.text(Detail.SUMMARY, publish), 0


@lru_cache(maxsize=8)
def _drawn(graph: Graph) -> str:
    """A graph as text: a run is written twice, and is drawn once."""
    return text(graph.data())


@cache
def _shell() -> tuple[str, str]:
    """The page before and after its data."""
    script = "\n".join(_source(name) for name in _SCRIPTS)
    parts = {
        "style": _source("page.css"),
        "script": f'(() => {{\n"use strict";\n{script}}})();\n',
    }
    parts["policy"] = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; "
        f"style-src '{_hash(parts['style'])}'; "
        f"script-src '{_hash(parts['script'])}' 'self' file:"
    )
    shell = re.sub(r"@@([a-z]+)@@", lambda m: parts.get(m[1], m[0]), _source(PAGE))
    before, _, after = shell.partition("@@data@@")
    return before, after


def _source(name: str) -> str:
    return (_SOURCES / name).read_text(encoding="utf-8")


def _hash(content: str) -> str:
    return f"sha256-{b64encode(sha256(content.encode()).digest()).decode()}"

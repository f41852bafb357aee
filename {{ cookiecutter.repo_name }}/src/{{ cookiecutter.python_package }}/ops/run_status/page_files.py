"""The status page: what the runs in a store did, and what one does now.

``index.html`` holds all that it shows, and opens from a disk, a web server or a bucket.
While a run goes on, it loads that run's ``<key>/status.js`` again and again: a script can
be loaded from a disk, data cannot. It is shown by the files in ``page/``.
"""

from __future__ import annotations

import json
import os
import re
import time
from base64 import b64encode
from collections.abc import Callable, Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from .model import Phase, State
from .page_data import Detail, text
from .page_runs import Printed, Shown

PAGE = "index.html"
STATUS = "status.js"
FORMAT = 1  # of the data on the page: runs are taken from no page of another

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
        self._put(f"{it.key}/{STATUS}", f"opsStatus({it.text(Detail.ALL)});\n")


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
    newest_first = sorted(runs, key=lambda it: (it.started, it.key), reverse=True)
    graphs: dict[str, str] = {}
    records, room = [], _ROOM
    for it in newest_first:
        written, room = _fitting(it, graphs, room, publish)
        records.append(written)
    known = {
        "project": next((it.project for it in newest_first if it.project), ""),
        "written": round(time.time(), 3),
        "published": publish,
        "format": FORMAT,
        "states": [state.value for state in State],
        "phases": [phase.value for phase in Phase],
    }
    before, after = _shell()
    rest = f'"graphs":[{",".join(graphs.values())}],"runs":[{",".join(records)}]'
    return f"{before}{text(known)[:-1]},{rest}}}{after}"


def printed(page: str) -> list[Printed]:
    """The runs on a page, if it was written for the team by this very code.

    Without those of which it says little, unless that was for lack of room.
    """
    before, after = _shell()
    if not page.startswith(before) or not page.endswith(after):
        return []
    try:
        known = json.loads(page.removeprefix(before).removesuffix(after))
    except ValueError:  # somebody has changed it
        return []
    if known.get("format") != FORMAT or known["published"]:
        return []
    drawings = {graph["key"]: text(graph) for graph in known["graphs"]}
    runs = [Printed(each, drawings, known["project"]) for each in known["runs"]]
    return runs if len(page) > _ROOM else [it for it in runs if it.graph]


def _fitting(
    it: Shown, graphs: dict[str, str], room: int, publish: bool
) -> tuple[str, int]:
    """A run in the most detail that there is room for, and the room that is left.

    Once there is none, older runs get none either: a page that compares every second
    run would mislead.
    """
    if room > 0:
        newest = room == _ROOM
        room -= 0 if it.graph in graphs else len(it.drawing)
        for detail in (Detail.ALL, Detail.FIGURES, Detail.NODES):
            # Older runs leave half of the room for many that can be compared.
            needed = 0 if newest or detail == Detail.NODES else _ROOM // 2
            if room <= needed and not newest:
                continue
            written = it.text(detail, publish)
            left = room - len(written)
            if left >= needed or (newest and detail == Detail.FIGURES):
                if it.graph:
                    graphs[it.graph] = it.drawing
                return written, left
    return it.text(Detail.SUMMARY, publish), 0


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

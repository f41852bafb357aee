"""What the status page knows of a run: ``run.js``, and its line in the list.

Times are seconds since 1970 (UTC), those of nodes seconds since the run started.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

from attrs import asdict
from kedro.io.core import is_parameter

from .model import Dataset, Failure, Figures, Node, Run

JsonObject = dict[str, Any]

# A path from the root of a disk; no part of a URL is one, unless it is a file's.
_PATH = re.compile(
    r"(?:(?<![\w./\\~*<-])|(?<=file://)|(?<=file:///))(?:[A-Za-z]:)?"
    r"(?:[/\\](?![/\\])[^/\\\s\"'`:;,()\[\]{}<>|=]+){2,}"
)
_HOMES = {"home": 2, "Users": 2, "root": 1}
_USER = re.compile(r"(?<=://)[^/\s@\"']+@")  # with or without a password

_SUMMARY = ("key", "project", "pipelines", "env", "runner", "branch", "commit", "dirty")
_TIMES = ("started", "ended", "last_news")
_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False)


def summary(run: Run, publish: bool = False) -> JsonObject:
    """A run as the list has it."""
    counts = Counter(node.state.value for node in run.nodes.values())
    told = {name: getattr(run, name) for name in (*_SUMMARY, *_TIMES)}
    if not publish:
        told |= {"user": run.user, "host": run.host}
    return _known(told | {"state": run.state.value, "nodes": dict(counts)})


def script(run: Run, drawings: list[JsonObject], publish: bool = False) -> bytes:
    """The text of ``run.js``: a line for each node, dataset, check and drawing."""
    known = {
        **summary(run, publish),
        "resume": without_paths(run.resume),
        "failure": _failure(run.failure, publish),
    }
    lists = {
        "nodes": [_node(node, run, publish) for node in run.nodes.values()],
        "datasets": [
            _dataset(each)
            for each in run.datasets.values()
            if not is_parameter(each.name)
        ],
        "checks": [
            asdict(check) | {"message": without_paths(check.message)}
            for check in run.checks
        ],
        "drawings": drawings,
    }
    parts = [f'"run":{text([_known(known)])[2:-2]}']
    parts += [f'"{name}":{text(items)}' for name, items in lists.items()]
    return f"opsRun({{{','.join(parts)}}});\n".encode()


def text(items: list[JsonObject]) -> str:
    """JSON, a line each, in which nothing ends a script, whatever names and texts say."""
    packed = ",\n".join(map(_ENCODER.encode, items))  # all ASCII
    for letter in "<>&":
        packed = packed.replace(letter, f"\\u{ord(letter):04x}")
    return f"[\n{packed}\n]"


def without_paths(given: str) -> str:
    """A text in which paths from the root are cut short and URLs have no user."""
    if "/" not in given and "\\" not in given:
        return given
    given = _USER.sub("", given) if "://" in given else given
    return _PATH.sub(_shortened, given)


def _shortened(found: re.Match[str]) -> str:
    parts = re.split(r"[/\\]", found[0])[1:]
    for start in ("site-packages", "src"):
        if start in parts[:-1]:
            return "/".join(parts[parts.index(start) :])
    parts = parts[_HOMES.get(parts[0], 0) :]
    return "/".join(["…", *parts[-2:]])


def _node(node: Node, run: Run, publish: bool) -> JsonObject:
    """A node: times in seconds since the run started, then how long each phase took."""
    phases: dict[str, float] = {}
    phase = ""  # in which it is now
    for span in node.spans:
        if span.end is None:
            phase = span.phase.value
        else:
            before = phases.get(span.phase.value, 0.0)
            phases[span.phase.value] = round(before + span.end - span.start, 3)
    return _known(
        {
            "name": node.name,
            "short_name": node.short_name if node.short_name != node.name else "",
            "namespace": node.namespace,
            "tags": node.tags,
            "inputs": node.inputs,
            "outputs": node.outputs,
            "state": node.state.value,
            "started": _since(run, node.started),
            "ended": _since(run, node.ended),
            "phase": phase,
            **phases,
            "usual": node.usual and round(node.usual, 3),
            "peak_memory": node.peak_memory,
            "reason": without_paths(node.reason),
            "marks": [without_paths(mark) for mark in node.marks],
            "failure": _failure(node.failure, publish),
        }
    )


def _since(run: Run, moment: float | None) -> float | None:
    return None if moment is None else round(moment - (run.started or 0.0), 3)


def _dataset(dataset: Dataset) -> JsonObject:
    loaded, saved = dataset.loaded, dataset.saved
    figures = saved if saved and saved.schema else loaded
    return _known(
        {
            "name": dataset.name,
            "type": dataset.type,
            "place": without_paths(dataset.place),
            "loaded": _figures(loaded),
            "saved": _figures(saved),
            "columns": figures and figures.schema,
            "nulls": figures and figures.null_count,
            "marks": [without_paths(mark) for mark in dataset.marks],
        }
    )


def _figures(figures: Figures | None) -> JsonObject | None:
    known = figures and {"row_count": figures.row_count, "size": figures.size}
    return _known(known) if known else None


def _failure(failure: Failure | None, publish: bool) -> JsonObject | None:
    if failure is None:
        return None
    known = {name: without_paths(value) for name, value in asdict(failure).items()}
    return known | {"traceback": ""} if publish else known


def _known(told: JsonObject) -> JsonObject:
    """Without what is not known: the page takes what is missing for that."""
    return {name: value for name, value in told.items() if value or value == 0}

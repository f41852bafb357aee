"""What the tests of run status share: a pipeline, and what the journal tells of it."""

import subprocess
import time
from pathlib import Path
from typing import Any

from helpers import environment
from kit import ops
from steel_toes_helpers import Workshop

CATALOG = """
raw: {type: text.TextDataset, filepath: data/raw.txt}
mid: {type: text.TextDataset, filepath: data/mid.txt}
out: {type: text.TextDataset, filepath: data/out.txt}
other: {type: text.TextDataset, filepath: data/other.txt}
last: {type: text.TextDataset, filepath: data/last.txt}
lost: {type: text.TextDataset, filepath: data/lost.txt}
"""
# clean -> total -> end, and other beside them; `how` says what `total` does wrong.
PIPELINE = """
import os, signal, sys, time
from pathlib import Path
from kedro.pipeline import Node, Pipeline

def clean(raw):
    return f"clean({raw})"

def total(mid, how):
    if how == "raise":
        raise ValueError("no such number")
    if how == "exit":
        os._exit(3)
    if how == "leave":
        sys.exit(5)
    if how == "wait":
        Path("waiting").touch()
        time.sleep(60)
    return 7 if how == "save" else f"total({mid})"

def other(raw):
    return f"other({raw})"

def end(out):
    return f"end({out})"

def quiet(other):
    return None

def create_pipeline():
    nodes = [
        Node(clean, "raw", "mid", name="clean", tags=["first"]),
        Node(total, [os.environ.get("TOTAL", "mid"), "params:how"], "out", name="total"),
        Node(end, "out", "last", name="end"),
        Node(other, "raw", "in_memory", name="other", tags=["first"]),
        Node(quiet, "in_memory", None, name="quiet"),
    ]
    return Pipeline(nodes)
"""
NODES = ["clean", "total", "end", "other", "quiet"]


def prepare(workshop: Workshop) -> None:
    """Put catalog, pipeline and data into a project."""
    workshop.catalog(CATALOG)
    workshop.pipeline(PIPELINE)
    workshop.write({"conf/base/parameters.yml": "how: well", "data/raw.txt": "raw"})


def keys(workshop: Workshop, store: str = "data/.ops") -> list[str]:
    """The keys of the runs, the oldest first."""
    where = ops("core.store").Store(str(workshop.path / store / "runs"))
    return ops("run_status.history").run_keys(where)


def read(workshop: Workshop, key: str = "", store: str = "data/.ops") -> Any:
    """The only run, or the one with a key, as its journals tell it."""
    where = ops("core.store").Store(str(workshop.path / store / "runs"))
    if not key:
        [key] = ops("run_status.history").run_keys(where)
    return ops("run_status.replay").read(where, key)


def states(run: Any) -> dict[str, str]:
    """The states of the nodes."""
    return {name: node.state.value for name, node in run.nodes.items()}


def phases(run: Any) -> dict[str, list[str]]:
    """What each node did, one after the other."""
    return {
        name: [span.phase.value for span in node.spans]
        for name, node in run.nodes.items()
    }


def journals(workshop: Workshop) -> list[Path]:
    """The files of all processes."""
    return sorted((workshop.path / "data" / ".ops" / "runs").glob("*/*.jsonl"))


def start_waiting(workshop: Workshop) -> subprocess.Popen[bytes]:
    """Start a run that will wait for its end."""
    return subprocess.Popen(
        ["kedro", "run", "--params=how=wait"],
        cwd=workshop.path,
        env=environment() | {"PYTHONPATH": str(workshop.without)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def waiting_run(workshop: Workshop) -> subprocess.Popen[bytes]:
    """Start such a run, and see that it waits."""
    process = start_waiting(workshop)
    deadline = time.monotonic() + 60
    while not workshop.has("waiting") and time.monotonic() < deadline:
        time.sleep(0.01)
    return process

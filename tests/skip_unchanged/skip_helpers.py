"""What the tests of skip_unchanged share: a pipeline, what a run ran, what a plan says."""

import json
from typing import Any

import pytest
from branches_helpers import Kedro
from steel_toes_helpers import PACKAGE, Workshop

CATALOG = """
raw: {type: text.TextDataset, filepath: data/raw.txt}
mid: {type: text.TextDataset, filepath: data/mid.txt}
out: {type: json.JSONDataset, filepath: data/out.json, save_args: {indent: 1}}
parts: {type: partitions.PartitionedDataset, path: data/parts, dataset: text.TextDataset}
joined: {type: text.TextDataset, filepath: data/joined.txt}
size: {type: text.TextDataset, filepath: data/size.txt}
report: {type: text.TextDataset, filepath: data/report.txt}
"""
# clean -> total, join beside them; measure -> tell, of which the first tells little.
PIPELINE = """
import os
from pathlib import Path
from kedro.pipeline import Node, Pipeline

def note(name):
    with open(os.environ.get("RAN", os.devnull), "a") as file:
        file.write(name + "\\n")

def clean(raw):
    note("clean")
    if os.environ.get("HOW") == "fail in clean":
        raise ValueError("as asked")
    return raw.strip()

def total(mid, size):
    note("total")
    if os.environ.get("HOW") == "fail":
        raise ValueError("as asked")
    if os.environ.get("HOW") == "wait":
        Path("waiting").touch()
        import time
        time.sleep(60)
    return [mid, size]

def join(parts):
    note("join")
    return ",".join(f"{k}={v()}" for k, v in sorted(parts.items()))

def measure(raw):
    note("measure")
    return str(len(raw))

def tell(size):
    note("tell")
    return f"{size} letters"

def create_pipeline():
    return Pipeline([
        Node(clean, "raw", "mid", name="clean"),
        Node(total, ["mid", "params:size"], "out", name="total"),
        Node(join, "parts", "joined", name="join"),
        Node(measure, "raw", "size", name="measure"),
        Node(tell, "size", "report", name="tell"),
    ])
"""
DATA = {
    "conf/base/parameters.yml": "size: 1\nnobody: 1\n",
    "data/raw.txt": "one",
    "data/parts/a": "1",
    "data/parts/b": "2",
}
ALL = {"clean", "total", "join", "measure", "tell"}


class Bench:
    """A project with that pipeline, and its ``kedro``, quick to start."""

    def __init__(self, workshop: Workshop, kedro: Kedro) -> None:
        self.workshop, self.kedro = workshop, kedro
        self.ran = workshop.path.with_name("ran")
        self.module = f"src/{PACKAGE}/pipelines/toes/__init__.py"

    def said(self, *args: str, **env: str) -> tuple[int, str]:
        """The exit code of ``kedro``, and what it said."""
        env = {"COLUMNS": "1000", "RAN": str(self.ran), **env}
        if "Parallel" not in " ".join(args):
            return self.kedro(*args, env={**env, "PWD": str(self.workshop.path)})
        result = self.workshop.kedro(*args, check=False, **env)
        return result.returncode, result.stdout + result.stderr

    def run(self, *args: str, code: int = 0, **env: str) -> set[str]:
        """Run; return the nodes that ran, of which none may have run twice."""
        self.ran.write_text("")
        ended, said = self.said("run", *args, **env)
        assert ended == code, said
        names = self.ran.read_text().split()
        assert len(names) == len(set(names)), names
        return set(names)

    def plan(self, *args: str, code: int | None = None, **env: str) -> dict[str, Any]:
        """The rows of ``kedro plan`` by node; it must change nothing."""
        before = self.files()
        ended, said = self.said("plan", "--json", *args, **env)
        assert "Traceback" not in said, said
        assert self.files() == before
        rows = json.loads(said.splitlines()[-1])
        to_do = any(row["action"] != "skip" for row in rows)
        assert ended == (code if code is not None else 10 if to_do else 0), said
        return {row["node"]: row for row in rows}

    def why(self, node: str, *args: str, **env: str) -> str:
        """Why a node would run or not."""
        return "; ".join(self.plan(*args, **env)[node]["reasons"])

    def edit(self, old: str, new: str, file: str = "") -> None:
        """Replace a text in a file: in the pipeline, if it is not said which."""
        text = self.workshop.read(file or self.module)
        assert old in text
        self.workshop.write({file or self.module: text.replace(old, new)})

    def files(self) -> dict[str, bytes]:
        """The data."""
        folder = self.workshop.path / "data"
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and ".ops" not in path.parts
        }


@pytest.fixture
def fresh(workshop: Workshop) -> Bench:
    """The project, on main, which has never run."""
    workshop.switch("main")
    for name in ("mid.txt", "out.txt"):
        (workshop.path / "data" / name).unlink()
    workshop.catalog(CATALOG)
    workshop.pipeline(PIPELINE)
    workshop.write(DATA)
    return Bench(workshop, Kedro(workshop))


@pytest.fixture
def bench(fresh: Bench) -> Bench:
    """The project after a first run."""
    assert fresh.run() == ALL
    return fresh

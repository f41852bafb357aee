"""A small project on branch dev, over a base that holds wrong data.

The base's raw data is right and all that is computed from it is wrong. So what a run
computes tells what it has read, and a base file that differs tells what it has written.
"""

import contextlib
import json
import subprocess
from collections.abc import Iterator
from importlib.util import cache_from_source
from pathlib import Path

from helpers import run
from quick_kedro import quick_kedro

PACKAGE = "toe_test"
WRONG = "BASE-WRONG"
CACHES = {".git", "__pycache__", ".viz", ".ops"}

# What Python reads as it starts, and what only another start method shows.
NEEDS_A_PROCESS = {"KEDRO_MP_CONTEXT", "PYTHONWARNINGS"}

# raw -> mid -> out, each step saying in the data what it has read.
CATALOG = """
raw: {type: text.TextDataset, filepath: "data/raw.txt"}
mid: {type: text.TextDataset, filepath: "data/mid.txt"}
out: {type: text.TextDataset, filepath: "data/out.txt"}
"""
PIPELINE = """
from kedro.pipeline import Node, Pipeline

def clean(raw):
    return f"clean({raw})"

def total(mid):
    return f"total({mid})"

def create_pipeline():
    return Pipeline([
        Node(clean, "raw", "mid", name="clean"),
        Node(total, "mid", "out", name="total"),
    ])
"""
BASE = {"data/raw.txt": "raw", "data/mid.txt": WRONG, "data/out.txt": WRONG}

# Runs the project in one process, once for each case that it is told on stdin.
SESSIONS = """
import json, os, sys
from pathlib import Path
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

bootstrap_project(Path.cwd())
own = dict(os.environ)
for params, variables in json.load(sys.stdin):
    os.environ.clear()
    os.environ.update(own | variables)
    with KedroSession.create(runtime_params=params) as session:
        session.run()
"""


class Workshop:
    """The project, its data, and the commands that are run in it."""

    def __init__(self, path: Path, without: Path | str) -> None:
        """Take the project, and a folder of modules that are as if not installed."""
        self.path = path
        self.without = without

    def write(self, files: dict[str, str]) -> None:
        """Write files, by their path in the project."""
        for name, text in files.items():
            file = self.path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            # Python takes a file of the same size and second for what it has compiled.
            Path(cache_from_source(str(file))).unlink(missing_ok=True)

    def read(self, name: str) -> str:
        return (self.path / name).read_text(encoding="utf-8")

    def has(self, name: str) -> bool:
        return (self.path / name).exists()

    def catalog(self, text: str) -> None:
        self.write({"conf/base/catalog.yml": text})

    def pipeline(self, text: str) -> None:
        self.write({f"src/{PACKAGE}/pipelines/toes/__init__.py": text})

    def settings(self, text: str, env: str = "base") -> None:
        """Write the whole of ``ops.yml``."""
        self.write({f"conf/{env}/ops.yml": text})

    def team_hooks(self, text: str) -> None:
        """Add to ``hooks.py`` below the register; the class there is ``TeamHooks``."""
        file = self.path / "src" / PACKAGE / "hooks.py"
        with file.open("a", encoding="utf-8") as stream:
            stream.write(text)

    def switch(self, branch: str) -> None:
        """Be on a git branch, new or not."""
        run("git", "symbolic-ref", "HEAD", f"refs/heads/{branch}", cwd=self.path)

    def kedro(
        self, *args: str | Path, check: bool = True, stdin: str = "", **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run Kedro; with ``PYTHONPATH=""`` it finds all that is installed."""
        command = ["kedro", *map(str, args)]
        env = {"PYTHONPATH": str(self.without), **env}
        if stdin or NEEDS_A_PROCESS & env.keys():
            return run(*command, cwd=self.path, env=env, check=check, stdin=stdin)
        quick = quick_kedro(env["PYTHONPATH"])
        result = quick.run(command, cwd=self.path, env=env)
        if check and result.returncode:
            raise AssertionError(f"{command}: {result.stdout}\n{result.stderr}")
        return result

    def refused(self, *args: str, **env: str) -> str:
        """Run ``kedro run``; return the one line with which it must be refused."""
        result = self.kedro("run", *args, check=False, **env)
        said = result.stdout + result.stderr
        assert result.returncode == 1, said
        assert "Traceback" not in said, said
        errors = [line for line in said.splitlines() if line.startswith("Error: ")]
        assert len(errors) == 1, said
        assert said.rstrip().endswith(errors[0]), said
        return errors[0]

    def sessions(
        self, *cases: tuple[dict[str, str], dict[str, str]], **env: str
    ) -> None:
        """Run the project for each case: runtime parameters and environment."""
        env = {"PYTHONPATH": str(self.without), **env}
        run("python", "-c", SESSIONS, cwd=self.path, env=env, stdin=json.dumps(cases))

    def files(self) -> dict[str, bytes]:
        """Every file of the project with its contents, but for git, caches, manifest."""
        return {
            path.relative_to(self.path).as_posix(): path.read_bytes()
            for path in sorted(self.path.rglob("*"))
            if path.is_file() and not CACHES & set(path.parts)
        }

    def new_files(self, before: dict[str, bytes]) -> set[str]:
        return self.files().keys() - before.keys()

    def base_files(self, suffix: str) -> dict[str, bytes]:
        files = self.files()
        return {path: files[path] for path in files if f"_{suffix}" not in path}

    @contextlib.contextmanager
    def base_untouched(self, suffix: str = "dev") -> Iterator[None]:
        """Whatever happens, it only adds and changes files of the branch."""
        before = self.base_files(suffix)
        yield
        after = self.base_files(suffix)
        assert sorted(after) == sorted(before), after.keys() ^ before.keys()
        changed = [path for path in before if after[path] != before[path]]
        assert not changed, changed


# One dataset of each kind that needs nothing but files; all that is computed is wrong in
# the base, and its versioned file has versions older and newer than any of a run.
KINDS_CATALOG = """
raw: {type: text.TextDataset, filepath: data/raw.txt}
plain: {type: text.TextDataset, filepath: data/plain.txt}
versioned: {type: json.JSONDataset, filepath: data/versioned.json, versioned: true}
parts:
  type: partitions.PartitionedDataset
  path: data/parts
  dataset: text.TextDataset
  filename_suffix: .txt
"{name}_by_pattern": {type: text.TextDataset, filepath: "data/{name}.txt"}
two_ways@text: {type: text.TextDataset, filepath: data/two_ways.json}
two_ways@json: {type: json.JSONDataset, filepath: data/two_ways.json}
result: {type: json.JSONDataset, filepath: data/result.json}
"""
IN_A_CACHE = """
cached:
  type: CachedDataset
  dataset: {type: text.TextDataset, filepath: data/cached.txt}
cached_versions:
  type: CachedDataset
  versioned: true
  dataset: {type: text.TextDataset, filepath: data/cached_versions.txt}
"""
# Kedro's ParallelRunner takes no CachedDataset, with or without steel toes.
IN_NO_CACHE = """
cached: {type: text.TextDataset, filepath: data/cached.txt}
cached_versions:
  {type: text.TextDataset, filepath: data/cached_versions.txt, versioned: true}
"""
KINDS_PIPELINE = """
from kedro.pipeline import Node, Pipeline

def plain(raw):
    return f"plain({raw})"

def versioned(text):
    return f"versioned({text})"

def parts(text):
    return {"one": f"one({text})", "two": f"two({text})"}

def cached(text):
    return f"cached({text})"

def by_pattern(text):
    return f"by_pattern({text})"

def two_ways(text):
    return f'["two_ways({text})"]'

def in_memory(text):
    return f"in_memory({text})"

def result(versioned, parts, cached, versions, by_pattern, two_ways, in_memory):
    parts = {name: load() for name, load in parts.items()}
    return [versioned, parts, cached, versions, by_pattern, two_ways, in_memory]

def create_pipeline():
    return Pipeline([
        Node(plain, "raw", "plain", name="plain"),
        Node(versioned, "plain", "versioned", name="versioned"),
        Node(parts, "plain", "parts", name="parts"),
        Node(cached, "plain", "cached", name="cached"),
        Node(cached, "plain", "cached_versions", name="cached_versions"),
        Node(by_pattern, "plain", "some_by_pattern", name="by_pattern"),
        Node(two_ways, "plain", "two_ways@text", name="two_ways"),
        Node(in_memory, "plain", "in_memory", name="in_memory"),
        Node(
            result,
            ["versioned", "parts", "cached", "cached_versions", "some_by_pattern",
             "two_ways@json", "in_memory"],
            "result",
            name="result",
        ),
    ])
"""
OLD, NEW = "2000-01-01T00.00.00.000Z", "2999-01-01T00.00.00.000Z"
KINDS_BASE = {
    "data/raw.txt": "raw",
    "data/plain.txt": WRONG,
    f"data/versioned.json/{OLD}/versioned.json": f'"{WRONG}"',
    f"data/versioned.json/{NEW}/versioned.json": f'"{WRONG}"',
    "data/parts/one.txt": WRONG,
    "data/parts/three.txt": WRONG,
    "data/cached.txt": WRONG,
    f"data/cached_versions.txt/{NEW}/cached_versions.txt": WRONG,
    "data/some.txt": WRONG,
    "data/two_ways.json": f'["{WRONG}"]',
    "data/result.json": f'["{WRONG}"]',
}
KINDS_RESULT = [
    "versioned(plain(raw))",
    {"one": "one(plain(raw))", "two": "two(plain(raw))"},
    "cached(plain(raw))",
    "cached(plain(raw))",
    "by_pattern(plain(raw))",
    ["two_ways(plain(raw))"],
    "in_memory(plain(raw))",
]

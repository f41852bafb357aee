"""A small project on branch dev, over a base that holds wrong data.

The base's raw data is right and all that is computed from it is wrong. So what a run
computes tells what it has read, and a base file that differs tells what it has written.
"""

import contextlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import commit, generate, run

PACKAGE = "toe_test"
WRONG = "BASE-WRONG"
CACHES = {".git", "__pycache__", ".viz"}

# raw -> mid -> out, each step saying in the data what it has read.
CATALOG = """
raw: {type: text.TextDataset, filepath: data/raw.txt}
mid: {type: text.TextDataset, filepath: data/mid.txt}
out: {type: text.TextDataset, filepath: data/out.txt}
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

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, files: dict[str, str]) -> None:
        """Write files, by their path in the project."""
        for name, text in files.items():
            file = self.path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")

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
        return run("kedro", *args, cwd=self.path, env=env, check=check, stdin=stdin)

    def refused(self, *args: str, **env: str) -> str:
        """Run ``kedro run``; return the one line with which it must be refused."""
        result = self.kedro("run", *args, check=False, **env)
        said = result.stdout + result.stderr
        assert result.returncode == 1, said
        assert "Traceback" not in said
        errors = [line for line in said.splitlines() if line.startswith("Error: ")]
        assert len(errors) == 1, said
        assert said.rstrip().endswith(errors[0]), said
        return errors[0]

    def sessions(self, *cases: tuple[dict[str, str], dict[str, str]]) -> None:
        """Run the project for each case: runtime parameters and environment."""
        run("python", "-c", SESSIONS, cwd=self.path, stdin=json.dumps(cases))

    def files(self) -> dict[str, bytes]:
        """Every file of the project with its contents, but for git and caches."""
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
        assert after.keys() == before.keys()
        assert after == before


@pytest.fixture(scope="session")
def empty_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project without the example, committed on main. Do not write to it."""
    folder = tmp_path_factory.mktemp("empty")
    project = generate(folder, example=False, pre_commit=False)
    commit(project)
    return project


@pytest.fixture
def workshop(empty_project: Path, tmp_path: Path) -> Workshop:
    """A project on branch dev with the pipeline raw -> mid -> out."""
    path = tmp_path / "project"
    shutil.copytree(empty_project, path, symlinks=True)
    workshop = Workshop(path)
    workshop.switch("dev")
    workshop.catalog(CATALOG)
    workshop.pipeline(PIPELINE)
    workshop.write(BASE)
    return workshop

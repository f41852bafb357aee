"""What the tests share: generating projects, and running commands in them."""

import compileall
import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest import mock

from cookiecutter.main import cookiecutter

TEMPLATE = Path(__file__).parents[1]
OPTIONS = json.loads((TEMPLATE / "cookiecutter.json").read_text(encoding="utf-8"))
SWITCHES = [key for key, value in OPTIONS.items() if value in ("yes", "no")]
# Options with more answers than yes and no.
CHOICES = [key for key, value in OPTIONS.items() if value == "none"]
# A switch, and the one that it needs.
NEEDS = {"node_stats": "run_status", "slack": "run_status", "email": "run_status"}

# Whatever runs the tests must not reach the commands under test: what Kedro and the
# template read, how git is set up here, and which branch a CI system is building.
FOREIGN = re.compile(
    r"(KEDRO|STEEL_TOES|GIT|CI|GITHUB|GITLAB|BITBUCKET|CIRCLE|JENKINS|BUILD|SYSTEM"
    r"|RUN_STATUS|PROGRESS|NOTIFICATIONS|OPENLINEAGE|AIRFLOW|TF_BUILD|BRANCH_NAME|CHANGE|VIRTUAL_ENV|PYTHONPATH|COV)(_|$)|CIRCLECI$"
)
OWN = {
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "DO_NOT_TRACK": "1",
    "COLUMNS": "200",  # or log lines are wrapped in the middle of what tests look for
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "A. Tester",
    "GIT_AUTHOR_EMAIL": "tester@example.com",
    "GIT_COMMITTER_NAME": "A. Tester",
    "GIT_COMMITTER_EMAIL": "tester@example.com",
}


def with_needs(switch: str) -> dict[str, bool]:
    """A switch that is on, with the one that it needs."""
    needed = {NEEDS[switch]: True} if switch in NEEDS else {}
    return {switch: True} | needed


def without(switch: str) -> dict[str, bool]:
    """A switch that is off, with those that need it."""
    return {switch: False} | {key: False for key in NEEDS if NEEDS[key] == switch}


def environment() -> dict[str, str]:
    """The environment of every command: this one without what could leak in."""
    kept = {key: text for key, text in os.environ.items() if not FOREIGN.match(key)}
    return kept | OWN


def run(
    *args: str | Path,
    cwd: Path,
    env: dict[str, str] | None = None,
    check: bool = True,
    timeout: float = 300,
    stdin: str = "",
) -> subprocess.CompletedProcess[str]:
    """Run a command as a user would; show what it said if it fails."""
    result = subprocess.run(
        [str(arg) for arg in args],
        cwd=cwd,
        env=environment() | (env or {}),
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout,
        check=False,
    )
    if check and result.returncode:
        command = " ".join(map(str, args))
        raise AssertionError(
            f"`{command}` ended with {result.returncode}\n{result.stdout}\n{result.stderr}"
        )
    return result


@functools.cache
def clean_template() -> Path:
    """The template without environments and caches."""
    copy = Path(tempfile.mkdtemp(prefix="template-"), "template")
    ignored = shutil.ignore_patterns(
        ".git", ".venv*", "demo", "__pycache__", ".*_cache"
    )
    shutil.copytree(TEMPLATE, copy, ignore=ignored)
    return copy


def generate(output_dir: Path, **answers: object) -> Path:
    """Make a project called "Toe Test", or what the answers say; return its folder."""
    with mock.patch.dict(os.environ, environment(), clear=True):
        project = cookiecutter(
            str(clean_template()),
            no_input=True,
            extra_context={"project_name": "Toe Test", **answers},
            output_dir=str(output_dir),
            default_config=True,
        )
    return Path(project)


def commit(project: Path, message: str = "Start") -> None:
    """Commit all that git does not ignore."""
    run("git", "add", "--all", cwd=project)
    run("git", "commit", "--quiet", "--message", message, cwd=project)


def pack(project: Path) -> None:
    """Make a project quick to copy and to start: git's objects in one file, byte code."""
    run("git", "repack", "-a", "-d", "--quiet", cwd=project)
    compileall.compile_dir(project / "src", quiet=2)


def tree(folder: Path) -> dict[str, str]:
    """Every file under a folder with its contents, except git's own."""
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }

"""Take out of the new project what is switched off, and start its git repository."""

import json
import os
import shutil
import subprocess
from pathlib import Path

ANSWERS = json.loads(r"""{{ cookiecutter | tojson }}""")
PACKAGE = f"src/{ANSWERS['python_package']}"

GUARDS = ["steel_toes"]
WITH_COMMANDS = ["steel_toes"]

# A path, and the switches that need it: it stays while one of them is on.
NEEDED_BY = {
    f"{PACKAGE}/ops": GUARDS,
    "tests/ops": GUARDS,
    "conf/base/ops.yml": GUARDS,
    f"{PACKAGE}/cli.py": WITH_COMMANDS,
    f"{PACKAGE}/ops/commands": WITH_COMMANDS,
    "tests/test_cli.py": WITH_COMMANDS,
    "tests/ops/commands": WITH_COMMANDS,
    f"{PACKAGE}/pipelines/penguins": ["example"],
    "tests/pipelines/penguins": ["example"],
    "data/01_raw/penguins.csv": ["example"],
    "data/01_raw/README.md": ["example"],
    ".pre-commit-config.yaml": ["pre_commit"],
}


def drop_what_is_off() -> None:
    for path, switches in NEEDED_BY.items():
        if not any(ANSWERS[switch] for switch in switches):
            remove(Path(path))


def remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)  # it may have gone with its folder


def start_git_repository() -> None:
    """Like `cargo new`: a repository of its own, unless an outer one has the project."""
    if shutil.which("git") is None or in_a_repository():
        return
    git("init", "--quiet")
    # `git init --initial-branch` is not known to every git that is still around.
    git("symbolic-ref", "HEAD", "refs/heads/main")


def in_a_repository() -> bool:
    """Whether an outer repository sees this folder: 1 is git's word for "not ignored"."""
    return git("check-ignore", "--quiet", ".") == 1


def git(*arguments: str) -> int:
    # Set in a git hook: git would then work on the repository of that hook.
    hook_variables = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"}
    return subprocess.run(
        ["git", *arguments],
        env={key: os.environ[key] for key in os.environ.keys() - hook_variables},
        stderr=subprocess.DEVNULL,
        check=False,
    ).returncode


drop_what_is_off()
start_git_repository()

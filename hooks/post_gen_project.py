"""Remove what is off from the new project, start its git repository, and link it."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

ANSWERS = dict(json.loads(r"""{{ cookiecutter.items() | list | tojson }}"""))
PACKAGE = Path("src", ANSWERS["python_package"])
KIT = PACKAGE / "ops"

# An option belongs to the folder with its name in ops/. These options share a folder: each
# has the files that begin with its name.
ROOMS = {"slack": "notifications", "email": "notifications"}

CHOICES = {key: ANSWERS[key] for key in ("deploy", "ci") if ANSWERS[key] != "none"}
ON = [key for key, value in ANSWERS.items() if value is True]
ON += [f"{key}: {answer}" for key, answer in CHOICES.items()]

# Other files, and the options that they need. If one is off, the file is removed.
NEEDS = {
    PACKAGE / "pipelines" / "penguins": ["example"],
    Path("tests/pipelines/penguins"): ["example"],
    Path("data/01_raw/penguins.csv"): ["example"],
    Path("data/01_raw/README.md"): ["example"],
    Path("data/01_raw/defect.csv"): ["example", "expectations"],
    Path("conf/base/expectations"): ["example", "expectations"],
    Path("conf/defect"): ["example", "expectations"],
    Path(".pre-commit-config.yaml"): ["pre_commit"],
    Path(".github"): ["ci: github"],
    Path(".gitlab-ci.yml"): ["ci: gitlab"],
    Path("renovate.json"): ["ci: gitlab"],
    Path("Dockerfile"): ["deploy"],
    Path(".dockerignore"): ["deploy"],
    Path("conf/airflow"): ["deploy: airflow"],
    Path("conf/base/airflow.yml"): ["deploy: airflow"],
    Path("tests/test_dags.py"): ["deploy: airflow"],
}
# What is removed if no guard is on.
OF_ANY_GUARD = [KIT, PACKAGE / "cli.py", Path("tests/test_guards.py")]
OF_ANY_GUARD += [Path("conf/base/ops.yml"), Path("conf/logging.yml")]


def drop_byte_code() -> None:
    """Pip compiles the modules of a template that it installs."""
    for path in list(Path().rglob("__pycache__")):
        remove(path)


def drop_what_is_off() -> None:
    for path, answers in NEEDS.items():
        if not {*answers} <= {*ON, *CHOICES}:
            remove(path)
    for switch, room in ROOMS.items():
        for file in (KIT / room).glob(f"{switch}*"):
            if not ANSWERS[switch]:
                remove(file)
    rooms = [path for path in KIT.iterdir() if path.is_dir() and path.name != "core"]
    off = [path for path in rooms if not is_on(path.name)]
    if off == rooms:
        off = OF_ANY_GUARD
    for path in off:
        remove(path)


def is_on(room: str) -> bool:
    switches = [switch for switch in ROOMS if ROOMS[switch] == room] or [room]
    return any(ANSWERS[switch] for switch in switches)


def remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def start_git_repository() -> None:
    """Like `cargo new`: a repository of its own, unless an outer one has the project."""
    if shutil.which("git") is None or in_a_repository() or is_for_comparison():
        return
    git("init", "--quiet")
    # `git init --initial-branch` is not known to every git that is still around.
    git("symbolic-ref", "HEAD", "refs/heads/main")


def in_a_repository() -> bool:
    """Whether an outer repository sees this folder: 1 is git's word for "not ignored"."""
    return git("check-ignore", "--quiet", ".").returncode == 1


def is_for_comparison() -> bool:
    """Whether cruft makes this project in a temporary folder, to look for differences.

    It would take those of .git for differences as well.
    """
    temporary = Path(tempfile.gettempdir()).resolve()
    return "_commit" in ANSWERS and temporary in Path.cwd().parents


def say_what_is_next() -> None:
    on = textwrap.fill(f"On: {', '.join(ON) or 'no guard'}.", 79)
    sys.stdout.write(f"""
{on}
Next:
  cd {ANSWERS["repo_name"]}
  pip install -e ".[dev]"
  kedro run
""")


def git(*arguments: str) -> subprocess.CompletedProcess[str]:
    # Set in a git hook: git would then work on the repository of that hook.
    hook_variables = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"}
    return subprocess.run(
        ["git", *arguments],
        env={key: os.environ[key] for key in os.environ.keys() - hook_variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        check=False,
    )


drop_byte_code()
drop_what_is_off()
start_git_repository()
if "_starter" in ANSWERS:  # else cruft is at work, and writes .cruft.json itself
    sys.path.append(str(Path(ANSWERS["_starter"]["folder"], "hooks")))
    from link_to_template import link_to_template

    link_to_template(ANSWERS, git)
if not is_for_comparison():
    say_what_is_next()

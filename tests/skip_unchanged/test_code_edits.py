"""What of the code decides whether a node runs again, in processes of their own.

Each process imports the edits anew.
"""

import functools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import attr
import attrs
import pytest
from helpers import run
from kit import PACKAGE, PROJECT

from .code_edits import EDITS, FRESH

PROBE = Path(__file__).with_name("code_version_probe.py")
MINORS = range(10, 14)

OTHERS = {"all installed packages"}  # each Python has its own


def python(minor: int) -> str | None:
    """Another Python that is on this machine."""
    if minor == sys.version_info.minor:
        return sys.executable
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    names = [str(each) for each in root.glob(f"versions/3.{minor}.*/bin/python")]
    for name in filter(None, [*names, shutil.which(f"python3.{minor}")]):
        if subprocess.run([name, "-c", ""], check=False).returncode == 0:
            return name
    return None


@pytest.fixture(scope="module")
def probe(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Ask a Python for the code of every edit."""
    libraries = tmp_path_factory.mktemp("libraries")
    for library in (attr, attrs):
        home = Path(str(library.__file__)).parent
        (libraries / home.name).symlink_to(home)

    @functools.cache
    def ask(name: str, seed: int, folder: str) -> dict[str, Any]:
        home = tmp_path_factory.mktemp(folder)
        env = {"PYTHONPATH": str(libraries), "PYTHONHASHSEED": str(seed)}
        env["PYTHONDONTWRITEBYTECODE"] = "1"
        args: list[str | Path] = [name, PROBE, PROJECT, PACKAGE, home]
        said = run(*args, cwd=home, env=env).stdout
        found: dict[str, Any] = json.loads(said)
        return found

    return ask


def wrong(found: dict[str, Any]) -> list[str]:
    return [
        name
        for name, (before, after) in found.items()
        if (before[0] != after[0]) != STALE[name] or before[2] or after[2]
    ]


# Whether a node has to run after each edit, or may, by its name.
STALE = {edit.name: edit.node != FRESH for edit in EDITS}


@pytest.mark.parametrize("minor", MINORS)
def test_every_edit_is_seen_if_and_only_if_it_matters(probe: Any, minor: int) -> None:
    name = python(minor)
    if name is None:
        pytest.skip(f"Python 3.{minor} is not on this machine")

    assert len(STALE) > 100
    assert wrong(probe(name, 1, f"python-{minor}")) == []


def test_another_hash_seed_and_another_folder_change_nothing(probe: Any) -> None:
    here = probe(sys.executable, 1, f"python-{sys.version_info.minor}")

    assert probe(sys.executable, 2, "another-place") == here


@pytest.mark.parametrize("minor", MINORS)
def test_another_python_changes_nothing_but_the_installed_packages(
    probe: Any, minor: int
) -> None:
    name = python(minor)
    if name is None:
        pytest.skip(f"Python 3.{minor} is not on this machine")
    here = probe(sys.executable, 1, f"python-{sys.version_info.minor}")
    there = probe(name, 1, f"python-{minor}")

    for edit, (before, _) in here.items():
        other = there[edit][0]
        differs = [title for title in before[1] if before[1][title] != other[1][title]]
        assert all(any(word in each for word in OTHERS) for each in differs)
        assert (before[0] != other[0]) == bool(differs), edit

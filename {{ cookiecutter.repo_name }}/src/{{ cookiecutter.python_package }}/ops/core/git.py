"""What git says of the project."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any


class GitError(Exception):
    """Git is not there or refuses; the message is its own."""


def commit(project_path: Path) -> dict[str, Any]:
    """The commit that is checked out, and whether its files have been changed since.

    Returns:
        ``commit`` and ``dirty``; nothing where git does not say.
    """
    try:
        status = run_git(project_path, "status", "--porcelain=2", "--branch", "-uno")
    except GitError:
        return {}
    head, *lines = status.splitlines()
    commit = head.removeprefix("# branch.oid ")
    if commit == "(initial)":
        return {}
    return {"commit": commit, "dirty": any(line[0] != "#" for line in lines)}


def branches(project_path: Path) -> set[str]:
    """The names of the branches here and on the remotes, as far as they were fetched.

    Raises:
        GitError: if git does not say.
    """
    return set(_tips(project_path))


def branches_of_remotes(project_path: Path) -> set[str]:
    """The names of the branches that the remotes have now, whether fetched or not.

    Raises:
        GitError: if one of them does not answer.
    """
    found: set[str] = set()
    for remote in run_git(project_path, "remote").splitlines():
        heads = run_git(project_path, "ls-remote", "--heads", remote)
        found |= {line.partition("refs/heads/")[2] for line in heads.splitlines()}
    return found


def merged(project_path: Path, trunks: list[str]) -> set[str]:
    """The branches whose commits have come to a trunk by a merge.

    A branch without commits of its own is not merged, although git says so: its work
    may not be committed yet.

    Raises:
        GitError: if git does not say.
    """
    tips = _tips(project_path)
    found: set[str] = set()
    for trunk in set(trunks) & tips.keys():
        inside = _tips(project_path, f"--merged={tips[trunk]}")
        line = run_git(project_path, "rev-list", "--first-parent", tips[trunk]).split()
        found |= {name for name, tip in inside.items() if tip not in set(line)}
    return found - set(trunks)


def run_git(project_path: Path, *arguments: str) -> str:
    """Run git.

    Raises:
        GitError: if it is not there or refuses.
    """
    try:
        answer = subprocess.run(
            ["git", *arguments],
            cwd=project_path,
            env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},  # nobody may be there
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="surrogateescape",  # a branch may be named in any bytes
            check=True,
        )
    except FileNotFoundError as error:
        raise GitError("git is not installed") from error
    except subprocess.CalledProcessError as error:
        raise GitError(f"git says: {error.stderr.strip()}") from error
    return answer.stdout.strip()


def _tips(project_path: Path, *filters: str) -> dict[str, str]:
    form = "--format=%(refname) %(objectname)"
    refs = run_git(
        project_path, "for-each-ref", form, *filters, "refs/heads", "refs/remotes"
    )
    tips = {}
    for line in sorted(refs.splitlines(), reverse=True):  # heads last: they win
        name, tip = line.split()
        _, kind, short = name.split("/", 2)
        tips[short.partition("/")[2] if kind == "remotes" else short] = tip
    return tips

"""Git: the current branch, its form in a file name, and git commands.

The branch comes from the environment, a CI system or the repository.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from .checksum import short_hash
from .errors import OpsError

VARIABLE = "STEEL_TOES_BRANCH"
_COMMIT = "STEEL_TOES_COMMIT"  # as `git describe --dirty` writes it

# Per CI system: the variable that says that it is the one, then the variables that
# name the branch, first match first. True marks the head of a pull request.
_CI_SYSTEMS: dict[str, dict[str, bool]] = {
    "GITHUB_ACTIONS": {"GITHUB_HEAD_REF": True, "GITHUB_REF": False},
    "GITLAB_CI": {
        "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": True,
        "CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_NAME": True,
        "CI_COMMIT_BRANCH": False,
    },
    "TF_BUILD": {"SYSTEM_PULLREQUEST_SOURCEBRANCH": True, "BUILD_SOURCEBRANCH": False},
    "BITBUCKET_BUILD_NUMBER": {"BITBUCKET_BRANCH": False},
    "CIRCLECI": {"CIRCLE_BRANCH": False},
    "JENKINS_URL": {"CHANGE_BRANCH": True, "BRANCH_NAME": False, "GIT_BRANCH": False},
}
_BITBUCKET_PULL_REQUEST = "BITBUCKET_PR_ID"

# Readable as it stands: lower case, since some file systems do not tell case apart;
# no underscore, since that is what parts the branch from the name of the dataset.
_PLAIN = re.compile(r"[a-z0-9]([a-z0-9.-]{0,38}[a-z0-9])?")
_ENDS_LIKE_A_HASH = re.compile(r"(.*-)?[0-9a-f]{8}")


class GitError(Exception):
    """Git is not installed or failed; the message is git's."""


class Branch(NamedTuple):
    """A branch, by its name in git.

    ``pull_request`` is true for the head branch of a pull request in CI. It may come
    from a fork, so its name may also be that of an unrelated branch here.
    """

    name: str
    pull_request: bool = False

    @property
    def slug(self) -> str:
        """The name as a part of a file name; no two branches share one."""
        return slug(self.name)


def current_branch(
    project_path: Path, environ: Mapping[str, str] = os.environ
) -> Branch:
    """Find the current branch: the environment, then CI's variables, then git.

    Raises:
        OpsError: if there is none: a detached HEAD, no repository, git refuses.
    """
    return _from_variable(environ) or _from_ci(environ) or _from_git(Path(project_path))


def branch_name(project_path: Path) -> str:
    """The name of the current branch; empty if it is not known."""
    try:
        return current_branch(project_path).name
    except OpsError:
        return ""


def in_ci(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether this process runs in a CI system."""
    return environ.get("CI", "").lower() in {"true", "1"} or any(
        environ.get(marker) for marker in _CI_SYSTEMS
    )


@cache
def slug(name: str) -> str:
    """Turn the name of a branch into a part of a file name.

    A plain name stays as it is. Any other name becomes readable text and a hash, which
    distinguishes names that read the same (``feat/x`` and ``feat-x``, ``Fix`` and
    ``fix``).
    """
    if _PLAIN.fullmatch(name) and not _ENDS_LIKE_A_HASH.fullmatch(name):
        return name
    text = re.sub(r"[^a-z0-9]+", "-", name.lower())[:30].strip("-") or "branch"
    return f"{text}-{short_hash(name)}"


def _from_variable(environ: Mapping[str, str]) -> Branch | None:
    name = environ.get(VARIABLE, "").strip()
    if name == "HEAD":
        raise OpsError(f"{VARIABLE}=HEAD is not a branch: set it to the branch's name.")
    return Branch(name) if name else None


def _from_ci(environ: Mapping[str, str]) -> Branch | None:
    for marker, variables in _CI_SYSTEMS.items():
        if not environ.get(marker):
            continue
        if marker == "JENKINS_URL" and environ.get("TAG_NAME"):
            return None  # BRANCH_NAME has the tag's name then
        for variable, pull_request in variables.items():
            name = _branch_of_ref(environ.get(variable, ""))
            if name:
                in_request = pull_request or bool(environ.get(_BITBUCKET_PULL_REQUEST))
                return Branch(name, in_request)
    return None


def _branch_of_ref(ref: str) -> str:
    """``refs/heads/x`` and ``origin/x`` are branch ``x``; a tag's ref is none."""
    name = ref.removeprefix("refs/heads/").removeprefix("origin/")
    return "" if name == "HEAD" or name.startswith("refs/") else name


def _from_git(project_path: Path) -> Branch:
    head = _read_head(project_path)
    name = head.removeprefix("ref: refs/heads/")
    if name == head:
        raise _unknown(f"HEAD of {project_path} is detached")
    if name == ".invalid":  # the repository keeps its refs in git's newer "reftable"
        try:
            name = run_git(project_path, "symbolic-ref", "--short", "HEAD")
        except GitError as error:
            raise _unknown(str(error)) from error
    return Branch(name)


def _read_head(project_path: Path) -> str:
    for folder in (project_path, *project_path.parents):
        git = folder / ".git"
        try:
            if git.is_file():  # a worktree or a submodule: the file names the folder
                git = folder / git.read_text("utf-8").removeprefix("gitdir:").strip()
            if (git / "HEAD").is_file():
                head = (git / "HEAD").read_text("utf-8", "surrogateescape")
                return head.rstrip("\n")
        except OSError as error:
            raise _unknown(f"git's folder cannot be read ({error})") from error
    raise _unknown(f"{project_path} is not in a git repository")


def _unknown(reason: str) -> OpsError:
    return OpsError(
        f"The git branch is unknown: {reason}. Switch to a branch (git switch NAME; git "
        f"init -b main in a new project), or set {VARIABLE}=NAME."
    )


# What git says


def commit(
    project_path: Path, environ: Mapping[str, str] = os.environ
) -> dict[str, Any]:
    """The commit that is checked out, and whether files have changed since.

    An image has no git repository: there, a variable names the commit.

    Returns:
        ``commit`` and ``dirty``; nothing where neither says.
    """
    try:
        status = run_git(project_path, "status", "--porcelain=2", "--branch", "-uno")
    except GitError:
        given = environ.get(_COMMIT, "").strip()
        name = given.removesuffix("-dirty")
        return {"commit": name, "dirty": name != given} if name else {}
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
    """The branches that a merge commit brought to a trunk.

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

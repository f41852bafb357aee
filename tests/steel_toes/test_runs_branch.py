"""Which branch a run is on: the variable, else the CI system's, else git."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from helpers import run
from steel_toes_helpers import BASE, CATALOG, WRONG, Workshop

pytest_plugins = ["steel_toes_fixtures"]

SHA = "0123456789012345678901234567890123456789"
# Variables as the systems set them, and the branch that they mean. "main" is the
# head of a pull request from a fork each time: not the trunk of this repository.
CASES: dict[str, tuple[str, dict[str, str]]] = {
    "variable": (
        "told",
        {
            "STEEL_TOES_BRANCH": "told",
            "GITHUB_ACTIONS": "true",
            "GITHUB_REF": "refs/heads/not-told",
        },
    ),
    "github-push": (
        "pushed",
        {
            "GITHUB_ACTIONS": "true",
            "CI": "true",
            "GITHUB_HEAD_REF": "",
            "GITHUB_REF": "refs/heads/pushed",
            "GITHUB_REF_NAME": "pushed",
        },
    ),
    "github-pull-request": (
        "proposed",
        {
            "GITHUB_ACTIONS": "true",
            "CI": "true",
            "GITHUB_BASE_REF": "main",
            "GITHUB_HEAD_REF": "proposed",
            "GITHUB_REF": "refs/pull/7/merge",
        },
    ),
    "github-fork": (
        "main",
        {
            "GITHUB_ACTIONS": "true",
            "CI": "true",
            "GITHUB_BASE_REF": "main",
            "GITHUB_HEAD_REF": "main",
            "GITHUB_REF": "refs/pull/8/merge",
        },
    ),
    "gitlab-branch": (
        "pushed",
        {"GITLAB_CI": "true", "CI": "true", "CI_COMMIT_BRANCH": "pushed"},
    ),
    "gitlab-merge-request": (
        "proposed",
        {
            "GITLAB_CI": "true",
            "CI": "true",
            "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "proposed",
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
            "CI_COMMIT_REF_NAME": "proposed",
        },
    ),
    "gitlab-fork": (
        "main",
        {
            "GITLAB_CI": "true",
            "CI": "true",
            "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "main",
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
        },
    ),
    "azure-branch": (
        "pushed",
        {"TF_BUILD": "True", "BUILD_SOURCEBRANCH": "refs/heads/pushed"},
    ),
    "azure-pull-request": (
        "proposed",
        {
            "TF_BUILD": "True",
            "BUILD_SOURCEBRANCH": "refs/pull/9/merge",
            "SYSTEM_PULLREQUEST_SOURCEBRANCH": "refs/heads/proposed",
            "SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main",
        },
    ),
    "azure-fork": (
        "main",
        {
            "TF_BUILD": "True",
            "BUILD_SOURCEBRANCH": "refs/pull/9/merge",
            "SYSTEM_PULLREQUEST_SOURCEBRANCH": "refs/heads/main",
        },
    ),
    "bitbucket-branch": (
        "pushed",
        {"BITBUCKET_BUILD_NUMBER": "12", "CI": "true", "BITBUCKET_BRANCH": "pushed"},
    ),
    "bitbucket-fork": (
        "main",
        {
            "BITBUCKET_BUILD_NUMBER": "13",
            "CI": "true",
            "BITBUCKET_BRANCH": "main",
            "BITBUCKET_PR_ID": "3",
        },
    ),
    "circleci-branch": (
        "pushed",
        {"CIRCLECI": "true", "CI": "true", "CIRCLE_BRANCH": "pushed"},
    ),
    "jenkins-branch": (
        "pushed",
        {"JENKINS_URL": "http://jenkins/", "BRANCH_NAME": "pushed"},
    ),
    "jenkins-job-with-git": (
        "pushed",
        {"JENKINS_URL": "http://jenkins/", "GIT_BRANCH": "origin/pushed"},
    ),
    "jenkins-pull-request": (
        "proposed",
        {
            "JENKINS_URL": "http://jenkins/",
            "BRANCH_NAME": "PR-5",
            "CHANGE_BRANCH": "proposed",
            "CHANGE_TARGET": "main",
        },
    ),
    "jenkins-fork": (
        "main",
        {
            "JENKINS_URL": "http://jenkins/",
            "BRANCH_NAME": "PR-6",
            "CHANGE_BRANCH": "main",
        },
    ),
    "not-ci": ("dev", {"BRANCH_NAME": "someones", "CIRCLE_BRANCH": "someones"}),
}


def test_every_ci_system_says_the_branch_and_a_forks_main_is_no_trunk(
    workshop: Workshop,
) -> None:
    workshop.catalog(CATALOG.replace("data/mid", "data/${runtime_params:case}/mid"))
    workshop.write({f"data/{case}/mid.txt": WRONG for case in CASES})
    before = workshop.files()

    workshop.sessions(
        *(({"case": case}, variables) for case, (_, variables) in CASES.items())
    )

    after = workshop.files()
    assert {path: after[path] for path in before} == before
    seen = {path for path in workshop.new_files(before) if "/mid_" in path}
    assert seen == {
        f"data/{case}/mid_{branch}.txt" for case, (branch, _) in CASES.items()
    }


def test_ci_on_the_trunk_writes_the_base(workshop: Workshop) -> None:
    variables = {"GITHUB_ACTIONS": "true", "GITHUB_REF": "refs/heads/main"}
    before = workshop.files()

    workshop.kedro("run", **variables)

    assert workshop.new_files(before) == set()
    assert workshop.read("data/out.txt") == "total(clean(raw))"


def test_a_detached_head_is_refused(workshop: Workshop) -> None:
    head = run("git", "rev-parse", "main", cwd=workshop.path).stdout
    workshop.write({".git/HEAD": head})
    before = workshop.files()

    error = workshop.refused()

    assert "detached" in error
    assert "git switch" in error
    assert "STEEL_TOES_BRANCH=NAME" in error
    on_a_tag = {"GITHUB_ACTIONS": "true", "GITHUB_REF": "refs/tags/v1"}
    assert "detached" in workshop.refused(**on_a_tag)
    assert workshop.files() == before

    with workshop.base_untouched("told"):
        workshop.kedro("run", STEEL_TOES_BRANCH="told")

    assert workshop.read("data/out_told.txt") == "total(clean(raw))"


def test_a_project_in_no_repository_is_refused(workshop: Workshop) -> None:
    shutil.rmtree(workshop.path / ".git")
    before = workshop.files()

    error = workshop.refused()

    assert "not in a git repository" in error
    assert "git init" in error
    assert workshop.files() == before


def test_a_worktree_is_on_its_own_branch(workshop: Workshop) -> None:
    tree = workshop.path.parent / "tree"
    run("git", "add", "--all", "src", "conf", cwd=workshop.path)
    run("git", "commit", "--quiet", "--message", "Toes", cwd=workshop.path)
    run("git", "worktree", "add", "-b", "wood", tree, cwd=workshop.path)
    there = Workshop(tree, workshop.without)
    there.write(BASE)

    with workshop.base_untouched(), there.base_untouched("wood"):
        there.kedro("run")

    assert there.read("data/out_wood.txt") == "total(clean(raw))"


def test_a_submodule_is_on_its_own_branch(workshop: Workshop) -> None:
    outer = workshop.path.parent / "outer"
    outer.mkdir()
    run("git", "init", "--quiet", cwd=outer)
    run("git", "symbolic-ref", "HEAD", "refs/heads/outside", cwd=outer)
    run("git", "add", "--all", "src", "conf", cwd=workshop.path)
    run("git", "commit", "--quiet", "--message", "Toes", cwd=workshop.path)
    clone = ("git", "-c", "protocol.file.allow=always", "submodule", "add", "--quiet")
    run(*clone, workshop.path, "inner", cwd=outer)
    run("git", "switch", "--quiet", "--create", "inside", cwd=outer / "inner")
    there = Workshop(outer / "inner", workshop.without)
    there.write(BASE)

    with there.base_untouched("inside"):
        there.kedro("run")

    assert there.read("data/out_inside.txt") == "total(clean(raw))"


def test_a_project_in_a_folder_of_a_repository_is_on_its_branch(
    workshop: Workshop,
) -> None:
    (workshop.path / ".git").rename(workshop.path.parent / ".git")

    with workshop.base_untouched():
        workshop.kedro("run", GIT_TEST_ASSUME_DIFFERENT_OWNER="1")

    assert workshop.read("data/out_dev.txt") == "total(clean(raw))"


needs_sh = pytest.mark.skipif(
    sys.platform == "win32", reason="its stand-in for git is a shell script"
)


def put_git_on_path(workshop: Workshop, script: str) -> dict[str, str]:
    """Have ``git`` be a script that writes its calls to the file ``calls`` first."""
    folder = workshop.path.parent / "bin"
    folder.mkdir()
    git = folder / "git"
    calls = workshop.path.parent / "calls"
    git.write_text(f'#!/bin/sh\necho "$@" >> "{calls}"\n{script}\n', encoding="utf-8")
    git.chmod(0o755)
    scripts = Path(sys.executable).parent
    return {"PATH": os.pathsep.join([str(folder), str(scripts), os.environ["PATH"]])}


@needs_sh
def test_no_git_is_started_to_know_the_branch(workshop: Workshop) -> None:
    env = put_git_on_path(workshop, "exit 1")
    calls = workshop.path.parent / "calls"

    workshop.kedro("run", STEEL_TOES="off", **env)
    of_kedro = calls.read_text(encoding="utf-8")
    calls.unlink()
    workshop.kedro("run", **env)

    assert workshop.has("data/out_dev.txt")
    # What is more is for the manifest: the commit, and whether it is all there.
    of_manifest = "status --porcelain=2 --branch -uno\n"
    assert calls.read_text(encoding="utf-8") == of_kedro + of_manifest


@needs_sh
def test_git_is_asked_where_its_folder_does_not_say(workshop: Workshop) -> None:
    """As in the "reftable" format of git, which not every git can make yet."""
    workshop.write({".git/HEAD": "ref: refs/heads/.invalid\n"})
    answer = 'case "$*" in *symbolic-ref*) echo asked;; *) exit 1;; esac'

    with workshop.base_untouched("asked"):
        workshop.kedro("run", **put_git_on_path(workshop, answer))

    assert workshop.read("data/out_asked.txt") == "total(clean(raw))"


@needs_sh
def test_what_git_says_when_it_refuses_is_shown(workshop: Workshop) -> None:
    workshop.write({".git/HEAD": "ref: refs/heads/.invalid\n"})
    dubious = "echo 'fatal: detected dubious ownership in repository' >&2; exit 128"
    before = workshop.files()

    error = workshop.refused(**put_git_on_path(workshop, dubious))

    assert "dubious ownership" in error
    assert "STEEL_TOES_BRANCH" in error
    assert workshop.files() == before

"""Which branch is this: the environment, CI systems, git; and what git says."""

import shutil
import subprocess

import pytest
from kit import ops

module = ops("core.git")
OpsError = ops("core.errors").OpsError


@pytest.fixture
def repository(tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/feat/x\n")
    return tmp_path


def test_git_is_read_from_the_folder_of_the_repository_or_below(repository):
    below = repository / "project" / "src"
    below.mkdir(parents=True)

    assert module.current_branch(repository, {}).name == "feat/x"
    assert module.current_branch(below, {}).name == "feat/x"


def test_a_worktree_has_its_own_branch(repository, tmp_path):
    worktree, folder = tmp_path / "tree", repository / ".git" / "worktrees" / "tree"
    worktree.mkdir()
    folder.mkdir(parents=True)
    (worktree / ".git").write_text(f"gitdir: {folder}\n")
    (folder / "HEAD").write_text("ref: refs/heads/other\n")

    assert module.current_branch(worktree, {}).name == "other"


def test_the_variable_comes_before_ci_and_ci_before_git(repository):
    ci = {"CIRCLECI": "true", "CIRCLE_BRANCH": "from-ci"}

    assert module.current_branch(repository, ci).name == "from-ci"
    ci["STEEL_TOES_BRANCH"] = "by-hand"
    assert module.current_branch(repository, ci).name == "by-hand"


@pytest.mark.parametrize(
    ("variables", "name", "pull_request"),
    [
        ({"GITHUB_ACTIONS": "true", "GITHUB_REF": "refs/heads/a/b"}, "a/b", False),
        (
            {
                "GITHUB_ACTIONS": "true",
                "GITHUB_REF": "refs/pull/1/merge",
                "GITHUB_HEAD_REF": "main",
            },
            "main",
            True,
        ),
        ({"GITLAB_CI": "true", "CI_COMMIT_BRANCH": "dev"}, "dev", False),
        (
            {"GITLAB_CI": "true", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "dev"},
            "dev",
            True,
        ),
        ({"TF_BUILD": "True", "BUILD_SOURCEBRANCH": "refs/heads/a/b"}, "a/b", False),
        (
            {
                "TF_BUILD": "True",
                "BUILD_SOURCEBRANCH": "refs/pull/1/merge",
                "SYSTEM_PULLREQUEST_SOURCEBRANCH": "refs/heads/dev",
            },
            "dev",
            True,
        ),
        ({"BITBUCKET_BUILD_NUMBER": "1", "BITBUCKET_BRANCH": "dev"}, "dev", False),
        (
            {
                "BITBUCKET_BUILD_NUMBER": "1",
                "BITBUCKET_BRANCH": "dev",
                "BITBUCKET_PR_ID": "7",
            },
            "dev",
            True,
        ),
        ({"CIRCLECI": "true", "CIRCLE_BRANCH": "dev"}, "dev", False),
        ({"JENKINS_URL": "http://ci", "GIT_BRANCH": "origin/a/b"}, "a/b", False),
        (
            {
                "JENKINS_URL": "http://ci",
                "BRANCH_NAME": "PR-1",
                "CHANGE_BRANCH": "dev",
            },
            "dev",
            True,
        ),
    ],
)
def test_ci_systems_name_the_branch_and_a_pull_request_is_its_head(
    tmp_path, variables, name, pull_request
):
    found = module.current_branch(tmp_path, variables)

    assert (found.name, found.pull_request) == (name, pull_request)


def test_variables_of_ci_systems_mean_nothing_elsewhere(repository):
    variables = {"BRANCH_NAME": "x", "GITHUB_REF": "refs/heads/y", "GIT_BRANCH": "z"}

    assert module.current_branch(repository, variables).name == "feat/x"


@pytest.mark.parametrize(
    "variables",
    [
        {"GITHUB_ACTIONS": "true", "GITHUB_REF": "refs/tags/v1"},
        {"JENKINS_URL": "http://ci", "TAG_NAME": "v1", "BRANCH_NAME": "v1"},
    ],
)
def test_a_tag_in_ci_is_no_branch(tmp_path, variables):
    with pytest.raises(OpsError, match="STEEL_TOES_BRANCH"):
        module.current_branch(tmp_path, variables)


def test_a_detached_head_is_an_error_that_names_the_remedy(repository):
    (repository / ".git" / "HEAD").write_text("0123456789abcdef\n")

    with pytest.raises(OpsError, match="detached.*git switch.*STEEL_TOES_BRANCH"):
        module.current_branch(repository, {})


def test_no_repository_is_an_error_that_names_the_remedy(tmp_path):
    with pytest.raises(OpsError, match="not in a git repository.*git init"):
        module.current_branch(tmp_path, {})


def test_head_is_not_taken_for_a_branch(repository):
    with pytest.raises(OpsError, match="STEEL_TOES_BRANCH=HEAD"):
        module.current_branch(repository, {"STEEL_TOES_BRANCH": "HEAD"})
    jenkins = {"JENKINS_URL": "http://ci", "GIT_BRANCH": "HEAD"}
    assert module.current_branch(repository, jenkins).name == "feat/x"


def test_a_folder_that_cannot_be_read_is_an_error(tmp_path):
    (tmp_path / ".git").write_bytes(b"gitdir: \x00")
    (tmp_path / ".git").chmod(0o600)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / ".git").write_text("gitdir: " + "x" * 5000)

    with pytest.raises(OpsError, match="cannot be read"):
        module.current_branch(tmp_path / "sub", {})


def test_git_is_asked_where_its_refs_are_not_files(repository):
    subprocess.run(["git", "init", "-q", str(repository)], check=True)
    head = repository / ".git" / "HEAD"
    head.write_text("ref: refs/heads/.invalid\n")  # what "reftable" leaves here
    with pytest.raises(OpsError, match="git says: "):
        module.current_branch(repository, {})


def test_a_missing_git_is_an_error_that_names_the_remedy(repository, monkeypatch):
    (repository / ".git" / "HEAD").write_text("ref: refs/heads/.invalid\n")
    monkeypatch.setenv("PATH", str(repository))
    assert shutil.which("git") is None

    with pytest.raises(OpsError, match="git is not installed.*STEEL_TOES_BRANCH"):
        module.current_branch(repository, {})


@pytest.mark.parametrize("name", ["dev", "feature-7", "v1.2", "a" * 40])
def test_a_plain_name_stays_as_it_is(name):
    assert module.slug(name) == name


@pytest.mark.parametrize(
    "names",
    [
        ["feat/x", "feat-x", "feat_x", "feat.x", "feat//x"],
        ["fix", "Fix", "FIX"],
        ["a" * 200, "a" * 201, "a" * 40],
        ["..", ".", "../..", "...", "-"],
        ["größe", "grosse", "gr\u006f\u0308ße", "修复", "修"],
        ["dev_x", "dev-x", "dev x"],
        ["0123abcd", "x-0123abcd"],
    ],
)
def test_no_two_branches_share_a_slug(names):
    slugs = {module.slug(name) for name in names}

    assert len(slugs) == len(names)


def test_the_slug_of_a_branch_is_not_the_name_of_another():
    for name in ("feat/x", "修复", "Fix #3"):
        assert module.slug(module.slug(name)) != module.slug(name)


@pytest.mark.parametrize("name", ["..", "a/../b", "Fix #3", "x" * 200, "con.", "修复"])
def test_a_slug_is_short_and_safe_in_a_file_name(name):
    slug = module.Branch(name).slug

    assert len(slug) <= 40
    assert set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-")
    assert slug.strip(".-") == slug


def test_ci_is_told_from_a_laptop():
    assert module.in_ci({"CI": "true"})
    assert module.in_ci({"TF_BUILD": "True"})
    assert not module.in_ci({"CI": "false"})
    assert not module.in_ci({})


# What git says


@pytest.fixture
def git(tmp_path, monkeypatch):
    for key in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{key}_NAME", "A. Tester")
        monkeypatch.setenv(f"GIT_{key}_EMAIL", "tester@example.com")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")

    def run(*arguments):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)

    run("init", "--quiet")
    run("symbolic-ref", "HEAD", "refs/heads/main")
    return run


def commit(git, path, text):
    (path / "file").write_text(text)
    git("add", "file")
    git("commit", "--quiet", "--message", text)


def test_the_commit_is_known_and_whether_files_have_changed(git, tmp_path):
    assert module.commit(tmp_path) == {}  # there is none yet
    commit(git, tmp_path, "one")
    (tmp_path / "new").write_text("not followed by git")

    found = module.commit(tmp_path)
    assert len(found["commit"]) == 40
    assert found["dirty"] is False

    (tmp_path / "file").write_text("changed")
    assert module.commit(tmp_path) == {**found, "dirty": True}


@pytest.mark.parametrize(
    ("given", "known"),
    [
        ("0123abcd", {"commit": "0123abcd", "dirty": False}),
        ("0123abcd-dirty", {"commit": "0123abcd", "dirty": True}),
        ("", {}),
    ],
)
def test_in_an_image_a_variable_names_the_commit(given, known, tmp_path):
    assert module.commit(tmp_path, {"STEEL_TOES_COMMIT": given}) == known


def test_the_repository_knows_the_commit_better_than_a_variable(git, tmp_path):
    commit(git, tmp_path, "one")

    found = module.commit(tmp_path, {"STEEL_TOES_COMMIT": "0123abcd"})
    assert len(found["commit"]) == 40


def test_without_git_nothing_is_known(tmp_path, monkeypatch):
    assert module.commit(tmp_path) == {}
    with pytest.raises(module.GitError, match="git says: .*not a git repository"):
        module.branches(tmp_path)

    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(module.GitError, match="not installed"):
        module.branches(tmp_path)


def test_branches_are_those_here_and_on_remotes(git, tmp_path):
    commit(git, tmp_path, "one")
    git("branch", "feat/x")
    git("update-ref", "refs/remotes/origin/feat/theirs", "HEAD")

    assert module.branches(tmp_path) == {"main", "feat/x", "feat/theirs"}


def test_only_a_branch_with_commits_of_its_own_can_have_been_merged(git, tmp_path):
    commit(git, tmp_path, "one")
    git("branch", "fresh")
    git("switch", "--quiet", "--create", "forward")
    commit(git, tmp_path, "two")
    git("switch", "--quiet", "main")
    git("merge", "--quiet", "--ff-only", "forward")
    for name in ("done", "open"):
        git("switch", "--quiet", "--create", name)
        commit(git, tmp_path, name)
        git("switch", "--quiet", "main")
    git("merge", "--quiet", "--no-ff", "--no-edit", "done")

    assert module.merged(tmp_path, ["main", "master"]) == {"done"}
    assert module.merged(tmp_path, ["master"]) == set()

"""What git says of the project."""

import subprocess

import pytest
from kit import ops

repository = ops("core.git")


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
    assert repository.commit(tmp_path) == {}  # there is none yet
    commit(git, tmp_path, "one")
    (tmp_path / "new").write_text("not followed by git")

    found = repository.commit(tmp_path)
    assert len(found["commit"]) == 40
    assert found["dirty"] is False

    (tmp_path / "file").write_text("changed")
    assert repository.commit(tmp_path) == {**found, "dirty": True}


def test_without_git_nothing_is_known(tmp_path, monkeypatch):
    assert repository.commit(tmp_path) == {}
    with pytest.raises(repository.GitError, match="git says: .*not a git repository"):
        repository.branches(tmp_path)

    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(repository.GitError, match="not installed"):
        repository.branches(tmp_path)


def test_branches_are_those_here_and_on_remotes(git, tmp_path):
    commit(git, tmp_path, "one")
    git("branch", "feat/x")
    git("update-ref", "refs/remotes/origin/feat/theirs", "HEAD")

    assert repository.branches(tmp_path) == {"main", "feat/x", "feat/theirs"}


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

    assert repository.merged(tmp_path, ["main", "master"]) == {"done"}
    assert repository.merged(tmp_path, ["master"]) == set()

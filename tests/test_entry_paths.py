"""Every way to start a project gives the same project.

All start from a clone that git made of what git would commit here, so a file of the
template that git ignores, and that was not added by force, is missed.
"""

import shutil
import sys
from pathlib import Path

import pytest
from helpers import OPTIONS, SWITCHES, TEMPLATE, commit, generate, run, tree

NAME = "New Kedro Project"
FOLDER = "new-kedro-project"


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template as git would have it, tagged v1."""
    folder = tmp_path_factory.mktemp("clone")
    origin, clone = folder / "origin", folder / "starter"
    listed = run(
        *("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"),
        cwd=TEMPLATE,
    )
    for name in filter(None, listed.stdout.split("\0")):
        (origin / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(TEMPLATE / name, origin / name)
    run("git", "init", "--quiet", cwd=origin)
    run("git", "add", "--all", "--force", cwd=origin)
    run("git", "commit", "--quiet", "--message", "Template", cwd=origin)
    run("git", "clone", "--quiet", origin, clone, cwd=folder)
    run("git", "tag", "v1", cwd=clone)
    return clone


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The default project, made from the files that are here."""
    return tree(generate(tmp_path_factory.mktemp("expected"), project_name=NAME))


def test_kedro_new_with_answers(clone, expected, tmp_path):
    words = ["yes" if OPTIONS[switch] else "no" for switch in SWITCHES]
    answers = "\n".join([NAME, *words])

    run("kedro", "new", "--starter", clone, cwd=tmp_path, stdin=answers + "\n")

    assert tree(tmp_path / FOLDER) == expected


def test_kedro_new_with_enter_for_every_answer(clone, expected, tmp_path):
    enter = "\n" * (1 + len(SWITCHES))

    run("kedro", "new", "--starter", clone, cwd=tmp_path, stdin=enter)

    assert tree(tmp_path / FOLDER) == expected


def test_kedro_new_with_a_name(clone, expected, tmp_path):
    command = ("kedro", "new", "--starter", clone, "--name", NAME)

    run(*command, cwd=tmp_path, stdin="\n" * len(SWITCHES))

    assert tree(tmp_path / FOLDER) == expected


def test_kedro_new_with_a_config_file(clone, expected, tmp_path):
    config = clone / "example-config.yml"

    run("kedro", "new", "--starter", clone, "--config", config, cwd=tmp_path)

    assert tree(tmp_path / FOLDER) == expected


def new_from_git(clone: Path, cwd: Path, *options: str) -> None:
    address = f"git+{clone.as_uri()}"
    config = clone / "example-config.yml"
    command = ("kedro", "new", "--starter", address, "--config", config, *options)
    # Cookiecutter keeps its clones in the home folder.
    run(*command, cwd=cwd, env={"HOME": str(cwd), "USERPROFILE": str(cwd)})


def test_kedro_new_from_a_git_address(clone, expected, tmp_path):
    new_from_git(clone, tmp_path)

    assert tree(tmp_path / FOLDER) == expected


def test_kedro_new_from_a_tag_of_a_git_address(clone, expected, tmp_path):
    later = tmp_path / "later"
    run("git", "clone", "--quiet", clone, later, cwd=tmp_path)
    (later / "{{ cookiecutter.repo_name }}" / "later.txt").touch()
    commit(later)

    new_from_git(later, tmp_path, "--checkout", "v1")

    assert tree(tmp_path / FOLDER) == expected


def test_kedro_new_from_a_zip_file(clone, expected, tmp_path):
    config = clone / "example-config.yml"
    run(
        *("git", "archive", "--prefix=starter/", "-o", tmp_path / "s.zip", "HEAD"),
        cwd=clone,
    )

    run("kedro", "new", "--starter=s.zip", "--config", config, cwd=tmp_path)

    assert tree(tmp_path / FOLDER) == expected


def test_plain_cookiecutter(clone, expected, tmp_path):
    run("cookiecutter", "--no-input", clone, cwd=tmp_path)

    assert tree(tmp_path / FOLDER) == expected


def test_plain_cookiecutter_with_enter_for_every_answer(clone, expected, tmp_path):
    run("cookiecutter", clone, cwd=tmp_path, stdin="\n" * 20)

    assert tree(tmp_path / FOLDER) == expected


def test_the_project_is_a_git_repository_on_main(clone, tmp_path):
    run("cookiecutter", "--no-input", clone, cwd=tmp_path)

    head = run("git", "symbolic-ref", "HEAD", cwd=tmp_path / FOLDER).stdout
    top = run("git", "rev-parse", "--show-toplevel", cwd=tmp_path / FOLDER).stdout
    assert head.strip() == "refs/heads/main"
    assert Path(top.strip()) == tmp_path / FOLDER


def test_inside_a_repository_the_project_joins_it(clone, tmp_path):
    run("git", "init", "--quiet", cwd=tmp_path)

    run("cookiecutter", "--no-input", clone, cwd=tmp_path)

    assert not (tmp_path / FOLDER / ".git").exists()


def test_in_a_folder_that_a_repository_ignores_the_project_has_its_own(clone, tmp_path):
    run("git", "init", "--quiet", cwd=tmp_path)
    (tmp_path / ".gitignore").write_text(f"{FOLDER}/\n", encoding="utf-8")

    run("cookiecutter", "--no-input", clone, cwd=tmp_path)

    assert (tmp_path / FOLDER / ".git").is_dir()


def test_without_git_the_project_is_made_all_the_same(clone, expected, tmp_path):
    cookiecutter = Path(sys.executable).with_name("cookiecutter")
    nothing = {"PATH": str(tmp_path)}

    run(cookiecutter, "--no-input", clone, cwd=tmp_path, env=nothing)

    assert tree(tmp_path / FOLDER) == expected
    assert not (tmp_path / FOLDER / ".git").exists()

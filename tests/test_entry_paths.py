"""Every way to start a project gives the same project, and links it to its template.

All start from a clone that git made of what git would commit here, so a file of the
template that git ignores, and that was not added by force, is missed.
"""

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from helpers import CHOICES, OPTIONS, SWITCHES, TEMPLATE, commit, generate, run, tree

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


def files(project: Path) -> dict[str, str]:
    """Every file of a project but its link, which differs with the way."""
    return {name: text for name, text in tree(project).items() if name != ".cruft.json"}


def test_kedro_new_with_answers(clone, expected, tmp_path):
    words = [OPTIONS[option] for option in [*SWITCHES, *CHOICES]]
    answers = "\n".join([NAME, *words])

    run("kedro", "new", "--starter", clone, cwd=tmp_path, stdin=answers + "\n")

    assert files(tmp_path / FOLDER) == expected


def test_kedro_new_with_enter_for_every_answer(clone, expected, tmp_path):
    enter = "\n" * (1 + len(SWITCHES) + len(CHOICES))

    run("kedro", "new", "--starter", clone, cwd=tmp_path, stdin=enter)

    assert files(tmp_path / FOLDER) == expected


def test_kedro_new_with_a_name(clone, expected, tmp_path):
    command = ("kedro", "new", "--starter", clone, "--name", NAME)

    run(*command, cwd=tmp_path, stdin="\n" * len([*SWITCHES, *CHOICES]))

    assert files(tmp_path / FOLDER) == expected


def test_kedro_new_with_a_config_file(clone, expected, tmp_path):
    config = clone / "example-config.yml"

    run("kedro", "new", "--starter", clone, "--config", config, cwd=tmp_path)

    assert files(tmp_path / FOLDER) == expected


def home(folder: Path) -> dict[str, str]:
    """Cookiecutter keeps its clones in the home folder."""
    return {"HOME": str(folder), "USERPROFILE": str(folder)}


def new_from_git(clone: Path, cwd: Path, *options: str) -> None:
    address = f"git+{clone.as_uri()}"
    config = TEMPLATE / "example-config.yml"
    command = ("kedro", "new", "--starter", address, "--config", config, *options)
    run(*command, cwd=cwd, env=home(cwd))


def test_kedro_new_from_a_git_address(clone, expected, tmp_path):
    new_from_git(clone, tmp_path)

    assert files(tmp_path / FOLDER) == expected


def test_kedro_new_from_a_tag_of_a_git_address(clone, expected, tmp_path):
    later = tmp_path / "later"
    run("git", "clone", "--quiet", clone, later, cwd=tmp_path)
    (later / "{{ cookiecutter.repo_name }}" / "later.txt").touch()
    commit(later)

    new_from_git(later, tmp_path, "--checkout", "v1")

    assert files(tmp_path / FOLDER) == expected


def test_kedro_new_from_a_zip_file(clone, expected, tmp_path):
    config = clone / "example-config.yml"
    run(
        *("git", "archive", "--prefix=starter/", "-o", tmp_path / "s.zip", "HEAD"),
        cwd=clone,
    )

    run("kedro", "new", "--starter=s.zip", "--config", config, cwd=tmp_path)

    assert files(tmp_path / FOLDER) == expected


def test_plain_cookiecutter(clone, expected, tmp_path):
    run("cookiecutter", "--no-input", clone, cwd=tmp_path)

    assert files(tmp_path / FOLDER) == expected


def test_plain_cookiecutter_with_enter_for_every_answer(clone, expected, tmp_path):
    run("cookiecutter", clone, cwd=tmp_path, stdin="\n" * 20)

    assert files(tmp_path / FOLDER) == expected


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

    assert files(tmp_path / FOLDER) == expected
    assert not (tmp_path / FOLDER / ".git").exists()


NO_COMMIT = (
    "This starter came without a git commit (a zip file or a plain folder), "
    "so `cruft update` cannot follow it.\n"
)


def link(project: Path) -> dict[str, Any]:
    return json.loads((project / ".cruft.json").read_text(encoding="utf-8"))


def head(repository: Path, name: str = "HEAD") -> str:
    return run("git", "rev-parse", f"{name}^{{commit}}", cwd=repository).stdout.strip()


def assert_linked(
    project: Path,
    template: str | Path,
    commit: str,
    checkout: str | None = None,
    directory: str | None = None,
) -> None:
    """The link names all this, and cruft, which clones the template, agrees."""
    found = link(project)
    answers = found.pop("context")["cookiecutter"]
    assert found == {
        "template": str(template),
        "commit": commit,
        "checkout": checkout,
        "directory": directory,
    }
    public = {key: answers[key] for key in answers if key[0] != "_"}
    plain = {key: OPTIONS[key] for key in OPTIONS if key[0] != "_"}
    plain |= {switch: OPTIONS[switch] == "yes" for switch in SWITCHES}
    package = FOLDER.replace("-", "_")
    assert public == plain | {"repo_name": FOLDER, "python_package": package}
    commit_all(project)
    assert run("cruft", "diff", cwd=project).stdout == ""


def commit_all(project: Path) -> None:
    """Commit as a team would that has git settings and credentials of its own."""
    run("git", "config", "user.name", "Somebody", cwd=project)
    (project / "conf" / "local" / "credentials.yml").write_text("db: secret\n")
    commit(project)
    assert ".cruft.json" in run("git", "ls-files", cwd=project).stdout


@pytest.fixture
def two_starters(clone, tmp_path: Path) -> Path:
    """A repository that has the template in a folder, tagged v2."""
    folder = tmp_path / "two"
    ignored = shutil.ignore_patterns(".git")
    shutil.copytree(clone, folder / "kedro-starter", ignore=ignored)
    run("git", "init", "--quiet", cwd=folder)
    run("git", "add", "--all", "--force", cwd=folder)
    run("git", "commit", "--quiet", "--message", "Two", cwd=folder)
    run("git", "tag", "v2", cwd=folder)
    return folder


@pytest.fixture
def later(clone, tmp_path: Path) -> Path:
    """The template with a commit after v1."""
    folder = tmp_path / "later"
    run("git", "clone", "--quiet", clone, folder, cwd=tmp_path)
    (folder / "{{ cookiecutter.repo_name }}" / "later.txt").touch()
    commit(folder)
    return folder


def test_kedro_new_links_to_a_folder_by_its_full_path(clone, tmp_path):
    shutil.copytree(clone, tmp_path / "here")
    config = clone / "example-config.yml"

    run("kedro", "new", "--starter=here", "--config", config, cwd=tmp_path)

    assert_linked(tmp_path / FOLDER, tmp_path / "here", head(clone))
    assert "up to date" in run("cruft", "check", cwd=tmp_path / FOLDER).stdout


def test_kedro_new_links_to_a_git_address(clone, tmp_path):
    new_from_git(clone, tmp_path)

    assert_linked(tmp_path / FOLDER, clone.as_uri(), head(clone))
    assert "up to date" in run("cruft", "check", cwd=tmp_path / FOLDER).stdout


def test_kedro_new_links_to_the_tag_that_it_was_given(later, tmp_path):
    new_from_git(later, tmp_path, "--checkout", "v1")

    assert head(later) != head(later, "v1")
    assert_linked(tmp_path / FOLDER, later.as_uri(), head(later, "v1"), "v1")


def test_kedro_new_links_to_a_directory_of_a_git_address(two_starters, tmp_path):
    new_from_git(two_starters, tmp_path, "--directory", "kedro-starter")

    commit, directory = head(two_starters), "kedro-starter"
    assert_linked(tmp_path / FOLDER, two_starters.as_uri(), commit, directory=directory)


def test_kedro_new_links_to_what_an_alias_stands_for(two_starters, clone, tmp_path):
    plugin = tmp_path / "plugin"
    (plugin / "ours-1.dist-info").mkdir(parents=True)
    (plugin / "ours-1.dist-info" / "METADATA").write_text("Name: ours\nVersion: 1\n")
    (plugin / "ours-1.dist-info" / "entry_points.txt").write_text(
        "[kedro.starters]\nours = ours:specs\n"
    )
    spec = f"'ours', 'git+{two_starters.as_uri()}', 'kedro-starter'"
    (plugin / "ours.py").write_text(
        f"from kedro.framework.cli.starters import KedroStarterSpec as Spec\n"
        f"specs = [Spec({spec})]\n"
    )
    config = clone / "example-config.yml"

    run(
        *("kedro", "new", "--starter=ours", "--checkout=v2", "--config", config),
        cwd=tmp_path,
        env=home(tmp_path) | {"PYTHONPATH": str(plugin)},
    )

    template, commit = two_starters.as_uri(), head(two_starters)
    assert_linked(tmp_path / FOLDER, template, commit, "v2", "kedro-starter")


@pytest.fixture(scope="module")
def installed(clone, tmp_path_factory) -> Path:
    """The template as `pip install git+...` installs it, in a folder of its own."""
    folder = tmp_path_factory.mktemp("installed")
    address = f"git+{clone.as_uri()}@v1"
    run(
        *("uv", "pip", "install", "--quiet", "--no-deps", "--target", folder, address),
        *("--python", sys.executable, "--compile-bytecode"),
        cwd=folder,
    )
    return folder


def test_the_installed_alias_gives_the_same_project_linked_to_its_commit(
    installed, clone, expected, tmp_path
):
    config = clone / "example-config.yml"
    path = {"PYTHONPATH": str(installed)}

    listed = run("kedro", "starter", "list", cwd=tmp_path, env=path).stdout
    run("kedro", "new", "--starter=team", "--config", config, cwd=tmp_path, env=path)

    assert "team:\n  template_path:" in listed
    assert files(tmp_path / FOLDER) == expected
    assert_linked(tmp_path / FOLDER, clone.as_uri(), head(clone, "v1"), "v1")


def test_the_package_the_kit_and_the_changelog_have_one_version(installed):
    kit = "{{ cookiecutter.repo_name }}/src/{{ cookiecutter.python_package }}/ops"
    module = (TEMPLATE / kit / "__init__.py").read_text(encoding="utf-8")

    [metadata] = installed.glob("kedro_team_starter-*.dist-info")

    version = metadata.name.split("-")[1].removesuffix(".dist")
    assert f'__version__ = "{version}"' in module
    changes = (TEMPLATE / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.findall(r"^## \[(\d.*)\]", changes, re.MULTILINE)[0]
    assert newest == version


def test_what_is_on_and_what_to_do_next_is_said_at_the_end(clone, tmp_path):
    command = ("cookiecutter", "--no-input", clone, "steel_toes=yes", "slack=no")

    said = run(*command, cwd=tmp_path).stdout

    on = ", ".join(each for each in SWITCHES if OPTIONS[each] == "yes")
    assert f"On: {on}." in " ".join(said.split())
    assert max(map(len, said.splitlines())) < 80
    assert said.splitlines()[-4:] == [
        "Next:",
        f"  cd {FOLDER}",
        '  pip install -e ".[dev]"',
        "  kedro run",
    ]


def test_cookiecutter_links_to_a_folder_by_its_full_path(clone, tmp_path):
    shutil.copytree(clone, tmp_path / "here")

    run("cookiecutter", "--no-input", "here", cwd=tmp_path)

    assert_linked(tmp_path / FOLDER, tmp_path / "here", head(clone))


def test_cookiecutter_links_to_a_directory_of_a_folder(two_starters, tmp_path):
    # Cookiecutter takes a folder as it is, whatever is to be checked out.
    options = ("--directory=kedro-starter", "--checkout=v1")

    run("cookiecutter", "--no-input", two_starters, *options, cwd=tmp_path)

    commit, directory = head(two_starters), "kedro-starter"
    assert_linked(tmp_path / FOLDER, two_starters, commit, directory=directory)


def test_cookiecutter_links_to_an_abbreviated_address(clone, tmp_path):
    settings = tmp_path / "settings.yml"
    settings.write_text(f"abbreviations: {{our: 'git+{clone.parent.as_uri()}/{{0}}'}}")
    command = ("cookiecutter", "--no-input", "--config-file", settings, "our:starter")

    run(*command, cwd=tmp_path, env=home(tmp_path))

    assert_linked(tmp_path / FOLDER, clone.as_uri(), head(clone))


def test_a_replay_links_to_the_commit_of_the_day(later, tmp_path):
    (tmp_path / "again").mkdir()
    run("cookiecutter", "--no-input", later, cwd=tmp_path, env=home(tmp_path))
    (later / "{{ cookiecutter.repo_name }}" / "even-later.txt").touch()
    commit(later)

    command = ("cookiecutter", "--replay", later)
    run(*command, cwd=tmp_path / "again", env=home(tmp_path))

    assert_linked(tmp_path / "again" / FOLDER, later, head(later))


def test_cruft_create_gives_the_same_project_and_the_same_link(
    clone, expected, tmp_path
):
    (tmp_path / "other").mkdir()
    run("cookiecutter", "--no-input", clone, cwd=tmp_path / "other")

    run("cruft", "create", "--no-input", clone, cwd=tmp_path)

    assert files(tmp_path / FOLDER) == expected
    assert list(link(tmp_path / FOLDER).items()) == list(
        link(tmp_path / "other" / FOLDER).items()
    )
    assert (tmp_path / FOLDER / ".git").is_dir()
    assert_linked(tmp_path / FOLDER, clone, head(clone))


def test_a_project_in_a_folder_of_a_repository_is_linked(clone, tmp_path):
    run("git", "init", "--quiet", cwd=tmp_path)

    run("cookiecutter", "--no-input", clone, cwd=tmp_path)

    assert_linked(tmp_path / FOLDER, clone, head(clone))


def test_cruft_update_brings_what_the_template_gained(later, tmp_path):
    run("cookiecutter", "--no-input", later, cwd=tmp_path)
    project = tmp_path / FOLDER
    edited = project / "conf" / "base" / "parameters.yml"
    edited.write_text("ours: 1\n", encoding="utf-8")
    commit_all(project)
    readme = later / "{{ cookiecutter.repo_name }}" / "README.md"
    with readme.open("a", encoding="utf-8") as file:
        file.write("News for {{ cookiecutter.project_name }}\n")
    commit(later)
    assert run("cruft", "check", cwd=project, check=False).returncode == 1

    run("cruft", "update", "-y", cwd=project)

    changed = run("git", "diff", "--numstat", "HEAD", cwd=project).stdout
    assert changed == "2\t2\t.cruft.json\n1\t0\tREADME.md\n"
    assert f"News for {NAME}\n" in (project / "README.md").read_text(encoding="utf-8")
    assert edited.read_text(encoding="utf-8") == "ours: 1\n"
    assert link(project)["commit"] == head(later)
    status = run("git", "status", "--porcelain", cwd=project).stdout
    assert status == " M .cruft.json\nM  README.md\n"


def test_cruft_update_follows_a_template_whose_switch_has_a_new_name(later, tmp_path):
    run("cookiecutter", "--no-input", later, "pre_commit=no", cwd=tmp_path)
    project = tmp_path / FOLDER
    commit_all(project)
    for path in ("cookiecutter.json", "hooks/post_gen_project.py"):
        text = (later / path).read_text(encoding="utf-8")
        (later / path).write_text(text.replace("pre_commit", "commit_checks"))
    for path in ("README.md", "pyproject.toml"):
        file = later / "{{ cookiecutter.repo_name }}" / path
        text = file.read_text(encoding="utf-8")
        file.write_text(
            text.replace("cookiecutter.pre_commit", "cookiecutter.commit_checks")
        )
    commit(later)

    run("cruft", "update", "-y", cwd=project)

    # The new name is a new switch, and that is off in an update.
    assert not (project / ".pre-commit-config.yaml").exists()
    assert link(project)["context"]["cookiecutter"]["commit_checks"] is False


def test_a_zip_file_gives_no_link_and_one_line_says_so(clone, tmp_path):
    config = clone / "example-config.yml"
    archive = ("git", "archive", "--prefix=starter/", "-o", tmp_path / "s.zip", "HEAD")
    run(*archive, cwd=clone)

    result = run("kedro", "new", "--starter=s.zip", "--config", config, cwd=tmp_path)

    assert result.stderr == NO_COMMIT
    assert not (tmp_path / FOLDER / ".cruft.json").exists()


def test_a_folder_that_a_repository_does_not_have_gives_no_link(clone, tmp_path):
    shutil.copytree(clone, tmp_path / "plain", ignore=shutil.ignore_patterns(".git"))
    run("git", "init", "--quiet", cwd=tmp_path)
    run(*("git", "commit", "--quiet", "--allow-empty", "-m", "Other"), cwd=tmp_path)

    result = run("cookiecutter", "--no-input", "plain", cwd=tmp_path)

    assert result.stderr == NO_COMMIT
    assert not (tmp_path / FOLDER / ".cruft.json").exists()


def test_without_git_there_is_no_link(clone, tmp_path):
    cookiecutter = Path(sys.executable).with_name("cookiecutter")
    nothing = {"PATH": str(tmp_path)}

    result = run(cookiecutter, "--no-input", clone, cwd=tmp_path, env=nothing)

    assert result.stderr == NO_COMMIT
    assert not (tmp_path / FOLDER / ".cruft.json").exists()


def test_a_starter_with_changes_is_linked_to_its_commit_and_one_line_says_so(
    later, tmp_path
):
    (later / "{{ cookiecutter.repo_name }}" / "README.md").write_text("Changed\n")

    result = run("cookiecutter", "--no-input", later, cwd=tmp_path)

    assert result.stderr.startswith("The starter has uncommitted changes.")
    assert result.stderr.count("\n") == 1
    assert link(tmp_path / FOLDER)["commit"] == head(later)
    assert "-Changed\n" in run("cruft", "diff", cwd=tmp_path / FOLDER).stdout


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("https://me:t0ken@git.example.com/a/s", "https://git.example.com/a/s"),
        ("https://t0ken@git.example.com/a/s", "https://git.example.com/a/s"),
        (
            "https://me@x.org:t0ken@git.example.com:8443/s@2",
            "https://git.example.com:8443/s@2",
        ),
        ("ssh://git:t0ken@git.example.com:22/a/s", "ssh://git@git.example.com:22/a/s"),
        ("git@git.example.com:a/s", "git@git.example.com:a/s"),
    ],
)
def test_no_secret_of_an_address_is_written(given, written, clone, tmp_path):
    # Git asks the clone for what is at the address, but remembers the address.
    instead = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{clone.parent.as_uri()}/starter.insteadOf",
        "GIT_CONFIG_VALUE_0": given,
    }

    command = ("cookiecutter", "--no-input", given)
    run(*command, cwd=tmp_path, env=home(tmp_path) | instead)

    assert link(tmp_path / FOLDER)["template"] == written
    assert "t0ken" not in (tmp_path / FOLDER / ".cruft.json").read_text()
    assert not any("t0ken" in text for text in tree(tmp_path / FOLDER).values())

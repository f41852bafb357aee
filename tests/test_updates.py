"""A project takes new versions of its template and other answers; a team's edits stay."""

import json
import re
import shutil
from pathlib import Path

import pytest
from helpers import OPTIONS, SWITCHES, TEMPLATE, commit, generate, run, tree

# What a team changes: file, text, and what it becomes.
EDITS = [
    (
        "src/toe_test/hooks.py",
        "from typing import Any\n",
        "from typing import Any\n\nfrom kedro.framework.hooks import hook_impl\n",
    ),
    (
        "src/toe_test/hooks.py",
        'that\n    it needs, e.g. ``def before_pipeline_run(self, run_params)``.\n    """\n',
        'that\n    it needs, e.g. ``def before_pipeline_run(self, run_params)``.\n    """\n'
        "\n    @hook_impl\n    def after_catalog_created(self) -> None:\n"
        '        """Ours."""\n',
    ),
    ("src/toe_test/hooks.py", "    TeamHooks(),\n", "    TeamHooks(),\n    Other(),\n"),
    ("src/toe_test/settings.py", '# CONF_SOURCE = "conf"', 'CONF_SOURCE = "conf"'),
    ("src/toe_test/cli.py", '    # "name"', '    "ours": "ours",\n    # "name"'),
    ("conf/base/ops.yml", "  keep: 50", "  keep: 200"),
    ("conf/base/parameters.yml", "model:", "ours: 1\nmodel:"),
    ("pyproject.toml", '    "ipython>=8.10",', '    "ipython>=8.10",\n    "pudb",'),
    ("requirements.txt", "kedro>=1.7,<2\n", "kedro>=1.7,<2\nscikit-learn>=1.5\n"),
]
EDITED = {file for file, _, _ in EDITS} | {".cruft.json"}
ON = {
    **{"expectations": True, "slack": True, "email": True, "skip_unchanged": True},
    **{"deploy": "docker", "ci": "gitlab"},
}
OFF = {
    **{"path_rules": False, "preflight": False, "progress": False, "slack": False},
    **{"deploy": "none", "ci": "none"},
}
ON_AGAIN = dict.fromkeys(OFF, True) | {"deploy": "airflow", "ci": "github"}


# Five earlier versions, the oldest first: commits of this repository.
EARLIER = ["47f1e94", "9d35bbe", "23e5e51", "865bd18", "5cf8be1"]


def copy_template(folder: Path) -> None:
    """The files of the template as they are now."""
    listed = run(
        *("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"),
        cwd=TEMPLATE,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if not name.startswith(("tests/", "docs/", "benchmarks/")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(TEMPLATE / name, folder / name)


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """The template as a repository with one commit."""
    folder = tmp_path / "starter"
    copy_template(folder)
    run("git", "init", "--quiet", cwd=folder)
    commit(folder)
    return folder


@pytest.fixture
def project(template: Path, tmp_path: Path) -> Path:
    """A project with the default answers and a team's edits, each committed."""
    return project_with_edits(template, tmp_path)


def project_with_edits(template: Path, tmp_path: Path) -> Path:
    run("cookiecutter", "--no-input", template, "project_name=Toe Test", cwd=tmp_path)
    folder = tmp_path / "toe-test"
    commit(folder)
    for file, text, becomes in EDITS:
        edit(folder / file, text, becomes)
    commit(folder, "Ours")
    return folder


def edit(file: Path, text: str, becomes: str) -> None:
    whole = file.read_text(encoding="utf-8")
    assert text in whole
    file.write_text(whole.replace(text, becomes, 1), encoding="utf-8")


def switch(project: Path, answers: dict[str, object]) -> None:
    """Change answers as docs/update.md says."""
    given = ("--variables-to-update", json.dumps(answers))
    run("cruft", "update", "-y", *given, cwd=project)


def conflicts(project: Path) -> list[str]:
    """The files that git could not merge, and what is left of patches."""
    said = run("git", "diff", "--name-only", "--diff-filter=U", cwd=project).stdout
    return [*said.split(), *(path.name for path in project.rglob("*.rej"))]


def test_switches_are_turned_on_and_off_later_and_edits_stay(project, tmp_path):
    answers: dict[str, object] = {}
    for number, change in enumerate([ON, OFF, ON_AGAIN]):
        answers |= change
        switch(project, change)
        commit(project, f"Switch {number}")

        assert conflicts(project) == []
        fresh = tree(generate(tmp_path / str(number), **answers))
        now = tree(project)
        assert now.keys() - {".cruft.json"} == fresh.keys() - {".cruft.json"}
        assert [f for f in now.keys() - EDITED if now[f] != fresh[f]] == []
        for file, text, becomes in EDITS:
            added = becomes.replace(text, "").strip() or becomes
            assert all(line in now[file] for line in added.splitlines())


def test_settings_that_were_edited_are_a_conflict_when_their_guard_goes(project):
    edit(project / "conf/base/ops.yml", "  timeout: 30", "  timeout: 60")
    commit(project, "Slow buckets")

    switch(project, {"preflight": False})

    assert conflicts(project) == ["conf/base/ops.yml"]
    assert not (project / "src" / "toe_test" / "ops" / "preflight" / "hook.py").exists()


def add_a_switch(template: Path) -> None:
    options = json.dumps(OPTIONS, indent=4)
    new = re.sub(r'( *)"example"', r'\1"brand_new": "yes",\n\1"example"', options)
    (template / "cookiecutter.json").write_text(new, encoding="utf-8")


def assert_only_the_new_switch_changed(project: Path) -> None:
    text = (project / ".cruft.json").read_text(encoding="utf-8")
    answers = json.loads(text)["context"]["cookiecutter"]
    assert answers["brand_new"] is False
    assert {switch: answers[switch] for switch in SWITCHES} == {
        switch: OPTIONS[switch] == "yes" for switch in SWITCHES
    }


def test_a_new_switch_is_off_when_a_project_is_updated(project, template):
    add_a_switch(template)
    commit(template, "A new switch")

    run("cruft", "update", "-y", cwd=project)

    assert_only_the_new_switch_changed(project)


def test_a_project_five_versions_old_takes_the_newest(tmp_path):
    template = tmp_path / "starter"
    run("git", "clone", "--quiet", TEMPLATE, template, cwd=tmp_path)
    for number, version in enumerate(EARLIER, start=1):
        tagged = run("git", "tag", f"v{number}", version, cwd=template, check=False)
        if tagged.returncode:
            pytest.skip("This clone of the repository is without its history.")
    run("git", "switch", "--quiet", "--create=newest", cwd=template)
    run("git", "reset", "--quiet", "--hard", "v1", cwd=template)
    project = project_with_edits(template, tmp_path)
    run("git", "rm", "--quiet", "-r", ".", cwd=template)
    copy_template(template)
    add_a_switch(template)
    commit(template, "The newest")

    run("cruft", "update", "-y", cwd=project)

    assert conflicts(project) == []
    assert_only_the_new_switch_changed(project)
    fresh, now = tree(generate(tmp_path / "fresh")), tree(project)
    assert now.keys() - {".cruft.json"} == fresh.keys() - {".cruft.json"}
    assert [f for f in now.keys() - EDITED if now[f] != fresh[f]] == []
    for file, text, becomes in EDITS:
        assert (becomes.replace(text, "").strip() or becomes) in now[file]


def test_a_project_without_the_starter_is_plain_kedro(project):
    """The steps of "Leave the starter" in docs/update.md."""
    package = project / "src" / "toe_test"
    for path in (package / "ops", project / "tests" / "test_guards.py"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    (project / ".cruft.json").unlink()
    (project / "conf" / "base" / "ops.yml").unlink()
    (project / "conf" / "logging.yml").unlink()
    (package / "cli.py").unlink()
    edit(package / "settings.py", "from .hooks import HOOKS  # noqa: F401\n", "")
    (package / "hooks.py").unlink()

    run("kedro", "run", cwd=project)

    assert (project / "data/08_reporting/penguin_metrics.json").exists()
    assert not (project / "data" / ".ops").exists()

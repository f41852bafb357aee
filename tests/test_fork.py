"""An organisation's fork, by docs/fork.md: its defaults, a guard of its own, and merges."""

import shutil
import sys
from pathlib import Path

import pytest
import yaml
from helpers import TEMPLATE, commit, run

PROJECT = "{{ cookiecutter.repo_name }}"
PACKAGE = f"{PROJECT}/src/{{{{ cookiecutter.python_package }}}}"
ORGANISATION = """
alias: acme
trunk: [develop, main]
store: {url: "s3://acme/ops", credentials: acme}
slack_channels: ["#data-runs"]
smtp_host: smtp.example.com
licence: Apache-2.0
python: ">=3.11"
ci_python: "3.13"
"""
GUARD = '''
"""A guard of Acme."""

from kedro.framework.hooks import hook_impl


class Acme:
    @hook_impl
    def before_pipeline_run(self) -> None:
        """Look."""
'''
# File, text, and what it becomes: the steps of "Add a guard of your own".
OWN_GUARD = [
    (
        "cookiecutter.json",
        '    "ci": "none",\n',
        '    "ci": "none",\n    "acme": "yes",\n',
    ),
    ("example-config.yml", "ci: none\n", "ci: none\nacme: yes\n"),
    (
        f"{PACKAGE}/hooks.py",
        "from typing import Any\n",
        "from typing import Any\n{% if cookiecutter.acme %}\n"
        "from .ops.acme.hook import Acme\n{%- endif %}\n",
    ),
    (
        f"{PACKAGE}/hooks.py",
        "    TeamHooks(),\n",
        "{%- if cookiecutter.acme %}\n    Acme(),\n{%- endif %}\n    TeamHooks(),\n",
    ),
]
# What a later version of the original changes.
LATER = [
    (
        "cookiecutter.json",
        '    "example": "yes",\n',
        '    "brand_new": "no",\n    "example": "yes",\n',
    ),
    ("example-config.yml", "example: yes\n", "brand_new: no\nexample: yes\n"),
    ("answers.py", "CHOICES = {", "# Later.\nCHOICES = {"),
    (f"{PACKAGE}/hooks.py", '"""The hooks of', '"""Later: the hooks of'),
    (f"{PROJECT}/conf/base/ops.yml", "  keep: 50", "  keep: 60"),
]


def apply(repository: Path, edits: list[tuple[str, str, str]]) -> None:
    for file, text, becomes in edits:
        whole = (repository / file).read_text(encoding="utf-8")
        assert text in whole, file
        changed = whole.replace(text, becomes, 1)
        (repository / file).write_text(changed, encoding="utf-8")


@pytest.fixture
def original(tmp_path: Path) -> Path:
    """The starter as a repository with one commit."""
    listed = run(
        *("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"),
        cwd=TEMPLATE,
    )
    folder = tmp_path / "original"
    for name in filter(None, listed.stdout.split("\0")):
        if not name.startswith(("tests/", "docs/", "benchmarks/")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(TEMPLATE / name, folder / name)
    run("git", "init", "--quiet", "--initial-branch=main", cwd=folder)
    run("git", "add", "--all", "--force", cwd=folder)
    run("git", "commit", "--quiet", "--message=Start", cwd=folder)
    return folder


def test_a_fork_has_its_defaults_guard_and_alias_and_merges_a_later_version(
    original, tmp_path
):
    fork = tmp_path / "fork"
    run("git", "clone", "--quiet", original, fork, cwd=tmp_path)
    (fork / "organisation.yml").write_text(ORGANISATION, encoding="utf-8")
    (fork / PACKAGE / "ops" / "acme").mkdir()
    (fork / PACKAGE / "ops" / "acme" / "__init__.py").touch()
    (fork / PACKAGE / "ops" / "acme" / "hook.py").write_text(GUARD, encoding="utf-8")
    apply(fork, OWN_GUARD)
    with (fork / "prompts.yml").open("a", encoding="utf-8") as prompts:
        prompts.write('\nacme:\n  title: "Acme"\n  text: "Look at it."\n')
    commit(fork, "Acme")
    apply(original, LATER)
    commit(original, "Later")

    run("git", "pull", "--quiet", "--no-rebase", "--no-edit", cwd=fork)
    installed = tmp_path / "installed"
    run(
        *("uv", "pip", "install", "--quiet", "--no-deps", "--target", installed, fork),
        *("--python", sys.executable),
        cwd=tmp_path,
    )
    config = tmp_path / "config.yml"
    answers = (fork / "example-config.yml").read_text(encoding="utf-8")
    for switch in ("slack: ", "email: "):
        answers = answers.replace(f"{switch}no", f"{switch}yes")
    config.write_text(answers.replace("ci: none", "ci: github"), encoding="utf-8")
    run(
        *("kedro", "new", "--starter=acme", "--config", config),
        cwd=tmp_path,
        env={"PYTHONPATH": str(installed)},
    )

    new = tmp_path / "new-kedro-project"
    written = yaml.safe_load((new / "conf/base/ops.yml").read_text(encoding="utf-8"))
    assert written["store"] == {"url": "s3://acme/ops", "credentials": "acme"}
    assert written["steel_toes"]["trunk"] == ["develop", "main"]
    assert written["node_stats"]["trunk"] == ["develop", "main"]
    assert written["run_status"]["keep"] == 60
    channels = written["notifications"]["channels"]
    assert channels["slack"]["to"] == ["#data-runs"]
    assert channels["email"]["host"] == "smtp.example.com"
    pyproject = (new / "pyproject.toml").read_text(encoding="utf-8")
    assert 'requires-python = ">=3.11"\nlicense = "Apache-2.0"\n' in pyproject
    workflow = (new / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    assert workflow.count('python-version: "3.13"') == 2
    assert "branches: [develop]" in workflow
    code = "from new_kedro_project.hooks import REGISTER; print(type(REGISTER[-2]))"
    found = run(sys.executable, "-c", code, cwd=new, env={"PYTHONPATH": "src"}).stdout
    assert "new_kedro_project.ops.acme.hook.Acme" in found


def test_an_unknown_key_of_an_organisation_is_refused_in_one_line(original, tmp_path):
    (original / "organisation.yml").write_text("trunks: [main]\n", encoding="utf-8")

    result = run("cookiecutter", "--no-input", original, cwd=tmp_path, check=False)

    assert result.returncode == 1
    assert result.stderr.startswith(
        "organisation.yml: 'trunks' is not a key: write one of"
    )
    assert not (tmp_path / "new-kedro-project").exists()

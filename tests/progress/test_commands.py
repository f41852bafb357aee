"""What the commands print: with --json, stdout is JSON and nothing else."""

import json
import subprocess
import sys

import pytest
from helpers import SWITCHES, commit, environment, generate, run
from quick_kedro import quick_kedro

# Every command with --json, and the arguments that it needs.
COMMANDS = {
    "branches clean": [],
    "branches diff": [],
    "branches list": [],
    "branches path": ["penguin_metrics"],
    "branches promote": ["feat"],
    "expectations check": ["penguins_cleaned"],
    "plan": [],
    "preflight": [],
    "runs list": [],
    "runs show": [],
}
# Runs commands in one process, each from a new line: what is at the start of a process
# is before the first.
PROGRAM = """
import json, sys
from kedro.framework.cli.cli import KedroCLI
from pathlib import Path

cli = KedroCLI(Path.cwd())
for args in json.loads(sys.argv[1]):
    try:
        cli.main(args, prog_name="kedro")
    except SystemExit as ended:
        assert ended.code in {0, 10}, (args, ended.code)
"""


@pytest.fixture(scope="module", params=[True, False], ids=["on", "off"])
def project(request, tmp_path_factory):
    """A project with data of two branches, with and without progress."""
    switches = dict.fromkeys(SWITCHES, request.param)
    switches |= {"run_status": True, "skip_unchanged": True, "example": True}
    folder = tmp_path_factory.mktemp("json")
    project = generate(folder, **switches)
    settings = project / "conf" / "base" / "ops.yml"
    text = settings.read_text(encoding="utf-8").replace(" error", " off")
    settings.write_text(text, encoding="utf-8")  # mypy would take minutes
    commit(project)
    run("git", "switch", "--quiet", "--create", "feat", cwd=project)
    env = {"EXPECTATIONS": "off"}  # to import Great Expectations takes ten seconds
    command = ["kedro", "run", "--to-outputs=penguins_cleaned"]
    assert quick_kedro("").run(command, cwd=project, env=env).returncode == 0
    return project


def commands_with_json(group, name=""):
    for key, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands_with_json(command, f"{name}{key} ")
        elif any("--json" in param.opts for param in command.params):
            yield f"{name}{key}"


def test_these_are_all_commands_with_json():
    from importlib import import_module  # noqa: PLC0415

    import click  # noqa: PLC0415
    from kit import PACKAGE  # noqa: PLC0415

    cli = import_module(f"{PACKAGE}.cli").cli
    all_ = {name: cli.get_command(None, name) for name in cli.list_commands(None)}
    assert set(commands_with_json(click.Group(commands=all_))) == {*COMMANDS}


def test_stdout_is_json_and_nothing_else(project):
    without_progress = not (project / "src" / "toe_test" / "ops" / "progress").exists()
    names = ["plan", "runs list"] if without_progress else COMMANDS
    calls = [[*name.split(), *COMMANDS[name], "--json"] for name in names]
    said = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(calls)],
        cwd=project,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert said.returncode == 0, said.stderr
    assert "as logging configuration" in said.stderr
    lines = said.stdout.splitlines()
    assert len(lines) >= len(calls)
    for line in lines:
        json.loads(line)

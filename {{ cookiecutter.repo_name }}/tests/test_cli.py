"""The project's own commands."""

from importlib import import_module
from pathlib import Path

from click.testing import CliRunner
from kedro.framework.cli.utils import find_run_command
from kedro.framework.startup import bootstrap_project

PACKAGE = bootstrap_project(Path(__file__).parents[1]).package_name
module = import_module(f"{PACKAGE}.cli")
cli = module.cli


def test_every_command_has_help() -> None:
    names = cli.list_commands(None)
    assert names
    for name in names:
        result = CliRunner().invoke(cli, [name, "--help"])
        assert result.exit_code == 0
        assert "Usage:" in result.output


def test_what_is_no_command_is_left_to_kedro() -> None:
    assert cli.get_command(None, "run") is None
    assert cli.get_command(None, "_report") is None


def test_the_packaged_project_finds_its_run_command() -> None:
    assert find_run_command(PACKAGE) is module.run

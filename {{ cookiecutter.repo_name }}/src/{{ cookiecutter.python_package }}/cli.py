"""The project's own commands: one module in ``ops/commands/`` each."""

from importlib import import_module
from pathlib import Path

import click

# Kedro looks here for the command by which the packaged project is run.
from kedro.framework.cli.project import run  # noqa: F401

_COMMANDS = Path(__file__).parent / "ops" / "commands"


class ProjectCommands(click.Group):
    """Finds the commands, and imports one when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the modules."""
        return sorted(file.stem for file in _COMMANDS.glob("[!_]*.py"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The ``command`` of a module."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module = import_module(f".ops.commands.{cmd_name}", __package__)
        command: click.Command = module.command
        return command


cli = ProjectCommands(name="project")

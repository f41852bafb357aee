"""The project's own commands."""

from importlib import import_module

import click

# Kedro looks here for the command by which the packaged project is run.
from kedro.framework.cli.project import run  # noqa: F401

# Each command and the module that has it as ``command``, which is imported when you ask
# for it. Add your own.
COMMANDS: dict[str, str] = {
    # "name": "module",
{%- if cookiecutter.steel_toes %}
    "branches": "ops.steel_toes.commands",
{%- endif %}
{%- if cookiecutter.expectations %}
    "expectations": "ops.expectations.commands",
{%- endif %}
{%- if cookiecutter.slack or cookiecutter.email %}
    "notify": "ops.notifications.commands",
{%- endif %}
{%- if cookiecutter.skip_unchanged %}
    "plan": "ops.skip_unchanged.commands",
{%- endif %}
{%- if cookiecutter.preflight %}
    "preflight": "ops.preflight.commands",
{%- endif %}
{%- if cookiecutter.run_status %}
    "runs": "ops.run_status.commands",
{%- endif %}
}


class ProjectCommands(click.Group):
    """The commands of ``COMMANDS``."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name; none if it is not one of these."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f".{COMMANDS[cmd_name]}", __package__)
        command: click.Command = module.command
        return command


cli = ProjectCommands(name="project")

"""Where a guard has to be declared, and what is missing, in plain words."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

# Switches that are no guards, and switches for a part of a room.
NO_GUARDS = {"example", "pre_commit"}
PARTS = {"slack": "notifications", "email": "notifications"}


def missing(template: Path) -> Iterator[str]:
    """What is still to be done for the guards of a template, a sentence each."""
    project = template / "{{ cookiecutter.repo_name }}"
    package = project / "src" / "{{ cookiecutter.python_package }}"
    options = json.loads(_text(template / "cookiecutter.json"))
    switches = {key for key, value in options.items() if value in ("yes", "no")}
    rooms = {path.parent.name for path in package.glob("ops/*/__init__.py")} - {"core"}

    for switch in sorted(switches - NO_GUARDS):
        if PARTS.get(switch, switch) not in rooms:
            yield f"The switch {switch} has no room: add the folder ops/{switch}/."
    for room in sorted(rooms - switches - {*PARTS.values()}):
        yield f'ops/{room}/ has no switch: add "{room}": "yes" to cookiecutter.json.'
    asked = yaml.safe_load(_text(template / "prompts.yml"))
    examples = yaml.safe_load(_text(template / "example-config.yml"))
    choices = {key for key, value in options.items() if value == "none"}
    for option in sorted(switches | choices):
        if option not in asked:
            yield f"prompts.yml does not ask for {option}: add its question."
        if option not in examples:
            yield f"example-config.yml has no {option}: add a line with its default."
    for room in sorted(rooms):
        yield from _missing_of_room(package, room)


def _missing_of_room(package: Path, room: str) -> Iterator[str]:
    folder = package / "ops" / room
    code = "\n".join(map(_text, sorted(folder.glob("*.py"))))
    register = _text(package / "hooks.py")
    if (folder / "hook.py").exists():
        found = re.search(rf"from \.ops\.{room}\.hook import (\w+)", register)
        if not found:
            yield f"hooks.py does not import the hook of ops/{room}/hook.py: add a line."
        elif f"    {found[1]}(),\n" not in register:
            yield f"hooks.py does not list {found[1]}() in the REGISTER: add a line."
    settings = _text(package.parents[1] / "conf" / "base" / "ops.yml")
    for key in re.findall(r'@settings_section\("(\w+)"', code):
        if not re.search(rf"^{key}:", settings, re.MULTILINE):
            yield f"conf/base/ops.yml has no {key}: add it with its defaults."
    command = f'"ops.{room}.commands"'
    if (folder / "commands.py").exists() and command not in _text(package / "cli.py"):
        yield f"cli.py does not know ops/{room}/commands.py: add a line to COMMANDS."


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")

"""The table of settings in docs/settings.md, from the classes that read them.

A class gives the names and the defaults. The comments in `conf/base/ops.yml` say what a
setting does.
"""

import json
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_type_hints

import attrs

ROOT = Path(__file__).parent
sys.path.append(str(ROOT / "tests"))

# The settings that `conf/base/ops.yml` does not explain.
MORE = {
    "enabled": "`false` turns the guard off for all runs.",
    "path_rules[].bucket": "One of the four kinds of rules: the bucket or container to replace.",
    "path_rules[].prefix": "A text at the start of a path.",
    "path_rules[].match": "A regular expression in a path.",
    "path_rules[].schema": "The schema or database of a table.",
    "path_rules[].to": "What replaces it. You can use `{env}`, `{user}`, `{branch}` and `{project}`.",
    "path_rules[].only.types": "Only entries of these types. `*` matches any text. An empty list allows all.",
    "path_rules[].only.datasets": "Only datasets with these names. `*` matches any text. An empty list allows all.",
    "expectations.attach.<dataset>.suite": "The suite of the dataset.",
    "expectations.attach.<dataset>.when": "When to check: `save`, `load`, `end`.",
    "node_stats.trunk": "Branches whose runs a new branch is compared with.",
    "preflight.code.paths": "What `kedro preflight` checks with these tools.",
    "preflight.code.timeout": "Maximum seconds for each tool.",
    "preflight.code.ruff": "Check with Ruff: `error`, `warn` or `off`.",
    "preflight.code.mypy": "Check with mypy.",
    "preflight.code.flake8": "Check with Flake8.",
    "preflight.code.interrogate": "Check docstrings with interrogate.",
    "steel_toes.arguments.move": "Arguments of your own dataset classes that name a path to which a save writes.",
    "steel_toes.arguments.keep": "Arguments of your own dataset classes that name no such path.",
    "notifications.only.branches": "Notify only for runs on these branches. `*` matches any text. An empty list allows all.",
    "notifications.only.pipelines": "Notify only for runs of these pipelines. `*` matches any text. An empty list allows all.",
    "notifications.only.ci": "Notify only for runs in CI.",
    "notifications.when.failure": "A node failed, or a guard failed the run at its end.",
    "notifications.when.success": "The run succeeded.",
    "notifications.channels": "Where to send: see [Notifications](notifications.md#set-up-slack-and-e-mail).",
    "notifications.routes[].pipelines": "Pipelines of the route. `*` matches any text.",
    "notifications.routes[].nodes": "Nodes of the route. `*` matches any text.",
    "notifications.routes[].tags": "Tags of nodes of the route. `*` matches any text.",
    "notifications.routes[].to": "Recipients by channel.",
}
# What the keys of a mapping are.
WORD = {"expectations.attach": "dataset"}
KEY = re.compile(r"( *)(\w+):(?:.*?)(?: +# +(.*))?")
# Text that is set off further is an example.
COMMENT = re.compile(r" *# (?!  )(?!- )(.*)")


def comments(text: str) -> dict[str, str]:
    """What the comments above and beside each key say, by its dotted path."""
    found: dict[str, str] = {}
    above: list[str] = []
    parents: list[tuple[int, str]] = []
    for line in text.splitlines():
        if comment := COMMENT.fullmatch(line):
            above.append(comment[1])
        elif key := KEY.fullmatch(line):
            indent = len(key[1])
            parents = [parent for parent in parents if parent[0] < indent]
            parents.append((indent, key[2]))
            path = ".".join(name for _, name in parents)
            found[path] = " ".join([*above, key[3] or ""]).strip()
            above = []
        elif not line.strip():
            above = []
    return found


def settings_of(cls: type, path: str) -> Iterator[tuple[str, Any]]:
    """The path and the default of each setting of a class."""
    defaults = cls()
    types = get_type_hints(cls)
    for field in attrs.fields(cls):
        name, value = f"{path}.{field.name}", getattr(defaults, field.name)
        nested = [each for each in get_args(types[field.name]) if attrs.has(each)]
        if attrs.has(type(value)):
            yield from settings_of(type(value), name)
        elif nested:
            inside = (
                f"{name}[]" if isinstance(value, list) else f"{name}.<{WORD[name]}>"
            )
            yield from settings_of(nested[0], inside)
        else:
            yield name, value


def description(path: str, said: dict[str, str]) -> str:
    """What a setting does; its comment, or that of the mapping that it is in.

    Raises:
        KeyError: if nobody says: write a comment in `conf/base/ops.yml`.
    """
    if text := MORE.get(path) or said.get(path):
        return text
    parent, _, last = path.rpartition(".")
    return MORE[last] if last in MORE else said[parent]


def sentence(text: str) -> str:
    """A comment beside a value has no capital and no full stop."""
    text = text[:1].upper() + text[1:].replace("|", r"\|")
    return text if text.endswith((".", ":", "`")) or not text else f"{text}."


@cache
def settings() -> str:
    """One table for each guard."""
    from kit import PROJECT, ops  # noqa: PLC0415 - generates a project

    for file in sorted(PROJECT.glob("src/*/ops/*/*.py")):
        if "\n@settings_section(" in file.read_text("utf-8"):
            ops(f"{file.parent.name}.{file.stem}")
    reader = ops("core.settings")
    said = comments((PROJECT / "conf/base/ops.yml").read_text("utf-8"))
    parts = []
    for guard, cls in sorted(reader._SECTIONS.items()):
        path = f"{guard}[]" if guard in reader._LISTS else guard
        rows = [
            f"| `{name.removeprefix(f'{guard}.')}` | `{json.dumps(value)}` |"
            f" {sentence(description(name, said))} |"
            for name, value in settings_of(cls, path)
        ]
        title = guard.replace("_", " ").capitalize()
        head = ["| Setting | Default | What it does |", "|---|---|---|"]
        page = "run_status" if guard == "node_stats" else guard
        link = f"Key `{guard}`. See [{title}]({page}.md)."
        parts.append("\n".join([f"## {title}", "", link, "", *head, *rows]))
    return "\n\n".join(parts)

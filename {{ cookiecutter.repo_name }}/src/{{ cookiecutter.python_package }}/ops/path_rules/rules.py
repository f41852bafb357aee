"""A path rule: which catalog entries it applies to, and what it changes in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from typing import Any

from attrs import define, field, frozen
from kedro.framework.context import KedroContext
from kedro.utils import CLOUD_PROTOCOLS

from ..core import entry_places, git
from ..core.entry_places import TABLES
from ..core.errors import OpsError
from ..core.process import user
from ..core.settings import settings_section

KINDS = ("bucket", "prefix", "match", "schema")

_BUCKETS = "|".join([*CLOUD_PROTOCOLS, "az", "wasbs?"])
_SCHEMAS = ("schema", "database", "dataset")  # the last one in BigQuery

_DOTS = r"^(\./+)+"

Change = Callable[[str], str]


@define
class OnlyDatasets:
    """The entries that a rule applies to; ``*`` matches any text, an empty list all."""

    types: list[str] = field(factory=list)
    datasets: list[str] = field(factory=list)


@settings_section("path_rules", many=True)
class PathRule:
    """One of ``path_rules`` in ``ops.yml``: one of the four kinds, and ``to``."""

    bucket: str = ""
    prefix: str = ""
    match: str = ""
    schema: str = ""
    to: str | None = None
    only: OnlyDatasets = field(factory=OnlyDatasets)


@frozen
class Rule:
    """A rule to apply: a match of ``pattern`` in a place becomes ``replacement``."""

    title: str
    kind: str
    pattern: re.Pattern[str]
    replacement: str
    only: OnlyDatasets

    @classmethod
    def from_settings(cls, number: int, given: PathRule, fill: Change) -> Rule:
        """The rule that stands in ``ops.yml``.

        Args:
            number: its place in the list.
            given: what stands there.
            fill: puts values in the place of the names in braces.

        Raises:
            OpsError: if it is of no kind or of two, or its regular expression is wrong.
        """
        kinds = [kind for kind in KINDS if getattr(given, kind)]
        found = {key: getattr(given, key) for key in (*kinds, "to")}
        text = ", ".join(f"{key}: {value}" for key, value in found.items() if value)
        title = " ".join(f"rule {number} {{{text}}}".split())
        if len(kinds) != 1 or given.to is None:
            raise OpsError(
                f"ops.yml: path_rules, {title}: write one of {', '.join(KINDS)}, and "
                "'to' with what replaces it."
            )
        kind = kinds[0]
        template = given.to if kind == "match" else given.to.replace("\\", r"\\")
        try:
            replacement = fill(template)
        except OpsError as error:
            raise OpsError(f"ops.yml: path_rules, {title}: {error.message}") from error
        if kind == "bucket":
            replacement = rf"\g<1>{replacement}"
        try:
            pattern = re.compile(_expression(kind, found[kind]))
            pattern.sub(replacement, "")  # is checked even where nothing is found
        except re.error as error:
            raise OpsError(
                f"ops.yml: path_rules, {title}: the regular expression is wrong "
                f"({error}). Mend it, or write prefix for a text that is meant as it is."
            ) from error
        return cls(title, kind, pattern, replacement, given.only)

    def is_for(self, name: str, entry: dict[str, Any]) -> bool:
        """Whether ``only`` selects an entry of that name."""
        names = [name, name.partition("@")[0]]  # "cars@pandas" is "cars", too
        return _matches(names, self.only.datasets) and _matches(
            _types(entry), self.only.types
        )

    def apply(self, entry: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
        """The entry with its places changed, and what was found in words."""
        acts = []

        def change(text: str) -> str:
            # A match is replaced once: "(.*)" matches again at the end of the text.
            once = int(self.kind == "match")
            changed, found = self.pattern.subn(self.replacement, text, count=once)
            if found:
                acts.append(f"{self.title}: {text} -> {changed}")
            return changed

        change_all = _change_schemas if self.kind == "schema" else _change_paths
        return change_all(entry, change), acts


def _expression(kind: str, text: str) -> str:
    escaped = re.escape(text)
    return {
        # In "s3://bucket/key", "abfs://bucket@account/key" and in fsspec's chains:
        # "simplecache::s3://bucket/key".
        "bucket": rf"((?:^|(?<=::))(?:{_BUCKETS})://){escaped}(?=[@/]|$)",
        # "./data/" is "data/", in the rule and in the entry.
        "prefix": rf"^(?:\./+)*{re.escape(re.sub(_DOTS, '', text))}",
        "match": text,
        "schema": rf"(?:^|(?<=\.)){escaped}(?=\.|$)",
    }[kind]


def _matches(names: Iterator[str] | list[str], globs: list[str]) -> bool:
    return not globs or any(fnmatchcase(name, glob) for name in names for glob in globs)


def _types(entry: dict[str, Any]) -> Iterator[str]:
    """Its type and that of the dataset in it, with and without ``kedro_datasets.``."""
    held = entry.get("dataset")
    if isinstance(held, dict):
        yield from _types(held)
    for kind in (entry.get("type"), held):  # a partitioned dataset may hold a type
        if isinstance(kind, str):
            bare = kind.removeprefix("kedro_datasets.")
            yield from (bare, f"kedro_datasets.{bare}")


def _change_paths(entry: dict[str, Any], change: Change) -> dict[str, Any]:
    """Change all paths, at any depth: a dataset may save to several places."""
    changed: dict[str, Any] = entry_places.change_texts(
        entry,
        lambda address, text: (
            change(text) if entry_places.is_path(entry, address, text) else text
        ),
    )
    return changed


def _change_schemas(
    entry: dict[str, Any], change: Change, of_table: bool = False
) -> dict[str, Any]:
    """Change the schema or database of a table, by whatever key the dataset has it."""
    of_table = of_table or any(key in entry for key in TABLES)
    changed = dict(entry)
    for key, value in entry.items():
        if isinstance(value, dict) and key in {"dataset", "load_args", "save_args"}:
            changed[key] = _change_schemas(value, change, of_table)
        elif of_table and key in _SCHEMAS and isinstance(value, str):
            changed[key] = change(value)
        elif of_table and key in _SCHEMAS and isinstance(value, list):
            changed[key] = [change(str(part)) for part in value]  # [catalog, database]
        elif key == "table" and isinstance(value, str) and "." in value:
            schema, dot, table = value.rpartition(".")  # over JDBC
            changed[key] = f"{change(schema)}{dot}{table}"
    return changed


def fill_names(text: str, context: KedroContext) -> str:
    """Replace names in braces by their values, for a template of ``re.sub``.

    Raises:
        OpsError: for a name that is not known, and one whose value cannot be found.
    """

    def value(brace: re.Match[str]) -> str:
        name = brace[0][1:-1]
        if name not in _VALUES:
            known = ", ".join(f"{{{name}}}" for name in _VALUES)
            raise OpsError(f"'{brace[0]}' in 'to' is no name; there are: {known}.")
        return _VALUES[name](context).replace("\\", r"\\")

    return re.sub(r"\{[^{}]*\}|[{}]", value, text)


def _environment(context: KedroContext) -> str:
    default = getattr(context.config_loader, "default_run_env", None)
    return context.env or default or "local"


def _user(context: KedroContext) -> str:
    name = user()
    if not name:
        raise OpsError(
            "this system does not say who {user} is: set the environment variable LOGNAME."
        )
    # As it is known, unless it would not be one part of a path ("COMPANY\\name").
    return name if re.fullmatch(r"\w[\w.-]*", name) else git.slug(name)


def _branch(context: KedroContext) -> str:
    return git.current_branch(context.project_path).slug


def _project(context: KedroContext) -> str:
    return __name__.partition(".")[0]


# Called when a rule has the name, so that only {branch} needs to know the branch.
_VALUES: dict[str, Callable[[KedroContext], str]] = {
    "env": _environment,
    "user": _user,
    "branch": _branch,
    "project": _project,
}

"""The run that is about to start, as the checks see it."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import Any

import click
import yaml
from attrs import define
from kedro.io import AbstractDataset
from kedro.io.core import is_parameter
from kedro.pipeline import Pipeline
from kedro.utils import load_obj

from ..core.entry_places import innermost
from ..core.findings import first_names


@define(slots=False)  # for the cached properties
class PlannedRun:
    """A pipeline, with the catalog and the runner that it will run with."""

    context: Any
    run_params: dict[str, Any]
    pipeline: Pipeline
    catalog: Any
    broken: frozenset[str] = frozenset()  # entries that were removed from the catalog

    @cached_property
    def datasets(self) -> dict[str, Any]:
        """The datasets of the pipeline that the catalog has."""
        found = self._created.items()
        return {name: each for name, each in found if not isinstance(each, Exception)}

    @cached_property
    def failures(self) -> dict[str, Exception]:
        """The datasets of the pipeline that cannot be created, and why."""
        found = self._created.items()
        return {name: each for name, each in found if isinstance(each, Exception)}

    @cached_property
    def _created(self) -> dict[str, Any]:
        """Each dataset of the pipeline that the catalog has, or why it cannot be created."""
        names = sorted(self.pipeline.datasets() - self.broken)
        found = {name: self._create(name) for name in names if not is_parameter(name)}
        return {name: each for name, each in found.items() if each is not None}

    def _create(self, name: str) -> Any:
        try:
            dataset = self.catalog.get(name)
            if dataset is None and (entry := self._own_entry(name)):
                # A catalog forgets an entry after the first time that it fails.
                plain = {key: entry[key] for key in entry.keys() - {"validator"}}
                return AbstractDataset.from_config(name, plain)
        except Exception as error:  # constructors raise whatever they like
            return error
        return dataset

    @cached_property
    def inputs(self) -> list[str]:
        """The datasets that the run reads and does not create."""
        names = sorted(self.pipeline.inputs() - self.broken)
        return [name for name in names if not is_parameter(name)]

    @cached_property
    def parameters(self) -> set[str]:
        """The parameters that the nodes use."""
        return {name for name in self.pipeline.inputs() if is_parameter(name)}

    def entry(self, name: str) -> dict[str, Any]:
        """The catalog entry of a dataset, its own or a pattern's; empty if it has none."""
        found = self._own_entry(name)
        if not found and self._pattern(name):
            found = self.catalog.config_resolver.resolve_pattern(name)
        return found

    def _own_entry(self, name: str) -> dict[str, Any]:
        resolver = getattr(self.catalog, "config_resolver", None)
        found = resolver.config.get(name) if resolver else None
        return found if isinstance(found, dict) else {}

    def _pattern(self, name: str) -> str:
        resolver = getattr(self.catalog, "config_resolver", None)
        if resolver is None:
            return ""
        pattern = resolver.match_dataset_pattern(name)
        return pattern or resolver.match_user_catch_all_pattern(name) or ""

    def kind(self, name: str) -> str:
        """The type of a dataset as the catalog has it, else its class."""
        written = innermost(self.entry(name)).get("type")
        if isinstance(written, str):
            return written
        kind = self.datasets[name].__class__
        return f"{kind.__module__}.{kind.__qualname__}"

    def place(self, name: str) -> str:
        """File and line of a dataset's catalog entry."""
        return self._lines.get(name) or self._lines.get(self._pattern(name), "")

    @cached_property
    def _lines(self) -> dict[str, str]:
        return catalog_lines(self.context)

    def used_by(self, name: str) -> str:
        """The nodes that use a dataset or parameter."""
        nodes = [n.name for n in self.pipeline.nodes if name in {*n.inputs, *n.outputs}]
        return f"node {first_names(nodes, 2)}" if nodes else ""

    @cached_property
    def runner(self) -> type | None:
        """The class of the runner; none if it is not known."""
        # Kedro gives its hooks no more than the repr of the runner.
        match = re.match(r"<([\w.]+) object at", str(self.run_params.get("runner")))
        try:
            return load_obj(match[1]) if match else None
        except (ImportError, AttributeError, ValueError):
            return None  # a class made in a function, say

    @property
    def is_async(self) -> bool:
        """Whether the command line says that the run loads and saves in threads."""
        command = click.get_current_context(silent=True)
        given = command.params if command else {}
        runner_params = given.get("runner_params") or {}
        return bool(given.get("is_async") or runner_params.get("is_async"))

    @property
    def only_missing_outputs(self) -> bool:
        """Whether Kedro decides later which nodes run."""
        return bool(self.run_params.get("only_missing_outputs"))


def catalog_lines(context: Any) -> dict[str, str]:
    """File and line of each catalog entry; empty if the configuration is an archive."""
    loader = context.config_loader
    source = Path(str(getattr(loader, "conf_source", "")))
    patterns = getattr(loader, "config_patterns", {}).get("catalog", [])
    environment = context.env or getattr(loader, "default_run_env", None)
    found: dict[str, str] = {}
    for name in filter(None, [getattr(loader, "base_env", None), environment]):
        folder = source / name
        files = {file for pattern in patterns for file in folder.glob(pattern)}
        for file in sorted(files):
            if file.suffix in {".yml", ".yaml"}:
                found |= _lines(file, context.project_path)
    return found


def _lines(file: Path, project: Path) -> dict[str, str]:
    try:
        top = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, ValueError, yaml.YAMLError):
        return {}  # Kedro says what is wrong with it
    if not isinstance(top, yaml.MappingNode):
        return {}
    shown = file.relative_to(project) if file.is_relative_to(project) else file
    return {
        str(key.value): f"{shown.as_posix()}:{key.start_mark.line + 1}"
        for key, _ in top.value
    }

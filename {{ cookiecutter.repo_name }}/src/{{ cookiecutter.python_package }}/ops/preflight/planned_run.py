"""The run that is about to start, as the checks before it see it."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

import click
from attrs import define, field
from kedro.framework.context import KedroContext
from kedro.io import AbstractDataset
from kedro.io.core import is_parameter
from kedro.pipeline import Pipeline
from kedro.utils import load_obj

from ..core.entry_places import innermost
from .catalog_lines import CatalogLines
from .problem import Problem
from .settings import PreflightOptions


@define
class StartingRun:
    """What is kept from the making of the context until the run begins."""

    context: KedroContext
    settings: PreflightOptions
    broken: dict[str, Problem] = field(factory=dict)


@define(slots=False)  # a cached property needs the room
class PlannedRun:
    """A pipeline with the catalog and the runner that it is to run with."""

    context: Any
    run_params: dict[str, Any]
    pipeline: Pipeline
    catalog: Any
    # Entries that Kedro cannot even make a catalog with, and are not in it therefore.
    broken: frozenset[str] = frozenset()
    failures: dict[str, Exception] = field(factory=dict, init=False)

    @cached_property
    def datasets(self) -> dict[str, AbstractDataset[Any, Any]]:
        """The datasets of the pipeline that the catalog has; ``failures`` has the rest."""
        found = {}
        for name in sorted(self.pipeline.datasets()):
            if is_parameter(name) or name in self.broken:
                continue
            try:
                dataset = self._make(name)
            except Exception as error:  # constructors raise what they like
                self.failures[name] = error
                continue
            if dataset is not None:
                found[name] = dataset
        return found

    def _make(self, name: str) -> AbstractDataset[Any, Any] | None:
        dataset: AbstractDataset[Any, Any] | None = self.catalog.get(name)
        if dataset is None and (entry := self._written(name)):
            # Somebody has asked before: a catalog forgets an entry that it cannot build.
            plain = {key: entry[key] for key in entry.keys() - {"validator"}}
            return AbstractDataset.from_config(name, plain)
        return dataset

    @cached_property
    def parameters(self) -> set[str]:
        """The parameters that the nodes use."""
        return {name for name in self.pipeline.inputs() if is_parameter(name)}

    def entry(self, name: str) -> dict[str, Any]:
        """What the catalog's configuration says of a dataset; nothing if it does not."""
        found = self._written(name)
        if not found and self._pattern(name):
            found = self.catalog.config_resolver.resolve_pattern(name)
        return found

    def _written(self, name: str) -> dict[str, Any]:
        resolver = getattr(self.catalog, "config_resolver", None)
        found = resolver.config.get(name) if resolver else None
        return found if isinstance(found, dict) else {}

    def kind(self, name: str) -> str:
        """The type of a dataset as it is written in the catalog, else its class."""
        written = innermost(self.entry(name)).get("type")
        if isinstance(written, str):
            return written
        kind = self.datasets[name].__class__
        return f"{kind.__module__}.{kind.__qualname__}"

    def where(self, name: str) -> str:
        """File and line of a dataset's entry in the catalog."""
        known = name in self._lines
        return self._lines.of_entry(name if known else self._pattern(name) or name)

    def _pattern(self, name: str) -> str | None:
        resolver = getattr(self.catalog, "config_resolver", None)
        if resolver is None:
            return None
        pattern: str | None = resolver.match_dataset_pattern(
            name
        ) or resolver.match_user_catch_all_pattern(name)
        return pattern

    def used_by(self, name: str) -> str:
        """The nodes that use a dataset or parameter."""
        nodes = [n.name for n in self.pipeline.nodes if name in {*n.inputs, *n.outputs}]
        more = f" and {len(nodes) - 2} more" if len(nodes) > 2 else ""  # noqa: PLR2004
        return f"node {', '.join(nodes[:2])}{more}" if nodes else ""

    @cached_property
    def _lines(self) -> CatalogLines:
        return CatalogLines.of(self.context)

    @cached_property
    def runner(self) -> type | None:
        """The class of the runner; none if it is not known."""
        # Kedro tells its hooks no more than the text of the object.
        said = re.match(r"<([\w.]+) object at", str(self.run_params.get("runner")))
        try:
            return load_obj(said[1]) if said else None
        except (ImportError, AttributeError, ValueError):
            return None  # a class made in a function, say

    @property
    def is_async(self) -> bool:
        """Whether ``kedro run`` was told to load and save in threads."""
        command = click.get_current_context(silent=True)
        given = command.params if command else {}
        return bool(
            given.get("is_async") or (given.get("runner_params") or {}).get("is_async")
        )

    @property
    def nodes_may_be_left_out(self) -> bool:
        """Whether Kedro will look later which nodes run."""
        return bool(self.run_params.get("only_missing_outputs"))

    @cached_property
    def inputs(self) -> list[str]:
        """The datasets that the run reads and does not make."""
        names = sorted(self.pipeline.inputs() - self.broken)
        return [name for name in names if not is_parameter(name)]

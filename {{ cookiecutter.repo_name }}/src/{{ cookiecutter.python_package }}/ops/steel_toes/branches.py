"""What the branches hold, by the manifest and the catalog."""

from __future__ import annotations

import copy
from contextlib import suppress
from typing import Any

from attrs import field, frozen
from kedro.framework.context import KedroContext
from kedro.framework.project import pipelines
from kedro.io import DataCatalog, DatasetError

from ..core import kedro_internals
from ..core.settings import open_store, read_settings
from ..core.store import Store
from ..core.stored_data import Stored, stored_data
from . import paths
from .catalog import CatalogRewriter, without_branch
from .dataset import BranchedDataset
from .manifest import NOTHING, Manifest, Record
from .settings import SteelToesOptions


@frozen
class Branches:
    """The data of all branches of a project, whichever is checked out."""

    context: KedroContext
    settings: SteelToesOptions
    manifest: Manifest
    _catalogs: dict[str, DataCatalog] = field(factory=dict)
    _bases: dict[str, paths.Owners] = field(factory=dict)

    @classmethod
    def of(cls, context: KedroContext) -> Branches:
        """Those of a project, by its settings."""
        settings = read_settings(context.config_loader, SteelToesOptions)
        return cls(context, settings, Manifest(Store(*open_store(context))))

    def records(self, branch: str | None = None) -> list[Record]:
        """What is known of all branches, or of one."""
        return [each for each in self.manifest if branch in {None, each.branch}]

    def dataset(self, name: str, branch: str) -> BranchedDataset | None:
        """A dataset of the catalog as a branch has it.

        Returns:
            The dataset; none if the catalog has no such entry, or has it unbranched.
        """
        found = self._branched(name, branch)
        moved = found is not None and found.target_config != found.base_config
        return found if moved else None

    def holding(self, record: Record) -> Holding:
        """What a record is about, as it is now."""
        return Holding(record, self.dataset(record.dataset, record.branch))

    def bases(self, branch: str) -> paths.Owners:
        """Where the bases of the catalog's datasets are, those of patterns included."""
        if branch not in self._bases:
            catalog = self._catalog(branch)
            entries: dict[str, Any] = dict(catalog.config_resolver.config)
            named = set().union(*(each.datasets() for each in pipelines.values()))
            for name in named | {record.dataset for record in self.records()}:
                dataset = self._branched(name, branch)
                if dataset:
                    entries[name] = dataset.base_config
                elif name in catalog:
                    entries[name] = catalog.config_resolver.resolve_pattern(name)
            self._bases[branch] = paths.Owners(entries)
        return self._bases[branch]

    def _branched(self, name: str, branch: str) -> BranchedDataset | None:
        dataset: Any = None
        with suppress(DatasetError):  # e.g. a library that is not installed here
            dataset = self._catalog(branch).get(name)
        dataset = kedro_internals.uncached(dataset)
        return dataset if issubclass(type(dataset), BranchedDataset) else None

    def _catalog(self, branch: str) -> DataCatalog:
        if branch not in self._catalogs:
            self._catalogs[branch] = self._build_catalog(branch)
        return self._catalogs[branch]

    def _build_catalog(self, branch: str) -> Any:
        loader: Any = self.context.config_loader
        here = loader["catalog"]
        loader["catalog"] = {
            name: without_branch(copy.deepcopy(entry)) for name, entry in here.items()
        }
        try:
            rewriter = CatalogRewriter.of(self.context, self.settings, branch)
            rewriter.rewrite_all(self.context)
            return self.context.catalog
        finally:
            loader["catalog"] = here


@frozen
class Holding:
    """The data of one dataset on one branch, beside the base's."""

    record: Record
    dataset: BranchedDataset | None

    @property
    def target(self) -> Stored | None:
        """The branch's data; none if the catalog has it elsewhere now, or nowhere."""
        there = stored_data(self.dataset.target) if self.dataset else None
        return there if there and there.location == self.record.location else None

    @property
    def base(self) -> Stored | None:
        """The base's data."""
        return stored_data(self.dataset.base) if self.dataset else None

    def state(self, ours: str | None) -> str:
        """How the branch's data stand to the base's.

        Args:
            ours: the fingerprint of the branch's data.

        Returns:
            ``same``; ``ahead``: only the branch has changed since it forked; ``behind``:
            the base has, and the branch hides that; ``unknown``.
        """
        base = self.base
        now = (base.fingerprint() or NOTHING) if base else None
        if None in {now, ours}:
            return "unknown"
        if now == ours:
            return "same"
        if self.record.base is None:
            return "unknown"
        return "ahead" if now == self.record.base else "behind"

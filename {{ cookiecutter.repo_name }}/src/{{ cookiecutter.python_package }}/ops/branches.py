"""What the branches hold, by the manifest: list it, compare it, clean it up."""

from __future__ import annotations

import copy
from datetime import datetime, timedelta, timezone
from typing import Any

from attrs import field, frozen
from kedro.framework.context import KedroContext
from kedro.framework.project import pipelines
from kedro.io import DataCatalog

from . import location, options, repository, stored
from .branched_catalog import CatalogRewriter, SteelToesOptions, without_branch
from .branched_dataset import BranchedDataset
from .errors import OpsError
from .manifest import NOTHING, Manifest, Record, author
from .store import Store
from .stored import Stored


@frozen
class Branches:
    """The data of all branches of a project, whichever is checked out."""

    context: KedroContext
    settings: SteelToesOptions
    manifest: Manifest
    _catalogs: dict[str, DataCatalog] = field(factory=dict)

    @classmethod
    def of(cls, context: KedroContext) -> Branches:
        """Those of a project, by its settings."""
        loader = context.config_loader
        place = options.read_store(loader, context.project_path)
        credentials = context._get_config_credentials().get(
            place.get("credentials", "")
        )
        store = Store(place["url"], credentials or {})
        return cls(context, options.read(loader, SteelToesOptions), Manifest(store))

    def records(self, branch: str | None = None) -> list[Record]:
        """What is known of all branches, or of one."""
        return [each for each in self.manifest if branch in {None, each.branch}]

    def dataset(self, name: str, branch: str) -> BranchedDataset | None:
        """A dataset of the catalog as a branch has it.

        Returns:
            The dataset; none if the catalog has no such entry, or has it unbranched.
        """
        dataset: Any = self._catalog(branch).get(name)
        dataset = getattr(dataset, "_dataset", dataset)  # inside a CachedDataset
        return dataset if issubclass(type(dataset), BranchedDataset) else None

    def holding(self, record: Record) -> Holding:
        """What a record is about, as it is now."""
        return Holding(record, self.dataset(record.dataset, record.branch))

    def bases(self, branch: str) -> location.Owners:
        """Where the bases of the catalog's datasets are, those of patterns included."""
        entries: dict[str, Any] = dict(self._catalog(branch).config_resolver.config)
        named = set().union(*(each.datasets() for each in pipelines.values()))
        for name in named | {record.dataset for record in self.records()}:
            dataset = self.dataset(name, branch)
            if dataset:
                entries[name] = dataset.base_config
        return location.Owners(entries)

    def _catalog(self, branch: str) -> DataCatalog:
        if branch not in self._catalogs:
            loader: Any = self.context.config_loader
            here = loader["catalog"]
            loader["catalog"] = {
                name: without_branch(copy.deepcopy(entry))
                for name, entry in here.items()
            }
            CatalogRewriter.of(self.context, branch, protect=False).rewrite_all(
                self.context
            )
            self._catalogs[branch] = self.context.catalog  # type: ignore[assignment]
            loader["catalog"] = here
        return self._catalogs[branch]


@frozen
class Holding:
    """The data of one dataset on one branch, beside the base's."""

    record: Record
    dataset: BranchedDataset | None

    @property
    def target(self) -> Stored | None:
        """The branch's data; none if the catalog has it elsewhere now, or nowhere."""
        there = stored.of(self.dataset.target) if self.dataset else None
        return there if there and there.location == self.record.location else None

    @property
    def base(self) -> Stored | None:
        """The base's data."""
        return stored.of(self.dataset.base) if self.dataset else None

    @property
    def state(self) -> str:
        """How the branch's data stand to the base's.

        Returns:
            ``same``; ``ahead``: only the branch has changed since it forked; ``behind``:
            the base has, and the branch hides that; ``unknown``.
        """
        base = self.base
        now = (base.fingerprint() or NOTHING) if base else None
        if None in {now, self.record.fingerprint}:
            return "unknown"
        if now == self.record.fingerprint:
            return "same"
        if self.record.base is None:
            return "unknown"
        return "ahead" if now == self.record.base else "behind"


def over(branches: Branches, everyone: bool) -> set[str]:
    """The branches with data that are merged or gone from git.

    A branch may be gone from this clone only, when somebody has not pushed it: so one
    is taken for gone if its data were saved from here, or if ``everyone`` is meant.

    Raises:
        OpsError: where git does not say.
    """
    path = branches.context.project_path
    try:
        known = repository.branches(path)
        merged = repository.merged(path, branches.settings.trunk)
    except repository.GitError as error:
        raise OpsError(f"Which branches are gone is not known: {error}.") from error
    me = author()
    records = branches.records()
    theirs = {
        each.branch for each in records if (each.user, each.host) != tuple(me.values())
    }
    found = {record.branch for record in records}
    return found & merged | found - known - (set() if everyone else theirs)


def idle(branches: Branches, days: int) -> set[str]:
    """The branches with data that have saved none for some days."""
    limit = datetime.now(timezone.utc) - timedelta(days=days)
    last: dict[str, str] = {}
    for record in branches.records():
        last[record.branch] = max(record.time, last.get(record.branch, ""))
    return {
        name for name, time in last.items() if datetime.fromisoformat(time) <= limit
    }


def remove(branches: Branches, record: Record) -> str | None:
    """Delete the data of a record and the record.

    Only where the catalog, the branch and the record agree on the place, and never in
    the place of another dataset or a base: a record alone makes this delete nothing.

    Returns:
        Why it was not deleted; none if it was.
    """
    holding = branches.holding(record)
    target, dataset = holding.target, holding.dataset
    if target is None or dataset is None:
        return f"the catalog does not have it at {record.location} (any more)"
    owner = branches.bases(record.branch).of(dataset.target_config, saved=True)
    if owner:
        return f"{record.location} belongs to '{owner}'"
    if target.fingerprint() is not None:
        target.remove()
    branches.manifest.remove(record)
    return None

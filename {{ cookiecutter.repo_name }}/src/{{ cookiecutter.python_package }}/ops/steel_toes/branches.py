"""The data of all branches, by manifest and catalog: list, find and clean it."""

from __future__ import annotations

import copy
from collections import Counter, defaultdict
from datetime import datetime, timedelta, timezone
from typing import Any

from attrs import asdict, field, frozen
from kedro.framework.context import KedroContext
from kedro.framework.project import pipelines

from ..core import git, kedro_internals
from ..core.dataset_io import Stored, stored_data
from ..core.errors import OpsError, suppress_errors
from ..core.settings import is_guard_on, open_store, read_settings
from ..core.store import Store
from . import paths
from .catalog import CatalogRewriter, without_branch
from .checks import ask
from .dataset import BranchedDataset, branched_dataset
from .manifest import NOTHING, Manifest, Record, author
from .settings import SteelToesOptions


@frozen
class Branches:
    """The data of all branches of a project, whichever branch is checked out."""

    context: KedroContext
    settings: SteelToesOptions
    manifest: Manifest
    _catalogs: dict[str, Any] = field(factory=dict)
    _owners: dict[str, paths.Owners] = field(factory=dict)

    @classmethod
    def from_context(cls, context: KedroContext) -> Branches:
        """Those of a project, by its settings."""
        settings = read_settings(context.config_loader, SteelToesOptions)
        return cls(context, settings, Manifest(Store(*open_store(context))))

    def records(self, branch: str | None = None) -> list[Record]:
        """The records of all branches, or of one."""
        return [*self.manifest.records(branch)]

    def dataset(self, name: str, branch: str) -> BranchedDataset | None:
        """A dataset of the catalog as a branch has it.

        Returns:
            The dataset; None if the catalog has no such entry, or has it unbranched.
        """
        found = branched_dataset(self._catalog(branch), name)
        moved = found is not None and found.target_config != found.base_config
        return found if moved else None

    def holding(self, record: Record) -> Holding:
        """The current data of a record."""
        return Holding(record, self.dataset(record.dataset, record.branch))

    def owners(self, branch: str) -> paths.Owners:
        """The places of main's data, by dataset of the catalog or its patterns."""
        if branch not in self._owners:
            catalog = self._catalog(branch)
            entries: dict[str, Any] = dict(catalog.config_resolver.config)
            named = set().union(*(each.datasets() for each in pipelines.values()))
            for name in named | {record.dataset for record in self.records()}:
                dataset = branched_dataset(catalog, name)
                if dataset:
                    entries[name] = dataset.base_config
                elif name in catalog:
                    entries[name] = catalog.config_resolver.resolve_pattern(name)
            self._owners[branch] = paths.Owners(entries)
        return self._owners[branch]

    def _catalog(self, branch: str) -> Any:
        if branch not in self._catalogs:
            loader: Any = self.context.config_loader
            here = loader["catalog"]
            loader["catalog"] = {
                name: without_branch(copy.deepcopy(entry))
                for name, entry in here.items()
            }
            try:
                rewriter = CatalogRewriter.for_branch(
                    self.context, self.settings, branch
                )
                rewriter.rewrite_all(self.context)
                self._catalogs[branch] = self.context.catalog
            finally:
                loader["catalog"] = here
        return self._catalogs[branch]


@frozen
class Holding:
    """The data of one dataset on one branch, beside main's."""

    record: Record
    dataset: BranchedDataset | None

    @property
    def target(self) -> Stored | None:
        """The branch's data; None if the catalog now has it elsewhere or not at all."""
        there = stored_data(self.dataset.target) if self.dataset else None
        return there if there and there.location == self.record.location else None

    @property
    def base(self) -> Stored | None:
        """Main's data."""
        return stored_data(self.dataset.base) if self.dataset else None


def state(record: Record, ours: str | None, now: str | None) -> str:
    """How the data of a branch stand to main's.

    Args:
        record: of the branch's data.
        ours: the fingerprint of the branch's data.
        now: that of main's.

    Returns:
        ``same``; ``ahead``: only the branch has changed since it forked; ``behind``:
        main has, and the branch hides that; ``unknown``.
    """
    if None in {now, ours}:
        return "unknown"
    if now == ours:
        return "same"
    if record.base is None:
        return "unknown"
    return "ahead" if now == record.base else "behind"


def list_branches(branches: Branches, compare: bool) -> list[dict[str, Any]]:
    """A row for each branch that has data, by the manifest.

    Args:
        branches: the data of the project's branches.
        compare: compare it with main's, which looks at each dataset.
    """
    try:
        in_git = git.branches(branches.context.project_path)
    except git.GitError:
        in_git = None
    states = _states(branches) if compare else {}
    rows = []
    for summary in branches.manifest.overview():
        name, facts = summary.branch, asdict(summary)
        row = {"branch": facts.pop("branch"), "git": "unknown", **facts}
        if in_git is not None:
            row["git"] = "exists" if name in in_git else "gone"
        if compare:
            row["compared_with_main"] = dict(states[name])
        rows.append(row)
    return rows


def _states(branches: Branches) -> dict[str, Counter[str]]:
    """How many datasets of each branch are in which state to main's."""
    records = branches.records()
    in_main = _main_fingerprints(branches, records)
    found = defaultdict[str, Counter[str]](Counter)
    for each in records:
        found[each.branch][
            state(each, each.fingerprint, in_main.get(each.dataset))
        ] += 1
    return found


def _main_fingerprints(
    branches: Branches, records: list[Record]
) -> dict[str, str | None]:
    """Of main's data, by dataset: each is looked at once, whatever branches have it."""
    some = {record.dataset: record.branch for record in records}
    found = {name: branches.dataset(name, branch) for name, branch in some.items()}
    datasets = {name: dataset for name, dataset in found.items() if dataset}
    return dict(
        zip(datasets, ask(_main_fingerprint, [*datasets.values()]), strict=True)
    )


def _main_fingerprint(dataset: BranchedDataset) -> str | None:
    with suppress_errors():  # a database that is locked, say, hides no other dataset
        return fingerprint(dataset.base)
    return None


def fingerprint(dataset: Any) -> str | None:
    """The fingerprint of a dataset's data, or ``NOTHING``; none if it is not known."""
    there = stored_data(dataset)
    return (there.fingerprint() or NOTHING) if there else None


def locate_dataset(context: KedroContext, name: str) -> dict[str, Any]:
    """Where a dataset is read from and written to now, and why.

    Raises:
        OpsError: if the catalog has no such dataset.
    """
    read: Any = context.catalog.get(name)
    if read is None:
        raise OpsError(f"The catalog has no dataset '{name}'.")
    read = written = kedro_internals.uncached(read)
    branched = branched_dataset(context.catalog, name)
    if branched and branched.recorder:
        read, written = branched.source, branched.target
        copy_ = "its copy" if branched.exists() else "no copy yet, so main's is read"
        why = f"branch '{branched.branch}' has {copy_}"
    else:
        why = _why_not_branched(context, name)
    places = [stored_data(dataset) for dataset in (read, written)]
    return {
        "dataset": name,
        "read_from": places[0].location if places[0] else str(read),
        "written_to": places[1].location if places[1] else str(written),
        "why": why,
    }


def _why_not_branched(context: KedroContext, name: str) -> str:
    settings = read_settings(context.config_loader, SteelToesOptions)
    if not is_guard_on("steel_toes", settings.enabled):
        return "steel toes are off"
    here = git.current_branch(context.project_path).name
    if here in settings.trunk:
        return f"'{here}' is a trunk branch"
    entry = context.config_loader["catalog"].get(name, {})
    if settings.ignore.has(name, str(entry.get("type"))):
        return "steel_toes.ignore lists it, so every branch has main's data"
    return "it keeps no data that a branch could overwrite"


def records_to_clean(
    branches: Branches, names: set[str], older_than: int | None, everyone: bool
) -> list[Record]:
    """What is to be cleaned; of the current branch only if it is named.

    Args:
        branches: the data of the project's branches.
        names: the branches that are named; without any, those merged or gone.
        older_than: only those that were idle for so many days, merged or not.
        everyone: also those gone from git whose data others have saved.
    """
    records = branches.records()
    if older_than is not None:
        found = _idle(records, older_than)
        found = found & names if names else found
    else:
        found = names or _merged_or_gone(branches, records, everyone)
    if not names:
        found -= {git.current_branch(branches.context.project_path).name}
    return [record for record in records if record.branch in found]


def clean(branches: Branches, records: list[Record]) -> list[str | None]:
    """Delete the data of records and the records.

    Only where the catalog, the branch and the record agree on the place, and never in
    the place of another dataset or main's: a record alone makes this delete nothing.

    Returns:
        For each record, why its data was not deleted; None if it was.
    """
    refused = [refuse_to_clean(branches, record) for record in records]
    removed: list[Record] = []

    def remove(holding: Holding) -> None:
        if target := holding.target:
            target.remove()
            removed.append(holding.record)

    found = [branches.holding(e) for e, why in zip(records, refused) if why is None]
    try:
        ask(remove, found, lambda each: each.dataset and each.dataset.target)
    finally:
        branches.manifest.remove(*removed)
    return refused


def refuse_to_clean(branches: Branches, record: Record) -> str | None:
    """Why the data of a record must not be deleted; None if it can be."""
    holding = branches.holding(record)
    if holding.target is None or holding.dataset is None:
        return f"in the catalog, it is no longer at {record.location}"
    owners = branches.owners(record.branch)
    owner = owners.owner_of(holding.dataset.own_places, saved=True)
    return f"{record.location} belongs to '{owner}'" if owner else None


def _merged_or_gone(
    branches: Branches, records: list[Record], everyone: bool
) -> set[str]:
    """The branches with data that are merged or gone from git.

    A branch may be gone from this clone only, when somebody has not pushed it: so one
    is taken for gone if its data were saved from here. If ``everyone`` is meant, the
    remotes are asked: a clone of one branch, as in CI, does not know the others.

    Raises:
        OpsError: where git or a remote does not say.
    """
    path = branches.context.project_path
    try:
        known, merged = git.branches(path), git.merged(path, branches.settings.trunk)
        known |= git.branches_of_remotes(path) if everyone else set()
    except git.GitError as error:
        raise OpsError(f"Cannot tell which branches are gone: {error}.") from error
    me = tuple(author().values())
    theirs = {each.branch for each in records if (each.user, each.host) != me}
    found = {record.branch for record in records}
    return (found - known - (set() if everyone else theirs)) | found & merged


def _idle(records: list[Record], days: int) -> set[str]:
    """The branches whose last save is older than some days."""
    limit = datetime.now(timezone.utc) - timedelta(days=days)
    text = limit.isoformat(timespec="seconds")  # all times are in UTC and this form
    busy = {record.branch for record in records if record.time > text}
    return {record.branch for record in records} - busy

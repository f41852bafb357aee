"""The catalog's configuration, rewritten for a branch."""

from __future__ import annotations

from typing import Any, NamedTuple

from attrs import evolve
from kedro.framework.context import KedroContext

from ..core import entry_places
from ..core.errors import OpsError
from ..core.git import slug
from ..core.settings import Ignore, read_store
from . import paths
from .dataset import (
    BranchedDataset,
    BranchedIncrementalDataset,
    BranchSettings,
    ProtectedDataset,
)
from .settings import SteelToesOptions


class CatalogRewriter(NamedTuple):
    """Rewrites a catalog's configuration for a branch; without a suffix, it protects."""

    branch: BranchSettings
    settings: SteelToesOptions
    credentials: str | None = None  # of the store, in credentials.yml

    @classmethod
    def for_branch(
        cls,
        context: KedroContext,
        settings: SteelToesOptions,
        branch: str,
        protect: bool = False,
    ) -> CatalogRewriter:
        """The one for a branch by the settings of a project."""
        store = read_store(context.config_loader, context.project_path)
        known = BranchSettings(
            name=branch,
            suffix="" if protect else slug(branch),
            store=store["url"],
            trunk=tuple(settings.trunk),
            ignore=tuple(settings.ignore.names),
            move=tuple(settings.arguments.move),
            folders=_whole_folders(context, settings.ignore),
        )
        return cls(known, settings, store.get("credentials"))

    def rewrite_all(self, context: KedroContext) -> None:
        """Replace the project's entries by the branch's datasets.

        Raises:
            OpsError: if entries have data in a place that cannot be branched.
        """
        catalog: dict[str, Any] = context.config_loader["catalog"]
        rewritten, reasons = {}, []
        for name, entry in catalog.items():
            try:
                rewritten[name] = self.rewrite(name, entry)
            except paths.NotBranchable as reason:
                reasons.append(f"'{name}': {reason}")
        if reasons:
            raise OpsError(_cannot_be_branched(reasons))
        context.config_loader["catalog"] = rewritten

    def rewrite(self, name: str, entry: Any) -> Any:
        """The entry that replaces ``entry`` on the branch.

        Raises:
            NotBranchable: if it has data in a place that cannot be branched.
        """
        if not isinstance(entry, dict) or self._stays(name, entry):
            return entry
        held = entry.get("dataset")
        if str(entry["type"]).endswith("CachedDataset") and isinstance(held, dict):
            # The cache stays outside, and says itself that what it holds is versioned.
            held = {**held, "versioned": entry.get("versioned", False)}
            return {**entry, "dataset": self._wrap(name, held)}
        wrapped = self._wrap(name, entry)
        # "versioned" asks Kedro for the run's versions; the entry inside may use them.
        return wrapped if wrapped is entry else {**wrapped, "versioned": True}

    def shared(self, name: str, entry: Any) -> str | None:
        """Where a save on the branch would write main's data, as ``ignore`` allows.

        Returns:
            The place; none if the entry is branched or keeps no data.
        """
        if not isinstance(entry, dict) or not self._is_ignored(name, entry):
            return None
        held = without_branch(entry)
        held = entry_places.innermost(held)
        if paths.has_no_data(held):
            return None
        keys = [
            key for key in (*entry_places.PATHS, *entry_places.TABLES) if key in held
        ]
        return str(held[keys[0]]) if keys else str(held.get("type"))

    def _stays(self, name: str, entry: dict[str, Any]) -> bool:
        kind = entry.get("type")
        return (
            kind is None  # Kedro reports it
            or _is_ours(kind)  # the hook has fired before
            or self._is_ignored(name, entry)
        )

    def _is_ignored(self, name: str, entry: dict[str, Any]) -> bool:
        return self.settings.ignore.has(name, str(entry.get("type")))

    def _wrap(self, name: str, entry: dict[str, Any]) -> dict[str, Any]:
        outside: dict[str, Any] = {
            key: entry[key] for key in ("validator", "metadata") if key in entry
        }
        base = {key: value for key, value in entry.items() if key not in outside}
        branch, keep = self.branch, tuple(self.settings.arguments.keep)
        moving = branch if branch.suffix else evolve(branch, suffix="trunk")
        moved = moving.moved(base)
        if branch.suffix and (unknown := paths.unknown(base, branch.move, keep)):
            raise paths.NotBranchable(f"argument {', '.join(map(repr, unknown))}")
        if moved == base:
            return entry
        if self.credentials:
            outside["credentials"] = self.credentials
        # The class, since Kedro looks for a name in two packages of its own first: for two
        # thousand datasets that takes half a second.
        kind = self._kind(base)
        return {
            "type": kind,
            "name": name,
            "branch": branch,
            "dataset": base,
            **outside,
        }

    def _kind(self, base: dict[str, Any]) -> type:
        if not self.branch.suffix:
            return ProtectedDataset
        incremental = str(base["type"]).endswith("IncrementalDataset")
        return BranchedIncrementalDataset if incremental else BranchedDataset


def _whole_folders(context: KedroContext, ignore: Ignore) -> tuple[str, ...]:
    """Folders of partitions, in which other entries may have a file."""
    found = []
    for name, entry in context.config_loader["catalog"].items():
        if isinstance(entry, dict) and not ignore.has(name, str(entry.get("type"))):
            path = str(entry_places.innermost(entry).get(entry_places.FOLDER, ""))
            if path and "{" not in path:
                whole = path if "://" in path else str(context.project_path / path)
                found.append(entry_places.normal_path(whole))
    return tuple(found)


def without_branch(entry: Any) -> Any:
    """The entry as in ``catalog.yml``, whether it was rewritten or not."""
    if not isinstance(entry, dict) or not isinstance(entry.get("dataset"), dict):
        return entry
    held = entry["dataset"]
    if _is_ours(entry.get("type")):
        return held
    if _is_ours(held.get("type")):  # inside a CachedDataset
        inside = {k: v for k, v in held["dataset"].items() if k != "versioned"}
        return {**entry, "dataset": inside}
    return entry


def _cannot_be_branched(reasons: list[str]) -> str:
    if len(reasons) == 1:
        listed = f" {reasons[0]}. "
    else:
        listed = "".join(f"\n  {reason}" for reason in reasons) + "\n"
    return (
        f"Steel toes cannot tell where a branch would save:{listed}In "
        "conf/base/ops.yml, list an argument that names a place to save to under "
        "steel_toes.arguments.move, any other under steel_toes.arguments.keep. If you list "
        "an entry under steel_toes.ignore.names, every branch overwrites main's data of it."
    )


def _is_ours(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BranchedDataset)

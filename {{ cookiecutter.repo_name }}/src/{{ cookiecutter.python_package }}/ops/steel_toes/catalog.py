"""The catalog's configuration, rewritten for a branch."""

from __future__ import annotations

from typing import Any, NamedTuple

from kedro.framework.context import KedroContext

from ..core.errors import OpsError
from ..core.settings import Ignore, read_store
from . import paths
from .dataset import (
    BranchedDataset,
    BranchedIncrementalDataset,
    ProtectedDataset,
    quoted,
)
from .settings import SteelToesOptions


class CatalogRewriter(NamedTuple):
    """Rewrites a catalog's configuration for one branch; without a suffix it protects."""

    branch: str
    suffix: str
    ignore: Ignore
    store: dict[str, Any]

    @classmethod
    def of(
        cls,
        context: KedroContext,
        settings: SteelToesOptions,
        branch: str,
        protect: bool = False,
    ) -> CatalogRewriter:
        """The one for a branch by the settings of a project."""
        store = read_store(context.config_loader, context.project_path)
        suffix = "" if protect else settings.suffix_of(branch)
        return cls(branch, suffix, settings.ignore, store)

    def rewrite_all(self, context: KedroContext) -> None:
        """Put the branch's datasets in the place of the project's entries."""
        catalog: dict[str, Any] = context.config_loader["catalog"]
        context.config_loader["catalog"] = {
            name: self.rewrite(name, entry) for name, entry in catalog.items()
        }

    def rewrite(self, name: str, entry: Any) -> Any:
        """The entry that stands for ``entry`` on the branch.

        Raises:
            OpsError: if it has data in a place that cannot be branched.
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

    def _stays(self, name: str, entry: dict[str, Any]) -> bool:
        kind = entry.get("type")
        return (
            kind is None  # Kedro reports it
            or _is_ours(kind)  # the hook has fired before
            or self.ignore.has(name, str(kind))
        )

    def _wrap(self, name: str, entry: dict[str, Any]) -> dict[str, Any]:
        outside: dict[str, Any] = {
            key: entry[key] for key in ("validator", "metadata") if key in entry
        }
        base = {key: value for key, value in entry.items() if key not in outside}
        try:
            if paths.on_branch(base, self.suffix or "trunk") == base:
                return entry
        except paths.NotBranchable as reason:
            raise OpsError(
                f"'{name}' in the catalog cannot be branched: {reason}. If all branches "
                "may share it, list it under steel_toes.ignore.names in "
                "conf/base/ops.yml."
            ) from reason
        wrapped = {
            # The class, since Kedro looks for a name in two packages of its own first:
            # for two thousand datasets that takes half a second.
            "type": self._kind(base),
            "name": name,
            "branch": quoted(self.branch),
            "suffix": self.suffix,
            "dataset": base,
            "store": quoted(self.store),
            **outside,
        }
        if "{" in name:  # a factory pattern: Kedro fills in the names later
            wrapped["ignore"] = list(self.ignore.names)
        return wrapped

    def _kind(self, base: dict[str, Any]) -> type:
        if not self.suffix:
            return ProtectedDataset
        incremental = str(base["type"]).endswith("IncrementalDataset")
        return BranchedIncrementalDataset if incremental else BranchedDataset


def without_branch(entry: Any) -> Any:
    """The entry as it stands in ``catalog.yml``, of one that was rewritten or was not."""
    if not isinstance(entry, dict) or not isinstance(entry.get("dataset"), dict):
        return entry
    held = entry["dataset"]
    if _is_ours(entry.get("type")):
        return held
    if _is_ours(held.get("type")):  # inside a CachedDataset
        inside = {k: v for k, v in held["dataset"].items() if k != "versioned"}
        return {**entry, "dataset": inside}
    return entry


def _is_ours(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BranchedDataset)

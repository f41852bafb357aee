"""The catalog's configuration, rewritten for a branch."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import Any

from attrs import define, field, frozen
from kedro.framework.context import KedroContext

from . import branched_dataset, location, options, protected_dataset
from .branch import slug
from .errors import OpsError

_OURS = (branched_dataset.__name__, protected_dataset.__name__)


@define
class Ignore:
    """Entries that keep one copy for all branches; ``*`` stands for any text."""

    names: list[str] = field(factory=list)
    types: list[str] = field(factory=list)


@options.section("steel_toes")
class SteelToesOptions:
    """``steel_toes`` in ``ops.yml``."""

    enabled: bool = True
    trunk: list[str] = field(factory=lambda: ["main", "master"])
    protect_trunk: bool = False
    ignore: Ignore = field(factory=Ignore)
    suffix: str = "{branch}"

    def suffix_of(self, branch: str) -> str:
        """What is added to the names of files on a branch."""
        # No underscore: it parts the branch from the name, so that "cars" on "dev_x"
        # and "cars_dev" on "x" are two files.
        if not re.fullmatch(r"[a-z0-9.-]*\{branch\}[a-z0-9.-]*", self.suffix):
            raise OpsError(
                f"ops.yml: 'steel_toes.suffix' is '{self.suffix}': write {{branch}} "
                "once, with nothing around it but lower-case letters, digits, '.' and "
                "'-'."
            )
        return self.suffix.replace("{branch}", slug(branch))


@frozen
class CatalogRewriter:
    """Rewrites a catalog's configuration for one branch; without a suffix it protects."""

    branch: str
    suffix: str
    ignore: Ignore
    store: dict[str, Any]

    @classmethod
    def of(cls, context: KedroContext, branch: str, protect: bool) -> CatalogRewriter:
        """The one for a branch by the settings of a project."""
        settings = options.read(context.config_loader, SteelToesOptions)
        store = options.read_store(context.config_loader, context.project_path)
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
        kind = str(entry.get("type", _OURS[0]))  # Kedro reports an entry without a type
        return (
            kind.startswith(_OURS)  # the hook has fired before
            or any(fnmatchcase(name, pattern) for pattern in self.ignore.names)
            or any(fnmatchcase(kind, pattern) for pattern in self.ignore.types)
        )

    def _wrap(self, name: str, entry: dict[str, Any]) -> dict[str, Any]:
        outside: dict[str, Any] = {
            key: entry[key] for key in ("validator", "metadata") if key in entry
        }
        base = {key: value for key, value in entry.items() if key not in outside}
        try:
            if location.on_branch(base, self.suffix or "trunk") == base:
                return entry
        except location.NotBranchable as reason:
            raise OpsError(
                f"'{name}' in the catalog cannot be branched: {reason}. If all branches "
                "may share it, list it under steel_toes.ignore.names in "
                "conf/base/ops.yml."
            ) from reason
        incremental = str(base["type"]).endswith("IncrementalDataset")
        kind = f"{_OURS[0]}.Branched{'Incremental' if incremental else ''}Dataset"
        wrapped = {
            "type": kind if self.suffix else f"{_OURS[1]}.ProtectedDataset",
            "name": name,
            "branch": self.branch,
            "suffix": self.suffix,
            "dataset": base,
            "store": self.store,
            **outside,
        }
        if "{" in name:  # a factory pattern: Kedro fills in the names later
            wrapped["ignore"] = list(self.ignore.names)
        return wrapped


def without_branch(entry: Any) -> Any:
    """The entry as it stands in ``catalog.yml``, of one that was rewritten or was not."""
    if not isinstance(entry, dict) or not isinstance(entry.get("dataset"), dict):
        return entry
    held = entry["dataset"]
    if str(entry.get("type")).startswith(_OURS):
        return held
    if str(held.get("type")).startswith(_OURS):  # inside a CachedDataset
        inside = {k: v for k, v in held["dataset"].items() if k != "versioned"}
        return {**entry, "dataset": inside}
    return entry

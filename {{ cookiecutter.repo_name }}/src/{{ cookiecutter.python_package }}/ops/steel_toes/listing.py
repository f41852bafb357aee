"""Where data are: those of all branches, and those of one dataset now."""

from __future__ import annotations

from typing import Any

from ..core import git, kedro_internals
from ..core.errors import OpsError
from ..core.stored_data import stored_data
from .branches import Branches
from .dataset import BranchedDataset


def of_branches(branches: Branches) -> list[dict[str, Any]]:
    """A row for each branch that has data, by the manifest."""
    known = _in_git(branches)
    rows: dict[str, dict[str, Any]] = {}
    for record in branches.records():
        row = rows.setdefault(
            record.branch,
            {
                "branch": record.branch,
                "git": known(record.branch),
                "datasets": 0,
                "bytes": None,
                "last_save": "",
                "by": None,
                "base": {},
            },
        )
        state = branches.holding(record).state(record.fingerprint)
        row["datasets"] += 1
        row["base"][state] = row["base"].get(state, 0) + 1
        if record.bytes is not None:  # of a table it is not known
            row["bytes"] = record.bytes + (row["bytes"] or 0)
        if record.time > row["last_save"]:
            row["last_save"], row["by"] = record.time, record.user
    return list(rows.values())


def of_dataset(catalog: Any, name: str) -> dict[str, Any]:
    """Where a dataset is read from and written to now, and why.

    Raises:
        OpsError: if the catalog has no such dataset.
    """
    found = catalog.get(name)
    if found is None:
        raise OpsError(f"The catalog has no dataset '{name}'.")
    read = written = found = kedro_internals.uncached(found)
    why = (
        "its entry is as it stands in the catalog: this is the trunk, steel toes are "
        "off, it is ignored, or it has no data of its own"
    )
    if issubclass(type(found), BranchedDataset) and found.recorder:
        read, written = found.source, found.target
        copy = "its copy" if found.exists() else "no copy yet, so the base is read"
        why = f"branch '{found.branch}' has {copy}"
    return {
        "dataset": name,
        "read_from": _location(read),
        "written_to": _location(written),
        "why": why,
    }


def _location(dataset: Any) -> str:
    there = stored_data(dataset)
    return there.location if there else str(dataset)


def _in_git(branches: Branches) -> Any:
    try:
        known = git.branches(branches.context.project_path)
    except git.GitError:
        return lambda branch: "not known"
    return lambda branch: "there" if branch in known else "gone"

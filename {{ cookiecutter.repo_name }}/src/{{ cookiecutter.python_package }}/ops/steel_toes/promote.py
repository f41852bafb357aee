"""Promote: a branch's data replaces main's.

First, everything is copied next to its new place. Only then does main's data change,
one dataset after the other. If this is interrupted, the same command finishes it. No
record decides which places change: only the catalog and the branch do.
"""

from __future__ import annotations

from typing import Any

from kedro.io.core import generate_timestamp

from ..core.dataset_io import Stored, stored_data
from ..core.errors import OpsError
from ..core.git import slug
from .branches import Branches, Holding, state
from .checks import ask
from .manifest import NOTHING

_ACTIONS = {
    "same": "nothing: main has the same data",
    "ahead": "copy",
    "behind": "refused: main's data has changed since the branch forked",
    "unknown": "refused: the branch's fork point is unknown",
}


def plan(
    branches: Branches, branch: str, datasets: tuple[str, ...], force: bool
) -> list[dict[str, Any]]:
    """What a promotion would do with each dataset, or the chosen ones, of a branch.

    Returns:
        Rows of ``dataset``, ``action`` and ``from``; the action begins with ``copy``,
        ``nothing`` or ``refused``.

    Raises:
        OpsError: if the branch has no data, or none of a dataset that is chosen.
    """
    records = branches.records(branch)
    if not records:
        raise OpsError(f"Branch '{branch}' has no data. See kedro branches list.")
    unknown = set(datasets) - {record.dataset for record in records}
    if unknown:
        raise OpsError(f"Branch '{branch}' has no data of '{min(unknown)}'.")
    chosen = [each for each in records if not datasets or each.dataset in datasets]
    holdings = [branches.holding(record) for record in chosen]

    def action(holding: Holding) -> str:
        return _refuse_half(holding) or _action(holding, force)

    found = ask(action, holdings, lambda each: each.dataset and each.dataset.target)
    return [
        {"dataset": record.dataset, "action": action, "from": record.location}
        for record, action in zip(chosen, found)
    ]


def promote(branches: Branches, branch: str, datasets: list[str]) -> None:
    """Replace main's data of some datasets by the branch's.

    If a copy fails, main's data is unchanged.

    Raises:
        OpsError: if the catalog or the kind of a dataset does not allow it.
    """
    ends = {name: _ends(branches, branch, name) for name in datasets}
    copies = {name: _copy(base, branch) for name, (base, _) in ends.items()}
    try:
        for name, (_, target) in ends.items():
            copies[name].copy_from(target)
        for name, (base, target) in ends.items():
            base.at(_version(base, target)).take(copies[name], _away(base, branch))
            _note(branches, branch, name)
    finally:
        for copy in copies.values():
            copy.remove()


def _refuse_half(holding: Holding) -> str:
    """Refuse a dataset that saves to two places, because main would mix them."""
    more = holding.dataset.second_places if holding.dataset else []
    return f"refused: it also saves to {more[0]}: run its node on main" if more else ""


def _action(holding: Holding, force: bool) -> str:
    target, base = holding.target, holding.base
    if target is None or base is None:
        return "refused: in the catalog, it is no longer there"
    if target.is_view:
        return "nothing: it is a view, which a run on main creates again"
    ours = target.fingerprint()
    if ours is None:
        return "refused: its data is gone"
    if _away(base, holding.record.branch).exists():
        return "copy: finishes a promotion that was interrupted"
    found = state(holding.record, ours, base.fingerprint() or NOTHING)
    if force and found in {"behind", "unknown"}:
        return f"copy (forced: {found})"
    return _ACTIONS[found]


def _ends(branches: Branches, branch: str, name: str) -> tuple[Any, Any]:
    """Main's dataset and the branch's."""
    dataset = branches.dataset(name, branch)
    if dataset is None:
        raise OpsError(
            f"'{name}' is not defined in the catalog, so it cannot be promoted."
        )
    base, target = stored_data(dataset.base), stored_data(dataset.target)
    if base is None or target is None:
        raise OpsError(
            f"'{name}' cannot be promoted: only its own dataset class can copy its data."
        )
    return base, target


# Both have the same names each time, so that the next promotion clears what one that was
# killed has left.
def _copy(base: Stored, branch: str) -> Any:
    """The place next to main's data for its replacement."""
    return base.beside(f"new-{slug(branch)}")


def _away(base: Stored, branch: str) -> Any:
    """The place next to main's data for the old folder during a replacement."""
    return base.beside(f"old-{slug(branch)}")


def _version(base: Stored, target: Stored) -> str | None:
    """The version that main will have."""
    version = target.version
    if version and base.version and version <= base.version:
        # A later one, or main would go on reading its own.
        return max(generate_timestamp(), f"{base.version}_2")
    return version


def _note(branches: Branches, branch: str, name: str) -> None:
    """Record the new fork point: main now has the branch's data."""
    record = branches.manifest.read(branch, name)
    if record:
        base, _ = _ends(branches, branch, name)
        branches.manifest.write(record._replace(base=base.fingerprint()))

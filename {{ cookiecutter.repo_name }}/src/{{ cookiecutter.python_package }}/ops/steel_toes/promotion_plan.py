"""What a promotion would do, and what an earlier one has left undone."""

from __future__ import annotations

from typing import Any

from ..core.errors import OpsError
from .branches import Branches, Holding
from .promote import COPYING, DONE, SWAPPING, Intent, Promotion, under_way

_ACTIONS = {
    "same": "nothing: the base has the same",
    "ahead": "copy",
    "behind": "refused: the base has moved since the branch forked",
    "unknown": "refused: it is not known what the branch forked from",
}


def recover(
    branches: Branches, branch: str, finish: bool, undo: bool
) -> list[dict[str, Any]]:
    """Deal with promotions that were killed, before another one.

    One that had not begun to change the base, or was as good as done, is put away
    without a word if its process was on this machine and is gone.

    Args:
        branches: the data of the project's branches.
        branch: the branch that is to be promoted.
        finish: complete its promotion that was killed.
        undo: undo it.

    Returns:
        What was done to the datasets of ``branch``, as in a plan.

    Raises:
        OpsError: if one is under way, or was killed and it is not said what to do.
    """
    rows = []
    for intent in under_way(branches.manifest.store):
        asked = intent.branch == branch and (finish or undo)
        _refuse(intent, asked, finish)
        promotion = Promotion(branches, intent)
        if asked and finish and intent.phase == SWAPPING:
            promotion.finish()
        else:
            promotion.undo()
        if asked:
            done = "finished" if finish or intent.phase == DONE else "undone"
            rows += [{"dataset": name, "action": done} for name in intent.versions]
    if (finish or undo) and not rows:
        raise OpsError(f"No promotion of '{branch}' was interrupted.")
    return rows


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
        raise OpsError(f"The manifest knows no data of branch '{branch}'.")
    unknown = set(datasets) - {record.dataset for record in records}
    if unknown:
        raise OpsError(f"The manifest knows no '{min(unknown)}' of branch '{branch}'.")
    return [
        {
            "dataset": record.dataset,
            "action": _action(branches.holding(record), force),
            "from": record.location,
        }
        for record in records
        if not datasets or record.dataset in datasets
    ]


def _refuse(intent: Intent, asked: bool, finish: bool) -> None:
    running = intent.is_running()
    if running:
        raise OpsError(
            f"A promotion of '{intent.branch}' is under way (process {intent.pid})."
        )
    if asked and finish and intent.phase not in {SWAPPING, DONE}:
        why = (
            "has not changed the base" if intent.phase == COPYING else "is half undone"
        )
        raise OpsError(
            f"The promotion of '{intent.branch}' {why}: --undo it, then promote again."
        )
    safe = running is False and intent.phase in {COPYING, DONE}
    if not asked and not safe:
        raise OpsError(
            f"A promotion of '{intent.branch}' was interrupted, or is still under way, "
            f"on {intent.host} (process {intent.pid}). When it is not, run: kedro "
            f"branches promote {intent.branch} --finish (or --undo)."
        )


def _action(holding: Holding, force: bool) -> str:
    if holding.target is None or holding.base is None:
        return "refused: the catalog does not have it there (any more)"
    if holding.target.is_view:
        return "nothing: it is a view, which the base's run makes anew"
    ours = holding.target.fingerprint()
    if ours is None:
        return "refused: its data are gone"
    state = holding.state(ours)
    if force and state in {"behind", "unknown"}:
        return f"copy (forced: {state})"
    return _ACTIONS[state]

"""What a promotion would do, and what an earlier one has left undone."""

from __future__ import annotations

from typing import Any

from .branches import Branches, Holding
from .errors import OpsError
from .promotion import SWAPPING, Promotion, interrupted


def recover(branches: Branches, branch: str, finish: bool, undo: bool) -> str | None:
    """Deal with promotions that were killed, before another one.

    Args:
        branches: the data of the project's branches.
        branch: the branch that is to be promoted.
        finish: complete its promotion that was killed.
        undo: undo it.

    Returns:
        What was done to the promotion of ``branch``; none if there was none.

    Raises:
        OpsError: if one is under way, or was killed and it is not said what to do.
    """
    for intent in interrupted(branches.manifest.store):
        promotion = Promotion(branches, intent)
        if intent.is_running():
            raise OpsError(
                f"A promotion of '{intent.branch}' is under way (process {intent.pid})."
            )
        if intent.phase != SWAPPING:
            promotion.undo()  # it has changed no base, or was as good as done
        elif intent.branch == branch and (finish or undo):
            promotion.finish() if finish else promotion.undo()
            return f"{'Finished' if finish else 'Undone'}: the promotion of '{branch}'."
        else:
            raise OpsError(
                f"A promotion of '{intent.branch}' was interrupted on {intent.host}. "
                f"Run: kedro branches promote {intent.branch} --finish (or --undo)."
            )
    if finish or undo:
        raise OpsError(f"No promotion of '{branch}' was interrupted.")
    return None


def plan(
    branches: Branches, branch: str, datasets: tuple[str, ...], force: bool
) -> list[dict[str, Any]]:
    """What a promotion would do with each dataset, or the chosen ones, of a branch.

    Returns:
        Rows of ``dataset``, ``action`` and ``from``; the action begins with ``copy``,
        ``nothing`` or ``refused``.

    Raises:
        OpsError: if the branch has no data.
    """
    records = branches.records(branch)
    if not records:
        raise OpsError(f"The manifest knows no data of branch '{branch}'.")
    rows = []
    for record in records:
        if datasets and record.dataset not in datasets:
            continue
        holding = branches.holding(record)
        row = {"dataset": record.dataset, "action": _action(holding, force)}
        rows.append(row | {"from": record.location})
    return rows


def _action(holding: Holding, force: bool) -> str:
    if holding.target is None or holding.base is None:
        return "refused: the catalog does not have it there (any more)"
    if holding.target.fingerprint() is None:
        return "refused: its data are gone"
    state = holding.state
    if state == "same":
        return "nothing: the base has the same"
    if state == "ahead" or force:
        return "copy" if state == "ahead" else f"copy (forced: {state})"
    if state == "behind":
        return "refused: the base has moved since the branch forked"
    return "refused: it is not known what the branch forked from"

"""Which branches' data can go, and how they go: never a base."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from ..core import branch, git
from ..core.errors import OpsError
from .branches import Branches
from .manifest import Record, author


def chosen(
    branches: Branches, names: set[str], older_than: int | None, everyone: bool
) -> list[Record]:
    """What is to be cleaned; of the current branch only if it is named.

    Args:
        branches: the data of the project's branches.
        names: the branches that are named; without any, those that are over.
        older_than: only those that were idle for so many days, over or not.
        everyone: also those gone from git whose data others have saved.
    """
    if names:
        found = names
        if older_than is not None:
            found = names & _idle(branches, older_than)
    else:
        here = branch.current(branches.context.project_path).name
        idle = older_than is not None
        found = _idle(branches, older_than or 0) if idle else _over(branches, everyone)
        found -= {here}
    return [record for record in branches.records() if record.branch in found]


def remove(branches: Branches, record: Record) -> str | None:
    """Delete the data of a record and the record.

    Only where the catalog, the branch and the record agree on the place, and never in
    the place of another dataset or a base: a record alone makes this delete nothing.

    Returns:
        Why it was not deleted; none if it was.
    """
    refused = refusal(branches, record)
    target = branches.holding(record).target
    if refused is None and target:
        target.remove()
        branches.manifest.remove(record)
    return refused


def refusal(branches: Branches, record: Record) -> str | None:
    """Why the data of a record must not be deleted; none if they can be."""
    holding = branches.holding(record)
    if holding.target is None or holding.dataset is None:
        return f"the catalog does not have it at {record.location} (any more)"
    places = holding.dataset.own_places
    owner = branches.bases(record.branch).of(places, saved=True)
    return f"{record.location} belongs to '{owner}'" if owner else None


def _over(branches: Branches, everyone: bool) -> set[str]:
    """The branches with data that are merged or gone from git.

    A branch may be gone from this clone only, when somebody has not pushed it: so one
    is taken for gone if its data were saved from here, or if ``everyone`` is meant.

    Raises:
        OpsError: where git does not say.
    """
    path = branches.context.project_path
    try:
        known = git.branches(path)
        merged = git.merged(path, branches.settings.trunk)
    except git.GitError as error:
        raise OpsError(f"Which branches are gone is not known: {error}.") from error
    me = author()
    records = branches.records()
    theirs = {
        each.branch
        for each in records
        if (each.user, each.host) != (me["user"], me["host"])
    }
    found = {record.branch for record in records}
    gone = found - known - (set() if everyone else theirs)
    return gone | found & merged


def _idle(branches: Branches, days: int) -> set[str]:
    """The branches with data that have saved none for some days."""
    limit = datetime.now(timezone.utc) - timedelta(days=days)
    last: dict[str, str] = {}
    for record in branches.records():
        last[record.branch] = max(record.time, last.get(record.branch, ""))
    text = limit.isoformat(timespec="seconds")  # all times are in UTC and this form
    return {name for name, time in last.items() if time <= text}

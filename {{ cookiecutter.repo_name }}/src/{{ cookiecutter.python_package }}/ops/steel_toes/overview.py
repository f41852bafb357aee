"""The overview: what ``kedro branches list`` shows of each branch.

Behind a URL it is kept in ``manifest/overview.json``, so that the list need not read the
manifests of all branches. A run updates its branch there. What was written meanwhile by
others shows in the sizes of their files, and is read anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from attrs import asdict, frozen

from ..core.store import Store

_FILE = "manifest/overview.json"


@frozen
class BranchSummary:
    """The data of a branch, by its records."""

    branch: str
    datasets: int
    bytes: int | None  # of a table the size is not known
    last_save: str  # ISO 8601, UTC
    by: str | None


@frozen
class Folder:
    """The summaries of a folder of the manifest, and the sizes of its files."""

    files: dict[str, int]
    summaries: list[BranchSummary]


def summarize(records: Iterable[Any]) -> list[BranchSummary]:
    """The summaries of the branches that records are of."""
    by_branch: dict[str, list[Any]] = {}
    for record in records:
        by_branch.setdefault(record.branch, []).append(record)
    found = []
    for branch, some in sorted(by_branch.items()):
        last = max(some, key=lambda record: str(record.time))
        sizes = [each.bytes for each in some if each.bytes is not None]
        total = sum(sizes) if sizes else None
        found.append(BranchSummary(branch, len(some), total, last.time, last.user))
    return found


def read(store: Store) -> dict[str, Folder]:
    """The folders in the overview, by name; none if there is none or it is damaged."""
    try:
        known = json.loads(store.read(_FILE) or b"{}")
        return {
            name: Folder(
                each["files"], [BranchSummary(**row) for row in each["summaries"]]
            )
            for name, each in known.items()
        }
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}


def write(store: Store, folders: Mapping[str, Folder]) -> None:
    """Write the overview. Of two writers at once, the list reads again what one lost."""
    text = json.dumps({name: asdict(each) for name, each in folders.items()})
    store.write(_FILE, text.encode())

"""The dataset of a protected trunk."""

from __future__ import annotations

from typing import Any

from kedro.io import DatasetError

from .dataset import BranchedDataset


class ProtectedDataset(BranchedDataset):
    """A dataset of the trunk: it can be read, and a save is refused."""

    def save(self, data: Any) -> None:
        raise DatasetError(refusal(self))

    def confirm(self) -> None:
        raise DatasetError(refusal(self))


def refusal(dataset: BranchedDataset) -> str:
    """Why a protected dataset is not saved, and what to do."""
    return (
        f"'{dataset.name}' is not saved: steel toes protect '{dataset.branch}' outside CI. "
        "Work on a branch (git switch -c NAME), or see protect_trunk in "
        "conf/base/ops.yml."
    )

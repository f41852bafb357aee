"""The dataset of a protected trunk."""

import pytest
from kedro.io import DatasetError

from . import ops

module = ops("protected_dataset")


def test_a_protected_dataset_is_read_and_neither_saved_nor_confirmed(tmp_path):
    base = tmp_path / "cars.txt"
    base.write_text("base")
    entry = {"type": "text.TextDataset", "filepath": base.as_posix()}
    dataset = module.ProtectedDataset(
        name="cars", branch="main", suffix="", dataset=entry
    )

    assert dataset.load() == "base"
    for act in (lambda: dataset.save("new"), dataset.confirm):
        with pytest.raises(DatasetError, match="protect 'main' outside CI"):
            act()
    assert base.read_text() == "base"

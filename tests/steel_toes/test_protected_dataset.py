"""The dataset of a protected trunk."""

import pytest
from kedro.io import DataCatalog, DatasetError
from kit import ops

module = ops("steel_toes.dataset")


@pytest.fixture
def dataset(tmp_path):
    """A dataset of branch main, which is protected."""
    base = tmp_path / "cars.txt"
    base.write_text("base")
    entry = {"type": "text.TextDataset", "filepath": base.as_posix()}
    main = module.BranchSettings("main", "")
    return module.ProtectedDataset(name="cars", branch=main, dataset=entry)


def test_it_is_read_and_neither_saved_nor_confirmed(dataset):
    assert dataset.load() == "base"
    for act in (lambda: dataset.save("new"), dataset.confirm):
        with pytest.raises(DatasetError, match="protect 'main' outside CI"):
            act()
    assert dataset.load() == "base"


def test_a_catalog_made_from_its_own_configuration_is_protected(dataset):
    catalog = DataCatalog({"cars": dataset})
    again = DataCatalog.from_config(*catalog.to_config())

    with pytest.raises(DatasetError, match="protect"):
        again.save("cars", "branch")

"""The dataset that reads the branch's copy, else main's."""

import copy
import os
import pickle
from pathlib import Path

import pytest
from kedro.io import (
    AbstractDataset,
    AbstractVersionedDataset,
    DataCatalog,
    DatasetError,
    Version,
)
from kedro_datasets.partitions import IncrementalDataset, PartitionedDataset
from kedro_datasets.text import TextDataset
from kit import PACKAGE, ops

module = ops("steel_toes.dataset")
DEV = module.BranchSettings("dev", "dev")


@pytest.fixture
def base(tmp_path):
    file = tmp_path / "cars.txt"
    file.write_text("base")
    return file


def branched(file, cls=module.BranchedDataset, branch=DEV, **kwargs):
    entry = {"type": "text.TextDataset", "filepath": file.as_posix()}
    return cls(name="cars", branch=branch, dataset=entry, **kwargs)


def test_the_base_is_read_until_the_branch_has_its_copy(base):
    dataset = branched(base)

    assert dataset.load() == "base"
    dataset.save("branch")
    assert dataset.load() == "branch"
    assert base.read_text() == "base"
    assert base.with_name("cars_dev.txt").read_text() == "branch"


class Upper(TextDataset):
    """Holds its path in a second place."""

    def __init__(self, *, filepath, version=None):
        super().__init__(filepath=filepath, version=version)
        self.title = filepath.upper()


class Mute(AbstractDataset):
    """A dataset that cannot tell whether its data exists."""

    def __init__(self, filepath):
        self._filepath = Path(filepath)

    def _load(self):
        return self._filepath.read_text()

    def _save(self, data):
        self._filepath.write_text(data)

    def _describe(self):
        return {"filepath": self._filepath}


class Plain(Mute):
    """The dataset of Kedro's tutorial on custom datasets: its path is a Path."""

    def _exists(self):
        return self._filepath.exists()


def test_what_a_branch_saved_elsewhere_is_not_there(tmp_path):
    # As in another environment, where a path rule moves the data.
    branch = module.BranchSettings("dev", "dev", store=(tmp_path / "ops").as_posix())
    datasets = []
    for folder in ("local", "prod"):
        file = tmp_path / folder / "cars.txt"
        file.parent.mkdir()
        file.write_text(f"main's in {folder}")
        entry = {"type": Mute, "filepath": file.as_posix()}
        datasets.append(
            module.BranchedDataset(name="cars", branch=branch, dataset=entry)
        )
    local, prod = datasets

    local.save("dev's")

    assert local.load() == "dev's"
    assert prod.load() == "main's in prod"


def test_many_bases_of_a_plain_custom_dataset_are_read(tmp_path):
    for name in ("cars", "bikes", "ships"):
        file = tmp_path / f"{name}.txt"
        file.write_text(name)
        entry = {"type": Plain, "filepath": file.as_posix()}
        dataset = module.BranchedDataset(name=name, branch=DEV, dataset=entry)
        assert dataset.load() == name
        dataset.save("branch")
        assert (dataset.load(), file.read_text()) == ("branch", name)


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "text.TextDataset"},
        {"type": "text.TextDataset", "fs_args": {"open_args_load": {"newline": ""}}},
        {"type": "json.JSONDataset", "metadata": {"owner": "us"}},
        {"type": "pickle.PickleDataset", "backend": "pickle"},
        {"type": Upper},
    ],
)
def test_every_base_is_the_dataset_of_the_entry(tmp_path, entry):
    kind, more = module._class_of(entry["type"]), {**entry}
    del more["type"]
    for name in ("cars", "bikes", "ships"):  # what one has shown, others rely on
        path = (tmp_path / f"{name}.txt").as_posix()
        dataset = module.BranchedDataset(
            name=name, branch=DEV, dataset={**entry, "filepath": path}
        )

        assert type(dataset.base) is kind
        assert vars(dataset.base) == vars(kind(filepath=path, **more))
        assert vars(dataset.target) == vars(
            kind(filepath=(tmp_path / f"{name}_dev.txt").as_posix(), **more)
        )


def test_it_exists_once_the_branch_has_its_copy(base):
    dataset = branched(base)

    assert not dataset.exists()
    dataset.save("branch")
    assert dataset.exists()


def test_a_failed_check_is_not_a_reason_to_read_the_base(base):
    dataset = branched(base)
    base.with_name("cars_dev.txt").symlink_to("cars_dev.txt")  # a loop

    with pytest.raises(DatasetError, match="'cars' on branch 'dev'"):
        dataset.load()


def test_it_passes_for_the_dataset_inside(base):
    dataset = branched(base, metadata={"owner": "us"})

    assert isinstance(dataset, TextDataset)
    assert isinstance(dataset, AbstractVersionedDataset)
    assert isinstance(dataset, module.BranchedDataset)
    assert dataset._describe() == dataset.base._describe()  # what a load reads
    dataset.save("of dev")
    assert dataset._describe() == dataset.target._describe()
    assert repr(dataset) == repr(dataset.target)
    assert str(dataset) == "'cars' on branch 'dev'"
    assert dataset.metadata == {"owner": "us"}
    assert str(dataset._filepath).endswith("cars_dev.txt")
    assert not hasattr(dataset, "confirm")


def test_a_preview_shows_what_a_load_reads(base):
    dataset = branched(base)

    assert str(dataset._get_load_path()) == base.as_posix()
    dataset.save("branch")
    assert str(dataset._get_load_path()).endswith("cars_dev.txt")


def test_a_released_dataset_reads_again(base):
    dataset = branched(base)
    dataset.load()
    dataset.release()

    assert dataset.load() == "base"


def test_it_survives_pickling_and_copying(base):
    dataset = branched(base)
    for twin in (pickle.loads(pickle.dumps(dataset)), copy.deepcopy(dataset)):
        assert isinstance(twin, TextDataset)
        assert twin.load() == "base"
        twin.save("branch")
        assert dataset.load() == "branch"
        base.with_name("cars_dev.txt").unlink()


def test_an_ignored_name_of_a_pattern_stays_on_the_base(base):
    dataset = branched(base, branch=module.BranchSettings("dev", "dev", ignore=("c*",)))
    dataset.save("new")

    assert base.read_text() == "new"


def test_versions_are_the_branch_s_own_else_the_base_s(tmp_path):
    file = tmp_path / "cars.txt"
    TextDataset(filepath=str(file), version=Version(None, "1")).save("base")
    entry = {"type": "text.TextDataset", "filepath": str(file), "versioned": True}
    catalog = DataCatalog.from_config(
        {
            "cars": {
                "type": f"{PACKAGE}.ops.steel_toes.dataset.BranchedDataset",
                "versioned": True,
                "name": "cars",
                "branch": DEV,
                "dataset": entry,
            }
        },
        save_version="2",
    )

    assert catalog.load("cars") == "base"
    catalog.save("cars", "branch")
    assert catalog.load("cars") == "branch"
    assert catalog.load("cars", version="1") == "base"
    assert catalog.load("cars", version="2") == "branch"
    assert catalog["cars"].resolve_load_version() == "2"
    assert (tmp_path / "cars_dev.txt" / "2" / "cars_dev.txt").exists()


def test_a_catalog_made_from_its_own_configuration_is_the_same(base):
    catalog = DataCatalog({"cars": branched(base)})
    again = DataCatalog.from_config(*catalog.to_config())
    again.save("cars", "branch")

    assert catalog.load("cars") == "branch"
    assert base.read_text() == "base"


def test_partitions_are_the_branch_s_folder_or_the_base_s(tmp_path):
    entry = {
        "type": "partitions.PartitionedDataset",
        "path": str(tmp_path / "parts"),
        "dataset": "text.TextDataset",
    }
    PartitionedDataset(**{k: entry[k] for k in ("path", "dataset")}).save({"a": "base"})
    dataset = module.BranchedDataset(name="parts", branch=DEV, dataset=entry)

    assert dataset.load()["a"]() == "base"
    dataset.save({"b": "branch"})
    assert dataset.load().keys() == {"b"}
    assert os.listdir(tmp_path / "parts") == ["a"]


@pytest.fixture
def increments(tmp_path):
    entry = {"path": str(tmp_path / "days"), "dataset": "text.TextDataset"}
    IncrementalDataset(**entry).save({"1": "one", "2": "two"})
    return module.BranchedIncrementalDataset(
        name="days",
        branch=DEV,
        dataset={"type": "partitions.IncrementalDataset", **entry},
    )


def test_a_branch_confirms_increments_of_the_base_for_itself(increments, tmp_path):
    assert increments.load().keys() == {"1", "2"}
    increments.confirm()
    increments.release()

    assert increments.load() == {}
    increments.confirm()  # of nothing new
    assert sorted(os.listdir(tmp_path / "days")) == ["1", "2"]
    assert os.listdir(tmp_path / "days_dev") == ["CHECKPOINT"]


def test_a_branch_with_increments_of_its_own_reads_those(increments, tmp_path):
    increments.save({"3": "three"})

    assert increments.load().keys() == {"3"}
    increments.confirm()
    increments.release()
    assert increments.load() == {}
    assert sorted(os.listdir(tmp_path / "days_dev")) == ["3", "CHECKPOINT"]


def test_a_half_made_dataset_has_no_attributes_yet():
    dataset = module.BranchedDataset.__new__(module.BranchedDataset)

    assert not hasattr(dataset, "_filepath")

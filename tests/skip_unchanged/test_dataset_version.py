"""How datasets are read and written, and what they hold."""

import gzip
import pickle
from collections import OrderedDict
from pathlib import Path

import pytest
from kedro.io import DataCatalog
from kedro_datasets.text import TextDataset
from kit import PACKAGE, PROJECT, ops

from .skip_project import text


class Upper(TextDataset):
    """A dataset of the project's own."""


def of(tmp_path, entries, project=None):
    cache = ops("skip_unchanged.data_version").StatCache(
        str(tmp_path / "stats"), str(tmp_path)
    )
    settings = ops("skip_unchanged.settings").SkipUnchangedOptions()
    project = project or tmp_path
    codes = ops("skip_unchanged.code_version").CodeVersions(project)
    catalog = DataCatalog.from_config(entries)
    return ops("skip_unchanged.dataset_version").Datasets(
        catalog, cache, settings, project, codes
    )


def how(tmp_path, **entry):
    return of(tmp_path, {"a": text(tmp_path / "a.txt") | entry}).configuration("a")


def test_a_plain_file_is_looked_at_without_building_its_dataset(tmp_path):
    (tmp_path / "a.txt").write_text("1")
    datasets = of(tmp_path, {"a": text(tmp_path / "a.txt")})

    assert datasets.now("a").print.startswith("xxh3:")
    assert datasets.place("a") == str(tmp_path / "a.txt")
    assert not datasets.is_in_memory("a")
    assert not datasets.catalog._datasets


def test_an_object_in_the_catalog_is_looked_at_as_it_is(tmp_path):
    datasets = of(tmp_path, {"a": text(tmp_path / "a.txt")})
    other = tmp_path / "b.txt"
    other.write_text("2")
    datasets.catalog["a"] = TextDataset(filepath=str(other))

    assert datasets.now("a").place == str(other)
    assert datasets.configuration("a").items


def test_an_object_in_the_place_of_a_pattern_is_looked_at_as_it_is(tmp_path):
    datasets = of(tmp_path, {"{name}_text": text(tmp_path / "{name}.txt")})
    assert datasets.entry("a_text")["filepath"] == str(tmp_path / "a.txt")
    again = of(tmp_path, {"{name}_text": text(tmp_path / "{name}.txt")})
    again.catalog.get("a_text")
    assert again.entry("a_text")["filepath"] == str(tmp_path / "a.txt")
    replaced = of(tmp_path, {"{name}_text": text(tmp_path / "{name}.txt")})
    replaced.catalog["a_text"] = TextDataset(filepath=str(tmp_path / "b.txt"))

    assert replaced.entry("a_text") is None


@pytest.mark.parametrize(
    "change",
    [{"save_args": {"a": 1}}, {"load_args": {"a": [1]}}, {"fs_args": {"b": 2}}],
    ids=str,
)
def test_what_changes_how_it_is_read_or_written_counts(tmp_path, change):
    assert how(tmp_path) != how(tmp_path, **change)


@pytest.mark.parametrize(
    "change",
    [{"metadata": {"a": 1}}, {"credentials": {"a": 1}}, {"filepath": "/b/c.txt"}],
    ids=str,
)
def test_what_does_not_change_that_does_not_count(tmp_path, change):
    assert how(tmp_path) == how(tmp_path, **change)


def test_another_ending_counts(tmp_path):
    assert how(tmp_path) != how(tmp_path, filepath="/b/c.txt.gz")


def test_the_projects_own_class_counts_with_its_code(tmp_path):
    entry = {"a": {**text(tmp_path / "a.txt"), "type": f"{__name__}.Upper"}}
    items = of(tmp_path, entry, Path(__file__).parents[2]).configuration("a").items

    assert any("Upper" in item for item in items)


def test_in_memory_is_the_same_under_every_runner(tmp_path):
    datasets = of(tmp_path, {"a": {"type": "MemoryDataset", "copy_mode": "assign"}})

    assert datasets.is_in_memory("a") and datasets.is_in_memory("nowhere")
    assert datasets.configuration("a").items.keys() == {"copy_mode"}
    datasets.catalog["b"] = "text"
    assert datasets.is_in_memory("b")
    assert datasets.configuration("b").items == {}


class Closed:
    """Does not let itself be taken apart."""

    def __deepcopy__(self, memo):
        return self

    def __reduce_ex__(self, protocol):
        raise TypeError


def test_what_cannot_be_compared_is_said(tmp_path):
    [words] = how(tmp_path, load_args={"a": Closed()}).opaque
    assert words.startswith("load_args: ") and "cannot be compared" in words


def test_a_file_that_was_written_since_is_not_still_the_same(tmp_path):
    (tmp_path / "a.txt").write_text("1")
    plain, versions = text(tmp_path / "a.txt"), text(tmp_path / "v", versioned=True)
    datasets = of(tmp_path, {"a": plain, "v": versions})
    datasets.catalog.save("v", "1")
    for name, file in (("a", tmp_path / "a.txt"), ("v", next(tmp_path.glob("v/*/v")))):
        held = datasets.now(name)
        assert datasets.is_still(name, held)
        file.write_text("1")
        assert not datasets.is_still(name, held)


def test_the_validator_of_a_guard_changes_no_data(tmp_path):
    guard = f"{PACKAGE}.ops.core.branch.Validator"

    plain = how(tmp_path)
    assert how(tmp_path, validator={"class": guard, "options": {"run": 1}}) == plain
    assert how(tmp_path, validator=guard) == plain


PICKLE = {"type": "pickle.PickleDataset"}


@pytest.fixture
def edit_package():
    """Edit a module of the project's package."""
    file = PROJECT / "src" / PACKAGE / "some_models.py"
    yield file.write_text
    file.unlink(missing_ok=True)


def read(tmp_path, content, entry):
    file = tmp_path / "file"
    file.write_bytes(content)
    datasets = of(tmp_path, {"a": {"filepath": str(file), **entry}})
    return datasets.read("a", datasets.now("a")).print


OF_THE_PROJECT = pickle.dumps([f"{PACKAGE}.some_models", "Model"])
OF_A_LIBRARY = pickle.dumps(OrderedDict(a=[1, 2.0]))


@pytest.mark.parametrize(
    ("content", "entry", "depends"),
    [
        (OF_THE_PROJECT, PICKLE, True),
        (OF_A_LIBRARY, PICKLE, False),
        # Nobody can see what is in it.
        (gzip.compress(OF_A_LIBRARY, mtime=0), PICKLE, True),
        (
            OF_THE_PROJECT,
            {"type": "pandas.GenericDataset", "file_format": "pickle"},
            True,
        ),
        # Tables and texts hold no objects, whatever is in them.
        (OF_THE_PROJECT, {"type": "pandas.CSVDataset"}, False),
        (OF_THE_PROJECT, {"type": "text.TextDataset"}, False),
    ],
)
def test_data_that_may_hold_the_projects_objects_depends_on_all_its_code(
    tmp_path, edit_package, content, entry, depends
):
    edit_package("class Model:\n    def f(self): return 1")
    before = read(tmp_path, content, entry)
    edit_package("class Model:\n    def f(self): return 2")

    assert (read(tmp_path, content, entry) != before) == depends


def test_a_folder_may_hold_the_projects_objects(tmp_path, edit_package):
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/a.pkl").write_bytes(OF_A_LIBRARY)
    entry = {"type": "partitions.PartitionedDataset", "path": str(tmp_path / "parts")}

    def told():
        datasets = of(tmp_path, {"a": {**entry, "dataset": "pickle.PickleDataset"}})
        return datasets.read("a", datasets.now("a")).print

    before = told()
    edit_package("a = 1")
    assert told() != before

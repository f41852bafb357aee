"""How datasets are read and written, and what they hold."""

import gzip
import pickle
from collections import OrderedDict
from pathlib import Path

import fsspec
import pytest
from kedro.io import DataCatalog, MemoryDataset, Version
from kedro_datasets.partitions import PartitionedDataset
from kedro_datasets.text import TextDataset
from kit import PACKAGE, PROJECT, ops

from .skip_project import text

module = ops("skip_unchanged.dataset_version")


class Upper(TextDataset):
    """A dataset of the project's own."""


def of(tmp_path, entries, project=None):
    cache = ops("skip_unchanged.stat_cache").StatCache(str(tmp_path), str(tmp_path))
    settings = ops("skip_unchanged.settings").SkipUnchangedOptions()
    project = project or tmp_path
    codes = ops("skip_unchanged.code_version").CodeVersions(project)
    catalog = DataCatalog.from_config(entries)
    return ops("skip_unchanged.dataset_version").Datasets(
        catalog, cache, settings, project, codes
    )


def how(tmp_path, **entry):
    """How one entry is read and written."""
    return recipe(of(tmp_path, {"a": text(tmp_path / "a.txt") | entry}))


def recipe(datasets, name="a"):
    return ops("skip_unchanged.recipe").Recipes(datasets).dataset_recipe(name)


def test_a_file_is_looked_at_by_its_content(tmp_path):
    (tmp_path / "a.txt").write_text("1")
    datasets = of(tmp_path, {"a": text(tmp_path / "a.txt")})

    assert datasets.now("a").print.startswith("xxh3:")
    assert datasets.place("a") == f"file://{tmp_path}/a.txt"
    assert not datasets.is_in_memory("a")


def test_an_object_in_the_catalog_is_looked_at_as_it_is(tmp_path):
    datasets = of(tmp_path, {"a": text(tmp_path / "a.txt")})
    other = tmp_path / "b.txt"
    other.write_text("2")
    datasets.catalog["a"] = TextDataset(filepath=str(other))

    assert datasets.now("a").place == str(other)
    assert datasets.configuration("a")


def test_an_object_in_the_place_of_a_pattern_is_looked_at_as_it_is(tmp_path):
    entry = {"{name}_text": text(tmp_path / "{name}.txt")}
    plain, again, replaced = (of(tmp_path, entry) for _ in range(3))
    again.catalog.get("a_text")
    assert again.configuration("a_text") == plain.configuration("a_text")
    other = TextDataset(filepath=str(tmp_path / "b.txt"), fs_args={"a": 1})
    replaced.catalog["a_text"] = other

    assert replaced.now("a_text").place == str(tmp_path / "b.txt")
    assert replaced.configuration("a_text") != plain.configuration("a_text")


class Forgetful(TextDataset):
    """Takes its own arguments apart."""

    def __init__(self, filepath, load_args):
        load_args.pop("way")
        super().__init__(filepath=filepath)


def test_an_argument_that_a_class_takes_away_counts(tmp_path):
    def configuration(way):
        kind = f"{__name__}.Forgetful"
        return how(tmp_path, type=kind, load_args={"way": way})

    assert configuration(1) == configuration(1)
    assert configuration(1) != configuration(2)


@pytest.mark.parametrize(
    "change",
    [
        {"type": "json.JSONDataset", "save_args": {"indent": 1}},
        {"type": "pandas.CSVDataset", "load_args": {"sep": ";"}},
        {"fs_args": {"b": 2}},
    ],
    ids=str,
)
def test_what_changes_how_it_is_read_or_written_counts(tmp_path, change):
    before = {"type": change.get("type", "text.TextDataset")}
    assert how(tmp_path, **before) != how(tmp_path, **change)


@pytest.mark.parametrize(
    "change",
    [{"metadata": {"a": 1}}, {"credentials": {"a": 1}}, {"filepath": "/b/c.txt"}],
    ids=str,
)
def test_what_does_not_change_that_does_not_count(tmp_path, change):
    assert how(tmp_path) == how(tmp_path, **change)


@pytest.mark.parametrize("key", ["table", "path", "metadata", "versioned"])
def test_arguments_of_a_library_count_whatever_their_names(tmp_path, key):
    def configuration(value):
        return how(tmp_path, type="pandas.CSVDataset", load_args={key: value})

    assert configuration("a") != configuration("b")


class Page(TextDataset):
    """Reads one of the tables in a file."""

    def __init__(self, filepath, table):
        super().__init__(filepath=filepath)


def test_a_table_in_a_file_counts(tmp_path):
    kind = f"{__name__}.Page"
    assert how(tmp_path, type=kind, table=1) != how(tmp_path, type=kind, table=2)


def test_another_ending_counts(tmp_path):
    assert how(tmp_path) != how(tmp_path, filepath="/b/c.txt.gz")


def test_the_projects_own_class_counts_with_its_code(tmp_path):
    entry = {"a": {**text(tmp_path / "a.txt"), "type": f"{__name__}.Upper"}}
    items = recipe(of(tmp_path, entry, Path(__file__).parents[2])).items

    assert any(item.endswith("test_dataset_version.py") for item in items)


def test_in_memory_is_the_same_under_every_runner(tmp_path):
    datasets = of(tmp_path, {"a": {"type": "MemoryDataset", "copy_mode": "assign"}})

    assert datasets.is_in_memory("a") and datasets.is_in_memory("nowhere")
    assert [*datasets.configuration("a")] == ["copy_mode"]
    datasets.catalog["b"] = "text"
    assert datasets.is_in_memory("b")
    assert datasets.configuration("b") == {}


class Closed:
    """Does not let itself be taken apart."""

    def __deepcopy__(self, memo):
        return self

    def __reduce_ex__(self, protocol):
        raise TypeError


def test_what_cannot_be_compared_is_said(tmp_path):
    [words] = how(tmp_path, fs_args={"a": Closed()}).opaque
    assert words.startswith("a: fs_args: ") and "cannot be compared" in words


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
    guard = f"{PACKAGE}.ops.core.git.Validator"

    plain = how(tmp_path)
    assert how(tmp_path, validator={"class": guard, "options": {"run": 1}}) == plain
    assert how(tmp_path, validator=guard) == plain
    own = f"{__name__}.Check"
    assert how(tmp_path, validator={"class": own, "options": {"a": 1}}) != plain
    assert how(tmp_path, validator={"class": own, "options": {"a": 1}}) != how(
        tmp_path, validator={"class": own, "options": {"a": 2}}
    )


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

    def content():
        datasets = of(tmp_path, {"a": {**entry, "dataset": "pickle.PickleDataset"}})
        return datasets.read("a", datasets.now("a")).print

    before = content()
    edit_package("a = 1")
    assert content() != before


def told(dataset):
    cache = ops("skip_unchanged.stat_cache").StatCache("/nowhere", "/")
    return module.held_by_default(dataset, cache)


def test_a_local_file_and_a_folder_are_looked_at(tmp_path):
    text = TextDataset(filepath=f"{tmp_path}/a")
    text.save("1")
    parts = PartitionedDataset(path=str(tmp_path), dataset="text.TextDataset")

    assert told(text).print and told(text).place == f"{tmp_path}/a"
    assert told(parts).print and told(parts).place == str(tmp_path)


def test_of_versions_the_last_counts_and_the_dataset_does_not_remember_it(tmp_path):
    def at(save):
        return TextDataset(filepath=f"{tmp_path}/a", version=Version(None, save))

    assert told(at("1")).why_not == module.MISSING
    at("1").save("one")
    dataset = at("2")
    assert told(dataset).place.endswith("/1/a")
    assert ops("core.dataset_io").stored_data(dataset).current.endswith("/1/a")
    at("2").save("two")
    assert dataset.load() == "two"  # as a worker that gets it loads it
    assert told(dataset).place.endswith("/2/a")
    assert dataset.load() == "two"


def test_what_is_no_file_cannot_be_told():
    dataset = MemoryDataset(1)

    assert told(dataset).print is None
    assert told(dataset).why_not == "has no fingerprint: it is a MemoryDataset"


def test_an_object_without_a_checksum_is_not_read():
    fsspec.filesystem("memory").pipe("/print_a", b"1")
    held = told(TextDataset(filepath="memory:///print_a"))

    assert held.print is None and "checksum" in held.why_not
    assert told(TextDataset(filepath="memory:///print_b")).why_not == module.MISSING


def test_the_team_says_how_it_is_told(tmp_path):
    dataset = TextDataset(filepath=f"{tmp_path}/a")

    def by(way):
        return module.held_by_the_teams_way(way, "name", [dataset])

    assert by("run").print is None
    assert by("content").why_not == module.MISSING
    dataset.save("one")
    assert by("content").print.startswith("told:xxh3:")
    assert by("builtins.repr").print is None  # it takes one argument
    with pytest.raises(ops("core.errors").OpsError, match=r"no\.such"):
        by("no.such")


def test_a_query_tells_of_a_table(tmp_path):
    sql = pytest.importorskip("kedro_datasets.pandas").SQLTableDataset
    pandas = pytest.importorskip("pandas")
    credentials = {"con": f"sqlite:///{tmp_path}/db"}
    table = sql(table_name="cars", credentials=credentials)
    query = "select count(*) from {table}"

    def now():
        return module.held_by_the_teams_way(query, "cars", [table]).print

    table.save(pandas.DataFrame({"a": [1]}))
    before = now()
    assert before == now() is not None
    sql(
        table_name="cars", credentials=credentials, save_args={"if_exists": "append"}
    ).save(pandas.DataFrame({"a": [2]}))
    assert now() != before

"""Private names of Kedro, its datasets and pluggy: each is still what is asked for."""

import inspect
import unittest.mock

import fsspec
import pytest
from kedro.config import OmegaConfigLoader
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.framework.project import pipelines
from kedro.io import (
    AbstractDataset,
    AbstractVersionedDataset,
    CachedDataset,
    DataCatalog,
    DatasetError,
    MemoryDataset,
    SharedMemoryDataCatalog,
    SharedMemoryDataset,
    Version,
)
from kedro.io.core import VersionNotFoundError
from kedro.pipeline import Pipeline, node
from kedro.runner import ParallelRunner, SequentialRunner
from kedro.validation.core import ValidatorSpec
from kedro_datasets.partitions import IncrementalDataset, PartitionedDataset
from kedro_datasets.text import TextDataset
from kit import PACKAGE, ops

internals = ops("core.kedro_internals")
APPENDS = {"open_args_save": {"mode": "a"}}


class Silent(AbstractDataset):
    """A dataset that cannot tell if there is data."""

    def load(self):
        return "x"

    def save(self, data):
        pass

    def _describe(self):
        return {}


@pytest.fixture
def context(tmp_path):
    for env in ("base", "local"):
        (tmp_path / "conf" / env).mkdir(parents=True)
    loader = OmegaConfigLoader(
        tmp_path / "conf", base_env="base", default_run_env="local"
    )
    return KedroContext(tmp_path, loader, None, PACKAGE, _create_hook_manager())


@pytest.fixture
def text(tmp_path):
    return TextDataset(filepath=f"{tmp_path}/a.txt", fs_args=APPENDS)


@pytest.fixture
def versions(tmp_path):
    """A dataset with two versions."""
    path = f"{tmp_path}/a.txt"
    for name in ("1", "2"):
        TextDataset(filepath=path, version=Version(None, name)).save(name)
    return TextDataset(filepath=path, version=Version(None, "3"))


@pytest.fixture
def parts(tmp_path):
    """Two partitions, as one dataset and as another with a checkpoint of its own."""
    entry = {"path": f"{tmp_path}/parts", "dataset": "text.TextDataset"}
    PartitionedDataset(**entry).save({"1": "one", "2": "two"})
    return [
        IncrementalDataset(**entry, checkpoint={"filepath": f"{tmp_path}/parts/{name}"})
        for name in ("mine", "yours")
    ]


def same(data):
    return data


def make():
    return "made"


def test_credentials_are_those_of_the_catalog(context):
    assert internals.credentials(context) == {}
    file = context.project_path / "conf" / "local" / "credentials.yml"
    file.write_text("store: {key: x}")
    assert internals.credentials(context) == {"store": {"key": "x"}}


def test_validation_is_switched_by_the_catalog_and_by_the_variable(monkeypatch):
    monkeypatch.delenv("KEDRO_DATASET_VALIDATION", raising=False)
    catalog = DataCatalog()
    assert internals.is_validation_enabled(catalog)
    monkeypatch.setenv("KEDRO_DATASET_VALIDATION", "off")
    assert not internals.is_validation_enabled(catalog)
    assert catalog.validation_enabled  # which is why it is not asked


def test_a_validator_that_is_set_is_one_of_the_catalog():
    catalog = DataCatalog({"a": MemoryDataset()})
    spec = ValidatorSpec.from_dataset_config("a", "some.Validator")
    internals.set_validator_spec(catalog, "a", spec)
    assert catalog.validator_specs == {"a": spec}


def test_an_entry_is_made_of_that_of_a_pattern_which_stays_as_it_is():
    entry = {"filepath": "{name}.txt", "credentials": "none", "load_args": {"a": [1]}}
    made = internals.entry_of_pattern("raw_cars", "raw_{name}", entry)
    assert made == {**entry, "filepath": "cars.txt"}
    assert entry["filepath"] == "{name}.txt"
    assert made["load_args"] is not entry["load_args"]


def test_a_node_has_its_arguments_as_they_were_given():
    named = node(same, {"data": "a"}, {"out": "b"}, name="named")
    assert internals.node_arguments(named) == ({"data": "a"}, {"out": "b"})
    assert internals.node_arguments(node(same, "a", "b")) == ("a", "b")


def test_catalogs_that_load_or_save_are_found_on_the_stack():
    found = []

    class Look(Silent):
        def load(self):
            found.extend(internals.calling_catalogs())
            return "x"

        def save(self, data):
            found.extend(internals.calling_catalogs())

    catalog = DataCatalog({"a": Look()})
    catalog.load("a")
    assert found.pop() is catalog
    catalog.save("a", "x")
    assert found.pop() is catalog
    assert list(internals.calling_catalogs()) == []


@pytest.mark.parametrize("event", ["loaded", "saved"])
def test_the_catalog_of_a_run_is_found_by_a_hook_on_datasets(event):
    found = []

    class Look:
        @hook_impl
        def before_dataset_loaded(self):
            found.append(("loaded", list(internals.calling_catalogs())))

        @hook_impl
        def before_dataset_saved(self):
            found.append(("saved", list(internals.calling_catalogs())))

    hooks = _create_hook_manager()
    hooks.register(Look())
    catalog = DataCatalog({"a": MemoryDataset("x"), "b": MemoryDataset()})
    SequentialRunner().run(Pipeline([node(same, "a", "b")]), catalog, hooks)
    (seen,) = [catalogs for name, catalogs in found if name == event]
    assert seen
    assert all(each is catalog for each in seen)


def test_a_cached_dataset_is_looked_into_and_no_other(text):
    class Other(MemoryDataset):
        _dataset = "the dataset of BigQuery, say"

    other = Other()
    assert internals.uncached(CachedDataset(text)) is text
    assert internals.uncached(text) is text
    assert internals.uncached(other) is other
    assert internals.uncached(None) is None


def test_what_is_in_memory_is_ephemeral(text):
    assert internals.is_ephemeral(MemoryDataset())
    assert not internals.is_ephemeral(text)


def test_some_datasets_are_for_a_single_process(text):
    assert internals.is_single_process(CachedDataset(text))
    assert not internals.is_single_process(text)
    assert not internals.is_single_process(SharedMemoryDataset())


def test_a_class_that_does_not_say_if_there_is_data_has_no_exists():
    assert internals.has_exists(TextDataset)
    assert not internals.has_exists(Silent)
    assert not Silent().exists()


def test_a_dataset_describes_itself(text):
    assert str(internals.describe(text)["filepath"]).endswith("a.txt")


def test_a_dataset_knows_the_entry_that_makes_it(tmp_path, text):
    config = internals.init_config(text)
    assert config["filepath"] == f"{tmp_path}/a.txt"
    assert config["type"].endswith(".TextDataset")
    again = AbstractDataset.from_config("a", config)
    assert internals.init_config(again) == config


def test_arguments_of_a_class_are_worked_out_once_and_stay_what_they_were():
    before = inspect.signature(Silent), inspect.getfullargspec(Silent.__init__)
    internals.remember_signatures(Silent)
    internals.remember_signatures(TextDataset)
    assert (
        inspect.signature(Silent),
        inspect.getfullargspec(Silent.__init__),
    ) == before
    with unittest.mock.patch("inspect._signature_from_function") as worked_out:
        made = TextDataset(filepath="a.txt")
    assert not worked_out.called
    assert internals.init_config(made)["filepath"] == "a.txt"


def test_a_copy_loads_another_version(versions):
    first = internals.copied(versions, _version=Version("1", None))
    assert (first.load(), versions.load()) == ("1", "2")


def test_a_file_has_a_place(tmp_path, text):
    path = f"{tmp_path}/a.txt"
    assert "file" in internals.filesystem(text).protocol
    assert str(internals.path(text)) == path
    assert internals.place(text) == (internals.filesystem(text), path)
    assert internals.protocol(text) == "file"


def test_a_folder_of_partitions_has_a_place_and_no_file_system_of_one_file(
    tmp_path, parts
):
    path = f"{tmp_path}/parts"
    filesystem, there = internals.place(parts[0])
    assert "file" in filesystem.protocol
    assert there == internals.path(parts[0]) == path
    assert internals.filesystem(parts[0]) is None


def test_what_is_in_memory_has_no_place():
    dataset = MemoryDataset()
    assert internals.place(dataset) == (None, "")
    assert internals.filesystem(dataset) is None
    assert internals.path(dataset) is None
    assert internals.protocol(dataset) == ""


def test_a_path_loses_its_protocol():
    memory = fsspec.filesystem("memory")
    assert internals.strip_protocol(memory, "memory://folder/a") == "/folder/a"


def test_versions_are_found(text, versions):
    assert internals.version(text) is internals.version(MemoryDataset()) is None
    assert internals.version(versions) == Version(None, "3")


def test_paths_of_versions_are_those_that_are_loaded_and_saved(
    tmp_path, text, versions
):
    path = f"{tmp_path}/a.txt"
    assert str(internals.load_path(text)) == str(internals.save_path(text)) == path
    assert str(internals.load_path(versions)) == f"{path}/2/a.txt"
    assert str(internals.save_path(versions)) == f"{path}/3/a.txt"


def test_the_methods_about_loading_are_those_that_look_for_versions(tmp_path):
    dataset = TextDataset(filepath=f"{tmp_path}/a.txt", version=Version(None, None))
    for name in internals.ABOUT_LOADING:
        assert name in vars(AbstractVersionedDataset)
    assert dataset._get_versions() == []
    with pytest.raises(VersionNotFoundError):
        dataset._get_load_path()


def test_versions_are_looked_for_anew_once_they_are_forgotten(tmp_path, versions):
    assert versions.load() == "2"
    TextDataset(filepath=f"{tmp_path}/a.txt", version=Version(None, "4")).save("4")
    assert versions.load() == "2"
    internals.forget_versions(versions)
    assert versions.load() == "4"


def test_a_dataset_is_moved_without_its_versions(tmp_path, versions):
    moved = internals.unversioned_at(versions, f"{tmp_path}/b.txt")
    moved.save("moved")
    assert (tmp_path / "b.txt").read_text() == "moved"
    assert versions.load() == "2"


def test_arguments_are_those_that_were_given(tmp_path):
    found = PartitionedDataset(
        path=str(tmp_path), dataset="text.TextDataset", load_args={"maxdepth": 1}
    )
    assert internals.load_args(found) == {"maxdepth": 1}
    assert internals.load_args(MemoryDataset()) == {}
    assert internals.save_args(MemoryDataset()) == [None, None]


def test_how_a_file_is_opened_is_one_of_the_arguments_of_a_save(text):
    _, opened = internals.save_args(text)
    assert opened["mode"] == "a"


def test_a_table_of_sqlalchemy_has_a_name_and_a_connection(tmp_path):
    sql = pytest.importorskip("kedro_datasets.pandas", exc_type=ImportError)
    url = f"sqlite:///{tmp_path}/db"
    table = sql.SQLTableDataset(table_name="cars", credentials={"con": url})
    assert internals.load_args(table)["table_name"] == "cars"
    assert internals.table_name(table) == "cars"
    assert internals.connection_string(table) == url
    assert internals.ibis_table(table) is None
    saved, _ = internals.save_args(table)
    assert saved["name"] == "cars"


def test_a_table_of_ibis_has_a_name_and_a_connection():
    pytest.importorskip("ibis")
    from kedro_datasets.ibis import TableDataset  # noqa: PLC0415

    config = {"backend": "duckdb", "database": "db"}
    table = TableDataset(table_name="cars", database="main", connection=config)
    assert internals.table_name(table) == "cars"
    assert internals.ibis_table(table) == ("cars", "main", "view")
    assert internals.connection_config(table) == config


def test_only_connections_that_were_opened_meanwhile_are_closed(tmp_path):
    pytest.importorskip("ibis")
    sql = pytest.importorskip("kedro_datasets.pandas", exc_type=ImportError)
    from kedro_datasets.ibis import TableDataset  # noqa: PLC0415

    def table(file):
        config = {"backend": "sqlite", "database": str(tmp_path / file)}
        return TableDataset(table_name="cars", connection=config)

    url = {"con": f"sqlite:///{tmp_path}/c"}
    before, meanwhile = table("a"), table("b")
    kept = before.connection
    with internals.closing_connections():
        connection = meanwhile.connection
        engine = sql.SQLTableDataset(table_name="cars", credentials=url).engine

    assert before.connection is kept
    assert meanwhile.connection is not connection
    assert sql.SQLTableDataset(table_name="x", credentials=url).engine is not engine


def test_what_is_no_table_has_no_name_and_no_connection(text):
    assert internals.table_name(text) == ""
    assert internals.ibis_table(text) is None
    assert internals.connection_config(text) is None
    assert internals.connection_string(text) == ""


def test_partitions_are_there_whether_they_are_new_or_not(tmp_path, parts):
    mine, _ = parts
    mine.load()
    mine.confirm()
    mine.release()
    assert not mine.exists()
    assert internals.has_partitions(mine)
    for name in ("1", "2"):
        (tmp_path / "parts" / name).unlink()
    assert not internals.has_partitions(mine)  # a checkpoint is none


def test_a_checkpoint_is_shared(parts):
    mine, yours = parts
    internals.share_checkpoint(mine, yours)
    assert {"1", "2"} <= yours.load().keys()
    mine._checkpoint.save("1")
    yours.release()
    internals.share_checkpoint(mine, yours)
    assert "1" not in yours.load()
    assert "2" in yours.load()


def test_what_another_dataset_has_loaded_is_confirmed(parts):
    mine, yours = parts
    yours.load()
    with pytest.raises(DatasetError):
        mine._checkpoint.load()
    internals.confirm(mine, yours)
    assert mine._checkpoint.load() == "2"
    with pytest.raises(DatasetError):
        yours._checkpoint.load()


def test_a_runner_that_makes_its_workers_itself_is_known():
    class Own(ParallelRunner):
        def _get_executor(self, max_workers):
            return None

    class Same(ParallelRunner):
        pass

    assert internals.has_own_executor(Own, ParallelRunner)
    assert not internals.has_own_executor(Same, ParallelRunner)


def test_what_is_missing_is_left_of_a_pipeline(tmp_path):
    names = ("a", "b")
    catalog = DataCatalog(
        {name: TextDataset(filepath=f"{tmp_path}/{name}") for name in names}
    )
    pipeline = Pipeline(
        [node(make, None, "a", name="one"), node(same, "a", "b", name="two")]
    )
    catalog.save("a", "x")
    left = internals.only_missing_outputs(SequentialRunner(), pipeline, catalog)
    assert [each.name for each in left.nodes] == ["two"]


def test_a_run_goes_on_from_the_nodes_whose_inputs_are_stored(tmp_path):
    stored = TextDataset(filepath=f"{tmp_path}/b")
    catalog = DataCatalog({"b": stored, "c": MemoryDataset()})
    one, two, three = nodes = [
        node(make, None, "b", name="one"),
        node(same, "b", "c", name="two"),
        node(same, "c", "d", name="three"),
    ]
    pipeline = Pipeline(nodes)
    assert internals.nodes_to_resume_from(pipeline, [three], catalog) == {"two"}
    assert internals.nodes_to_resume_from(pipeline, [one, two], catalog) == {"one"}


def test_what_the_project_overrides_is_what_kedro_calls():
    assert callable(ParallelRunner._get_executor)
    assert callable(SequentialRunner._release_datasets)
    for name in ("_EPHEMERAL", "_copy", "_describe", "_exists", "_release"):
        assert hasattr(AbstractDataset, name)


def test_the_catalog_of_a_run_is_that_of_its_runner_and_versions(context, tmp_path):
    (tmp_path / "conf/base/catalog.yml").write_text(
        "a: {type: text.TextDataset, filepath: a.txt, versioned: true}"
    )
    [name] = [name for name in pipelines if name != "__default__"]
    catalog = internals.catalog_of_run(context, [name], ParallelRunner(), {"a": "2000"})

    assert isinstance(catalog, SharedMemoryDataCatalog)
    assert internals.version(catalog.get("a")).load == "2000"
    assert context._pipelines_to_validate == [name]
    catalog = internals.catalog_of_run(context, [name], SequentialRunner(), None)
    assert not isinstance(catalog, SharedMemoryDataCatalog)


def test_the_functions_of_a_hook(context):
    class Plugin:
        @hook_impl
        def before_node_run(self):
            pass

    context._hook_manager.register(Plugin())
    found = internals.hook_functions(context, "before_node_run")

    assert [each.__qualname__.rpartition(".")[2] for each in found] == [
        "before_node_run"
    ]

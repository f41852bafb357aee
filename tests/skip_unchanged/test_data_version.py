"""What a dataset holds, whatever its kind."""

import fsspec
import pytest
from kedro.io import MemoryDataset, Version
from kedro_datasets.partitions import PartitionedDataset
from kedro_datasets.text import TextDataset
from kit import ops

data_print = ops("skip_unchanged.data_version")
Held = data_print.Held


def look(path):
    return Held(f"look {path}", place=path)


def told(dataset):
    return data_print.version_of_data(dataset, look)


def test_a_local_file_and_a_folder_are_looked_at(tmp_path):
    text = TextDataset(filepath=f"{tmp_path}/a")
    parts = PartitionedDataset(path=str(tmp_path), dataset="text.TextDataset")

    assert told(text).print == f"look {tmp_path}/a"
    assert told(parts).print == f"look {tmp_path}"


def test_of_versions_the_last_counts_and_the_dataset_does_not_remember_it(tmp_path):
    def at(save):
        return TextDataset(filepath=f"{tmp_path}/a", version=Version(None, save))

    assert told(at("1")).why_not == data_print.MISSING
    at("1").save("one")
    dataset = at("2")
    assert told(dataset).print.endswith("/1/a")
    at("2").save("two")
    assert told(dataset).print.endswith("/2/a")
    assert dataset.load() == "two"


def test_what_is_no_file_cannot_be_told():
    dataset = MemoryDataset(1)

    assert told(dataset).print is None
    assert told(dataset).why_not.startswith(
        "is a MemoryDataset: whether it changed cannot be detected"
    )


def test_an_object_without_a_checksum_is_not_read():
    fsspec.filesystem("memory").pipe("/print_a", b"1")
    held = told(TextDataset(filepath="memory:///print_a"))

    assert held.print is None and "checksum" in held.why_not
    assert told(TextDataset(filepath="memory:///print_b")).why_not == data_print.MISSING


def test_the_team_says_how_it_is_told(tmp_path):
    dataset = TextDataset(filepath=f"{tmp_path}/a")

    def by(way):
        return data_print.by_the_teams_way(way, "name", [dataset])

    assert by("run").print is None
    assert by("content").why_not == data_print.MISSING
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
        return data_print.by_the_teams_way(query, "cars", [table]).print

    table.save(pandas.DataFrame({"a": [1]}))
    before = now()
    assert before == now() is not None
    sql(
        table_name="cars", credentials=credentials, save_args={"if_exists": "append"}
    ).save(pandas.DataFrame({"a": [2]}))
    assert now() != before

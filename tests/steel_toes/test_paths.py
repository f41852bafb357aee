"""The place of an entry's data, and its place on a branch."""

import pytest
from kit import ops

location = ops("steel_toes.paths")


@pytest.mark.parametrize(
    ("path", "moved"),
    [
        ("data/02_intermediate/cars.parquet", "data/02_intermediate/cars_dev.parquet"),
        ("cars", "cars_dev"),
        ("data/cars.csv.gz", "data/cars_dev.csv.gz"),
        ("data/v1.2_cars.csv", "data/v1.2_cars_dev.csv"),
        ("data/.cars", "data/.cars_dev"),
        ("s3://bucket/cars.csv", "s3://bucket/cars_dev.csv"),
        ("abfs://container@account/cars/", "abfs://container@account/cars_dev/"),
        ("C:/data/cars.csv", "C:/data/cars_dev.csv"),
        ("data/{name}.csv", "data/{name}_dev.csv"),
    ],
)
def test_the_branch_stands_before_the_extension(path, moved):
    assert location.branch_path(path, "dev") == moved


@pytest.mark.parametrize(
    "path",
    ["data/*.csv", "data/part[0-9]", "zip://a.csv::s3://b/c.zip", "s3://bucket/"],
)
def test_what_names_no_single_place_cannot_be_branched(path):
    with pytest.raises(location.NotBranchable, match="names more|whole bucket"):
        location.branch_path(path, "dev")


def test_a_table_gets_a_name_that_needs_no_quotes():
    assert location.branch_table("orders", "dev") == "orders_dev"
    assert location.branch_table("orders", "feat-x").startswith("orders_feat_x_")
    dashes, dots = (location.branch_table("t", text) for text in ("a-b", "a.b"))
    assert dashes != dots


def test_a_table_fits_into_what_postgresql_keeps_of_its_name():
    name = location.branch_table("o" * 50, "a" * 40)

    assert name != location.branch_table("o" * 50, "a" * 39 + "b")
    assert len(name) <= 63
    with pytest.raises(location.NotBranchable, match="leaves no room"):
        location.branch_table("o" * 60, "dev")


@pytest.mark.parametrize(
    ("entry", "key", "value"),
    [
        ({"type": "pandas.CSVDataset", "filepath": "a.csv"}, "filepath", "a_dev.csv"),
        ({"type": "partitions.PartitionedDataset", "path": "a"}, "path", "a_dev"),
        ({"type": "pandas.SQLTableDataset", "table_name": "a"}, "table_name", "a_dev"),
        ({"type": "spark.SparkHiveDataset", "table": "a"}, "table", "a_dev"),
        (
            {"type": "X", "table": "a", "location": "s3://b/a"},
            "location",
            "s3://b/a_dev",
        ),
        ({"type": "X", "table": "a", "location": "EU"}, "location", "EU"),
    ],
)
def test_an_entry_is_moved_by_the_keys_that_say_where_it_is(entry, key, value):
    assert location.on_branch(entry, "dev")[key] == value


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "MemoryDataset"},
        {"type": "kedro.io.MemoryDataset", "copy_mode": "assign"},
        {"type": "pandas.SQLQueryDataset", "filepath": "query.sql"},
        {"type": "api.APIDataset", "url": "https://example.com"},
        {"type": "pandas.CSVDataset", "filepath": "https://example.com/a.csv"},
        {"type": "my.RandomDataset", "seed": 1, "load_args": {"path": "x"}},
    ],
)
def test_what_holds_no_data_of_its_own_is_left_alone(entry):
    assert location.on_branch(entry, "dev") == entry


def place(entry):
    return {*ops("core.entry_places").texts(entry)}


def test_the_owner_of_a_place_is_found_however_it_is_written(tmp_path):
    owners = location.Owners(
        {
            "file": {"type": "X", "filepath": f"{tmp_path}/a/../a.csv"},
            "bucket": {"type": "X", "filepath": "s3a://b/a.csv"},
            "cached": {"type": "CachedDataset", "dataset": {"filepath": "/c.csv"}},
            "table": {"type": "X", "table_name": "t", "credentials": {"con": "db"}},
            "memory": {"type": "MemoryDataset"},
        }
    )

    assert (
        owners.owner_of(place({"filepath": f"{tmp_path}/a.csv"}), saved=True) == "file"
    )
    assert owners.owner_of(place({"filepath": "s3://b/a.csv"}), saved=True) == "bucket"
    assert owners.owner_of(place({"filepath": "/c.csv"}), saved=True) == "cached"
    table = {"table_name": "t", "credentials": {"con": "db"}}
    assert owners.owner_of(place(table), saved=True) == "table"
    assert (
        owners.owner_of(place({**table, "credentials": {"con": "other"}}), saved=True)
        is None
    )
    assert owners.owner_of(place({"filepath": f"{tmp_path}/b.csv"}), saved=True) is None


def test_the_folder_of_a_partitioned_dataset_owns_what_is_saved_in_it():
    owners = location.Owners({"parts": {"type": "X", "path": "/data/parts"}})

    assert (
        owners.owner_of(place({"filepath": "/data/parts/a.csv"}), saved=True) == "parts"
    )
    assert (
        owners.owner_of(place({"filepath": "/data/parts/a.csv"}), saved=False) is None
    )
    assert (
        owners.owner_of(place({"filepath": "/data/parts_dev/a.csv"}), saved=True)
        is None
    )

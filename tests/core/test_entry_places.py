"""Where an entry of the catalog keeps its data."""

import pytest
from kit import ops

places = ops("core.entry_places")


def table(**more):
    return {"type": "pandas.SQLTableDataset", "table_name": "cars", **more}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"filepath": "data/a.csv"}, {"filepath": "./data/b/../a.csv"}),
        ({"filepath": "/data/a.csv"}, {"filepath": "file:///data/a.csv"}),
        ({"filepath": "s3://b/a.csv"}, {"filepath": "s3a://b//a.csv"}),
        ({"filepath": "gs://b/a.csv"}, {"filepath": "gcs://b/a.csv"}),
        ({"filepath": "az://c/x.csv"}, {"filepath": "abfs://c/x.csv"}),
        ({"filepath": "abfs://c@a/x"}, {"path": "abfss://c@a/x/"}),
        (table(load_args={"schema": "x"}), table(save_args={"schema": "x"})),
    ],
)
def test_one_place_has_one_text_however_it_is_written(one, other):
    assert set(places.texts(one)) == set(places.texts(other)) != set()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"filepath": "abfs://raw@a/x.csv"}, {"filepath": "abfs://clean@a/x.csv"}),
        ({"filepath": "az://raw/x.csv"}, {"filepath": "az://clean/x.csv"}),
        ({"filepath": "s3://b/data/a"}, {"filepath": "data/a"}),
        (table(load_args={"schema": "x"}), table(load_args={"schema": "y"})),
        (table(credentials="x"), table(credentials="y")),
        (table(database="x"), table(database="y")),
    ],
)
def test_two_places_have_two_texts(one, other):
    assert not set(places.texts(one)) & set(places.texts(other))


def test_the_data_is_in_the_innermost_dataset_that_has_a_place():
    held = {"type": "X", "filepath": "a.csv"}
    parts = {"type": "Parts", "path": "a", "dataset": {"type": "X"}}

    assert places.innermost({"type": "Cached", "dataset": held}) == held
    assert places.innermost(parts) == parts


def test_the_location_of_an_external_table_is_a_place_and_a_region_is_none():
    region = {*places.texts(table())}

    assert {*places.texts(table(location="EU"))} == region
    assert {*places.texts(table(location="s3://b/x"))} == {"s3:b/x", *region}


def test_places_are_found_at_any_depth_but_not_in_credentials_and_metadata():
    entry = {
        "type": "X",
        "filepath": "/a.csv",
        "meta": {"dirs": ["/b", {"c": "s3://c/d"}]},
        "credentials": {"path": "/e"},
        "metadata": {"path": "/f"},
        "connection": {"database": "/g"},
        "fs_args": {"endpoint_url": "http://h/i"},
    }

    assert {*places.texts(entry)} == {"file:/a.csv", "file:/b", "s3:c/d"}

"""Tables of every kind become tables of pandas."""

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from kit import ops

frames = ops("expectations.dataframes")
OpsError = ops("core.errors").OpsError

DATA = {"id": [1, 2, 3], "kind": ["a", "b", "c"]}


def test_a_table_of_pandas_is_not_copied():
    table = pd.DataFrame(DATA)
    assert frames.to_pandas(table, None) is table


@pytest.mark.parametrize(
    "table", [pl.DataFrame(DATA), pl.LazyFrame(DATA), pa.table(DATA)], ids=type
)
def test_every_kind_gives_the_same_table(table):
    made = frames.to_pandas(table, None)

    assert made["id"].tolist() == [1, 2, 3]
    assert made["kind"].tolist() == ["a", "b", "c"]


def test_a_series_is_a_table_of_one_column():
    assert frames.to_pandas(pd.Series([1, 2], name="id"), None).columns == ["id"]


def test_of_a_lazy_table_the_first_rows_can_be_enough():
    assert len(frames.to_pandas(pl.LazyFrame(DATA), 2)) == 2
    assert len(frames.to_pandas(pl.DataFrame(DATA), 2)) == 3  # it is not lazy


def test_a_lazy_table_is_not_computed_twice():
    computed = []

    def count(table):
        computed.append(1)
        return table

    lazy = pl.LazyFrame(DATA).map_batches(count)
    lazy_again = frames.collected(lazy, None)
    frames.to_pandas(lazy_again, None)
    lazy_again.collect()
    assert len(computed) == 1
    assert frames.collected(lazy, 2) is lazy
    assert frames.collected(DATA, None) is DATA


@pytest.mark.parametrize("data", ["text", 1, [1], None, object()])
def test_what_is_no_table_is_refused(data):
    with pytest.raises(OpsError, match="is not a table"):
        frames.to_pandas(data, None)


def test_parts_are_loaded_one_by_one_or_not_at_all():
    loaded = []

    def later():
        loaded.append("later")
        return "later"

    data = {"a": "now", "b": later}
    assert dict(frames.parts(data, load=False)) == {"a": "now"}
    assert loaded == []
    parts = frames.parts(data)
    assert next(parts) == ("a", "now")
    assert loaded == []
    assert [*parts] == [("b", "later")]
    assert [*frames.parts("all")] == [*frames.parts("all", load=False)] == [("", "all")]


def test_spark_is_known_by_its_module():
    Table = type("DataFrame", (), {"__module__": "pyspark.sql.classic.dataframe"})
    assert frames.is_spark(Table())
    assert not frames.is_spark(pd.DataFrame(DATA))

"""Figures of data, of whatever library, without collecting what is lazy."""

import pytest
from kit import ops

pd = pytest.importorskip("pandas")
module = ops("node_stats.dataset_stats")

ROWS = {"name": ["a", None, "c"], "size": [1.5, None, None]}


def pandas():
    return pd.DataFrame(ROWS)


def polars():
    return pytest.importorskip("polars").DataFrame(ROWS)


def pyarrow():
    return pytest.importorskip("pyarrow").table(ROWS)


@pytest.mark.parametrize("make", [pandas, polars, pyarrow])
def test_a_table_has_rows_schema_and_nulls(make):
    assert module.stats_of_data(make()) == {
        "row_count": 3,
        "schema": {"name": "String", "size": "Float64"},
        "null_count": {"name": 1, "size": 2},
    }


@pytest.mark.parametrize(
    ("columns", "names"),
    [
        ([0, 1], ["0", "1"]),
        (["a", "a"], ["a", "a_"]),
        ([1, "1"], ["1", "1_"]),
        ([("v", "x"), ("v", "y")], ["('v', 'x')", "('v', 'y')"]),
        ([None, "a"], ["nan", "a"]),
        (pd.to_datetime(["2026-01-01", "2026-01-02"]), None),
    ],
)
def test_rows_are_counted_whatever_the_columns_are_called(columns, names):
    data = pd.DataFrame([[1, None], [2, 3], [4, 5]], columns=columns)
    if isinstance(columns[0], tuple):
        data.columns = pd.MultiIndex.from_tuples(columns)
    before = data.copy()

    found = module.stats_of_data(data)

    assert found["row_count"] == 3
    assert list(found["null_count"].values()) == [0, 1]
    assert names is None or list(found["schema"]) == names
    pd.testing.assert_frame_equal(data, before)


def test_a_lazy_table_has_a_schema_and_is_not_collected():
    pl = pytest.importorskip("polars")

    def explode(frame):
        raise AssertionError("it was collected")

    lazy = pl.LazyFrame(ROWS).map_batches(explode, schema={"name": pl.String})
    assert module.stats_of_data(lazy) == {"schema": {"name": "String"}}


def test_a_table_of_a_database_has_a_schema():
    duckdb = pytest.importorskip("duckdb")

    table = duckdb.sql("select 1 as a, 'x' as b")
    assert module.stats_of_data(table) == {"schema": {"a": "Int32", "b": "String"}}


@pytest.mark.parametrize("data", [None, 7, "text", [1], {"a": 1}, object()])
def test_what_is_no_table_has_none(data):
    assert module.stats_of_data(data) == {}


def test_a_table_without_rows_has_no_nulls():
    assert (
        module.stats_of_data(pandas().head(0))
        == {
            "row_count": 0,
            "schema": {"name": "String", "size": "Float64"},
        }
        or module.stats_of_data(pandas().head(0))["row_count"] == 0
    )


def test_in_a_huge_table_nulls_are_not_counted(monkeypatch):
    monkeypatch.setattr(module, "_CELLS", 5)

    assert "null_count" not in module.stats_of_data(pandas())


def test_the_size_is_that_of_a_local_file(tmp_path):
    text = pytest.importorskip("kedro_datasets.text")
    (tmp_path / "a.txt").write_text("seven b")

    assert module.size_of(text.TextDataset(filepath=str(tmp_path / "a.txt"))) == 7
    assert module.size_of(text.TextDataset(filepath=str(tmp_path / "b.txt"))) is None
    assert module.size_of(text.TextDataset(filepath="memory://a.txt")) is None
    assert module.size_of(None) is None

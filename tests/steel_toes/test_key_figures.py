"""The key figures of data."""

import pytest
from kit import ops

summary = ops("steel_toes.comparison")
pandas = pytest.importorskip("pandas")


def test_a_table_has_rows_types_and_numbers():
    table = pandas.DataFrame(
        {"a": [1, 2, 3], "b": ["x", "y", "z"], "rows": [0.5, 1, 3]}
    )

    found = summary.key_figures(table)
    assert found["rows"] == 3
    assert found["type(a)"] == "int64"
    assert (found["mean(a)"], found["min(a)"], found["max(a)"]) == (2, 1, 3)
    assert found["mean(rows)"] == 1.5
    assert "mean(b)" not in found


def test_intervals_are_no_integers():
    table = pandas.DataFrame({"a": pandas.interval_range(0, 2)})

    assert summary.key_figures(table) == {
        "rows": 2,
        "type(a)": "interval[int64, right]",
    }


def test_columns_may_have_any_name_twice():
    table = pandas.DataFrame([[1, 2.0, 3]], columns=[0, "x", "x"])

    found = summary.key_figures(table)
    assert found["type(0)"] == "int64"
    assert found["max(0)"] == 1
    assert found["max(x)"] == 3


def test_the_numbers_in_a_mapping_are_found():
    found = summary.key_figures(
        {"r2": 0.123456789, "model": {"a": 1, "name": "x"}, 3: 4}
    )

    assert found == {"r2": 0.123457, "model.a": 1, "3": 4}
    assert summary.key_figures(2) == {"value": 2}
    assert summary.key_figures("text") == {}


def test_partitions_are_counted_one_by_one():
    parts = {"a": lambda: pandas.DataFrame({"x": [1, 2]}), "b": lambda: "text"}

    assert summary.key_figures(parts) == {
        "partitions": 2,
        "rows of a": 2,
        "rows of b": "there",
    }


def test_a_lazy_table_is_collected():
    class Lazy:
        collect_schema = None

        def collect(self):
            return pandas.DataFrame({"x": [1]})

    assert summary.key_figures(Lazy())["rows"] == 1


def test_the_mean_of_integers_is_no_decimal_in_postgresql():
    ibis = pytest.importorskip("ibis")

    class Table:
        """Of ibis: notes the SQL that PostgreSQL would get."""

        to_pyarrow_batches = None

        def __init__(self, rows):
            self.rows = ibis.memtable(rows)

        def __getattr__(self, name):
            return getattr(self.rows, name)

        def __getitem__(self, name):
            return self.rows[name]

        def aggregate(self, **asked):
            found = self.rows.aggregate(**asked)
            self.sql = ibis.to_sql(found, dialect="postgres")
            return found

    table = Table({"n": [1, 2, 4]})
    found = summary.key_figures(table)

    assert (found["mean(n)"], found["max(n)"], found["rows"]) == (2.33333, 4, 3)
    assert 'AVG(CAST("t0"."n" AS DOUBLE PRECISION))' in table.sql

"""``kedro branches`` on a real S3 server on loopback, on SQLite and on DuckDB."""

import json
import sqlite3
from typing import Any

import pytest
from buckets import Bucket
from steel_toes_helpers import WRONG, Workshop

pytest_plugins = ["steel_toes_fixtures"]

S3 = """
_s3: &s3 {type: text.TextDataset, credentials: shop}
raw: {<<: *s3, filepath: "s3://BUCKET/raw.txt"}
mid: {<<: *s3, filepath: "s3://BUCKET/mid.txt"}
versions: {<<: *s3, filepath: "s3://BUCKET/versions.txt", versioned: true}
parts:
  type: partitions.PartitionedDataset
  path: s3://BUCKET/parts
  dataset: text.TextDataset
  credentials: shop
"""
S3_PIPELINE = """
from kedro.pipeline import Node, Pipeline

def parts(raw):
    return {"a": raw, "b": raw}

def create_pipeline():
    return Pipeline([
        Node(lambda raw: f"mid({raw})", "raw", "mid", name="mid"),
        Node(lambda raw: f"versions({raw})", "raw", "versions", name="versions"),
        Node(parts, "raw", "parts", name="parts"),
    ])
"""


def ask(workshop: Workshop, *args: str, code: int = 0, **env: str) -> Any:
    """The answer of ``kedro branches``, as JSON."""
    result = workshop.kedro("branches", *args, "--json", check=False, **env)
    assert result.returncode == code, result.stdout + result.stderr
    return json.loads(result.stdout.splitlines()[-1])


@pytest.fixture
def bucket(workshop: Workshop, address: str) -> Bucket:
    bucket = Bucket(address)
    workshop.write({"conf/local/credentials.yml": json.dumps({"shop": bucket.keys})})
    workshop.catalog(S3.replace("BUCKET", bucket.name))
    workshop.pipeline(S3_PIPELINE)
    workshop.settings(f"store: {{url: 's3://{bucket.name}/ops', credentials: shop}}\n")
    bucket.put("raw.txt", "raw")
    bucket.put("mid.txt", WRONG)
    bucket.put("parts/a", WRONG)
    bucket.put("parts/old", WRONG)
    return bucket


def test_a_bucket_holds_data_and_manifest(workshop: Workshop, bucket: Bucket) -> None:
    base = bucket.objects()
    workshop.kedro("run")
    held = bucket.objects()
    assert {name: held[name] for name in base} == base
    overview, name = sorted((n for n in held if n.startswith("ops/")), reverse=True)
    assert overview == "ops/manifest/overview.json"
    assert name.startswith("ops/manifest/dev/")
    *lines, last = map(json.loads, held[name].splitlines())
    assert last["closed"]
    records = {record["dataset"]: record for record in lines}
    assert records.keys() == {"mid", "parts", "versions"}
    assert records["mid"]["fingerprint"].startswith("etag:")
    assert not workshop.has("data/.ops")

    assert "compared_with_main" not in ask(workshop, "list")[0]  # a request for each
    assert ask(workshop, "list", "--compare")[0]["compared_with_main"] == {"ahead": 3}
    states = {row["dataset"]: row["state"] for row in ask(workshop, "diff", code=10)}
    assert states == {"mid": "changed", "parts": "changed", "versions": "only on dev"}
    assert ask(workshop, "path", "mid")[0]["read_from"] == (
        f"s3://{bucket.name}/mid_dev.txt"
    )
    ask(workshop, "promote", "dev", code=10)
    assert bucket.objects() == held
    ask(workshop, "promote", "dev", "--yes")
    held = bucket.objects()
    assert held["mid.txt"] == "mid(raw)"
    assert {n: held[n] for n in held if n.startswith("parts/")} == {
        "parts/a": "raw",
        "parts/b": "raw",
    }
    assert [held[n] for n in held if n.startswith("versions.txt/")] == ["versions(raw)"]
    assert not [name for name in held if ".new-" in name or ".old-" in name]
    assert not [name for name in held if "promotions" in name]
    assert {row["state"] for row in ask(workshop, "diff")} == {"same"}

    ask(workshop, "clean", "dev", "--yes")
    assert not [name for name in bucket.objects() if "_dev" in name]
    assert ask(workshop, "list") == []


def test_credentials_of_the_store_must_be_there(
    workshop: Workshop, bucket: Bucket
) -> None:
    workshop.settings(f"store: {{url: 's3://{bucket.name}/ops', credentials: none}}")

    result = workshop.kedro("branches", "list", check=False)
    assert result.returncode == 1
    assert "'none', which is not in credentials.yml" in result.stderr


ALL = {"PYTHONPATH": ""}  # pandas and ibis among what is installed

SQL = """
_sql: &sql
  type: pandas.SQLTableDataset
  credentials: shop
  save_args: {if_exists: replace, index: false}
raw: {type: text.TextDataset, filepath: data/raw.txt}
mid: {<<: *sql, table_name: mid}
out: {<<: *sql, table_name: out}
"""
SQL_PIPELINE = """
import pandas
from kedro.pipeline import Node, Pipeline

def clean(raw):
    return pandas.DataFrame({"n": [1, 2, 3], "x": [0.5, 1.0, 1.5]})

def total(mid):
    return mid.sum().to_frame().T

def create_pipeline():
    return Pipeline([
        Node(clean, "raw", "mid", name="clean"),
        Node(total, "mid", "out", name="total"),
    ])
"""


def rows(workshop: Workshop, table: str) -> list[Any]:
    with sqlite3.connect(workshop.path / "shop.db") as database:
        return database.execute(f"SELECT * FROM {table}").fetchall()


def test_tables_of_sqlite_are_handled_like_files(workshop: Workshop) -> None:
    url = f"sqlite:///{workshop.path}/shop.db"
    workshop.write({"conf/local/credentials.yml": json.dumps({"shop": {"con": url}})})
    workshop.catalog(SQL)
    workshop.pipeline(SQL_PIPELINE)
    with sqlite3.connect(workshop.path / "shop.db") as database:
        database.execute("CREATE TABLE mid (n BIGINT, x FLOAT)")
        database.execute("INSERT INTO mid VALUES (9, 9)")
        database.execute("CREATE INDEX fast ON mid (n)")
    workshop.kedro("run", **ALL)
    assert rows(workshop, "mid") == [(9, 9)]

    (row,) = ask(workshop, "list", **ALL)
    assert (row["bytes"], row["compared_with_main"]) == (None, {"ahead": 2})
    mid, out = ask(workshop, "diff", code=10, **ALL)
    assert "rows: 1 -> 3" in mid["changes"]
    assert "max(n): 9 -> 3" in mid["changes"]
    assert out["state"] == "only on dev"
    ask(workshop, "promote", "dev", "--yes", **ALL)
    assert rows(workshop, "mid") == [(1, 0.5), (2, 1.0), (3, 1.5)]
    assert rows(workshop, "out") == [(6.0, 3.0)]
    names = "(SELECT name FROM sqlite_master)"
    assert {name for (name,) in rows(workshop, names)} == {
        "mid",
        "out",
        "mid_dev",
        "out_dev",
        "fast",
    }
    ask(workshop, "clean", "dev", "--yes", **ALL)
    assert {name for (name,) in rows(workshop, names)} == {"mid", "out", "fast"}
    with sqlite3.connect(workshop.path / "shop.db") as database:
        database.execute("DELETE FROM mid")
    workshop.kedro("run", **ALL)
    with sqlite3.connect(workshop.path / "shop.db") as database:
        database.execute("INSERT INTO mid VALUES (4, 4)")
    result = workshop.kedro("branches", "promote", "dev", check=False, **ALL)
    assert "because of: mid." in result.stderr


IBIS = """
_ibis: &ibis
  type: ibis.TableDataset
  connection: {backend: duckdb, database: shop.duckdb}
raw: {type: text.TextDataset, filepath: data/raw.txt}
mid: {<<: *ibis, table_name: mid, save_args: {materialized: table}}
out: {<<: *ibis, table_name: out}
"""
IBIS_PIPELINE = """
import os
import ibis
import pandas
from kedro.pipeline import Node, Pipeline

def clean(raw):
    return ibis.memtable(pandas.DataFrame({"n": range(int(os.environ["ROWS"]))}))

def total(mid):
    return mid.aggregate(n=mid.n.sum())

def create_pipeline():
    return Pipeline([
        Node(clean, "raw", "mid", name="clean"),
        Node(total, "mid", "out", name="total"),
    ])
"""


def test_tables_of_duckdb_are_promoted_and_views_left_to_a_run(
    workshop: Workshop,
) -> None:
    workshop.catalog(IBIS)
    workshop.pipeline(IBIS_PIPELINE)
    workshop.kedro("run", **ALL, ROWS="3", STEEL_TOES_BRANCH="main")
    workshop.kedro("run", **ALL, ROWS="5")

    mid, out = ask(workshop, "diff", code=10, **ALL)
    assert "rows: 3 -> 5" in mid["changes"]
    assert "max(n): 2 -> 4" in mid["changes"]
    assert "max(n): 3 -> 10" in out["changes"]
    mid, out = ask(workshop, "promote", "dev", "--yes", **ALL)
    assert mid["action"] == "copy"
    assert "it is a view" in out["action"]
    assert {row["state"] for row in ask(workshop, "diff", **ALL)} == {"same"}
    workshop.kedro("run", **ALL, ROWS="4", STEEL_TOES_BRANCH="main")
    ask(workshop, "clean", "dev", "--yes", **ALL)
    assert ask(workshop, "list", **ALL) == []

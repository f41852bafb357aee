"""Every kind of dataset reads and writes the branch's data."""

import json
import sqlite3
from pathlib import Path

import duckdb
from steel_toes_helpers import (
    CATALOG,
    KINDS_RESULT,
    NEW,
    OLD,
    PACKAGE,
    PIPELINE,
    WRONG,
    Workshop,
)

pytest_plugins = ["steel_toes_fixtures"]

PANDAS = {"PYTHONPATH": ""}


def test_a_second_run_of_a_branch_reads_its_own_data(kinds: Workshop) -> None:
    kinds.kedro("run")
    kinds.write({"data/raw_dev.txt": "again"})

    with kinds.base_untouched():
        kinds.kedro("run")

    expected = json.dumps(KINDS_RESULT).replace("raw", "again")
    assert json.loads(kinds.read("data/result_dev.json")) == json.loads(expected)
    for name in ("versioned_dev.json", "cached_versions_dev.txt"):
        assert len(list((kinds.path / "data").glob(f"{name}/*/{name}"))) == 2


VERSIONED = """
raw: {type: text.TextDataset, filepath: data/raw.txt}
mid: {type: text.TextDataset, filepath: data/mid.txt, versioned: true}
out: {type: text.TextDataset, filepath: data/out.txt}
"""


def version(branch: str, name: str, text: str) -> dict[str, str]:
    return {f"data/mid{branch}.txt/{name}/mid{branch}.txt": text}


def test_the_latest_version_is_the_branchs_even_if_the_base_has_a_newer_one(
    workshop: Workshop,
) -> None:
    (workshop.path / "data" / "mid.txt").unlink()
    workshop.catalog(VERSIONED)
    workshop.write(version("", OLD, "old base") | version("", NEW, "new base"))
    only_the_last = ("run", "--nodes=total")

    with workshop.base_untouched():
        workshop.kedro(*only_the_last)
        assert workshop.read("data/out_dev.txt") == "total(new base)"

        # A version that is on the base only, on the branch only, and on both.
        workshop.write(version("_dev", "1999", "of dev") | version("_dev", OLD, "both"))
        pinned = (*only_the_last, f"--load-versions=mid:{NEW}")
        workshop.kedro(*pinned)
        assert workshop.read("data/out_dev.txt") == "total(new base)"
        workshop.kedro(*only_the_last, "--load-versions=mid:1999")
        assert workshop.read("data/out_dev.txt") == "total(of dev)"
        workshop.kedro(*only_the_last, f"--load-versions=mid:{OLD}")
        assert workshop.read("data/out_dev.txt") == "total(both)"

        workshop.kedro(*only_the_last)
        assert workshop.read("data/out_dev.txt") == "total(both)"
        nowhere = workshop.kedro(*only_the_last, "--load-versions=mid:no", check=False)
        assert nowhere.returncode == 1


INCREMENTAL = """
from kedro.pipeline import Node, Pipeline

def read(days):
    return ",".join(f"{day}={text}" for day, text in sorted(days.items())) or "nothing"

def create_pipeline():
    return Pipeline([Node(read, "days", "out", confirms="days", name="read")])
"""
DAYS = """
days:
  type: partitions.IncrementalDataset
  path: data/days
  dataset: text.TextDataset
  filename_suffix: .txt
out: {type: text.TextDataset, filepath: data/out.txt}
"""


def test_what_a_branch_has_confirmed_it_does_not_read_again(
    workshop: Workshop,
) -> None:
    workshop.catalog(DAYS)
    workshop.pipeline(INCREMENTAL)
    workshop.write({f"data/days/{day}.txt": f"day {day}" for day in (1, 2)})
    workshop.write({"data/days/CHECKPOINT": "1"})

    with workshop.base_untouched():
        workshop.kedro("run")
        assert workshop.read("data/out_dev.txt") == "2=day 2"
        workshop.kedro("run")
        assert workshop.read("data/out_dev.txt") == "nothing"

    workshop.write({"data/days/3.txt": "day 3"})
    with workshop.base_untouched():
        workshop.kedro("run")
    assert workshop.read("data/out_dev.txt") == "3=day 3"

    workshop.switch("second")
    with workshop.base_untouched("second"):
        workshop.kedro("run")
    assert workshop.read("data/out_second.txt") == "2=day 2,3=day 3"


def test_the_partitions_of_a_branch_are_all_that_it_reads(
    workshop: Workshop,
) -> None:
    """Also where the folder is emptied before it is saved to."""
    workshop.catalog(
        CATALOG.replace(
            '{type: text.TextDataset, filepath: "data/mid.txt"}',
            "{type: partitions.PartitionedDataset, path: data/mid/, overwrite: true, "
            "dataset: text.TextDataset, filename_suffix: .txt}",
        )
    )
    workshop.pipeline(
        PIPELINE.replace('return f"clean({raw})"', "return {'in/1': raw}").replace(
            "{mid}", "{[load() for load in mid.values()]}"
        )
    )
    parts = {"data/mid/in/1.txt": WRONG, "data/mid/2.txt": WRONG}
    workshop.write(parts | {"data/mid_dev/3.txt": "to be removed"})

    with workshop.base_untouched():
        workshop.kedro("run")

    assert workshop.read("data/mid_dev/in/1.txt") == "raw"
    assert not workshop.has("data/mid_dev/3.txt")
    assert workshop.read("data/out_dev.txt") == "total(['raw'])"


def test_a_pattern_that_catches_all_is_branched(workshop: Workshop) -> None:
    workshop.catalog('"{any}": {type: text.TextDataset, filepath: "data/{any}.txt"}')

    with workshop.base_untouched():
        workshop.kedro("run")

    assert workshop.read("data/out_dev.txt") == "total(clean(raw))"


VALIDATOR = """
def no_minus(data):
    if "-" in data:
        raise ValueError("a minus sign")
    return data
"""


def test_a_validator_refuses_bad_data_before_it_is_saved_to_the_branch(
    workshop: Workshop,
) -> None:
    workshop.write({f"src/{PACKAGE}/checks.py": VALIDATOR, "data/raw_dev.txt": "-1"})
    entry = f'filepath: "data/mid.txt", validator: {PACKAGE}.checks.no_minus'
    workshop.catalog(CATALOG.replace('filepath: "data/mid.txt"', entry))
    before = workshop.files()

    result = workshop.kedro("run", check=False)

    assert result.returncode == 1
    assert "a minus sign" in result.stdout + result.stderr
    assert workshop.files() == before

    workshop.write({"data/raw_dev.txt": "1"})
    workshop.kedro("run")

    assert workshop.read("data/out_dev.txt") == "total(clean(1))"


TABLES = """
orders: {type: pandas.SQLTableDataset, table_name: orders, credentials: shop}
paid:
  type: pandas.SQLTableDataset
  table_name: paid
  credentials: shop
  save_args: {if_exists: replace}
asked:
  type: pandas.SQLQueryDataset
  sql: select count(*) as number from paid
  credentials: shop
sums:
  type: ibis.TableDataset
  table_name: sums
  connection: {backend: duckdb, database: data/shop.duckdb}
  save_args: {materialized: table, mode: append}
report: {type: text.TextDataset, filepath: data/report.txt}
"""
TABLES_PIPELINE = """
import ibis
from kedro.pipeline import Node, Pipeline

def pay(orders):
    return orders.assign(paid=orders["price"])

def add(paid):
    return ibis.memtable(paid[["paid"]].sum().to_frame("total"))

def report(sums, asked):
    return f"{int(sums.execute()['total'].iloc[0])} {int(asked['number'].iloc[0])}"

def create_pipeline():
    return Pipeline([
        Node(pay, "orders", "paid", name="pay"),
        Node(add, "paid", "sums", name="add"),
        Node(report, ["sums", "asked"], "report", name="report"),
    ])
"""


def test_sql_tables_have_the_branch_in_their_name_and_queries_stay(
    workshop: Workshop,
) -> None:
    """SQLite by pandas with credentials, DuckDB by Ibis; a query is left alone."""
    workshop.catalog(TABLES)
    workshop.pipeline(TABLES_PIPELINE)
    workshop.write(
        {"conf/local/credentials.yml": "shop: {con: 'sqlite:///data/shop.db'}"}
    )
    shop, warehouse = workshop.path / "data/shop.db", workshop.path / "data/shop.duckdb"
    with sqlite3.connect(shop) as base:
        base.execute("create table orders as select 20 as price union select 22")
        base.execute("create table paid as select 666 as paid")
    with duckdb.connect(str(warehouse)) as base:
        base.execute("create table sums as select 666 as total")

    for runner in ("SequentialRunner", "ThreadRunner", "SequentialRunner"):
        workshop.kedro("run", f"--runner={runner}", **PANDAS)

    assert workshop.read("data/report_dev.txt") == "42 1"
    with sqlite3.connect(shop) as after:
        names = after.execute("select name from sqlite_master order by name").fetchall()
        assert names == [("orders",), ("paid",), ("paid_dev",)]
        assert after.execute("select * from orders").fetchall() == [(20,), (22,)]
        assert after.execute("select * from paid").fetchall() == [(666,)]
        assert after.execute("select * from paid_dev").fetchall() == [
            (20, 20),
            (22, 22),
        ]
    with duckdb.connect(str(warehouse)) as after:
        assert after.execute("show tables").fetchall() == [("sums",), ("sums_dev",)]
        assert after.execute("select * from sums").fetchall() == [(666,)]


def test_tables_of_a_branch_with_a_long_name_keep_to_what_databases_take(
    workshop: Workshop,
) -> None:
    workshop.catalog(
        CATALOG.replace(
            '{type: text.TextDataset, filepath: "data/mid.txt"}',
            "{type: pandas.SQLTableDataset, table_name: mid, "
            "credentials: {con: 'sqlite:///data/shop.db'}}",
        )
    )
    workshop.pipeline(
        PIPELINE.replace(
            'return f"clean({raw})"',
            "import pandas; return pandas.DataFrame({'text': [f'clean({raw})']})",
        ).replace("{mid}", "{mid['text'][0]}")
    )
    names = ["Fix/" + "a" * 200, "Fix/" + "a" * 199 + "b", "fix-1", "fix.1", "größe"]

    workshop.sessions(*(({}, {"STEEL_TOES_BRANCH": name}) for name in names), **PANDAS)

    with sqlite3.connect(workshop.path / "data" / "shop.db") as database:
        tables = database.execute("select name from sqlite_master").fetchall()
    assert len({name.lower() for (name,) in tables}) == len(names)
    for (name,) in tables:
        assert name.startswith("mid_")
        assert name.isascii()
        assert name.replace("_", "").isalnum()
        assert len(name) <= 63


def shown(file: Path) -> dict[str, list[dict[str, object]]]:
    """What viz draws; the order in which it lists things changes from run to run."""
    page = json.loads(file.read_text(encoding="utf-8"))
    for node in page["nodes"]:
        node["pipelines"].sort()
    return {key: sorted(page[key], key=json.dumps) for key in ("nodes", "edges")}


def test_viz_shows_a_branchs_catalog_as_the_trunks(workshop: Workshop) -> None:
    """Types, layers and metadata are the same; previews and paths are the branch's.

    Without ``--include-hooks`` kedro-viz calls no hook, so that it shows the base.
    """
    workshop.catalog(
        CATALOG.replace(
            '{type: text.TextDataset, filepath: "data/mid.txt"}',
            "{type: json.JSONDataset, filepath: data/mid.json, "
            "metadata: {kedro-viz: {layer: cleaned}}}",
        )
    )
    workshop.write({"data/mid.json": '{"of": "the base"}'})
    build = ("viz", "build", "--include-hooks", "--include-previews")
    api = workshop.path / "build" / "api"

    workshop.kedro(*build, STEEL_TOES_BRANCH="main", **PANDAS)
    on_trunk = shown(api / "main")
    workshop.write({"data/mid_dev.json": '{"of": "the branch"}'})
    workshop.kedro(*build, **PANDAS)

    assert shown(api / "main") == on_trunk
    [mid] = [node for node in on_trunk["nodes"] if node["name"] == "mid"]
    assert mid["layer"] == "cleaned"
    assert mid["dataset_type"].endswith("JSONDataset")
    details = (api / "nodes" / mid["id"]).read_text(encoding="utf-8")
    assert json.loads(details)["filepath"].endswith("data/mid_dev.json")
    assert "the branch" in details
    assert "the base" not in details
    [raw] = [node for node in on_trunk["nodes"] if node["name"] == "raw"]
    details = (api / "nodes" / raw["id"]).read_text(encoding="utf-8")
    assert json.loads(details)["filepath"].endswith("data/raw.txt")  # what is read

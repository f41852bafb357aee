"""Tables in a local file of DuckDB or SQLite are compared by their rows."""

import sqlite3

import pytest
from kedro.pipeline import Node
from kedro.runner import SequentialRunner, ThreadRunner
from kit import ops

from .skip_project import SkipProject, note

duckdb = pytest.importorskip("duckdb")
TableDataset = pytest.importorskip("kedro_datasets.ibis").TableDataset
SQLTableDataset = pytest.importorskip("kedro_datasets.pandas").SQLTableDataset


def filtered(raw):
    note("filtered")
    return raw[raw["n"] > 1]


def doubled(a):
    note("doubled")
    return a.assign(n=a["n"] * 2) if hasattr(a, "assign") else a.mutate(n=a["n"] * 2)


def other(raw):
    note("other")
    return raw[["n"]]


def count(b):
    note("count")
    return str(b.count()["n"] if hasattr(b, "assign") else b.count().execute())


def last(b, c):
    note("last")
    tables = [each if hasattr(each, "assign") else each.execute() for each in (b, c)]
    return str([[*table["n"]] for table in tables])


NODES = [
    Node(filtered, "raw", "a", name="filtered"),
    Node(doubled, "a", "b", name="doubled"),
    Node(other, "raw", "c", name="other"),
    Node(count, "b", "count", name="count"),
    Node(last, ["b", "c"], "last", name="last"),
]
ALL = {node.name for node in NODES}
KINDS = ["duckdb", "duckdb views", "sqlite", "pandas"]


@pytest.fixture(params=KINDS)
def project(tmp_path, request):
    project = SkipProject(tmp_path)
    project.kind = request.param
    project.file = str(tmp_path / "data/shop.db")
    for name in ("raw", "a", "b", "c"):
        project.entries[name] = entry(project, name)
    for name in ("count", "last"):
        project.entries[name] = {
            "type": "text.TextDataset",
            "filepath": str(tmp_path / f"data/{name}.txt"),
        }
    ask(
        project,
        "create table raw as select 1 as n union all select 2 union all select 3",
    )
    return project


def entry(project, name):
    if project.kind == "pandas":
        return {
            "type": "pandas.SQLTableDataset",
            "table_name": name,
            "credentials": {"con": f"sqlite:///{project.file}"},
            "save_args": {"if_exists": "replace"},
        }
    backend, _, views = project.kind.partition(" ")
    return {
        "type": "ibis.TableDataset",
        "table_name": name,
        "connection": {"backend": backend, "database": project.file},
        "save_args": {} if views else {"materialized": "table"},
    }


def ask(project, *questions):
    """As another program, which has the file for itself."""
    for connection in TableDataset._connections.values():
        connection.disconnect()
    TableDataset._connections.clear()
    library = duckdb if "duckdb" in project.kind else sqlite3
    connection = library.connect(project.file)
    for question in questions:
        connection.execute(question)
    connection.commit()
    connection.close()


def test_a_second_run_of_five_nodes_runs_none(project):
    # A connection of ibis belongs to one thread.
    runner = ThreadRunner if project.kind == "pandas" else SequentialRunner
    assert {*project.run(NODES, runner)} == ALL
    assert project.run(NODES, runner) == []
    ask(project)
    assert {group.action for group in project.plan(NODES).groups} == {"skip"}


def test_a_table_that_another_program_changed_runs_its_readers(project):
    project.run(NODES)

    ask(project, "update raw set n = 4 where n = 3")
    assert {*project.run(NODES)} == ALL
    assert project.run(NODES) == []
    # Only what reads ``a`` gets something else: the number of rows stays.
    ask(project, "update raw set n = 0 where n = 1")
    assert {"filtered", "other", "last"} <= {*project.run(NODES)} <= ALL - {"count"}


def test_the_order_of_rows_counts(project):
    project.run(NODES)
    ask(project, "delete from raw where n = 2", "insert into raw values (2)")

    assert {"filtered", "other"} <= {*project.run(NODES)}


def test_a_table_next_to_it_does_not_count(project):
    project.run(NODES)
    ask(project, "create table beside as select 1 as n")

    assert project.run(NODES) == []


def test_an_output_that_was_edited_or_dropped_is_written_again(project):
    if "views" in project.kind:
        pytest.skip("a view holds no rows")
    project.run(NODES)
    ask(project, "update c set n = 5")
    assert project.run(NODES) == ["other"]
    ask(project, "drop table c")
    assert project.run(NODES) == ["other"]
    assert project.run(NODES) == []


def test_a_plan_makes_no_database(project):
    project.file += ".new"
    for name in ("raw", "a", "b", "c"):
        project.entries[name] = entry(project, name)

    reasons = str([group.reasons for group in project.plan(NODES).groups])
    assert "`raw` is not there" in reasons
    assert not (project.path / "data/shop.db.new").exists()


@pytest.mark.parametrize(
    "url",
    ["sqlite://", "sqlite:///:memory:", "sqlite:///file:a?mode=memory&uri=true"],
)
def test_a_table_that_is_in_no_file_has_no_default(url):
    table = SQLTableDataset(table_name="a", credentials={"con": url})
    assert ops("core.tables").local_table(table) is None


@pytest.mark.parametrize("database", [":memory:", "md:shop", "postgres://a/b"])
def test_a_table_of_ibis_that_is_in_no_file_has_no_default(database):
    connection = {"backend": "duckdb", "database": database}
    table = TableDataset(table_name="a", connection=connection)
    assert ops("core.tables").local_table(table) is None

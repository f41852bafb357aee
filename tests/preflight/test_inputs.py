"""Whether inputs are there, and what is said of those that are not."""

import sqlite3

import pytest
from kedro.io import AbstractDataset, CachedDataset, DataCatalog, MemoryDataset
from kedro_datasets.text import TextDataset
from kit import ops

from .planned import text

pytest_plugins = ["preflight.planned"]
module = ops("preflight.inputs")
checks = ops("preflight.checks")
Ignore = ops("core.settings").Ignore


class Silent(AbstractDataset):
    def load(self):
        return 1

    def save(self, data):
        raise NotImplementedError

    def _describe(self):
        return {}


class Asked(Silent):
    def __init__(self, answer):
        self.answer = answer

    def _exists(self):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class SomeAPIDataset(Asked):
    pass


class TwoPlaces(Asked):
    """Reads the first of its places that holds data, and saves to the first."""

    def __init__(self, *places):
        self.places, self.target = places, places[0]

    @property
    def readings(self):
        return self.places

    def _exists(self):
        return False


def problems(run, ignore=None):
    found = module.check(run, ignore or Ignore(), 5.0)
    return [*checks.check_all([("data", "error", each) for each in found])]


def of(planner, dataset, **more):
    return problems(planner.run({}, ("x", "y"), catalog=DataCatalog({"x": dataset})))


def test_a_file_that_is_there_and_one_that_is_not(planner):
    run = planner.run({"a": text("data/a.txt"), "b": text("b")}, ("a", "b"))
    [problem] = problems(run)
    assert problem.subject == "a"
    assert problem.message == f"has no data at {planner.path}/data/a.txt"
    assert problem.place.startswith("conf/base/catalog.yml:")

    planner.write("data/a.txt", "x")
    assert problems(run) == []


def test_the_lines_of_the_catalog_are_read_for_a_finding_only(planner, monkeypatch):
    monkeypatch.setattr(ops("preflight.planned_run"), "catalog_lines", None)
    planner.write("data/a.txt", "x")

    assert problems(planner.run({"a": text("data/a.txt")}, ("a", "b"))) == []


def test_what_is_ignored_is_not_asked(planner):
    run = planner.run({"a": text("data/a.txt")}, ("a", "b"))

    assert problems(run, Ignore(names=["a"])) == []
    assert problems(run, Ignore(types=["text.*"])) == []
    assert len(problems(run, Ignore(types=["pandas.*"]))) == 1


def test_where_nodes_may_be_left_out_it_is_a_warning(planner):
    params = {"only_missing_outputs": True}
    run = planner.run({"a": text("data/a.txt")}, ("a", "b"), params=params)

    assert problems(run)[0].level == "warning"


@pytest.mark.parametrize("dataset", [Silent(), SomeAPIDataset(ValueError("asked"))])
def test_some_cannot_tell(planner, dataset):
    [problem] = of(planner, dataset)

    assert (problem.level, problem.message) == (
        "note",
        "cannot tell whether it has data",
    )


def test_others_are_asked_themselves(planner):
    assert of(planner, Asked(True)) == []
    assert of(planner, Asked(False))[0].message == "has no data at Asked"
    [problem] = of(planner, Asked(ValueError("no\nrights")))
    assert problem.message == "could not be checked: ValueError: no rights"


def test_the_first_place_that_holds_data_is_enough(planner, tmp_path):
    first, second = (TextDataset(filepath=str(tmp_path / name)) for name in "ab")
    [problem] = of(planner, TwoPlaces(first, second))
    assert problem.message.endswith(f" at {tmp_path}/a or {tmp_path}/b")

    second.save("x")
    assert of(planner, TwoPlaces(first, second)) == []
    assert of(planner, CachedDataset(TwoPlaces(first, second))) == []


def test_memory_is_a_warning_if_nothing_is_there(planner):
    assert of(planner, MemoryDataset(1)) == []
    [problem] = of(planner, MemoryDataset())
    assert problem.level == "warning"


def test_no_answer_says_from_whom(planner):
    dataset = TextDataset(filepath="memory://bucket/a.txt")
    catalog = DataCatalog({"x": dataset, "z": Asked(True)})
    run = planner.run({}, ("x", "y"), ("z", "w"), catalog=catalog)
    asked = module.check(run, Ignore(), 5)
    silence = [each.findings(checks.NoAnswer()) for each in asked]

    assert [problem.message for [problem] in silence] == [
        "no answer within 5 s from memory://",
        "no answer within 5 s from its server",
    ]


def test_a_version_that_was_asked_for_is_named(planner):
    context = planner.context({"a": text("data/a.txt", versioned=True)})
    planner.write("data/a.txt/1/a.txt", "x")
    catalog = context._get_catalog(load_versions={"a": "2"})

    [problem] = problems(planner.run({}, ("a", "b"), catalog=catalog))

    assert "has no data of version 2 at" in problem.message


def test_partitions_have_to_be_there_unless_only_new_ones_are_read(planner):
    parts = {"path": "data/parts", "dataset": "text.TextDataset"}
    entries = {
        kind: {"type": f"partitions.{kind}Dataset", **parts}
        for kind in ("Partitioned", "Incremental")
    }
    run = planner.run(entries, ("Partitioned", "a"), ("Incremental", "b"))

    assert [each.subject for each in problems(run)] == ["Partitioned"]


def test_a_table_in_a_file_that_is_not_there_is_missing_and_not_made(planner):
    sql = pytest.importorskip("kedro_datasets.pandas", exc_type=ImportError)
    file = planner.path / "data" / "a.db"
    credentials = {"con": f"sqlite:///{file}"}
    dataset = sql.SQLTableDataset(table_name="cars", credentials=credentials)
    assert of(planner, dataset)[0].message == "has no data at table cars"
    assert not file.exists()

    with sqlite3.connect(file) as database:
        database.execute("create table cars (x)")
    assert of(planner, dataset) == []


class Table(Asked):
    """As one of ibis: with a connection for all."""

    __module__ = "kedro_datasets.ibis.table_dataset"

    def __init__(self, **config):
        self._connection_config, self._table_name = config, "cars"
        super().__init__(True)


def test_a_connection_for_all_is_used_in_the_runs_thread_only(planner):
    dataset = Table(backend="duckdb", database=str(planner.path / "a.duckdb"))
    assert of(planner, dataset)[0].message == "has no data at table cars"
    assert of(planner, Table(backend="postgres", database="x")) == []

    assert module._lane(dataset) == (checks.HERE, 1)


class Odd(Asked):
    """A project's own: it raises as soon as something is read off it."""

    def __getattr__(self, name):
        raise RuntimeError(f"no {name}\nhere")


def test_a_dataset_that_cannot_be_asked_costs_one_line_about_it(planner):
    catalog = DataCatalog({"odd": Odd(True), "z": Asked(False)})

    found = problems(
        planner.run({}, ("odd", "a"), ("z", "b"), catalog=catalog), Ignore()
    )

    assert [(each.subject, each.level) for each in found] == [
        ("odd", "warning"),
        ("z", "error"),
    ]
    assert found[0].message.startswith("could not be checked: RuntimeError: no _")


def test_a_file_that_ibis_reads_is_a_file(planner):
    pytest.importorskip("ibis")
    connection = {"backend": "duckdb", "database": str(planner.path / "no.duckdb")}
    entry = {"type": "ibis.FileDataset", "file_format": "csv", "table_name": "cars"}
    entries = {"a": {**entry, "filepath": "data/a.csv", "connection": connection}}
    run = planner.run(entries, ("a", "b"))
    assert problems(run)[0].message == f"has no data at {planner.path}/data/a.csv"

    planner.write("data/a.csv", "x\n1\n")
    assert problems(run) == []


@pytest.mark.parametrize("folder", ["data/parts", "data/parts/"])
def test_a_folder_that_the_run_itself_fills_is_not_missing(planner, folder):
    entries = {
        "{name}_part": text("data/parts/{name}.txt"),
        "all": {
            "type": "partitions.PartitionedDataset",
            "path": folder,
            "dataset": "text.TextDataset",
        },
    }
    run = planner.run(entries, ("params:a", "x_part"), ("all", "out"))
    assert problems(run) == []

    run = planner.run(entries, ("all", "out"))
    assert [each.subject for each in problems(run)] == ["all"]


def test_a_file_that_the_run_saves_under_another_name_is_not_missing(planner):
    entries = {"saved": text("data/a.txt"), "read": text("data/a.txt")}
    run = planner.run(entries, ("params:a", "saved"), ("read", "out"))
    assert problems(run) == []

    run = planner.run(entries, ("read", "saved"))
    assert [each.subject for each in problems(run)] == ["read"]


def test_questions_to_one_database_are_asked_one_at_a_time(planner):
    engine = Asked(True)
    engine._connection_str = "postgresql://shop"

    assert module._lane(engine) == ("Asked postgresql://shop", 1)

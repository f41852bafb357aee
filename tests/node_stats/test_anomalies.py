"""What is unusual, compared with the last runs of the branch."""

import pytest
from kit import ops

module = ops("node_stats.anomalies")
runs = ops("run_status.model")
Summary = module.Summary


@pytest.fixture
def store(tmp_path):
    return ops("core.store").Store(str(tmp_path))


def dataset(rows=None, **schema):
    return runs.Dataset("orders", saved=runs.Figures(row_count=rows, schema=schema))


def node(seconds):
    return runs.Node("fit", [], [], started=100.0, ended=100.0 + seconds)


def last_runs(rows=(), seconds=(), schemas=()):
    summaries = [Summary("dev", rows={"orders": each}) for each in rows]
    summaries += [Summary("dev", seconds={"fit": each}) for each in seconds]
    summaries += [Summary("dev", schemas={"orders": each}) for each in schemas]
    return summaries


def test_far_fewer_rows_are_marked_with_what_is_usual():
    known = last_runs(rows=[98_000, 97_500, 99_000])

    assert module.unusual_dataset(dataset(12_031), known) == [
        "12,031 rows, usually 98,000"
    ]
    assert module.unusual_dataset(dataset(200_000), known) == [
        "200,000 rows, usually 98,000"
    ]


@pytest.mark.parametrize("rows", [98_000, 80_000, 120_000, None])
def test_what_has_been_like_that_is_not(rows):
    assert module.unusual_dataset(dataset(rows), last_runs(rows=[98_000] * 3)) == []


def test_after_two_runs_nothing_is_unusual():
    assert module.unusual_dataset(dataset(500), last_runs(rows=[5, 5])) == []
    assert module.unusual_node(node(500), last_runs(seconds=[5, 5])) == []
    assert module.unusual_dataset(runs.Dataset("orders"), []) == []


def test_other_columns_than_in_the_last_run_are_marked():
    known = last_runs(
        schemas=[{"a": "Int64", "b": "String", "c": "String"}, {"z": "Int64"}]
    )

    assert module.unusual_dataset(
        dataset(a="Float64", b="String", d="String"), known
    ) == [
        "new columns: d",
        "missing columns: c",
        "column a is Float64, was Int64",
    ]
    assert module.unusual_dataset(dataset(), known) == []


@pytest.mark.parametrize(
    "seconds, marks", [(11, []), (14, []), (60, ["took 60 s, usually 10 s"])]
)
def test_a_node_that_takes_much_longer_is_marked(seconds, marks):
    known = last_runs(seconds=[9, 10, 11])
    assert module.unusual_node(node(seconds), known) == marks


def test_seconds_are_medians():
    assert module.median_seconds(last_runs(seconds=[1, 2, 30])) == {"fit": 2}


def write(store, branch, count, rows):
    for _ in range(count):
        Summary(branch, rows={"orders": rows}).write(store)


def test_a_new_branch_is_compared_with_the_trunk(store):
    write(store, "main", 5, rows=7)
    write(store, "other", 9, rows=8)
    write(store, "dev", 2, rows=9)

    def found(branch):
        runs = module.last_runs(store, branch, ["main", "master"])
        return {run.branch for run in runs}, len(runs)

    assert found("new") == found("dev") == ({"main"}, 5)
    write(store, "dev", 12, rows=9)
    assert found("dev") == ({"dev"}, 10)


@pytest.mark.parametrize(
    "text", [b"{", b"[]", b'{"format": 99, "runs": []}', b'{"format": 2, "runs": [{}]}']
)
def test_figures_that_cannot_be_read_do_not_count(store, text):
    store.write("figures/dev.json", text)

    assert module.last_runs(store, "dev", []) == []
    write(store, "dev", 1, rows=7)
    assert len(module.last_runs(store, "dev", [])) == 1


def test_a_summary_has_the_figures_of_a_run():
    run = runs.Run("key", "id", branch="dev")
    run.nodes = {"fit": node(3), "bad": runs.Node("bad", [], [])}
    run.nodes["fit"].state = runs.State.SUCCEEDED
    run.datasets = {"orders": dataset(3, a="Int64"), "x": runs.Dataset("x")}

    assert module.summarize(run) == Summary(
        "dev", {"fit": 3.0}, {"orders": 3}, {"orders": {"a": "Int64"}}
    )

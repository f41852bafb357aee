"""A run as events of OpenLineage."""

import pytest
from kit import ops
from run_status import some_runs

serde = pytest.importorskip("openlineage.client.serde")
module = ops("node_stats.openlineage_events")
State = ops("run_status.model").State


def told(run):
    return [serde.Serde.to_dict(event) for event in module.events_of_run(run)]


def ends(events):
    of = {event["job"]["name"].rpartition(".")[2]: event for event in events}
    return {name: event["eventType"] for name, event in of.items()}


def test_the_run_is_the_parent_of_its_nodes():
    first, *nodes, last = told(some_runs.run())

    assert (first["eventType"], last["eventType"]) == ("START", "COMPLETE")
    assert first["run"]["runId"] == last["run"]["runId"]
    assert first["job"]["namespace"] == "Some Project"
    assert [event["eventType"] for event in nodes] == ["START", "COMPLETE"] * 4
    for event in nodes:
        parent = event["run"]["facets"]["parent"]
        assert parent["run"]["runId"] == first["run"]["runId"]
        assert parent["job"]["name"] == "__default__"
    assert first["eventTime"] == "2026-11-18T11:06:40.000000+00:00"


def test_whoever_tells_of_a_run_tells_the_same():
    run = some_runs.run()
    again, other = told(run), told(some_runs.run("r9"))

    assert told(run) == again
    ids = [{event["run"]["runId"] for event in events} for events in (again, other)]
    assert len(ids[0]) == 5
    assert not ids[0] & ids[1]


def test_data_have_their_figures():
    [clean] = [
        event
        for event in told(some_runs.run())
        if event["job"]["name"] == "__default__.clean" and event["outputs"]
    ]
    [loaded], [saved] = clean["inputs"], clean["outputs"]

    assert loaded["namespace"] == "Some Project"
    assert loaded["name"] == "data/raw_dev.parquet"
    metrics = loaded["inputFacets"]["dataQualityMetrics"]
    assert (metrics["rowCount"], metrics["bytes"]) == (120, 4096)
    assert metrics["columnMetrics"]["mass"]["nullCount"] == 2
    statistics = saved["outputFacets"]["outputStatistics"]
    assert (statistics["rowCount"], statistics["size"]) == (120, 4096)
    fields = saved["facets"]["schema"]["fields"]
    assert {field["name"]: field["type"] for field in fields} == some_runs.SCHEMA


def test_parameters_are_no_data():
    inputs = {
        each["name"] for event in told(some_runs.run()) for each in event["inputs"]
    }

    assert "data/table_dev.parquet" in inputs
    assert not any("share" in name for name in inputs)


def test_what_is_not_known_of_data_is_left_out():
    run = some_runs.run()
    for dataset in run.datasets.values():
        dataset.loaded = dataset.saved = None
    del run.datasets["raw"]

    for event in told(run):
        for each in [*event["inputs"], *event["outputs"]]:
            assert not each["facets"]
            assert not each.get("inputFacets")
            assert not each.get("outputFacets")


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("s3://bucket/in/raw.csv", ("s3://bucket", "in/raw.csv")),
        ("/mnt/raw.csv", ("file", "/mnt/raw.csv")),
        ("~/raw.csv", ("file", "~/raw.csv")),
        ("data/raw.csv", ("Some Project", "data/raw.csv")),
        ("", ("Some Project", "raw")),
    ],
)
def test_data_are_named_by_their_place(place, expected):
    run = some_runs.run()
    run.datasets["raw"].place = place
    _, _, end, *_ = told(run)

    [raw] = end["inputs"]
    assert (raw["namespace"], raw["name"]) == expected


def test_what_failed_says_why():
    events = told(some_runs.failed())

    assert ends(events) == {
        "__default__": "FAIL",
        "clean": "COMPLETE",
        "split": "COMPLETE",
        "fit": "FAIL",
    }
    for event in events[-2:]:
        error = event["run"]["facets"]["errorMessage"]
        assert error["message"] == "ValueError: no such column"
        assert error["stackTrace"].startswith("Traceback")


def test_what_was_interrupted_is_an_abort():
    run = some_runs.going_on()
    run.state = State.INTERRUPTED
    list(run.nodes.values())[2].state = State.INTERRUPTED

    assert ends(told(run)) == {
        "__default__": "ABORT",
        "clean": "COMPLETE",
        "split": "COMPLETE",
        "fit": "ABORT",
    }


def test_what_goes_on_in_another_process_has_no_end():
    found = ends(told(some_runs.going_on()))

    assert (found["__default__"], found["fit"]) == ("START", "START")

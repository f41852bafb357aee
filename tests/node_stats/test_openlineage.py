"""A run is sent to OpenLineage, as events, and never fails because of it."""

import json
import logging
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from kit import PACKAGE, ops
from run_status import some_runs
from run_status.run_project import RunProject, read_journals

pytest.importorskip("openlineage.client")
serde = pytest.importorskip("openlineage.client.serde")
module = ops("node_stats.openlineage")
OpsError = ops("core.errors").OpsError
State = ops("run_status.model").State


class Collector:
    """A server that keeps what it is told."""

    def __init__(self, status=201):
        self.events, self.keys = events, keys = [], []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                length = int(self.headers["Content-Length"])
                events.append(json.loads(self.rfile.read(length)))
                keys.append(self.headers["Authorization"])
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_):
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(autouse=True)
def own_settings(monkeypatch, tmp_path):
    for name in ("OPENLINEAGE_DISABLED", "OPENLINEAGE_URL", "OPENLINEAGE_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def collector():
    collector = Collector()
    yield collector
    collector.close()


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("STEEL_TOES_BRANCH", "dev")
    monkeypatch.delenv("RUN_STATUS", raising=False)
    monkeypatch.delenv("RUN_STATUS_KEY", raising=False)
    status = ops("run_status.hook").RunStatus()
    return RunProject(tmp_path / "project", status, ops("node_stats.hook").NodeStats())


def kinds(events):
    return [(event["job"]["name"], event["eventType"]) for event in events]


def warnings(caplog):
    """Ours: Kedro logs what it and others warn of as well."""
    ours = (r for r in caplog.records if r.name.startswith(PACKAGE))
    return [r.getMessage() for r in ours if r.levelno >= logging.WARNING]


def test_a_run_is_told_when_it_has_ended(project, collector, caplog):
    pd = pytest.importorskip("pandas")
    secret = "lineage: {auth: {type: api_key, apiKey: hush}}"
    (project.path / "conf/local/credentials.yml").write_text(secret)
    told = {"type": "http", "url": collector.url, "credentials": "lineage"}
    project.settings(node_stats={"openlineage": told})
    project.session(data=pd.DataFrame({"a": [1, None]}))

    assert kinds(collector.events) == [
        ("__default__", "START"),
        ("__default__.copy", "START"),
        ("__default__.copy", "COMPLETE"),
        ("__default__", "COMPLETE"),
    ]
    assert set(collector.keys) == {"Bearer hush"}
    event = collector.events[2]
    [loaded], [saved] = event["inputs"], event["outputs"]
    assert saved["outputFacets"]["outputStatistics"]["rowCount"] == 2
    metrics = loaded["inputFacets"]["dataQualityMetrics"]
    assert metrics["columnMetrics"]["a"]["nullCount"] == 1
    assert "hush" not in json.dumps(collector.events)
    [key] = ops("run_status.history").run_keys(project.store)
    journals = read_journals(project.store, key)
    assert journals
    assert b"hush" not in b"".join(journals.values())
    assert warnings(caplog) == []


def test_nothing_is_told_unless_it_is_wanted(project, monkeypatch):
    monkeypatch.setattr(module, "send", lambda *_: pytest.fail("it was told"))
    project.session()

    assert project.run().state == State.SUCCEEDED


def test_a_file_has_an_event_a_line(tmp_path, caplog):
    file = tmp_path / "events"
    told = {"type": "file", "log_file_path": str(file), "append": True}
    module.send(told, some_runs.failed())

    events = [json.loads(line) for line in file.read_text().splitlines()]
    assert kinds(events)[-2:] == [("__default__.fit", "FAIL"), ("__default__", "FAIL")]
    assert warnings(caplog) == []


def closed_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def test_where_nobody_is_there_is_one_warning(caplog):
    url = f"http://user:hush@127.0.0.1:{closed_port()}"
    told = module.transport({"type": "http", "url": url}, None)
    module.send(told, some_runs.run())

    [warning] = warnings(caplog)
    assert warning.startswith(
        "OpenLineage did not get all events of this run (Connection"
    )
    assert "hush" not in warning


def test_a_server_that_refuses_is_one_warning(caplog):
    refusing = Collector(status=401)
    told = {"type": "http", "url": refusing.url, "endpoint": "events?token=hush"}
    module.send(told, some_runs.run())
    refusing.close()

    [warning] = warnings(caplog)
    assert "401" in warning
    assert "hush" not in warning
    assert len(refusing.events) == 1


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.INTERRUPTED])
def test_a_server_that_does_not_answer_is_not_waited_for(state, caplog, monkeypatch):
    monkeypatch.setattr(module, "_PATIENCE", 1.0)
    monkeypatch.setattr(module, "_PATIENCE_KILLED", 0.5)
    module._client({"type": "console"})  # what is imported once
    began = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        told = module.transport({"type": "http", "url": url}, None)
        module.send(told, some_runs.run(state=state))
        assert time.monotonic() - began < 2

    [warning] = warnings(caplog)
    assert "no answer within" in warning


def test_events_that_are_too_late_are_left_out(caplog, monkeypatch):
    class Client:
        def emit(self, event):
            pytest.fail("it is too late")

    def late(transport):
        time.sleep(0.2)
        return Client()

    monkeypatch.setattr(module, "_PATIENCE", 0.1)
    monkeypatch.setattr(module, "_client", late)
    module.send({"type": "console"}, some_runs.run())
    time.sleep(0.3)

    [warning] = warnings(caplog)
    assert "no answer within" in warning


def test_without_the_library_there_is_one_warning_that_names_it(caplog, monkeypatch):
    monkeypatch.setitem(sys.modules, "openlineage.client", None)
    module.send({"type": "console"}, some_runs.run())

    [warning] = warnings(caplog)
    assert "`pip install openlineage-python`" in warning


def test_settings_that_the_library_refuses_are_one_warning(caplog):
    module.send({"type": "http"}, some_runs.run())

    [warning] = warnings(caplog)
    assert "`url` key not passed" in warning


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"type": "http", "credentials": "lost"}, "'lost', which is not in"),
        ({"url": "http://here"}, "needs a type"),
    ],
)
def test_a_mistake_in_the_settings_is_one_line(project, given, words):
    project.settings(node_stats={"openlineage": given})
    with pytest.raises(OpsError, match=words):
        project.session()


# The events


def events_of(run):
    return [serde.Serde.to_dict(event) for event in module.events_of_run(run)]


def ends(events):
    of = {event["job"]["name"].rpartition(".")[2]: event for event in events}
    return {name: event["eventType"] for name, event in of.items()}


def test_the_run_is_the_parent_of_its_nodes():
    first, *nodes, last = events_of(some_runs.run())

    assert (first["eventType"], last["eventType"]) == ("START", "COMPLETE")
    assert first["run"]["runId"] == last["run"]["runId"]
    assert first["job"]["namespace"] == "Some Project"
    assert [event["eventType"] for event in nodes] == ["START", "COMPLETE"] * 4
    for event in nodes:
        parent = event["run"]["facets"]["parent"]
        assert parent["run"]["runId"] == first["run"]["runId"]
        assert parent["job"]["name"] == "__default__"
    assert first["eventTime"] == "2026-11-18T11:06:40.000000+00:00"


def test_a_run_always_has_the_same_ids():
    run = some_runs.run()
    again, other = events_of(run), events_of(some_runs.run("r9"))

    assert events_of(run) == again
    ids = [{event["run"]["runId"] for event in events} for events in (again, other)]
    assert len(ids[0]) == 5
    assert not ids[0] & ids[1]


def test_data_have_their_figures():
    [clean] = [
        event
        for event in events_of(some_runs.run())
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
        each["name"] for event in events_of(some_runs.run()) for each in event["inputs"]
    }

    assert "data/table_dev.parquet" in inputs
    assert not any("share" in name for name in inputs)


def test_what_is_not_known_of_data_is_left_out():
    run = some_runs.run()
    for dataset in run.datasets.values():
        dataset.loaded = dataset.saved = None
    del run.datasets["raw"]

    for event in events_of(run):
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
    _, _, end, *_ = events_of(run)

    [raw] = end["inputs"]
    assert (raw["namespace"], raw["name"]) == expected


def test_what_failed_says_why():
    events = events_of(some_runs.failed())

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

    assert ends(events_of(run)) == {
        "__default__": "ABORT",
        "clean": "COMPLETE",
        "split": "COMPLETE",
        "fit": "ABORT",
    }


def test_what_goes_on_in_another_process_has_no_end():
    found = ends(events_of(some_runs.going_on()))

    assert (found["__default__"], found["fit"]) == ("START", "START")

"""Lineage: a run is told to OpenLineage, and is none the worse for it."""

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
from run_status.run_project import RunProject

pytest.importorskip("openlineage.client")
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
    [key] = project.store.keys()
    assert b"hush" not in b"".join(project.store.read(key).values())
    assert warnings(caplog) == []


def test_nothing_is_told_unless_it_is_wanted(project, monkeypatch):
    monkeypatch.setattr(module, "send", lambda *_: pytest.fail("it was told"))
    project.session()

    assert project.run().state == State.COMPLETE


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
    assert warning.startswith("OpenLineage was not told all of this run (Connection")
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


@pytest.mark.parametrize("state", [State.COMPLETE, State.INTERRUPTED])
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


def test_events_that_are_too_late_are_left_out():
    class Client:
        def emit(self, event):
            pytest.fail("it is too late")

    failed = ["no answer"]
    module._emit(Client(), ["event"], time.monotonic() - 1, failed)

    assert failed == ["no answer"]


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

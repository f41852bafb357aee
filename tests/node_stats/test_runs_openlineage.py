"""Runs are told to OpenLineage: a real server on loopback has the events."""

import json
import signal
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from branches_helpers import Kedro
from confluent_kafka import Consumer, Producer
from run_status.run_status_helpers import NODES, prepare, read, waiting_run
from steel_toes_helpers import PACKAGE, Workshop

pytest_plugins = ["steel_toes_fixtures"]
GUARDS = ["run_status", "node_stats"]

OURS = f"{PACKAGE}.runners.ParallelRunner"


class Collector(HTTPServer):
    """Keeps the events that it gets."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.events: list[dict[str, Any]] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def ends(self) -> dict[str, str]:
        """How each job ended."""
        return {event["job"]["name"]: event["eventType"] for event in self.events}


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.events.append(json.loads(text))
        self.send_response(201 if self.headers["Authorization"] else 401)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as collector:
        yield collector
        collector.shutdown()


@pytest.fixture
def shop(workshop: Workshop, collector: Collector) -> Workshop:
    prepare(workshop)
    url = f"http://127.0.0.1:{collector.server_port}"
    told = f"{{type: http, url: '{url}', credentials: lineage}}"
    workshop.settings(f"node_stats: {{openlineage: {told}}}")
    secret = "lineage: {auth: {type: api_key, apiKey: hush}}"
    workshop.write({"conf/local/credentials.yml": secret})
    return workshop


@pytest.fixture
def quick(shop: Workshop) -> Kedro:
    return Kedro(shop)


@pytest.mark.parametrize("runner", ["SequentialRunner", "ThreadRunner", OURS])
def test_a_run_is_told_with_its_nodes_and_data(quick, collector, runner) -> None:
    quick.run(f"--runner={runner}", KEDRO_MP_CONTEXT="fork")

    jobs = ["__default__", *(f"__default__.{node}" for node in NODES)]
    assert collector.ends() == dict.fromkeys(jobs, "COMPLETE")
    first, *events, last = collector.events
    assert first["job"] | {"facets": {}} == last["job"] | {"facets": {}}
    assert first["job"]["namespace"] == PACKAGE
    assert len(events) == 2 * len(NODES)
    assert [e["eventTime"] for e in events] == sorted(e["eventTime"] for e in events)
    for event in events:
        parent = event["run"]["facets"]["parent"]["run"]["runId"]
        assert parent == first["run"]["runId"]
    [clean] = [
        e for e in events if e["job"]["name"].endswith(".clean") and e["outputs"]
    ]
    [mid] = clean["outputs"]
    assert (mid["namespace"], mid["name"]) == (PACKAGE, "data/mid_dev.txt")
    assert mid["outputFacets"]["outputStatistics"]["size"] == len("clean(raw)")
    assert "hush" not in json.dumps(collector.events)


def test_a_run_that_fails_is_told_with_the_reason(quick, collector) -> None:
    code, said = quick("run", "--params=how=raise")

    assert code == 1
    ends = collector.ends()
    assert ends["__default__"] == ends["__default__.total"] == "FAIL"
    assert "__default__.end" not in ends
    error = collector.events[-1]["run"]["facets"]["errorMessage"]
    assert error["message"] == "ValueError: no such number"


@pytest.mark.parametrize("signal_", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_asked_to_end_is_an_abort(shop, collector, signal_) -> None:
    process = waiting_run(shop)
    process.send_signal(signal_)
    code = process.wait(timeout=30)

    assert code == (1 if signal_ == signal.SIGINT else -signal_)
    assert collector.ends()["__default__"] == "ABORT"
    assert collector.ends()["__default__.total"] == "ABORT"


def test_a_broker_of_kafka_has_the_events(shop, quick) -> None:
    # A broker that librdkafka brings for tests: it speaks Kafka's protocol.
    maker = Producer({"test.mock.num.brokers": "1"})
    (broker,) = maker.list_topics(timeout=10).brokers.values()
    server = {"bootstrap.servers": f"{broker.host}:{broker.port}"}
    told = {"type": "kafka", "topic": "lineage", "config": server}
    shop.settings(f"node_stats: {{openlineage: {json.dumps(told)}}}")
    quick.run()

    reader = Consumer({**server, "group.id": "test", "auto.offset.reset": "earliest"})
    reader.subscribe(["lineage"])
    texts = reader.consume(2 + 2 * len(NODES), timeout=30)
    reader.close()
    found = [json.loads(each.value()) for each in texts]
    assert {event["job"]["name"]: event["eventType"] for event in found} == {
        job: "COMPLETE"
        for job in ["__default__", *(f"__default__.{node}" for node in NODES)]
    }


def test_a_server_that_does_not_answer_costs_some_seconds(shop, quick) -> None:
    shop.settings("node_stats: {openlineage: {type: http, url: 'http://127.0.0.1:9'}}")
    began = time.monotonic()
    code, said = quick("run")

    assert (code, read(shop).state.value) == (0, "succeeded")
    assert said.count("OpenLineage did not get all events of this run") == 1
    assert "Traceback" not in said
    assert time.monotonic() - began < 15

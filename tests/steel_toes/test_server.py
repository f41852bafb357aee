"""`kedro server` on a branch: requests at the same time, and the branch of each."""

import contextlib
import json
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from helpers import environment
from steel_toes_helpers import WRONG, Workshop

pytest_plugins = ["steel_toes_fixtures"]

WHO = "abcdef"
# Each request has datasets of its own, and all of them save and read the shared one.
CATALOG = """
raw: {type: text.TextDataset, filepath: data/raw.txt}
shared: {type: text.TextDataset, filepath: data/shared.txt}
"{who}-mid": {type: text.TextDataset, filepath: "data/{who}.txt"}
"{who}-out": {type: text.TextDataset, filepath: "data/out/{who}.txt"}
"""
PIPELINE = f"""
from kedro.pipeline import Node, Pipeline

def clean(raw, who):
    return f"clean({{raw}} for {{who}})"

def total(mid):
    return f"total({{mid}})"

def share(raw, who):
    return who * 1_000_000

def check(shared):
    assert shared == shared[0] * 1_000_000
    return shared

def create_pipeline():
    nodes = [
        Node(share, ["raw", "params:who"], "shared", name="share"),
        Node(check, "shared", "checked", name="check"),
    ]
    for who in "{WHO}":
        mid, out = f"{{who}}-mid", f"{{who}}-out"
        nodes.append(Node(clean, ["raw", "params:who"], mid, name=f"clean-{{who}}"))
        nodes.append(Node(total, mid, out, name=f"total-{{who}}"))
    return Pipeline(nodes)
"""


class Server:
    """A running `kedro server`."""

    def __init__(self, address: str) -> None:
        self.address = address

    def run(self, **request: Any) -> dict[str, Any]:
        """Ask for a run; return what the server answers."""
        body = json.dumps(request).encode()
        headers = {"Content-Type": "application/json"}
        asked = urllib.request.Request(f"{self.address}/run", body, headers)
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return json.load(answer)

    def wait(self, process: subprocess.Popen[str]) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{self.address}/health", timeout=5).close()
            except OSError:
                assert process.poll() is None, process.communicate()[0]
                time.sleep(0.1)
            else:
                return
        raise AssertionError("the server does not answer")


@pytest.fixture
def server(workshop: Workshop) -> Iterator[Server]:
    workshop.catalog(CATALOG)
    workshop.pipeline(PIPELINE)
    for who in WHO:
        workshop.write({f"data/{who}.txt": WRONG, f"data/out/{who}.txt": WRONG})
    workshop.write({"data/shared.txt": WRONG, "conf/base/parameters.yml": "who: x"})
    with serving(workshop) as server:
        yield server


@contextlib.contextmanager
def serving(workshop: Workshop, **env: str) -> Iterator[Server]:
    """A server of the project, until it is not needed any more."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        ["kedro", "server", "start", f"--port={port}"],
        cwd=workshop.path,
        env=environment() | env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        server = Server(f"http://127.0.0.1:{port}")
        server.wait(process)
        yield server
    finally:
        process.terminate()
        process.wait(timeout=90)


def request(who: str) -> dict[str, Any]:
    nodes = [f"clean-{who}", f"total-{who}", "share", "check"]
    return {"params": {"who": who}, "node_names": nodes}


def test_requests_at_the_same_time_keep_to_the_branch_and_to_themselves(
    workshop: Workshop, server: Server
) -> None:
    requests = [request(who) for who in WHO]
    requests[1]["runner"] = "ThreadRunner"
    requests[2]["is_async"] = True

    with workshop.base_untouched(), ThreadPoolExecutor(len(WHO)) as threads:
        answers = list(threads.map(lambda each: server.run(**each), requests))

    assert [each["error"] for each in answers if each["status"] != "success"] == []
    for who in WHO:
        assert workshop.read(f"data/{who}_dev.txt") == f"clean(raw for {who})"
        assert (
            workshop.read(f"data/out/{who}_dev.txt") == f"total(clean(raw for {who}))"
        )
    shared = workshop.read("data/shared_dev.txt")
    assert shared == shared[0] * 1_000_000

    # A server that goes on while another branch is checked out is on that branch.
    workshop.switch("next")
    with workshop.base_untouched("next"):
        assert server.run(**request("a"))["status"] == "success"
    assert workshop.read("data/out/a_next.txt") == "total(clean(raw for a))"

    # A request that steel toes refuse fails, with the reason in the answer.
    workshop.write({".git/HEAD": "0" * 40})
    before = workshop.files()
    answer = server.run(**request("a"))
    assert answer["status"] == "failure"
    assert "detached" in answer["error"]["message"]
    assert workshop.files() == before

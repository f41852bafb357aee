"""What a run costs in a bucket: requests, counted at the server."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from counted_store import OFF, CountingS3, make_project
from helpers import SWITCHES, run

NODES = 6
WHOLE = 20 + 6 * NODES  # beyond those that Kedro itself needs
BUSY = 10  # of a run that takes seconds: its journal and page show how far it is
KEDRO = 3 * NODES


@pytest.fixture
def server() -> Iterator[CountingS3]:
    server = CountingS3()
    yield server
    server.close()


def test_a_run_makes_few_requests_whatever_ran_before(
    server: CountingS3, tmp_path: Path
) -> None:
    guards = dict.fromkeys(SWITCHES, True) | dict.fromkeys(OFF, False)
    project = make_project(tmp_path, server.url, NODES, guards)
    server.put("data/d0.txt", b"1")

    def count(*command: str, **env: str) -> int:
        server.log.clear()
        run("kedro", *command, cwd=project, env=env)
        return len(server.log)

    assert count("run") - KEDRO <= WHOLE + BUSY
    assert count("run") <= 30 + BUSY
    run("git", "switch", "--quiet", "--create", "dev", cwd=project)
    assert count("run") <= 30 + BUSY
    assert server.names("data/") == [f"data/d{number}.txt" for number in range(7)]
    for _ in range(4):
        assert count("run", SKIP_UNCHANGED_FORCE="all") - KEDRO <= WHOLE + BUSY
    assert len(server.names("ops/manifest/dev/")) <= 2
    assert len(server.names("ops/made/dev/")) <= 2
    assert not server.names("ops/claims/")
    assert count("runs", "list") <= 50
    assert count("branches", "list") <= 3  # the files, the overview, no manifest
    summary = json.loads(server.read("ops/manifest/overview.json"))["dev"]["summaries"]
    assert [(each["branch"], each["datasets"]) for each in summary] == [("dev", 6)]

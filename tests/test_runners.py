"""Every runner, under every way to start its workers, works on the branch's data."""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from helpers import environment, run
from steel_toes_helpers import (
    IN_NO_CACHE,
    KINDS_CATALOG,
    KINDS_RESULT,
    PACKAGE,
    PIPELINE,
    WRONG,
    Workshop,
)

pytest_plugins = ["steel_toes_fixtures"]

OURS = f"{PACKAGE}.runners.ParallelRunner"
METHODS = ["spawn"] if sys.platform == "win32" else ["fork", "forkserver", "spawn"]
NODES = ["plain", "versioned", "parts", "cached", "cached_versions", "by_pattern"]
NODES += ["two_ways", "in_memory", "result"]

# Every call leaves a file of its own that says in which process it was made.
RECORDER = """
import os
from pathlib import Path
from uuid import uuid4
from kedro.framework.hooks import hook_impl

def record(what):
    file = Path("seen", f"{what}.{os.getpid()}.{uuid4().hex}")
    file.parent.mkdir(exist_ok=True)
    file.touch()

def before_pipeline_run(self):
    record("start")

def before_node_run(self, node):
    record(node.name)

def on_node_error(self, node):
    record(f"error-{node.name}")

for hook in (before_pipeline_run, before_node_run, on_node_error):
    setattr(TeamHooks, hook.__name__, hook_impl(hook))
"""
FAILS = """
import os

def fail(mid):
    if os.environ["HOW"] == "exit":
        os._exit(3)
    raise ValueError("no such number")
"""


def seen(workshop: Workshop) -> dict[str, list[str]]:
    """Per name that was recorded, the processes in which it was."""
    calls: dict[str, list[str]] = {}
    for file in (workshop.path / "seen").iterdir():
        name, process, _ = file.name.split(".")
        calls.setdefault(name, []).append(process)
    return calls


def check_data(workshop: Workshop) -> None:
    assert json.loads(workshop.read("data/result_dev.json")) == KINDS_RESULT


@pytest.mark.parametrize("runner", ["SequentialRunner", "ThreadRunner"])
@pytest.mark.parametrize("options", [[], ["--async"]], ids=["sync", "async"])
def test_a_branch_run_in_one_process_leaves_the_base_alone(
    kinds: Workshop, runner: str, options: list[str]
) -> None:
    with kinds.base_untouched():
        kinds.kedro("run", f"--runner={runner}", *options)

    check_data(kinds)


@pytest.mark.parametrize("method", METHODS)
def test_a_branch_run_in_workers_of_kedro_leaves_the_base_alone(
    kinds: Workshop, method: str
) -> None:
    kinds.catalog(KINDS_CATALOG + IN_NO_CACHE)

    with kinds.base_untouched():
        kinds.kedro("run", "--runner=ParallelRunner", KEDRO_MP_CONTEXT=method)

    check_data(kinds)


@pytest.mark.parametrize("method", METHODS)
def test_a_branch_run_in_our_workers_calls_the_teams_hooks_there(
    kinds: Workshop, method: str
) -> None:
    kinds.team_hooks(RECORDER)
    kinds.catalog(KINDS_CATALOG + IN_NO_CACHE)
    before = kinds.base_files("dev")
    kinds.kedro("run", f"--runner={OURS}", KEDRO_MP_CONTEXT=method)
    after = kinds.base_files("dev")

    check_data(kinds)
    assert {path: after.get(path) for path in before} == before
    assert all(path.startswith("seen/") for path in after.keys() - before.keys())
    calls = seen(kinds)
    [main] = calls.pop("start")
    assert sorted(calls) == sorted(NODES)
    processes = [process for [process] in calls.values()]  # each node once
    assert main not in processes
    assert len(set(processes)) < len(NODES)  # so some worker has had several nodes


CARRIED = """
import os
from pathlib import Path
from uuid import uuid4
from kedro.pipeline import Node, Pipeline
from kedro_datasets.text import TextDataset

def record(what):
    Path("seen").mkdir(exist_ok=True)
    Path("seen", f"{what}.{os.getpid()}.{uuid4().hex}").touch()

class Carried(TextDataset):
    def __setstate__(self, state):
        vars(self).update(state)
        record("arrived")

    def release(self):
        super().release()
        record("released")

def same(text):
    return text

def create_pipeline():
    return Pipeline([Node(same, f"in_{i}", f"out_{i}") for i in range(12)])
"""


@pytest.mark.parametrize("method", METHODS)
def test_the_catalog_goes_to_each_of_our_workers_once(
    workshop: Workshop, method: str
) -> None:
    workshop.pipeline(CARRIED)
    names = [f"{side}_{i}" for side in ("in", "out") for i in range(12)]
    kind = f"{PACKAGE}.pipelines.toes.Carried"
    entry = "{{type: {}, filepath: data/{}.txt}}"
    workshop.catalog("\n".join(f"{n}: {entry.format(kind, n)}" for n in names))
    workshop.write({f"data/in_{i}.txt": f"text {i}" for i in range(12)})

    workshop.kedro("run", f"--runner={OURS}", KEDRO_MP_CONTEXT=method, STEEL_TOES="off")

    calls = seen(workshop)
    workers = set(calls["arrived"])
    assert len(calls["arrived"]) == len(workers) * len(names)
    # Each looks anew for what a node has read or saved when it comes to the next one.
    assert sum(worker in workers for worker in calls["released"]) == len(names)
    assert [workshop.read(f"data/out_{i}.txt") for i in (0, 11)] == [
        "text 0",
        "text 11",
    ]


@pytest.mark.parametrize("method", METHODS)
def test_a_node_that_fails_in_a_worker_fails_the_run(
    workshop: Workshop, method: str
) -> None:
    workshop.team_hooks(RECORDER)
    workshop.pipeline(FAILS + PIPELINE.replace("Node(total,", "Node(fail,"))

    result = workshop.kedro(
        *("run", f"--runner={OURS}"), check=False, KEDRO_MP_CONTEXT=method, HOW="raise"
    )

    assert result.returncode == 1
    assert "no such number" in result.stdout + result.stderr
    assert "error-total" in seen(workshop)
    assert workshop.read("data/mid_dev.txt") == "clean(raw)"
    assert workshop.read("data/out.txt") == WRONG
    assert not workshop.has("data/out_dev.txt")


def test_a_worker_that_dies_fails_the_run(workshop: Workshop) -> None:
    workshop.pipeline(FAILS + PIPELINE.replace("Node(total,", "Node(fail,"))

    result = workshop.kedro("run", f"--runner={OURS}", check=False, HOW="exit")

    assert result.returncode == 1
    assert workshop.read("data/out.txt") == WRONG
    assert not workshop.has("data/out_dev.txt")


SLEEPS = """
import time

def sleep(mid):
    time.sleep(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sends signals")
@pytest.mark.parametrize("method", METHODS)
def test_workers_end_when_their_run_is_killed(workshop: Workshop, method: str) -> None:
    workshop.team_hooks(RECORDER)
    workshop.pipeline(SLEEPS + PIPELINE.replace("Node(total,", "Node(sleep,"))
    command = ["kedro", "run", f"--runner={OURS}"]
    env = environment() | {"KEDRO_MP_CONTEXT": method}
    main = subprocess.Popen(command, cwd=workshop.path, env=env)
    workers = until(lambda: seen(workshop).get("total"), seconds=60)

    main.kill()
    main.wait()

    assert until(lambda: not any(map(is_there, workers)), seconds=5)
    assert until(lambda: not left_in(workshop.path), seconds=5)
    assert workshop.read("data/mid_dev.txt") == "clean(raw)"


def until(found: Callable[[], Any], seconds: float) -> Any:
    """What is found, as soon as it is."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(FileNotFoundError):
            if answer := found():
                return answer
        time.sleep(0.1)
    return None


def left_in(folder: Path) -> list[int]:
    """The processes that work in a folder, such as Kedro's for data in memory."""
    found = psutil.process_iter(["pid", "cwd", "status"])
    return [
        each.info["pid"]
        for each in found
        if each.info["cwd"] == str(folder)
        and each.info["status"] != psutil.STATUS_ZOMBIE
    ]


def is_there(pid: str) -> bool:
    try:
        return psutil.Process(int(pid)).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_the_process_for_data_in_memory_is_no_fork_of_a_server(
    workshop: Workshop,
) -> None:
    code = f"""
from {PACKAGE}.runners import ParallelRunner
if __name__ == "__main__":
    print(type(ParallelRunner()._manager._process).__name__)
"""
    workshop.write({"manager.py": code})
    env = {"KEDRO_MP_CONTEXT": "spawn", "PYTHONPATH": "src"}
    said = run(sys.executable, "manager.py", cwd=workshop.path, env=env).stdout

    assert said.split() == ["SpawnProcess"]

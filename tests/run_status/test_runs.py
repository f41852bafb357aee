"""The journal tells what a run did: under every runner, and however it ended."""

import re
import shlex
import shutil
import signal
import sys

import pytest
from branches_helpers import Kedro
from helpers import TEMPLATE
from steel_toes_helpers import PACKAGE, Workshop

from .run_status_helpers import (
    NODES,
    PIPELINE,
    journals,
    keys,
    phases,
    prepare,
    read,
    states,
    waiting_run,
)

pytest_plugins = ["steel_toes_fixtures"]
GUARDS = ["run_status", "node_stats"]

OURS = f"{PACKAGE}.runners.ParallelRunner"
METHODS = ["spawn"] if sys.platform == "win32" else ["fork", "forkserver", "spawn"]
RUNS = {
    "sequential": (["--runner=SequentialRunner"], {}),
    "async": (["--runner=SequentialRunner", "--async"], {}),
    "threads": (["--runner=ThreadRunner"], {}),
    "kedro-fork": (["--runner=ParallelRunner"], {"KEDRO_MP_CONTEXT": "fork"}),
    **{
        method: ([f"--runner={OURS}"], {"KEDRO_MP_CONTEXT": method})
        for method in METHODS
    },
    "async-spawn": ([f"--runner={OURS}", "--async"], {"KEDRO_MP_CONTEXT": "spawn"}),
}
LOAD, COMPUTE, SAVE = "loading", "computing", "saving"


# A worker that is not forked begins with the program that has started it.
IN_FORKS = [name for name in RUNS if "spawn" not in name and name != "forkserver"]


@pytest.fixture
def shop(workshop: Workshop) -> Workshop:
    prepare(workshop)
    return workshop


@pytest.fixture
def quick(shop: Workshop) -> Kedro:
    """Runs the shop's Kedro in forks of one process."""
    return Kedro(shop)


@pytest.mark.parametrize("name", IN_FORKS)
def test_every_runner_tells_the_same(shop: Workshop, quick: Kedro, name) -> None:
    args, env = RUNS[name]
    quick.run(*args, **env)

    _check_complete(shop, parallel="fork" in name)


@pytest.mark.parametrize("name", [name for name in RUNS if name not in IN_FORKS])
def test_every_way_to_start_workers_tells_the_same(shop: Workshop, name) -> None:
    args, env = RUNS[name]
    shop.kedro("run", *args, **env)

    _check_complete(shop, parallel=True)


def _check_complete(shop: Workshop, parallel: bool) -> None:
    run = read(shop)
    assert run.state.value == "succeeded"
    assert states(run) == dict.fromkeys(NODES, "succeeded")
    whole = [LOAD, COMPUTE, SAVE]
    assert phases(run) == dict.fromkeys(NODES, whole) | {"quiet": [LOAD, COMPUTE]}
    for node in run.nodes.values():
        times = [node.started]
        times += [time for span in node.spans for time in (span.start, span.end)]
        assert [*times, node.ended] == sorted([*times, node.ended])
    assert run.started <= min(node.started for node in run.nodes.values())
    assert run.branch == "dev"
    assert run.runner.endswith("Runner")
    assert run.datasets["mid"].place == "data/mid_dev.txt"
    assert run.datasets["mid"].type == "text.TextDataset"
    assert (len(journals(shop)) > 1) is parallel


WRONG = {
    "raise": ("ValueError", "no such number"),
    "save": ("DatasetError", "Failed while saving data to dataset"),
    "load": ("DatasetError", "Failed while loading data from dataset"),
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("name", IN_FORKS)
def test_what_fails_is_told_of_the_node(shop, quick, name, wrong):
    args, env = RUNS[name]
    kind, message = WRONG[wrong]
    env = env | ({"TOTAL": "lost"} if wrong == "load" else {})
    code, _ = quick("run", *args, f"--params=how={wrong}", env=env)

    assert code == 1
    run = read(shop)
    assert run.state.value == "failed"
    total, end = run.nodes["total"], run.nodes["end"]
    assert (total.state.value, end.state.value) == ("failed", "upstream failed")
    assert end.reason == "total failed"
    for failure in (total.failure, run.failure):
        assert failure.type == kind
        assert message in failure.message
        assert str(shop.path) not in failure.traceback
    assert "Traceback" in total.failure.traceback
    assert run.resume.startswith("kedro run")
    # What is in memory only is made again.
    nodes = re.search(r"--from-nodes=(\S+)", run.resume)[1].split(",")
    assert "total" in nodes or "clean" in nodes
    others = {states(run)[name] for name in ("clean", "other", "quiet")}
    # One after the other, what comes later does not begin any more.
    assert others <= {"succeeded", "interrupted"}


def test_a_worker_that_dies_is_an_error(shop: Workshop) -> None:
    shop.kedro("run", f"--runner={OURS}", "--params=how=exit", check=False)

    run = read(shop)
    assert run.state.value == "failed"
    assert states(run)["total"] == "failed"
    assert run.failure.type == "BrokenProcessPool"


def test_workers_without_hooks_leave_their_nodes_unknown(shop: Workshop) -> None:
    shop.kedro("run", "--runner=ParallelRunner", KEDRO_MP_CONTEXT="spawn")

    run = read(shop)
    assert run.state.value == "succeeded"
    assert states(run) == dict.fromkeys(NODES, "unknown")


GENERATOR = PIPELINE.replace(
    'return f"clean({raw})"',
    'yield "one"; yield "two"\n    if sys.argv[-1] == "--params=how=half":\n'
    '        raise ValueError("no more")\n    yield "three"',
)


@pytest.mark.parametrize("runner", ["SequentialRunner", "ThreadRunner", OURS])
def test_a_generator_is_complete_when_its_last_part_is_saved(shop, quick, runner):
    shop.pipeline(GENERATOR)
    quick.run(f"--runner={runner}")

    run = read(shop)
    assert states(run) == dict.fromkeys(NODES, "succeeded")


def test_a_generator_that_fails_after_some_parts_is_an_error(shop, quick) -> None:
    shop.pipeline(GENERATOR)
    quick("run", "--params=how=half")

    run = read(shop)
    assert states(run)["clean"] == "failed"
    assert run.nodes["clean"].failure.message == "no more"
    assert states(run)["total"] == "upstream failed"


def test_what_the_options_leave_out_is_not_selected(
    shop: Workshop, quick: Kedro
) -> None:
    quick.run("--tags=first")
    quick.run("--from-nodes=total", "--to-nodes=end")
    quick.run("--pipelines=toes")

    tags, nodes, pipelines = (read(shop, key) for key in keys(shop))
    left = dict.fromkeys(NODES, "not selected")
    done = "succeeded"
    assert states(tags) == left | {"clean": done, "other": done}
    assert states(nodes) == left | {"total": done, "end": done}
    assert states(pipelines) == dict.fromkeys(NODES, done)
    assert (tags.pipelines, pipelines.pipelines) == (["__default__"], ["toes"])


def test_outputs_that_are_there_are_skipped(shop: Workshop, quick: Kedro) -> None:
    shop.write({"data/mid_dev.txt": "mid", "data/last_dev.txt": "last"})
    quick.run("--only-missing-outputs")

    run = read(shop)
    skipped = {name for name, state in states(run).items() if state == "skipped"}
    assert skipped == {"clean", "end"}
    assert {run.nodes[name].reason for name in skipped} == {"its outputs exist"}
    assert run.state.value == "succeeded"


def test_what_a_guard_stops_is_a_failed_run_with_the_reason(
    shop: Workshop, quick: Kedro
) -> None:
    shop.team_hooks(
        """
from kedro.framework.hooks import hook_impl
from .ops.core.errors import OpsError
from .ops.core.findings import Finding

@hook_impl
def before_pipeline_run(self):
    raise OpsError("1 problem", [Finding("is not there", "raw")])

TeamHooks.before_pipeline_run = before_pipeline_run
"""
    )
    assert quick("run")[0] == 1

    run = read(shop)
    assert (run.state.value, run.failure.message) == ("failed", "1 problem")
    [check] = run.checks
    assert (check.guard, check.subject, check.level) == ("hooks", "raw", "error")
    assert check.message == "is not there"
    assert not check.passed
    assert set(states(run).values()) == {"skipped"}


def test_a_guard_that_fails_the_run_in_the_end_fails_it(
    shop: Workshop, quick: Kedro
) -> None:
    shop.team_hooks(
        """
from kedro.framework.hooks import hook_impl

@hook_impl
def after_pipeline_run(self):
    raise ValueError("not as expected")

TeamHooks.after_pipeline_run = after_pipeline_run
"""
    )
    assert quick("run")[0] == 1

    run = read(shop)
    assert (run.state.value, run.failure.message) == ("failed", "not as expected")
    assert states(run) == dict.fromkeys(NODES, "succeeded")


def test_the_end_of_a_run_is_a_short_table(shop: Workshop, quick: Kedro) -> None:
    _, said = quick("run")

    assert re.search(r"run +20\d\d-", said)
    assert re.search(r"state +succeeded", said)
    assert re.search(r"nodes +5 succeeded", said)
    assert re.search(r"branch +dev", said)


def test_the_command_to_go_on_goes_on(shop: Workshop, quick: Kedro) -> None:
    quick("run", "--params=how=raise", "--pipelines=toes")
    failed = read(shop)

    quick.run(*shlex.split(failed.resume)[2:])

    run = read(shop, keys(shop)[-1])
    assert run.state.value == "succeeded"
    assert states(run)["clean"] == "not selected"
    assert run.pipelines == ["toes"]


def test_the_page_is_there(shop: Workshop, quick: Kedro) -> None:
    _, said = quick("run")

    assert re.search(r"page +data/.ops/runs/index.html", said)
    assert keys(shop)[0] in shop.read("data/.ops/runs/index.html")


@pytest.mark.parametrize("signal_", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_killed_is_interrupted(shop: Workshop, signal_) -> None:
    process = waiting_run(shop)
    going_on = read(shop)
    process.send_signal(signal_)
    code = process.wait(timeout=30)

    assert (going_on.state.value, states(going_on)["total"]) == ("running", "running")
    assert code == (1 if signal_ == signal.SIGINT else -signal_)
    run = read(shop)
    assert run.state.value == "interrupted"
    assert states(run) == states(going_on) | {"total": "interrupted"} | {
        name: "interrupted" for name in NODES if states(going_on)[name] == "queued"
    }
    reason = {signal.SIGKILL: "its process is gone", signal.SIGINT: "Ctrl-C"}
    expected = reason.get(signal_, "the process was asked to end")
    assert run.failure.message == expected


def test_a_node_that_ends_the_process_interrupts_the_run(
    shop: Workshop, quick: Kedro
) -> None:
    assert shop.kedro("run", "--params=how=leave", check=False).returncode == 5

    run = read(shop)
    assert (run.state.value, states(run)["total"]) == ("interrupted", "interrupted")


def test_only_so_many_runs_are_kept(shop: Workshop, quick: Kedro) -> None:
    shop.settings("run_status: {keep: 2, keep_days: 0}")
    for _ in range(4):
        quick.run("--nodes=clean")

    assert len(keys(shop)) == 2


def test_a_run_can_do_without(shop: Workshop, quick: Kedro) -> None:
    quick.run(RUN_STATUS="off")

    assert not shop.has("data/.ops/runs")


def test_processes_with_one_key_are_one_run(shop: Workshop, quick: Kedro) -> None:
    airflow = {"AIRFLOW_CTX_DAG_ID": "My DAG", "AIRFLOW_CTX_DAG_RUN_ID": "a:b/1"}
    quick.run("--nodes=clean,other", **airflow)
    quick("run", "--nodes=total", "--params=how=raise", env=airflow)
    assert read(shop).state.value == "failed"

    quick.run("--nodes=total", **airflow)
    quick.run("--nodes=end", **airflow)

    run = read(shop)
    assert run.key.startswith("my-dag-a-b-1-")
    assert run.state.value == "succeeded"
    done = dict.fromkeys(["clean", "other", "total", "end"], "succeeded")
    assert states(run) == done | {"quiet": "not selected"}


SAVES = """
from kedro.framework.hooks import hook_impl

@hook_impl
def before_pipeline_run(self, catalog):
    catalog.save("mid", "of a hook")

TeamHooks.before_pipeline_run = before_pipeline_run
"""
TWO_PLACES = "kept: {type: text.TextDataset, filepath: data/kept.txt, elsewhere: log/x}"
ONE_PLACE = """
raw_too: {type: text.TextDataset, filepath: data/mid_dev.txt}
"""


@pytest.mark.parametrize(
    ("entry", "branch", "why"),
    [
        ("", "", "branch is unknown"),
        (TWO_PLACES, "dev", "cannot tell where a branch would save"),
        (ONE_PLACE, "dev", "'raw_too'"),
    ],
)
def test_a_run_that_steel_toes_stop_is_recorded_with_the_reason(
    shop: Workshop, quick: Kedro, entry: str, branch: str, why: str
) -> None:
    shutil.rmtree(shop.path / ".git")
    shop.team_hooks(SAVES)
    shop.catalog(f"{shop.read('conf/base/catalog.yml')}\n{entry}\n")
    before = shop.files()

    code, said = quick("run", env={"STEEL_TOES_BRANCH": branch})

    assert code == 1
    assert "Traceback" not in said
    assert why in said
    run = read(shop)
    assert run.state.value == "failed"
    assert run.failure is not None
    assert why in run.failure.message
    after = shop.files()
    assert after.keys() - before.keys() <= {"logs/kedro.log"}
    assert {name: after[name] for name in before} == before


def test_the_runner_for_dask_of_the_docs_tells_the_same(shop: Workshop) -> None:
    docs = (TEMPLATE / "docs" / "run_status.md").read_text(encoding="utf-8")
    [code] = [
        each
        for each in re.findall(r"```python\n(.*?)```", docs, re.S)
        if "Dask" in each
    ]
    code = code.replace("my_package", PACKAGE)
    shop.write({f"src/{PACKAGE}/dask_runner.py": code})

    with shop.base_untouched():
        runner = f"--runner={PACKAGE}.dask_runner.DaskRunner"
        shop.kedro("run", runner, PYTHONWARNINGS="ignore")

    _check_complete(shop, parallel=True)
    assert shop.has("data/last_dev.txt")

"""`kedro server` runs several pipelines in one process: each has its own journal."""

from concurrent.futures import ThreadPoolExecutor

from steel_toes.test_server import serving
from steel_toes_helpers import PACKAGE, Workshop

from .run_status_helpers import NODES, keys, phases, prepare, read, states

pytest_plugins = ["steel_toes_fixtures"]
GUARDS = ["run_status", "node_stats"]

OURS = f"{PACKAGE}.runners.ParallelRunner"
REQUESTS = [
    {},
    {"runner": "ThreadRunner"},
    {"is_async": True},
    {"runner": OURS},
    {"params": {"how": "raise"}},
    {"runner": "ThreadRunner", "params": {"how": "raise"}},
    {"is_async": True, "params": {"how": "save"}},
    {"runner": "ThreadRunner", "params": {"how": "save"}},
]


def test_requests_at_the_same_time_are_told_apart(workshop: Workshop) -> None:
    prepare(workshop)
    # A process that forks while it has threads may deadlock, whatever it runs.
    method = {"KEDRO_MP_CONTEXT": "spawn"}
    with (
        serving(workshop, **method) as server,
        ThreadPoolExecutor(len(REQUESTS)) as threads,
    ):
        answers = list(threads.map(lambda each: server.run(**each), REQUESTS))

        # A run id is a time, and so may be that of two runs.
        runs = [read(workshop, key) for key in keys(workshop)]
        assert len(runs) == len(REQUESTS)
        assert {run.run_id for run in runs} == {each["run_id"] for each in answers}
        _check(runs)


def _check(runs) -> None:
    failed = [run for run in runs if run.params.get("runtime_params")]
    assert len(failed) == 4
    for run in runs:
        how = run.params.get("runtime_params", {}).get("how")
        if how is None:
            assert run.state.value == "succeeded", run.failure
            assert states(run) == dict.fromkeys(NODES, "succeeded")
            whole = ["loading", "computing", "saving"]
            assert phases(run) == dict.fromkeys(NODES, whole) | {"quiet": whole[:2]}
            continue
        assert run.state.value == "failed"
        assert states(run)["total"] == "failed"
        assert states(run)["end"] == "upstream failed"
        message = {"raise": "no such number", "save": "Failed while saving"}[how]
        assert message in run.nodes["total"].failure.message

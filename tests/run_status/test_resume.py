"""The command that goes on where a run has failed."""

import pytest
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline, node
from kit import ops

module = ops("run_status.resume")
runs = ops("run_status.model")


def same(data):
    return data


PIPELINE = Pipeline(
    [node(same, "a", "b", name="one"), node(same, "b", "c", name="two")]
)


def command(done=(), runner="", **params):
    run = runs.Run("key", "id", runner=runner.rpartition(".")[2])
    for each in PIPELINE.nodes:
        state = runs.State.SUCCEEDED if each.name in done else runs.State.FAILED
        run.nodes[each.name] = runs.Node(each.name, [], [], state=state)
    pickled = {"type": "pickle.PickleDataset"}
    catalog = DataCatalog.from_config(
        {name: {**pickled, "filepath": f"{name}.pkl"} for name in "abc"}
    )
    for name in "abc":
        catalog.get(name)
    params["runner"] = f"<{runner} object at 0x7>"
    return module.command(run, params, PIPELINE, catalog)


def test_it_begins_with_what_is_left():
    assert command(done=["one"]) == "kedro run --from-nodes=two"


def test_it_begins_anew_if_nothing_was_done():
    assert command(from_nodes=["one"], env="prod") == (
        "kedro run --env=prod --from-nodes=one"
    )


@pytest.mark.parametrize(
    "runner, option",
    [
        ("kedro.runner.sequential_runner.SequentialRunner", ""),
        ("kedro.runner.thread_runner.ThreadRunner", " --runner=ThreadRunner"),
        ("toe.runners.ParallelRunner", " --runner=toe.runners.ParallelRunner"),
    ],
)
def test_the_options_of_the_run_stay_but_for_parameters(runner, option):
    params = {"pipeline_names": ["p", "q"], "tags": ["t"], "runtime_params": {"a": 1}}

    assert command(runner=runner, **params) == (
        f"kedro run{option} --pipelines=p,q --tags=t"
    )

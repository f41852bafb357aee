"""The report: a run in a few words."""

import json

import pytest
from kit import ops

module = ops("run_status.report")
runs = ops("run_status.model")
State = runs.State


@pytest.fixture
def run():
    run = runs.Run("key", "id", State.FAILED, branch="dev", started=100.0, ended=165.0)
    states = [State.SUCCEEDED, State.SUCCEEDED, State.FAILED, State.NOT_SELECTED]
    for number, state in enumerate(states):
        run.nodes[f"n{number}"] = runs.Node(f"n{number}", [], [], state=state)
    run.datasets["d"] = runs.Dataset("d", marks=["3 rows, usually 9"])
    return run


def test_the_table_says_how_it_ended(run):
    run.resume = "kedro run --from-nodes=n2"
    lines = module.report_of_run(run, "runs/index.html").splitlines()

    assert [" ".join(line.split()) for line in lines] == [
        "Run status:",
        "run key",
        "state failed",
        "nodes 2 succeeded, 1 failed",
        "time 1 min 05 s",
        "branch dev",
        "page runs/index.html",
        "go on kedro run --from-nodes=n2",
        "d: 3 rows, usually 9",
    ]


def test_a_row_is_for_a_person_or_exact(run):
    assert module.row(run, exact=False)["time"] == "1 min 05 s"
    exact = module.row(run, exact=True)
    assert (exact["seconds"], exact["nodes"]) == (65, {"succeeded": 2, "failed": 1})


def test_all_of_it_is_json(run):
    data = json.loads(json.dumps(module.as_data(run)))

    assert (data["state"], data["nodes"]["n2"]["state"]) == ("failed", "failed")


def test_without_times_there_is_no_duration():
    run = runs.Run("key", "id")

    assert (module.seconds(run), module.moment(None)) == (None, "")
    run.started, run.last_news = 100.0, 101.5
    assert module.seconds(run) == 1.5


@pytest.mark.parametrize(
    "seconds, said",
    [(None, ""), (0.0123, "12 ms"), (1.26, "1.3 s"), (75, "1 min 15 s")]
    + [(3599.9, "1 h 00 min"), (7500, "2 h 05 min")],
)
def test_durations_are_for_a_person(seconds, said):
    assert module.duration(seconds) == said

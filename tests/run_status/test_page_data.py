"""What the page knows of a run."""

import json

import pytest
from kit import ops

from .some_runs import START, State, failed, going_on, run, runs

page = ops("run_status.page")


def record(of):
    """What run.js tells of a run."""
    text = page.script(of).decode()
    told = json.loads(text.removeprefix("opsRun(").removesuffix(");\n"))
    for kind in ("node", "dataset"):
        shared = told.pop(f"each_{kind}")
        told[f"{kind}s"] = [shared | each for each in told[f"{kind}s"]]
    return told


def by_name(things):
    return {thing["name"]: thing for thing in things}


def test_a_node_tells_its_times_in_seconds_since_the_start():
    told = record(run())
    split = by_name(told["nodes"])["split"]

    assert (split["state"], split["started"]) == ("succeeded", 1)
    assert (split["loading"], split["computing"], split["saving"]) == (0.25, 0.5, 0.25)
    assert "ended" not in split  # it ended after its last phase
    assert split["inputs"] == ["table", "params:share"]
    assert (told["run"]["started"], told["run"]["ended"]) == (START, START + 4)


def test_what_is_not_known_is_left_out():
    told = record(going_on())
    running, queued = told["nodes"][2:]

    assert "ended" not in told["run"]
    assert (running["state"], running["phase"]) == ("running", "loading")
    assert not {"ended", "loading", "failure"} & running.keys()
    assert queued["usual"] == 1
    assert "started" not in queued


def test_zero_is_known():
    of = run()
    of.datasets["raw"].loaded = runs.Figures(row_count=0)

    assert by_name(record(of)["datasets"])["raw"]["rows"] == 0
    assert record(of)["nodes"][0]["started"] == 0


def test_a_run_has_a_line_in_the_list():
    line = page.summary(failed())

    assert (line["key"], line["state"], line["branch"]) == ("r2", "failed", "dev")
    states = (State.SUCCEEDED, State.FAILED, State.UPSTREAM_FAILED)
    assert line["nodes"] == dict(zip(states, (2, 1, 1), strict=True))


def test_a_dataset_has_its_figures_its_columns_and_its_place():
    table = by_name(record(run())["datasets"])["table"]

    assert (table["rows"], table["size"]) == (120, 4096)
    assert "loaded" not in table  # they are as many
    assert table["columns"] == {"id": "int64", "mass": "float64"}
    assert table["nulls"] == {"mass": 2}
    assert table["type"] == "pandas.ParquetDataset"
    assert table["place"] == "data/table_dev.parquet"


def test_of_a_dataset_that_was_loaded_otherwise_both_numbers_are_known():
    of = run()
    of.datasets["table"].loaded = runs.Figures(row_count=90, schema={"id": "int64"})
    of.datasets["table"].saved = runs.Figures(size=7)
    of.datasets["train"].loaded.row_count = 90
    known = by_name(record(of)["datasets"])

    assert (known["table"]["rows"], known["table"]["size"]) == (90, 7)
    assert known["table"]["columns"] == {"id": "int64"}
    assert (known["train"]["rows"], known["train"]["loaded"]) == (120, 90)


def test_what_most_nodes_share_is_written_once():
    text = page.script(failed()).decode()

    assert text.count('"daily"') == text.count("pandas.ParquetDataset") == 1
    states = [node["state"] for node in record(failed())["nodes"]]
    assert states == ["succeeded", "succeeded", "failed", "upstream failed"]


def test_a_second_attempt_is_told():
    of = run()
    of.nodes["fit"].attempts = 2

    assert by_name(record(of)["nodes"])["fit"]["attempts"] == 2


def test_parameters_are_no_datasets():
    assert "params:share" not in by_name(record(run())["datasets"])


def test_checks_are_told():
    of = run()
    of.checks = [runs.Check("preflight", "raw", "error", False, "no data")]

    [check] = record(of)["checks"]
    assert (check["guard"], check["subject"], check["passed"]) == (
        "preflight",
        "raw",
        False,
    )
    assert check["message"] == "no data"


def test_a_failure_has_its_traceback():
    told = record(failed())
    assert told["run"]["failure"]["traceback"].startswith("Traceback")
    assert by_name(told["nodes"])["fit"]["failure"]["traceback"].startswith("Traceback")


@pytest.mark.parametrize("name", ["</script>", "<!--", "\u2028", "\ud800", "&amp;"])
def test_nothing_ends_the_script_that_holds_it(name):
    packed = page.script_json([{"name": name}])

    assert packed.isascii()
    assert not set("<>&") & set(packed)
    assert json.loads(packed) == [{"name": name}]

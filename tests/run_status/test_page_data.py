"""What the page knows of a run."""

import json

import pytest
from kit import ops

from .some_runs import START, State, failed, going_on, run, runs

page_data = ops("run_status.page_data")


def record(of, publish=False):
    """What run.js tells of a run."""
    text = page_data.script(of, [], publish).decode()
    return json.loads(text.removeprefix("opsRun(").removesuffix(");\n"))


def by_name(things):
    return {thing["name"]: thing for thing in things}


def test_a_node_tells_its_times_in_seconds_since_the_start():
    told = record(run())
    split = by_name(told["nodes"])["split"]

    assert (split["state"], split["started"], split["ended"]) == ("succeeded", 1, 2)
    assert (split["loading"], split["computing"], split["saving"]) == (0.25, 0.5, 0.25)
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

    assert by_name(record(of)["datasets"])["raw"]["loaded"] == {"row_count": 0}
    assert record(of)["nodes"][0]["started"] == 0


def test_a_run_has_a_line_in_the_list():
    line = page_data.summary(failed())

    assert (line["key"], line["state"], line["branch"]) == ("r2", "failed", "dev")
    states = (State.SUCCEEDED, State.FAILED, State.UPSTREAM_FAILED)
    assert line["nodes"] == dict(zip(states, (2, 1, 1), strict=True))


def test_a_dataset_has_its_figures_its_columns_and_its_place():
    table = by_name(record(run())["datasets"])["table"]

    assert table["loaded"] == table["saved"] == {"row_count": 120, "size": 4096}
    assert table["columns"] == {"id": "int64", "mass": "float64"}
    assert table["nulls"] == {"mass": 2}
    assert table["type"] == "pandas.ParquetDataset"
    assert table["place"] == "data/table_dev.parquet"


def test_parameters_are_no_datasets():
    assert "params:share" not in by_name(record(run())["datasets"])


def test_checks_are_told():
    of = run()
    of.checks = [runs.Check("preflight", "raw", "error", False, "no /home/ada/x/raw")]

    [check] = record(of)["checks"]
    assert (check["guard"], check["subject"], check["passed"]) == (
        "preflight",
        "raw",
        False,
    )
    assert check["message"] == "no …/x/raw"


def test_a_failure_has_its_traceback_but_not_for_others():
    told = record(failed())
    assert told["run"]["failure"]["traceback"].startswith("Traceback")
    assert by_name(told["nodes"])["fit"]["failure"]["traceback"].startswith("Traceback")

    published = record(failed(), publish=True)
    assert "Traceback" not in json.dumps(published)
    assert published["run"]["failure"]["message"] == "no such column"


def test_others_do_not_learn_who_and_where():
    secret = run(params={"tags": ["secret-tag"]})

    for told in (record(secret, publish=True), page_data.summary(secret, publish=True)):
        text = json.dumps(told)
        assert "ada" not in text
        assert "machine-7" not in text
        assert "secret-tag" not in text


@pytest.mark.parametrize(
    "given, shown",
    [
        (
            'File "/home/ada/toe/src/toe/nodes.py", line 3',
            'File "src/toe/nodes.py", line 3',
        ),
        ("/opt/v/lib/site-packages/pandas/io.py", "site-packages/pandas/io.py"),
        ("C:\\Users\\ada\\toe\\cars.csv", "…/toe/cars.csv"),
        ("see /home/ada", "see …"),
        ("/root/cars.csv", "…/cars.csv"),
        ("--conf-source=/mnt/team/conf", "--conf-source=…/team/conf"),
        ("file:///home/ada/cars.csv", "file://…/cars.csv"),
        ("at:/data/x/cars.csv", "at:…/x/cars.csv"),
        ("s3://user:secret@bucket/key/cars.csv", "s3://bucket/key/cars.csv"),
        ("https://host:8080/a/b.csv", "https://host:8080/a/b.csv"),
        ("data/01_raw/cars.csv", "data/01_raw/cars.csv"),
        ("3/4 of a / b", "3/4 of a / b"),
        ("nothing to see", "nothing to see"),
    ],
)
def test_no_path_from_the_root_and_no_user_is_shown(given, shown):
    assert page_data.without_paths(given) == shown


@pytest.mark.parametrize("name", ["</script>", "<!--", "\u2028", "\ud800", "&amp;"])
def test_nothing_ends_the_script_that_holds_it(name):
    packed = page_data.text([{"name": name}])

    assert packed.isascii()
    assert not set("<>&") & set(packed)
    assert json.loads(packed) == [{"name": name}]

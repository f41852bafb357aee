"""What the page knows of a run."""

import json

import pytest
from kit import ops

from .some_runs import START, State, failed, going_on, run, runs

page_data = ops("run_status.page_data")
page_graph = ops("run_status.graph")
Detail = page_data.Detail


def record(of, detail=Detail.ALL, publish=False):
    return page_data.record(of, page_graph.Graph.of(of), detail, publish)


def test_times_are_milliseconds_since_the_start():
    told = record(run())

    state, started, ended, failure, spans, memory = told["nodes"][1][:6]
    assert (started, ended, failure) == (1000, 2000, None)
    # Of each phase: which, how long after the one before, how long.
    assert spans == [0, 0, 250, 1, 0, 500, 2, 0, 250]
    assert memory == 200_000  # kilobytes
    assert list(State)[state] == State.COMPLETE
    assert (told["started"], told["ended"]) == (START, START + 4)


def test_what_is_not_known_is_left_out():
    told = record(going_on())

    assert told["ended"] is None
    running, queued = told["nodes"][2], told["nodes"][3]
    assert running[1:3] == [2000, None]
    assert running[4] == [0, 0, None]
    assert queued[1:] == [None, None, None, [], 200_000, 1000]


def test_counts_are_those_of_the_states():
    told = record(failed(), Detail.SUMMARY)

    counts = dict(zip(State, told["counts"], strict=False))
    assert (counts[State.COMPLETE], counts[State.ERROR]) == (2, 1)
    assert counts[State.UPSTREAM_FAILED] == 1
    assert "nodes" not in told


def test_less_detail_is_less():
    of = run()
    of.checks = [runs.Check("expectations", "table", "error", False, "too few rows")]
    summary, nodes, figures, everything = (record(of, detail) for detail in Detail)

    assert not {"nodes", "checks", "graph"} & summary.keys()
    assert nodes["nodes"][0] == [2, 0, 1000]
    assert [120] in nodes["datasets"][0]
    assert nodes["graph"] == everything["graph"]
    assert figures["schemas"] == []
    assert everything["schemas"] == [(("id", "int64"), ("mass", "float64"))]
    assert everything["checks"] == [
        ["expectations", "table", "error", 0, "too few rows"]
    ]
    sizes = [len(page_data.text(told)) for told in (summary, nodes, figures)]
    assert sizes == sorted(sizes)


def test_a_dataset_has_its_figures_and_its_place():
    told = record(run())

    by_number = {each[0]: each for each in told["datasets"]}
    number = page_graph.Graph.of(run()).number["table"]
    _, loaded, saved, kind, place = by_number[number]
    assert loaded == saved == [120, 4096, 0, None, 2]
    assert told["types"][kind] == "pandas.ParquetDataset"
    assert told["places"][place].replace("\0", "table") == "data/table_dev.parquet"


def test_parameters_have_no_figures():
    told = record(run())

    number = page_graph.Graph.of(run()).number["params:share"]
    assert number not in [each[0] for each in told["datasets"]]


def test_a_failure_has_its_traceback_but_not_for_others():
    assert record(failed())["failure"][2].startswith("Traceback")
    assert record(failed())["nodes"][2][3][2].startswith("Traceback")

    published = record(failed(), publish=True)
    assert "Traceback" not in json.dumps(published)
    assert published["failure"] == ["ValueError", "no such column"]


def test_others_do_not_learn_who_and_where():
    told = json.dumps(record(run(params={"tags": ["secret-tag"]}), publish=True))

    assert "ada" not in told
    assert "machine-7" not in told
    assert "secret-tag" not in told


def test_parameters_of_a_run_are_texts():
    params = {"tags": ["a"], "conf_source": "/home/ada/conf", "pipeline": None}

    assert record(run(params=params))["params"] == {
        "tags": '["a"]',
        "conf_source": "…/conf",
    }


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
    packed = page_data.text({"name": name})

    assert packed.isascii()
    assert not set("<>&") & set(packed)
    assert json.loads(packed) == {"name": name}

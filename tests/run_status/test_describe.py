"""What a run sets out to do: its key, nodes and datasets, and how it is resumed."""

import re

import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline, node
from kit import ops

module = ops("run_status.describe")
runs = ops("run_status.model")
# What Airflow 3 sets for a task; Airflow 2 has an execution date for the logical one.
AIRFLOW = {
    "AIRFLOW_CTX_DAG_ID": "Sales",
    "AIRFLOW_CTX_DAG_OWNER": "airflow",
    "AIRFLOW_CTX_DAG_RUN_ID": "manual__2026-01-01T00:00:00.477497+00:00",
    "AIRFLOW_CTX_LOGICAL_DATE": "2026-01-01T00:00:00+00:00",
    "AIRFLOW_CTX_TASK_ID": "clean",
    "AIRFLOW_CTX_TRY_NUMBER": "1",
}


def identity(data):
    return data


def parts(data):
    yield data


def test_every_run_has_a_key_of_its_own():
    keys = {module.key_of("2026-01-01T00.00.00.000Z", {}) for _ in range(50)}

    assert len(keys) == 50
    assert all(
        re.fullmatch(r"2026-01-01T00\.00\.00\.000Z-[0-9a-f]{8}", k) for k in keys
    )


@pytest.mark.parametrize(
    "given", ["a", "A", "con", "../x", "a/b", "a b", "ü" * 300, "x:y", ".", "a.", "-"]
)
def test_a_key_that_is_given_is_a_file_name_everywhere(given):
    key = module.key_of("run", {module.KEY: given})

    assert re.fullmatch(r"[a-z0-9-]{1,70}-[0-9a-f]{8}", key)
    assert key == module.key_of("other", {module.KEY: given})


def test_keys_that_read_the_same_are_not_the_same():
    keys = {module.key_of("", {module.KEY: each}) for each in ["a/b", "a-b", "A-b"]}

    assert len(keys) == 3


def test_airflow_names_the_run():
    key = module.key_of("run", AIRFLOW)
    other = {"AIRFLOW_CTX_TASK_ID": "fit", "AIRFLOW_CTX_TRY_NUMBER": "2"}

    assert key.startswith("sales-manual-2026")
    assert module.key_of("run", AIRFLOW | other) == key
    assert module.key_of("run", {"AIRFLOW_CTX_DAG_ID": "Sales"}).startswith("run-")
    assert module.key_of("run", AIRFLOW | {module.KEY: "mine"}).startswith("mine-")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("1/3", {"try_number": 1, "tries_left": 2}),
        ("3/3", {"try_number": 3, "tries_left": 0}),
        ("4/3", {"try_number": 4, "tries_left": 0}),
        ("", {}),
        ("second", {}),
    ],
)
def test_the_environment_says_which_try_this_is(given, expected):
    assert module.tries({module.TRY: given}) == expected


@pytest.fixture
def described(tmp_path, monkeypatch):
    """What is entered of a run of a part of a pipeline."""
    whole = Pipeline(
        [
            node(identity, "raw", "mid", name="one", tags=["a"], namespace=None),
            node(parts, ["mid"], "out", name="two"),
            node(identity, "params:x", "memory", name="three"),
        ]
    )
    monkeypatch.setattr(module.project, "pipelines", {"__default__": whole})
    catalog = DataCatalog.from_config(
        {
            "raw": {
                "type": "kedro.io.CachedDataset",
                "dataset": {
                    "type": "pickle.PickleDataset",
                    "filepath": f"{tmp_path}/data/raw.pkl",
                },
            },
            "mid": {"type": "pickle.PickleDataset", "filepath": "memory:///mid.pkl"},
            "out": {"type": "no.such.Dataset"},
        }
    )

    def act(pipeline=whole, **more):
        params = {"project_path": str(tmp_path), "run_id": "r", "runner": "R", **more}
        return module.describe(params, pipeline, catalog)

    act.whole = whole
    return act


def test_nodes_are_told_with_what_is_not_selected(described):
    told = described(described.whole.only_nodes("one"))["nodes"]

    by_name = {each["name"]: each for each in told}
    assert by_name.keys() == {"one", "two", "three"}
    assert "selected" not in by_name["one"]
    assert by_name["two"]["selected"] is by_name["three"]["selected"] is False
    assert by_name["two"]["generator"]
    assert by_name["one"]["inputs"], by_name["one"]["tags"] == (["raw"], ["a"])


def test_a_pipeline_that_is_not_registered_is_told_as_it_is(described):
    other = Pipeline([node(identity, "raw", "mid", name="new")])

    assert [each["name"] for each in described(other)["nodes"]] == ["new"]
    unknown = described(other, pipeline_names=["gone"])
    assert [each["name"] for each in unknown["nodes"]] == ["new"]


def test_datasets_are_told_with_type_and_place(described):
    told = {each.pop("name"): each for each in described()["datasets"]}

    assert told == {
        "raw": {"type": "CachedDataset", "place": "data/raw.pkl"},
        "mid": {"type": "pickle.PickleDataset", "place": "memory:///mid.pkl"},
        "out": {"type": "MemoryDataset"},
        "memory": {"type": "MemoryDataset"},
        "params:x": {"type": "parameter"},
    }


def test_the_place_of_a_table_is_its_name():
    class Table:
        _load_args = {"table_name": "cars"}  # noqa: RUF012

    assert module._place(Table()) == "cars"
    assert module._place(object()) == ""


@pytest.mark.parametrize(
    "runner, name, blind",
    [
        ("<kedro.runner.thread_runner.ThreadRunner object at 0x7>", "ThreadRunner", 0),
        (
            "<kedro.runner.parallel_runner.ParallelRunner object at 0x7>",
            "ParallelRunner",
            1,
        ),
        ("<toe.runners.ParallelRunner object at 0x7>", "ParallelRunner", 0),
        ("Mine", "Mine", 0),
        ("None", "SequentialRunner", 0),  # of `session.run`, without one
    ],
)
def test_a_runner_without_hooks_in_its_workers_is_known(
    described, monkeypatch, runner, name, blind
):
    monkeypatch.setenv("KEDRO_MP_CONTEXT", "spawn")
    told = described(runner=runner)

    assert (told["runner"], told["blind"]) == (name, bool(blind))


def test_without_branch_and_user_it_is_told(described, monkeypatch):
    monkeypatch.setattr(module, "user", lambda: "")
    for variable in ["STEEL_TOES_BRANCH", *ops("core.git")._CI_SYSTEMS]:
        monkeypatch.delenv(variable, raising=False)
    told = described(tags=["a"], runtime_params={"token": "x"})

    assert (told["branch"], told["user"]) == ("", "")
    assert told["params"] == {"tags": ["a"], "runtime_params": {"token": "***"}}


TWO_NODES = Pipeline(
    [node(identity, "a", "b", name="one"), node(identity, "b", "c", name="two")]
)


def resume(done=(), runner="", **params):
    run = runs.Run("key", "id", runner=runner.rpartition(".")[2])
    for each in TWO_NODES.nodes:
        state = runs.State.SUCCEEDED if each.name in done else runs.State.FAILED
        run.nodes[each.name] = runs.Node(each.name, [], [], state=state)
    pickled = {"type": "pickle.PickleDataset"}
    catalog = DataCatalog.from_config(
        {name: {**pickled, "filepath": f"{name}.pkl"} for name in "abc"}
    )
    for name in "abc":
        catalog.get(name)
    params["runner"] = f"<{runner} object at 0x7>"
    return module.resume_command(run, params, TWO_NODES, catalog)


def test_it_begins_with_what_is_left():
    assert resume(done=["one"]) == "kedro run --from-nodes=two"


def test_it_begins_anew_if_nothing_was_done():
    assert resume(from_nodes=["one"], env="prod") == (
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

    assert resume(runner=runner, **params) == (
        f"kedro run{option} --pipelines=p,q --tags=t"
    )


def hashes(parameters):
    catalog = DataCatalog({"parameters": MemoryDataset(parameters)})
    return module._parameter_hashes(catalog)


def test_a_changed_parameter_is_seen_without_its_value():
    given = {"model": {"depth": 3, "columns": ["a"]}, "api_token": "hunter2", "e": {}}
    before = hashes(given)
    given["model"]["depth"], given["api_token"] = 4, "hunter3"
    after = hashes(given)

    changed = {name for name in before if before[name] != after[name]}
    assert before.keys() == {"model.depth", "model.columns", "api_token", "e"}
    assert changed == {"model.depth"}  # of a secret nothing is kept
    assert hashes({}) == {}
    assert module._parameter_hashes(DataCatalog()) == {}

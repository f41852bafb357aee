"""The DAG that the template of a project with `deploy: airflow` becomes."""

import ast
from pathlib import Path

import pytest
from helpers import SWITCHES, commit, generate, run
from quick_kedro import quick_kedro
from steel_toes_helpers import PACKAGE, Workshop

pytest_plugins = ["steel_toes_fixtures"]

GUARDS = ["steel_toes", "preflight", "run_status", "slack"]
CREATE = ["airflow", "create", "--group-by=memory"]
CREATE += ["--jinja-file=conf/airflow/dag.py.j2"]
DAG = f"airflow_dags/{PACKAGE}_dag.py"
# What has no entry is in memory. `train` is transcoded; an entry is a pattern.
CATALOG = """
raw: {type: text.TextDataset, filepath: data/raw.txt}
train@text: {type: text.TextDataset, filepath: data/train.txt}
train@json: {type: json.JSONDataset, filepath: data/train.txt}
"{name}_kept": {type: text.TextDataset, filepath: "data/{name}.txt"}
"""
PIPELINE = """
from kedro.pipeline import Node, Pipeline

def any(*data):
    return str(data)

def create_pipeline():
    return Pipeline([
        Node(any, "raw", "in_memory", name="clean"),
        Node(any, ["in_memory", "params:x"], "train@text", name="split"),
        Node(any, "train@json", "model_kept", name="fit"),
        Node(any, "model_kept", "score_kept", name="score", namespace=None),
        Node(any, "in_memory", "plot_kept", name="plot.it"),
    ])
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, without_pandas: Path) -> Workshop:
    switches = {switch: switch in GUARDS for switch in SWITCHES}
    project = generate(tmp_path_factory.mktemp("dags"), **switches, deploy="airflow")
    shop = Workshop(project, without_pandas)
    commit(project)
    shop.switch("dev")
    shop.catalog(CATALOG)
    shop.pipeline(PIPELINE)
    shop.write({"conf/base/parameters.yml": "x: 1", "data/raw.txt": "raw"})
    return shop


def create(shop: Workshop, *options: str) -> dict[str, object]:
    """Write the DAG; return what it says."""
    shop.kedro(*CREATE, *options)
    found = {}
    for line in ast.parse(shop.read(DAG)).body:
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
            found[line.targets[0].id] = line.value
    return {name: ast.literal_eval(found[name]) for name in ("TASKS", "NEEDS", "ENV")}


def own_test(shop: Workshop) -> tuple[int, str]:
    """What the project's own test says of its DAGs."""
    shop.write({"pytest.ini": ""})  # without a measure of coverage
    test = ["pytest", "-q", "-c", "pytest.ini", "tests/test_dags.py"]
    ended = quick_kedro(shop.without).run(test, cwd=shop.path)
    return ended.returncode, ended.stdout


def test_nodes_that_share_data_in_memory_are_one_task(shop: Workshop) -> None:
    dag = create(shop)

    together = "clean_and_2_more"
    assert dag["TASKS"] == {
        together: ["clean", "plot.it", "split"],
        "fit": ["fit"],
        "score": ["score"],
    }
    assert dag["NEEDS"] == {together: [], "fit": [together], "score": ["fit"]}
    assert own_test(shop)[0] == 0


def test_the_project_has_a_test_that_fails_when_memory_crosses_tasks(
    shop: Workshop,
) -> None:
    create(shop, "--group-by=namespace")  # each node is a task

    code, said = own_test(shop)
    assert code == 1
    assert "in_memory has no catalog entry and crosses tasks" in said


def test_a_pipeline_that_has_changed_needs_another_dag(shop: Workshop) -> None:
    create(shop)
    shop.pipeline(PIPELINE.replace('"fit"', '"fit_model"'))
    assert own_test(shop)[0] == 1
    shop.pipeline(PIPELINE.replace('Node(any, "model_kept"', 'Node(any, "raw"'))
    create(shop)
    shop.pipeline(PIPELINE)
    assert own_test(shop)[0] == 1


def test_tasks_know_their_run_their_try_and_their_branch(shop: Workshop) -> None:
    shop.write(
        {
            "conf/prod/airflow.yml": "default: {branch: null, start_date: 2024-05-01, "
            "variables: {KEY: '<{{ x }}>'}}"
        }
    )
    run_and_try = {
        "RUN_STATUS_KEY": "{{ dag.dag_id }}.{{ run_id }}",
        "RUN_STATUS_TRY": "{{ ti.try_number }}/{{ ti.max_tries + 1 }}",
    }
    branch = {"STEEL_TOES_BRANCH": "{{ params.branch }}"}
    assert create(shop)["ENV"] == run_and_try | branch

    shop.kedro(*CREATE, "--env=prod")
    text = shop.read(f"airflow_dags/{PACKAGE}_prod_dag.py")
    assert '"KEY": "\\u003c{{ x }}\\u003e"' in text
    assert "STEEL_TOES_BRANCH" not in text
    assert 'start_date=datetime.fromisoformat("2024-05-01"),' in text
    assert 'OPTIONS = " --env=prod"' in text
    assert f'"{PACKAGE}_prod"' in text


def test_a_dag_is_written_as_the_project_is_linted(shop: Workshop) -> None:
    create(shop)

    run("ruff", "check", "airflow_dags", "tests", cwd=shop.path)
    run("ruff", "format", "--check", "airflow_dags", "tests", cwd=shop.path)

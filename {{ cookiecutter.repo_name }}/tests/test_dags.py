"""The DAGs in airflow_dags/ fit the pipelines of this project."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

PROJECT = Path(__file__).parents[1]
DAGS = sorted(PROJECT.glob("airflow_dags/*.py"))


def constants(dag: Path) -> dict[str, Any]:
    """PIPELINE, TASKS and NEEDS of a DAG; they can be read without Airflow."""
    found = {}
    for line in ast.parse(dag.read_text(encoding="utf-8")).body:
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
            if line.targets[0].id in {"PIPELINE", "TASKS", "NEEDS"}:
                found[line.targets[0].id] = ast.literal_eval(line.value)
    return found


@pytest.mark.parametrize("dag", DAGS, ids=lambda dag: dag.name)
def test_dag_fits_its_pipeline(dag: Path) -> None:
    """If this fails, write the DAG again with `kedro airflow create`."""
    bootstrap_project(PROJECT)
    with KedroSession.create(project_path=PROJECT) as session:
        catalog = session.load_context().catalog
    known = constants(dag)
    pipeline = pipelines[known["PIPELINE"]]
    task_of = {node: task for task, nodes in known["TASKS"].items() for node in nodes}

    assert sorted(task_of) == sorted(node.name for node in pipeline.nodes)
    for name in pipeline.all_outputs() & pipeline.all_inputs():
        if name not in catalog:
            users = pipeline.only_nodes_with_inputs(name)
            users += pipeline.only_nodes_with_outputs(name)
            tasks = {task_of[node.name] for node in users.nodes}
            assert len(tasks) == 1, f"{name} has no catalog entry and crosses tasks"
    for node, parents in pipeline.node_dependencies.items():
        for parent in parents:
            task, needed = task_of[node.name], task_of[parent.name]
            assert task == needed or needed in known["NEEDS"][task]
    # Two tasks that need each other: give the data in memory that one of them uses a
    # catalog entry, so that its nodes need not share a task.
    TopologicalSorter(known["NEEDS"]).prepare()

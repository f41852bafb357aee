"""What the option `deploy` adds."""

import pytest
from helpers import generate

AIRFLOW = ["conf/airflow", "conf/base/airflow.yml", "tests/test_dags.py"]
DOCKER = ["Dockerfile", ".dockerignore"]


@pytest.mark.parametrize(
    ("deploy", "expected"),
    [("none", []), ("docker", DOCKER), ("airflow", [*DOCKER, *AIRFLOW])],
)
def test_the_files_come_only_with_their_answer(deploy, expected, tmp_path):
    project = generate(tmp_path, deploy=deploy)

    there = [file for file in [*DOCKER, *AIRFLOW] if (project / file).exists()]
    assert there == expected

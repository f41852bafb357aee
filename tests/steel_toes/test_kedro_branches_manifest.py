"""What a run enters in the manifest, whatever runs it."""

import getpass
import json
import os
import platform
import subprocess
import sys

import pytest
from branches_helpers import MANIFEST, Kedro, records
from helpers import commit, environment, run
from steel_toes_helpers import PACKAGE, Workshop

pytest_plugins = ["steel_toes_fixtures", "branches_helpers"]


def check(workshop: Workshop, node: str | None = "clean") -> dict[str, object]:
    """The record of ``mid``, whose fields must be right."""
    record = records(workshop)["mid"]
    file = workshop.path / "data" / "mid_dev.txt"
    head = run("git", "rev-parse", "HEAD", cwd=workshop.path).stdout.strip()
    assert (record["branch"], record["dataset"]) == ("dev", "mid")
    assert record["location"] == f"file://{file}"
    assert record["bytes"] == file.stat().st_size
    assert record["node"] == node
    assert (record["user"], record["host"]) == (getpass.getuser(), platform.node())
    assert record["fingerprint"].startswith("xxh3:")
    assert record["base"].startswith("xxh3:")
    assert record["run"]
    if node:
        assert (record["commit"], record["dirty"]) == (head, False)
    return record


RUNNERS = [
    ("SequentialRunner", ""),
    ("ThreadRunner", ""),
    ("ParallelRunner", "fork"),
    ("ParallelRunner", "spawn"),
    (f"{PACKAGE}.runners.ParallelRunner", "fork"),
    (f"{PACKAGE}.runners.ParallelRunner", "spawn"),
]


@pytest.mark.parametrize(("runner", "method"), RUNNERS)
def test_every_runner_enters_the_same(
    workshop: Workshop, runner: str, method: str
) -> None:
    if method == "fork" and sys.platform == "win32":
        pytest.skip("Windows has no fork")
    commit(workshop.path)
    workshop.kedro("run", f"--runner={runner}", KEDRO_MP_CONTEXT=method)

    record = check(workshop)
    assert records(workshop)["out"]["run"] == record["run"]
    assert records(workshop)["out"]["node"] == "total"
    files = [*(workshop.path / MANIFEST / "dev").iterdir()]
    lasts = [json.loads(file.read_text().splitlines()[-1]) for file in files]
    assert all(last.get("closed") for last in lasts)  # the next process may merge them


def test_a_notebook_enters_what_it_knows(workshop: Workshop) -> None:
    commit(workshop.path)
    workshop.kedro("ipython", stdin="catalog.save('mid', 'mine')\nexit()\n")

    assert check(workshop, node=None)["commit"] is None


def test_the_fork_point_stays_that_of_the_first_write(
    workshop: Workshop, kedro: Kedro
) -> None:
    commit(workshop.path)
    kedro.run()
    first = check(workshop)
    workshop.write({"data/mid.txt": "moved"})
    workshop.write({"README.md": "changed"})
    kedro.run()

    record = records(workshop)["mid"]
    assert record["base"] == first["base"]
    assert record["run"] != first["run"]
    assert record["dirty"] is True


SLOW = """
import os
from kedro.pipeline import Node, Pipeline

def make(raw, number):
    return f"{os.environ['NAME']} {number} {raw}"

def create_pipeline():
    return Pipeline([
        Node(lambda raw, n=n: make(raw, n), "raw", f"made_{n}", name=f"make_{n}")
        for n in range(8)
    ])
"""
PICKLED = SLOW.replace("lambda raw, n=n: make(raw, n)", "MAKERS[n]").replace(
    "def create_pipeline",
    "from functools import partial, update_wrapper\n"
    "MAKERS = [update_wrapper(partial(make, number=n), make) for n in range(8)]\n\n"
    "def create_pipeline",
)


def test_two_branches_with_four_runs_each_do_not_mix(workshop: Workshop) -> None:
    workshop.catalog(
        "raw: {type: text.TextDataset, filepath: data/raw.txt}\n"
        '"made_{n}": {type: text.TextDataset, filepath: "data/made_{n}.txt"}\n'
    )
    workshop.pipeline(PICKLED)
    before = workshop.files()
    own = {"PYTHONPATH": str(workshop.without)}
    runners = [RUNNERS[0], RUNNERS[1], RUNNERS[2], RUNNERS[5]]
    runs = [
        subprocess.Popen(
            ["kedro", "run", f"--runner={runner}"],
            cwd=workshop.path,
            env=environment()
            | own
            | {"STEEL_TOES_BRANCH": name, "NAME": name, "KEDRO_MP_CONTEXT": method},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for runner, method in runners
        for name in ("one", "two")
    ]
    said = [each.communicate(timeout=300)[0] for each in runs]

    assert [each.returncode for each in runs] == [0] * 8, "\n".join(said)
    after = workshop.files()
    assert {path: after[path] for path in before} == before
    for name in ("one", "two"):
        found = records(workshop, name)
        assert found.keys() == {f"made_{n}" for n in range(8)}
        for number in range(8):
            record = found[f"made_{number}"]
            text = f"{name} {number} raw"
            assert workshop.read(f"data/made_{number}_{name}.txt") == text
            assert record["branch"] == name
            assert record["node"] == f"make_{number}"
            assert record["location"].endswith(f"made_{number}_{name}.txt")
            assert record["bytes"] == len(text)
    assert workshop.new_files(before) == {
        f"data/made_{n}_{name}.txt" for n in range(8) for name in ("one", "two")
    }
    left = [path for path in (workshop.path / "data/.ops").rglob("*.json.*")]
    assert left == []
    assert json.dumps(os.listdir(workshop.path / "data" / ".ops")) == '["manifest"]'

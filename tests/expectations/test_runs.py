"""Data that are not as expected are refused, in every runner, and nothing else is."""

import json
import re
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from branches_helpers import Kedro, records
from helpers import commit, generate
from steel_toes_helpers import PACKAGE, Workshop

OURS = f"{PACKAGE}.runners.ParallelRunner"
METHODS = ["spawn"] if sys.platform == "win32" else ["fork", "forkserver", "spawn"]
QUICK_RUNNERS = ["SequentialRunner", "ThreadRunner", "ParallelRunner", OURS]

CATALOG = """
raw: {type: pandas.CSVDataset, filepath: data/raw.csv}
cars: {type: pandas.CSVDataset, filepath: data/cars.csv}
bikes: {type: pandas.CSVDataset, filepath: data/bikes.csv}
"""
PIPELINE = """
from kedro.pipeline import Node, Pipeline

def part(raw):
    return raw[raw["kind"] == "car"], raw[raw["kind"] != "car"]

def count(cars, bikes):
    return len(cars) + len(bikes)

def create_pipeline():
    return Pipeline([
        Node(part, "raw", ["cars", "bikes"], name="part"),
        Node(count, ["cars", "bikes"], "number", name="count"),
    ])
"""
GOOD = "id,kind\n1,car\n2,bike\n3,car\n"
BAD = "id,kind\n1,car\n,bike\n3,car\n"
IDS = """\
expectations:
  - type: expect_column_values_to_not_be_null
    kwargs: {column: id}
"""
SUITES = "conf/base/expectations"
REFUSED = "Error: 'bikes' is not saved: 1 check failed."

# The modules that a run has imported, and that the team's hooks were called at its end.
LAST = """
import sys
from pathlib import Path
from kedro.framework.hooks import hook_impl

@hook_impl
def after_pipeline_run(self):
    Path("modules").write_text("\\n".join(sys.modules))

TeamHooks.after_pipeline_run = after_pipeline_run
"""
# No network: whoever connects to anything but a socket of this machine's processes ends.
NO_NETWORK = """
import os, socket

def audit(event, args):
    if event in ("socket.getaddrinfo", "socket.gethostbyname") or (
        event == "socket.connect" and args[0].family != socket.AF_UNIX
    ):
        os.write(2, f"NETWORK {event} {args}\\n".encode())
        os._exit(99)

import sys
sys.addaudithook(audit)
"""


class CheckingKedro(Kedro):
    """With what checks need imported already."""

    modules = ("great_expectations",)

    def refused(self, *args: str, **env: str) -> str:
        """What follows ``Error: `` in a command that must end so, up to its last lines."""
        code, said = self(*args, env=env)
        assert code == 1, said
        assert "Traceback" not in said, said
        assert said.count("Error: ") == 1, said
        error = said[said.index("Error: ") :]
        return re.split(r"^(?:failed|not started)  ", error, flags=re.MULTILINE)[0]


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with expectations and without the example, committed on main."""
    folder = tmp_path_factory.mktemp("bare")
    switches = {"example": False, "pre_commit": False, "expectations": True}
    project = generate(folder, **switches)
    commit(project)
    return project


@pytest.fixture
def shop(bare: Path, tmp_path: Path) -> Workshop:
    """A project whose raw data are parted into cars and bikes, each with a suite."""
    path = tmp_path / "project"
    shutil.copytree(bare, path, symlinks=True)
    shop = Workshop(path, "")
    shop.catalog(CATALOG)
    shop.pipeline(PIPELINE)
    shop.write({"data/raw.csv": BAD, f"{SUITES}/bikes.yml": IDS})
    return shop


@pytest.fixture
def kedro(shop: Workshop) -> CheckingKedro:
    return CheckingKedro(shop)


def settings(shop: Workshop, text: str) -> None:
    shop.settings(f"expectations: {text}")


@pytest.mark.parametrize("runner", QUICK_RUNNERS)
def test_bad_data_are_not_saved_by_any_runner(
    shop: Workshop, kedro: CheckingKedro, runner: str
) -> None:
    shop.write({"data/bikes.csv": "before"})

    assert kedro.refused("run", f"--runner={runner}").startswith(REFUSED)
    assert shop.read("data/bikes.csv") == "before"


def test_bad_data_are_not_saved_asynchronously(
    shop: Workshop, kedro: CheckingKedro
) -> None:
    assert kedro.refused("run", "--async").startswith(REFUSED)
    assert not shop.has("data/bikes.csv")


def test_bad_data_are_not_saved_if_workers_are_spawned(shop: Workshop) -> None:
    # Preflight is off: it refuses Kedro's own ParallelRunner where workers are spawned.
    env = {"KEDRO_MP_CONTEXT": METHODS[-1], "PYTHONPATH": "", "PREFLIGHT": "off"}
    result = shop.kedro("run", "--runner=ParallelRunner", check=False, **env)

    assert result.returncode == 1
    assert REFUSED in result.stderr
    assert "Traceback" not in result.stdout + result.stderr
    assert not shop.has("data/bikes.csv")


def test_a_refusal_says_what_is_wrong_and_where_it_is_written(
    kedro: CheckingKedro,
) -> None:
    assert kedro.refused("run") == (
        f"{REFUSED}\n  bikes: expect_column_values_to_not_be_null(column='id') failed for "
        f"1 of 1 rows, such as nan [{SUITES}/bikes.yml, line 2]\n"
    )


def test_good_data_are_saved(shop: Workshop, kedro: CheckingKedro) -> None:
    shop.write({"data/raw.csv": GOOD})

    code, said = kedro("run")
    assert code == 0, said
    assert "Calculating Metrics" not in said
    assert shop.read("data/bikes.csv") == "id,kind\n2,bike\n"


@pytest.mark.parametrize(
    "off", [{"EXPECTATIONS": "off"}, {"KEDRO_DATASET_VALIDATION": "off"}], ids=str
)
def test_they_can_be_switched_off_for_one_run(
    shop: Workshop, kedro: CheckingKedro, off: dict[str, str]
) -> None:
    settings(shop, "{atomic_outputs: true, attach: {bikes: {when: [save, end]}}}")

    assert kedro("run", env=off)[0] == 0
    assert shop.has("data/bikes.csv")


def test_a_branch_saves_no_bad_copy(shop: Workshop, kedro: CheckingKedro) -> None:
    shop.switch("dev")
    shop.write({"data/bikes.csv": "before"})

    assert kedro.refused("run").startswith(REFUSED)
    assert not shop.has("data/bikes_dev.csv")
    assert "bikes" not in records(shop)
    assert shop.read("data/bikes.csv") == "before"


@pytest.mark.parametrize("runner", ["ThreadRunner", OURS])
def test_the_siblings_of_what_is_refused_are_not_saved_if_outputs_are_atomic(
    shop: Workshop, kedro: CheckingKedro, runner: str
) -> None:
    settings(shop, "{atomic_outputs: true}")

    error = kedro.refused("run", f"--runner={runner}")
    assert error.startswith("Error: No output of node 'part' is saved: ")
    assert not shop.has("data/cars.csv")
    assert not shop.has("data/bikes.csv")


def test_data_in_memory_are_refused_too(shop: Workshop, kedro: CheckingKedro) -> None:
    shop.catalog(CATALOG.replace("bikes:", "# bikes:"))
    for runner in ("SequentialRunner", "ParallelRunner"):
        assert kedro.refused("run", f"--runner={runner}").startswith(REFUSED)


HAS_SPARK = find_spec("pyspark") is not None and shutil.which("java") is not None
SPARK = """
from kedro.pipeline import Node, Pipeline
from pyspark.sql import SparkSession

def bikes(raw):
    on_this_machine = {"spark.ui.enabled": "false", "spark.driver.host": "127.0.0.1"}
    on_this_machine["spark.driver.bindAddress"] = "127.0.0.1"
    builder = SparkSession.builder.master("local[1]").config(map=on_this_machine)
    rows = [(None if i != i else int(i), kind) for i, kind in raw.values.tolist()]
    return builder.getOrCreate().createDataFrame(rows, "id int, kind string")

def create_pipeline():
    return Pipeline([
        Node(bikes, "raw", "bikes", name="bikes"),
        Node(lambda bikes: bikes.count(), "bikes", "number", name="count"),
    ])
"""


@pytest.mark.skipif(
    not HAS_SPARK,
    reason="needs pyspark (uv pip install --group spark) and Java 17 or newer",
)
def test_tables_of_spark_are_checked(shop: Workshop) -> None:
    shop.catalog(CATALOG.replace("bikes:", "# bikes:"))
    shop.pipeline(SPARK)

    result = shop.kedro("run", check=False)
    assert result.returncode == 1
    assert REFUSED in result.stderr
    assert "column='id') failed for 1 of 3 rows" in result.stderr

    shop.write({"data/raw.csv": GOOD})
    shop.kedro("run")


MISTAKES = {
    "a type that is not known": (
        IDS.replace("null", "nul"),
        "bikes.yml, line 2: Great Expectations has no expect_column_values_to_not_be_nul. "
        "Did you mean expect_column_values_to_not_be_null?",
    ),
    "an argument that is not known": (
        IDS.replace("column: id", "column: id, colour: red"),
        "bikes.yml, line 2: expect_column_values_to_not_be_null is not valid",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_an_expectation_stops_the_run_before_the_data_is_saved(
    shop: Workshop, kedro: CheckingKedro, mistake: str
) -> None:
    text, expected = MISTAKES[mistake]
    shop.write({f"{SUITES}/bikes.yml": text, "data/raw.csv": GOOD})

    error = kedro.refused("run")
    assert error.startswith("Error: 'bikes' is not saved: bikes: ")
    assert expected in error
    assert error.count("\n") == 1
    assert not shop.has("data/bikes.csv")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("expectations: []", "bikes.yml: the list of expectations is empty."),
        ("", "bikes.yml must have one key, 'expectations', with a list."),
        ("expectations: [", "bikes.yml cannot be read"),
    ],
)
def test_a_malformed_suite_stops_the_run_before_it_starts(
    shop: Workshop, kedro: CheckingKedro, text: str, expected: str
) -> None:
    shop.write({f"{SUITES}/bikes.yml": text})

    error = kedro.refused("run")
    assert expected in error
    assert error.count("\n") == 1
    assert not shop.has("data/cars.csv")


def test_a_suite_without_dataset_and_a_dataset_without_its_suite_are_errors(
    shop: Workshop, kedro: CheckingKedro
) -> None:
    shop.write({f"{SUITES}/boats.yml": IDS})
    assert "The suite 'boats' belongs to no dataset" in kedro.refused("run")

    (shop.path / SUITES / "boats.yml").unlink()
    settings(shop, "{attach: {cars: {suite: boats}}}")
    assert "The suite 'boats' does not exist" in kedro.refused("run")


def test_the_verdict_on_saved_data_comes_last(
    shop: Workshop, kedro: CheckingKedro
) -> None:
    shop.team_hooks(LAST)
    settings(shop, "{attach: {bikes: {when: [end]}}}")

    error = kedro.refused("run")
    assert error.startswith("Error: The data is already saved, but do not use it: ")
    assert shop.has("data/bikes.csv")
    assert shop.has("modules")


def test_the_commands_write_a_suite_and_check_data(
    shop: Workshop, kedro: CheckingKedro
) -> None:
    shop.write({"data/cars.csv": GOOD})
    assert kedro("expectations", "new", "cars")[0] == 0
    assert kedro("expectations", "check", "cars")[0] == 0

    shop.write({"data/cars.csv": BAD})
    code, said = kedro("expectations", "check", "--json")
    [answer] = [line for line in said.splitlines() if line.startswith("[{")]
    failed = [row["message"] for row in json.loads(answer) if not row["passed"]]
    assert code == 1
    assert any("column='id') failed for 1 of 3 rows" in message for message in failed)


def test_a_run_whose_data_have_no_suite_imports_nothing_for_it(shop: Workshop) -> None:
    shop.team_hooks(LAST)
    shop.write({"data/raw.csv": GOOD})
    (shop.path / SUITES / "bikes.yml").unlink()
    theirs = {"great_expectations", "scipy", "altair"}  # narwhals: node_stats' as well

    shop.kedro("run")
    assert theirs & {*shop.read("modules").split()} == set()

    shop.write({f"{SUITES}/numbers.yml": IDS})
    settings(shop, "{attach: {raw: {suite: numbers, when: [save]}}}")  # it is not saved
    shop.kedro("run")
    assert not theirs & {*shop.read("modules").split()}


def test_a_run_needs_no_network(shop: Workshop, tmp_path: Path) -> None:
    shop.without = tmp_path / "network"
    shop.without.mkdir()
    (shop.without / "sitecustomize.py").write_text(NO_NETWORK, encoding="utf-8")
    settings(shop, "{attach: {bikes: {when: [save, end]}}}")
    shop.write({"data/raw.csv": GOOD})

    shop.kedro("run", GX_ANALYTICS_ENABLED="true")
    assert shop.has("data/bikes.csv")


def test_the_example_shows_a_refusal(tmp_path: Path) -> None:
    shop = Workshop(generate(tmp_path, expectations=True, steel_toes=False), "")
    kedro = CheckingKedro(shop)
    assert kedro("run")[0] == 0  # its own data are as expected
    before = shop.files()

    error = kedro.refused("run", "--env=defect")
    assert error.startswith("Error: 'penguins_cleaned' is not saved: ")
    assert shop.files() == before


def test_what_has_passed_is_left_out_when_nothing_changed(tmp_path: Path) -> None:
    switches = {"example": False, "expectations": True, "skip_unchanged": True}
    project = generate(tmp_path, **switches)
    commit(project)
    shop = Workshop(project, "")
    shop.catalog(CATALOG)
    shop.pipeline(PIPELINE)
    shop.write({"data/raw.csv": GOOD, f"{SUITES}/bikes.yml": IDS})
    settings(shop, "{attach: {bikes: {when: [save, end]}}}")
    shop.team_hooks(LAST)
    assert CheckingKedro(shop)("run")[0] == 0

    shop.kedro("run", "--nodes=part")  # it is skipped, and nothing is checked
    assert "great_expectations" not in shop.read("modules").split()

    said = shop.kedro("plan", "--json", check=False).stdout
    rows = {row["node"]: row["action"] for row in json.loads(said.splitlines()[-1])}
    assert rows == {"part": "skip", "count": "skip"}


def test_data_that_failed_at_the_end_of_a_run_or_was_not_checked_is_made_again(
    tmp_path: Path,
) -> None:
    switches = {"example": False, "expectations": True, "skip_unchanged": True}
    project = generate(tmp_path, **switches)
    commit(project)
    shop = Workshop(project, "")
    shop.catalog(CATALOG)
    shop.pipeline(PIPELINE.replace("return len(cars)", "return 1 / 0"))
    shop.write({"data/raw.csv": BAD, f"{SUITES}/bikes.yml": IDS})
    settings(shop, "{attach: {bikes: {when: [end]}}}")
    kedro = CheckingKedro(shop)
    code, said = kedro("run")  # what the first node saved is not checked
    assert code == 1 and "division by zero" in said, said
    shop.pipeline(PIPELINE)

    for _ in range(2):
        assert "do not use it: 1 check failed" in kedro.refused("run")

    shop.write({"data/raw.csv": GOOD})
    assert kedro("run")[0] == 0
    code, said = kedro("plan", "--json")
    rows = json.loads(said.splitlines()[-1])
    assert {row["node"]: row["action"] for row in rows} == {
        "part": "skip",
        "count": "skip",
    }

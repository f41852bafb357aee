"""Preflight in a generated project: each problem for real, all at once, nothing written."""

import json
import re
import subprocess
import sys

import pytest
from helpers import environment
from steel_toes_helpers import CATALOG, NEW, OLD, PACKAGE, PIPELINE

from .preflight_helpers import Deck

pytest_plugins = ["steel_toes_fixtures", "preflight.preflight_helpers"]
GUARDS = ["preflight"]


def entry(text: str) -> str:
    """The catalog with ``mid`` as told."""
    return re.sub(r"^mid: .*$", f"mid: {text}", CATALOG, flags=re.MULTILINE)


def test_a_healthy_project_runs_without_a_word(deck: Deck) -> None:
    said = deck.runs()

    assert "reflight" not in said
    assert deck.all_problems(code=0) == []
    assert deck.said("preflight")[1].splitlines()[-1] == "Preflight: no problems."


# What a run reads


def test_a_missing_file_stops_the_run_before_it_starts(deck: Deck) -> None:
    (deck.workshop.path / "data" / "raw.txt").unlink()

    said = deck.stopped()

    assert "data/raw.txt" in said
    assert "Running node" not in said
    problem = deck.problem()
    assert problem["subject"] == "raw"
    assert (problem["level"], problem["check"]) == ("error", "data")
    assert problem["place"] == "conf/base/catalog.yml:2"
    assert problem["message"].endswith("data/raw.txt")


def test_only_what_the_chosen_nodes_read_is_looked_at(deck: Deck) -> None:
    (deck.workshop.path / "data" / "raw.txt").unlink()

    assert deck.all_problems("--nodes=total", code=0) == []
    assert deck.problem("--to-nodes", "clean")["subject"] == "raw"
    deck.runs("--from-nodes=total")


def test_a_file_that_asks_for_a_run_is_read_as_kedro_reads_it(deck: Deck) -> None:
    (deck.workshop.path / "data" / "raw.txt").unlink()
    deck.workshop.write({"run.yml": "run: {node_names: total}"})

    assert deck.all_problems("--config=run.yml", code=0) == []


def test_on_a_branch_the_base_is_good_enough(deck: Deck) -> None:
    deck.workshop.switch("dev")
    assert deck.all_problems(code=0) == []
    deck.runs()
    (deck.workshop.path / "data" / "mid.txt").unlink()
    assert deck.all_problems("--nodes=total", code=0) == []  # the branch has its own

    (deck.workshop.path / "data" / "mid_dev.txt").unlink()
    problem = deck.problem("--nodes=total")
    assert "mid_dev.txt or " in problem["message"]
    assert "mid_dev.txt or" in deck.stopped("--nodes=total")


def test_a_version_that_was_asked_for_has_to_be_there(deck: Deck) -> None:
    deck.workshop.catalog(
        entry("{type: text.TextDataset, filepath: data/v.txt, versioned: true}")
    )
    deck.workshop.write({f"data/v.txt/{OLD}/v.txt": "old"})

    assert deck.all_problems("--nodes=total", code=0) == []
    assert deck.all_problems("--nodes=total", f"-lv=mid:{OLD}", code=0) == []
    problem = deck.problem("--nodes=total", f"--load-versions=mid:{NEW}")
    assert f"version {NEW}" in problem["message"]


def test_a_folder_without_partitions_is_missing_and_without_new_ones_is_not(
    deck: Deck,
) -> None:
    parts = "path: data/parts, dataset: text.TextDataset"
    deck.workshop.catalog(entry(f"{{type: partitions.PartitionedDataset, {parts}}}"))
    assert deck.problem("--nodes=total")["subject"] == "mid"

    deck.workshop.catalog(entry(f"{{type: partitions.IncrementalDataset, {parts}}}"))
    assert deck.all_problems("--nodes=total", code=0) == []


def test_a_pattern_is_a_file_that_is_there(deck: Deck) -> None:
    glob = "{type: polars.LazyPolarsDataset, file_format: csv, filepath: 'data/*.csv'}"
    deck.workshop.catalog(
        entry(
            glob.replace("polars.LazyPolars", "text.Text").replace(
                "file_format: csv, ", ""
            )
        )
    )
    assert deck.problem("--nodes=total")["subject"] == "mid"
    deck.workshop.write({"data/a.csv": "a"})

    assert deck.all_problems("--nodes=total", code=0) == []


OWN_DATASETS = """
from kedro.io import AbstractDataset

class Silent(AbstractDataset):
    def load(self): return "text"
    def save(self, data): pass
    def _describe(self): return {}

class Empty(Silent):
    def _exists(self): return False

class Broken(Silent):
    def _exists(self): raise RuntimeError("password hunter2hunter2 is wrong")

class SomeQueryDataset(Silent):
    def _exists(self): raise RuntimeError("was asked")
"""


def test_a_dataset_that_cannot_answer_is_not_called_missing(deck: Deck) -> None:
    deck.workshop.write({f"src/{PACKAGE}/own.py": OWN_DATASETS})

    for name in ("Silent", "SomeQueryDataset"):
        deck.workshop.catalog(entry(f"{{type: {PACKAGE}.own.{name}}}"))
        problem = deck.problem("--nodes=total", code=0)
        assert problem["level"] == "note"
        assert "cannot tell" in problem["message"]
        assert "reflight" not in deck.runs("--nodes=total")

    deck.workshop.catalog(entry(f"{{type: {PACKAGE}.own.Empty}}"))
    assert "has no data" in deck.problem("--nodes=total")["message"]


def test_an_answer_that_failed_has_its_own_words_without_secrets(deck: Deck) -> None:
    deck.workshop.write({f"src/{PACKAGE}/own.py": OWN_DATASETS})
    deck.workshop.catalog(entry(f"{{type: {PACKAGE}.own.Broken}}"))
    secret = "db: {password: hunter2hunter2}"
    deck.workshop.write({"conf/local/credentials.yml": secret})

    problem = deck.problem("--nodes=total")

    assert problem["message"] == (
        "could not be checked: RuntimeError: password *** is wrong"
    )
    assert "hunter2" not in deck.stopped("--nodes=total")


@pytest.mark.parametrize("ignore", ["names: [m*]", "types: ['text.*']"])
def test_what_is_ignored_is_not_asked_for(deck: Deck, ignore: str) -> None:
    (deck.workshop.path / "data" / "mid.txt").unlink()
    deck.settings(f"ignore: {{{ignore}}}")

    assert deck.all_problems("--nodes=total", code=0) == []


def test_where_kedro_leaves_nodes_out_missing_data_are_a_warning(deck: Deck) -> None:
    (deck.workshop.path / "data" / "raw.txt").unlink()

    said = deck.runs("--only-missing-outputs")

    assert "Preflight: raw: has no data" in " ".join(said.split())


def test_a_missing_database_is_missing_and_is_not_made(deck: Deck) -> None:
    deck.workshop.write(
        {"conf/local/credentials.yml": "db: {con: sqlite:///data/a.db}"}
    )
    table = "{type: pandas.SQLTableDataset, table_name: mid, credentials: db}"
    deck.workshop.catalog(entry(table))
    env = {"PYTHONPATH": ""}  # with pandas

    result = deck.workshop.kedro(
        *("preflight", "--nodes=total", "--json"), check=False, **env
    )

    assert result.returncode == 1, result.stdout + result.stderr
    [problem] = json.loads(result.stdout.splitlines()[-1])
    assert problem["message"] == "has no data at table mid"
    assert not deck.workshop.has("data/a.db")


# The catalog


def test_a_wrong_type_and_its_right_name(deck: Deck) -> None:
    deck.workshop.catalog(entry("{type: text.TextDatset, filepath: data/mid.txt}"))

    problem = deck.problem()

    assert (problem["subject"], problem["check"]) == ("mid", "catalog")
    assert problem["message"] == "the dataset type text.TextDatset does not exist"
    assert problem["remedy"] == "did you mean text.TextDataset?"
    assert problem["place"] == "conf/base/catalog.yml:3"
    assert "text.TextDatset" in deck.stopped()


@pytest.mark.parametrize("branch", ["main", "dev"])
def test_a_missing_extra_is_named_with_what_brings_it(deck: Deck, branch: str) -> None:
    """The interpreter has no pandas here: see ``without_pandas``."""
    deck.workshop.switch(branch)
    deck.workshop.catalog(entry("{type: pandas.CSVDataset, filepath: data/mid.csv}"))

    if branch == "main":
        problem = deck.problem()
        assert "needs 'pandas'" in problem["message"]
        assert problem["remedy"] == 'pip install "kedro-datasets[pandas-csvdataset]"'
    assert '"kedro-datasets[pandas-csvdataset]"' in deck.stopped()


def test_arguments_that_do_not_fit(deck: Deck) -> None:
    deck.workshop.switch("main")
    deck.workshop.catalog(entry("{type: text.TextDataset, filepath: a.txt, flie: b}"))

    problem = deck.problem()

    assert problem["subject"] == "mid"
    assert "its arguments are wrong" in problem["message"]
    assert "flie" in problem["message"]


def test_on_a_branch_steel_toes_name_an_argument_that_they_do_not_know(
    deck: Deck,
) -> None:
    deck.workshop.switch("dev")
    deck.workshop.catalog(entry("{type: text.TextDataset, filepath: a.txt, flie: b}"))

    code, said = deck.said("preflight")

    assert code == 1
    assert "'mid': argument 'flie'" in said


def test_credentials_that_are_nowhere_are_one_of_many_problems(deck: Deck) -> None:
    deck.workshop.catalog(
        entry("{type: text.TextDataset, filepath: 's3://b/mid', credentials: shop}")
        + "typeless: {filepath: x}\n"
    )
    (deck.workshop.path / "data" / "raw.txt").unlink()

    rows = deck.all_problems(code=1)

    assert {row["subject"] for row in rows} == {"mid", "typeless", "raw"}
    said = deck.stopped()
    for text in ("needs credentials 'shop'", "has no 'type'", "raw.txt"):
        assert text in said


def test_credentials_are_looked_up_under_other_entries_too(deck: Deck) -> None:
    deck.workshop.write({"conf/local/credentials.yml": "shops: {key: a}"})
    parts = "{type: partitions.PartitionedDataset, path: data/p, dataset: "
    held = "{type: text.TextDataset, credentials: shop}}"
    deck.workshop.catalog(CATALOG + f"unused: {parts}{held}\n")

    problem = deck.problem()

    assert problem["subject"] == "unused"  # Kedro makes no catalog with it
    assert problem["remedy"].startswith("did you mean 'shops'?")


@pytest.mark.parametrize(
    ("validator", "text"),
    [
        (f"{PACKAGE}.nowhere.check", "nowhere"),
        (f"{PACKAGE}.own.Nothing", "Nothing"),
        ("{class: toe_test.own.check, serverity: warn}", "serverity"),
    ],
)
def test_a_validator_that_does_not_resolve(
    deck: Deck, validator: str, text: str
) -> None:
    deck.workshop.write({f"src/{PACKAGE}/own.py": "def check(data): return None"})
    mid = "{type: text.TextDataset, filepath: data/mid.txt, validator: "
    deck.workshop.catalog(entry(f"{mid}{validator}}}"))

    problem = deck.problem()

    assert problem["subject"] == "mid"
    assert text in problem["message"]


def test_a_validator_that_resolves_is_no_problem(deck: Deck) -> None:
    deck.workshop.write({f"src/{PACKAGE}/own.py": "def check(data): return None"})
    mid = "{type: text.TextDataset, filepath: data/mid.txt, validator: "
    deck.workshop.catalog(entry(f"{mid}{PACKAGE}.own.check}}"))

    assert deck.all_problems(code=0) == []
    deck.runs()


def test_parameters_and_inputs_that_are_not_there(deck: Deck) -> None:
    deck.workshop.write({"conf/base/parameters.yml": "model: {features: [a]}"})
    deck.workshop.pipeline(
        PIPELINE.replace(
            'Node(clean, "raw"', 'Node(clean, "params:model.feature"'
        ).replace('Node(total, "mid"', 'Node(total, "midd"')
    )

    feature, midd = sorted(
        deck.all_problems(code=1), key=lambda row: -len(row["subject"])
    )

    assert feature["subject"] == "params:model.feature"
    assert feature["remedy"] == "did you mean 'params:model.features'?"
    assert feature["place"] == "node clean"
    assert midd["subject"] == "midd"
    assert midd["remedy"] == "did you mean 'mid'?"
    deck.workshop.write({"conf/base/parameters.yml": "model: {feature: a}"})
    assert deck.problem()["subject"] == "midd"
    assert deck.problem("--params=model.feature=x")["subject"] == "midd"


def test_a_name_in_memory_one_typo_away_from_an_unused_entry(deck: Deck) -> None:
    deck.workshop.catalog(CATALOG.replace("mid:", "companies:"))
    deck.workshop.pipeline(PIPELINE.replace('"mid"', '"compnaies"'))

    problem = deck.problem(code=0)

    assert problem["level"] == "warning"
    assert "did you mean 'companies'" in problem["message"]
    assert "did you mean 'companies'" in " ".join(deck.runs().split())
    # Where the entry is in use, they are two names.
    deck.workshop.pipeline(
        PIPELINE.replace('"mid", name="clean"', '"compnaies", name="clean"')
        .replace('"mid", "out"', '["compnaies", "companies"], "out"')
        .replace("total(mid)", "total(mid, more='')", 1)
    )
    assert deck.all_problems(code=0) == []


# What a run writes


def test_a_file_in_the_place_of_a_folder(deck: Deck) -> None:
    deck.workshop.catalog(
        entry("{type: text.TextDataset, filepath: data/raw.txt/deep/mid.txt}")
    )

    problem = deck.problem()

    assert (problem["subject"], problem["check"]) == ("mid", "outputs")
    assert problem["message"].endswith("raw.txt is a file, but must be a folder")
    assert "is a file" in deck.stopped()


def test_a_file_in_the_place_of_versions(deck: Deck) -> None:
    deck.workshop.catalog(
        entry("{type: text.TextDataset, filepath: data/mid.txt, versioned: true}")
    )

    assert "versions need a folder" in deck.problem()["message"]


def test_a_folder_that_may_not_be_written_to(deck: Deck) -> None:
    # Root may write to any folder but those of the kernel.
    deck.workshop.catalog(
        entry("{type: text.TextDataset, filepath: /proc/sys/mid.txt}")
    )

    assert "no permission to write to /proc/sys" in deck.problem()["message"]


# The runner


def test_lambdas_and_single_processes_do_not_go_with_parallel_runners(
    deck: Deck,
) -> None:
    deck.workshop.pipeline(PIPELINE.replace("Node(clean,", "Node(lambda raw: raw,"))
    deck.workshop.catalog(
        entry(
            "{type: CachedDataset, dataset: "
            "{type: text.TextDataset, filepath: data/mid.txt}}"
        )
    )

    assert deck.all_problems(code=0) == []
    for runner in ("ParallelRunner", f"{PACKAGE}.runners.ParallelRunner"):
        rows = deck.all_problems(f"--runner={runner}", code=1)
        assert {row["subject"] for row in rows} == {"clean", "mid"}, rows
        assert {row["check"] for row in rows} == {"runner"}
    assert "one process only" in deck.stopped("--runner=ParallelRunner")


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_workers_that_would_run_no_hook_are_refused(deck: Deck, method: str) -> None:
    plain, ours = (
        "--runner=ParallelRunner",
        f"--runner={PACKAGE}.runners.ParallelRunner",
    )
    env = {"KEDRO_MP_CONTEXT": method}
    assert deck.all_problems(plain, code=0, **env) == []  # no hook is for workers

    deck.workshop.team_hooks(
        "\nfrom kedro.framework.hooks import hook_impl\n"
        "TeamHooks.before_node_run = hook_impl(lambda self, node: None)\n"
    )

    problem = deck.problem(plain, **env)
    assert "TeamHooks" in problem["message"]
    assert problem["remedy"].endswith(ours)
    assert deck.all_problems(ours, code=0, **env) == []
    assert deck.all_problems(plain, code=0, KEDRO_MP_CONTEXT="fork") == []


@pytest.mark.parametrize("option", ["--async", "--runner-params=is_async=True"])
def test_generators_do_not_go_with_async(deck: Deck, option: str) -> None:
    deck.workshop.pipeline(PIPELINE.replace('    return f"clean', '    yield f"clean'))

    assert deck.problem(option)["subject"] == "clean"
    assert "yields its outputs" in deck.stopped(option)
    assert deck.all_problems("--runner=ThreadRunner", option, code=0) == []
    assert deck.all_problems(code=0) == []


# How it speaks


def test_all_problems_come_at_once(deck: Deck) -> None:
    (deck.workshop.path / "data" / "raw.txt").unlink()
    deck.workshop.catalog(
        entry("{type: text.TextDatset, filepath: data/mid.txt}").replace(
            "data/out.txt", "/proc/sys/out.txt"
        )
    )

    said = deck.stopped()

    for text in (
        "data/raw.txt",
        "text.TextDatset",
        "no permission to write to /proc/sys",
    ):
        assert text in said
    assert "3 errors" in said


def test_alike_problems_share_a_row(deck: Deck) -> None:
    names = [f"in_{number}" for number in range(9)]
    deck.workshop.catalog(
        "".join(
            f"{name}: {{type: text.TextDataset, filepath: data/raw.txt/{name}}}\n"
            for name in names
        )
    )
    deck.workshop.pipeline(
        "from kedro.pipeline import Node, Pipeline\n"
        "def create_pipeline():\n"
        f"    return Pipeline([Node(lambda a: a, 'params:a', name, name=name) for name in {names}])\n"
    )
    deck.workshop.write({"conf/base/parameters.yml": "a: 1"})

    assert "in_0, in_1, in_2, in_3, in_4 and 4 more" in deck.stopped()
    assert len(deck.all_problems(code=1)) == len(names)


def test_a_warning_is_logged_and_the_run_goes_on(deck: Deck) -> None:
    deck.settings("outputs: warn")
    deck.workshop.catalog(CATALOG.replace("data/out.txt", "/proc/sys/out.txt"))

    code, said = deck.said("run")

    assert "Preflight: out: you have no permission" in " ".join(said.split())
    assert "Running node" in said
    assert code == 1  # as without preflight


def test_a_check_can_be_off_in_one_environment(deck: Deck) -> None:
    (deck.workshop.path / "data" / "mid.txt").unlink()
    deck.settings("data: off", env="dev")

    assert deck.all_problems("--nodes=total", "--env=dev", code=0) == []
    assert deck.problem("--nodes=total")["subject"] == "mid"


def test_it_can_be_switched_off_for_one_run_and_for_all(deck: Deck) -> None:
    (deck.workshop.path / "data" / "raw.txt").unlink()

    code, said = deck.said("run", PREFLIGHT="off")
    assert code == 1
    assert "not started" not in said
    deck.settings("enabled: false")
    assert "not started" not in deck.said("run")[1]
    assert deck.problem()["subject"] == "raw"  # who asks is told


def test_a_wrong_word_in_the_settings_is_one_line(deck: Deck) -> None:
    deck.settings("data: maybe")

    said = deck.workshop.refused()

    assert "'preflight.data' is 'maybe'. Use error, warn or off" in said


def test_a_pipeline_that_is_not_there_is_one_line(deck: Deck) -> None:
    code, said = deck.said("preflight", "--pipelines=nowhere")

    assert code == 1
    assert "Traceback" not in said
    assert "Error: An error occurred while importing the" in said
    code, said = deck.said("preflight", "--nodes=nowhere")
    assert code == 1
    assert "Traceback" not in said
    assert "Error: Pipeline does not contain nodes named ['nowhere']" in said
    deck.workshop.write({"conf/local/parameters.yml": "a: ["})
    for option, name in (("--env=nowhere", "nowhere"), ("--env=local", "parameters")):
        code, said = deck.said("preflight", option)
        assert code == 1
        assert "Traceback" not in said
        assert name in said.splitlines()[-1]


def test_it_has_every_option_of_a_run(deck: Deck) -> None:
    listed = {
        command: set(re.findall(r" (--[a-z-]+)", deck.said(command, "--help")[1]))
        for command in ("run", "preflight")
    }

    assert listed["preflight"] == listed["run"] | {"--json", "--no-code"}


EXTRA = """
from toe_test.ops.core.findings import Finding

def fine(pipeline, catalog): return None
def texts(pipeline, catalog): return [f"{len(pipeline.nodes)} nodes are too many"]
def problems(pipeline, catalog): yield Finding("is old", "raw", level="warning")
def breaks(pipeline, catalog): return 1 / 0
"""


def test_the_teams_own_checks(deck: Deck) -> None:
    deck.workshop.write({f"src/{PACKAGE}/own.py": EXTRA})
    names = ["fine", "texts", "problems", "breaks", "nowhere"]
    paths = ", ".join(f"{PACKAGE}.own.{name}" for name in names)
    deck.settings(f"extra: [{paths}]")

    rows = deck.all_problems(code=1)

    assert [row["message"].partition(":")[0] for row in rows] == [
        "2 nodes are too many",
        "is old",
        "failed",
        "failed",
    ]
    assert "2 nodes are too many" in deck.stopped()


def test_other_hooks_do_not_begin_a_run_for_a_preflight(deck: Deck) -> None:
    deck.workshop.team_hooks(
        "\nfrom pathlib import Path\n"
        "from kedro.framework.hooks import hook_impl\n"
        "TeamHooks.before_pipeline_run = hook_impl("
        "lambda self: Path('began').touch())\n"
    )

    assert deck.all_problems(code=0) == []  # which looks at the tree
    deck.runs()
    assert deck.workshop.has("began")


def test_an_error_carries_its_problems_for_others(deck: Deck) -> None:
    (deck.workshop.path / "data" / "raw.txt").unlink()
    code = """
from pathlib import Path
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
bootstrap_project(Path.cwd())
from toe_test.ops.core.errors import OpsError
with KedroSession.create() as session:
    try:
        session.run()
    except OpsError as error:
        [problem] = error.findings
        print("HAS", problem.level, problem.subject, problem.place, problem.remedy != "")
"""
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=deck.workshop.path,
        env=environment() | {"PYTHONPATH": str(deck.workshop.without)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "HAS error raw conf/base/catalog.yml:2 True" in result.stdout

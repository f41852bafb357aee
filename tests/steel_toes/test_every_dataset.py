"""Every dataset class saves to the branch and leaves main's data alone, in each runner."""

import ast
import json
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import every_dataset
import yaml
from helpers import TEMPLATE, run
from steel_toes_helpers import Workshop

pytest_plugins = ["steel_toes_fixtures"]

# Runs the project in one process, once for each case: branch, runner, number, tags. It
# prints the numbers that the last nodes of the branch have read. What does not work with
# a runner on main either is left out.
SESSIONS = """
import json, os, sys
from pathlib import Path
from kedro import runner
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

bootstrap_project(Path.cwd())
from toe_test.pipelines.toes import KINDS, create_pipeline
from toe_test.runners import ParallelRunner

for branch, name, n, *tags in json.load(sys.stdin):
    os.environ["STEEL_TOES_BRANCH"] = branch
    kind = ParallelRunner if name == "ParallelRunner" else getattr(runner, name)
    without = tuple(f"{kind.name}_" for kind in KINDS if name in kind.not_with)
    chosen = create_pipeline().only_nodes_with_tags(*tags).nodes
    names = [node.name for node in chosen if not node.name.startswith(without)]
    with KedroSession.create(runtime_params={"n": n}) as session:
        session.run(runner=kind(), node_names=names)
    seen = "seen.json" if branch == "main" else f"seen_{branch}.json"
    files = Path("data").glob(f"*/{seen}")
    found = {file.parent.name: json.loads(file.read_text()) for file in files}
    print("\\nSEEN", json.dumps(found))
"""
MAIN = "main", "SequentialRunner"
DATABASES = (
    ".duckdb",
    ".duckdb.wal",
    ".sqlite",
)  # those of main and of the branches are in one file

# What no run of these tests saves, and why: as docs/steel_toes.md says.
NOT_TRIED = {
    "no data of its own": {
        *("api.APIDataset", "pandas.SQLQueryDataset", "pandas.GBQQueryDataset"),
        *("spark.GBQQueryDataset", "huggingface.HFDataset"),
        "huggingface.HFTransformerPipelineDataset",
        *("langchain.ChatAnthropicDataset", "langchain.ChatCohereDataset"),
        *("langchain.ChatOpenAIDataset", "langchain.OpenAIEmbeddingsDataset"),
    },
    "what others stand on": {
        *("databricks.BaseTableDataset", "huggingface.FilesystemDataset"),
    },
    "a server": {
        *("databricks.ManagedTableDataset", "pandas.GBQTableDataset"),
        "redis.PickleDataset",
        *("snowflake.SnowparkTableDataset", "spark.SparkJDBCDataset"),
    },
    "Java or a library of gigabytes": {
        *("spark.SparkDataset", "spark.SparkDatasetV2", "spark.SparkHiveDataset"),
        *("spark.DeltaTableDataset", "spark.SparkStreamingDataset"),
        "tensorflow.TensorFlowModelDataset",
    },
}


def run_cases(workshop: Workshop, *cases: tuple[object, ...]) -> list[Any]:
    """Run the project for each case; return what each has seen."""
    result = run("python", "-c", SESSIONS, cwd=workshop.path, stdin=json.dumps(cases))
    lines = result.stdout.splitlines()
    return [json.loads(line[5:]) for line in lines if line.startswith("SEEN ")]


def expected(number: int, runner: str = "") -> dict[str, list[int]]:
    """What is seen of each class that can be loaded: a number, and the second entry's."""
    kinds = [kind for kind in every_dataset.chosen() if runner not in kind.not_with]
    numbers = [number, number + every_dataset.DISTANCE]
    return {kind.name: numbers for kind in kinds if kind.number}


def of_main(workshop: Workshop) -> dict[str, bytes]:
    return {
        path: content
        for path, content in workshop.files().items()
        if "_with-" not in path and not path.endswith(DATABASES)
    }


def test_every_dataset_saves_to_the_branch_and_reads_main_until_then(
    workshop: Workshop,
) -> None:
    """Main's inputs hold the numbers 1 and 101, and its outputs 0 and 100."""
    workshop.pipeline(Path(every_dataset.__file__).read_text(encoding="utf-8"))
    workshop.catalog(yaml.safe_dump(every_dataset.catalog()))
    workshop.write({"conf/base/parameters.yml": "n: 0"})
    run_cases(workshop, (*MAIN, 0, "make", "use"), (*MAIN, 1, "make"))
    before = of_main(workshop)

    in_processes = ("with-processes", "ParallelRunner")
    assert run_cases(
        workshop, (*in_processes, 9, "use"), (*in_processes, 2, "make", "use")
    ) == [expected(1, "ParallelRunner"), expected(2, "ParallelRunner")]

    plain, in_threads = (
        ("with-one", "SequentialRunner"),
        ("with-threads", "ThreadRunner"),
    )
    assert run_cases(
        workshop,
        (*plain, 9, "use"),
        (*plain, 2, "make", "use"),
        (*in_threads, 9, "use"),
        (*in_threads, 2, "make", "use"),
        (*MAIN, 9, "read"),  # its tables, too, are what they were
    ) == [
        expected(1),
        expected(2),
        expected(1, "ThreadRunner"),
        expected(2, "ThreadRunner"),
        expected(0),
    ]

    assert of_main(workshop) == before


def classes() -> set[str]:
    """Every dataset class of kedro_datasets, by the name that a catalog has for it."""
    folder = Path(find_spec("kedro_datasets").origin or "").parent
    return {
        f"{file.parent.name}.{item.name}"
        for file in folder.glob("*/*.py")
        for item in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(item, ast.ClassDef) and re.search(r"Dataset(V\d)?$", item.name)
    }


def test_every_dataset_is_tried_or_the_documentation_says_why_not() -> None:
    not_tried = set().union(*NOT_TRIED.values())
    page = TEMPLATE.joinpath("docs", "steel_toes.md").read_text(encoding="utf-8")

    assert classes() == {kind.type for kind in every_dataset.KINDS} | not_tried
    assert [name for name in sorted(not_tried) if f"`{name}`" not in page] == []

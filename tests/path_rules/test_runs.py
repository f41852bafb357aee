"""Path rules on the command line: where a run reads and writes."""

import json
from pathlib import Path

import duckdb
import pytest
from buckets import Bucket
from helpers import generate, run
from steel_toes_helpers import BASE, CATALOG, PACKAGE, PIPELINE, Workshop

pytest_plugins = ["steel_toes_fixtures"]

OUTPUTS = "only: {datasets: [mid, out]}"


def rules(workshop: Workshop, *lines: str, env: str = "base") -> None:
    """Write the rules into ``ops.yml``."""
    text = "".join(f"  - {line}\n" for line in lines)
    workshop.settings(f"path_rules:\n{text or '  []'}", env)


@pytest.fixture
def trunk(workshop: Workshop) -> Workshop:
    """The project on main, where steel toes leave the catalog alone."""
    workshop.switch("main")
    return workshop


@pytest.mark.parametrize(
    "runner", ["SequentialRunner", f"{PACKAGE}.runners.ParallelRunner"]
)
def test_a_run_writes_where_the_rules_say_and_nowhere_else(
    trunk: Workshop, runner: str
) -> None:
    rules(
        trunk,
        f"{{prefix: data/, to: 'work/{{user}}/{{env}}/', {OUTPUTS}}}",
        r"{match: '^(work/.*)out(.*)$', to: '\1result\2'}",
    )
    before = trunk.files()

    trunk.kedro("run", f"--runner={runner}", LOGNAME="ann")

    assert trunk.new_files(before) == {
        "work/ann/local/mid.txt",
        "work/ann/local/result.txt",
    }
    assert trunk.read("work/ann/local/result.txt") == "total(clean(raw))"
    assert {path: trunk.files()[path] for path in before} == before


def test_on_a_branch_steel_toes_branch_what_the_rules_made(workshop: Workshop) -> None:
    rules(workshop, f"{{prefix: data/, to: work/, {OUTPUTS}}}")
    before = workshop.files()

    workshop.kedro("run")

    records = {path for path in workshop.files() if ".ops/" in path}
    written = {"work/mid_dev.txt", "work/out_dev.txt"}
    assert workshop.new_files(before) - records == written


FIRE_TWICE = """
from pathlib import Path
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

bootstrap_project(Path.cwd())
from toe_test.ops.path_rules import hook

with KedroSession.create() as session:
    context = session.load_context()
    session._hook_manager.hook.after_context_created(context=context)
print("PATH", context.catalog["mid"]._filepath)
print("ACTS", hook.PathRules().explain(context, "mid"))
"""


def test_hooks_that_fire_twice_do_not_chain_the_rules_again(
    workshop: Workshop,
) -> None:
    rules(workshop, "{prefix: b/, to: c/}", "{prefix: data/, to: b/}")

    said = run("python", "-c", FIRE_TWICE, cwd=workshop.path).stdout

    assert f"PATH {workshop.path}/b/mid_dev.txt\n" in said
    act = "rule 2 {prefix: data/, to: b/}: data/mid.txt -> b/mid.txt"
    assert f"ACTS ['{act}']\n" in said


def test_an_environment_has_rules_of_its_own(trunk: Workshop) -> None:
    rules(trunk, f"{{prefix: data/, to: base/, {OUTPUTS}}}")
    rules(trunk, f"{{prefix: data/, to: '{{env}}/', {OUTPUTS}}}", env="prod")
    rules(trunk, env="plain")
    before = trunk.files()

    for env in ("prod", "plain"):
        trunk.kedro("run", f"--env={env}")

    assert trunk.new_files(before) == {"prod/mid.txt", "prod/out.txt"}
    assert trunk.read("data/out.txt") == "total(clean(raw))"


def test_a_dataset_of_a_pattern_is_chosen_by_its_own_name(trunk: Workshop) -> None:
    trunk.catalog('"{name}": {type: text.TextDataset, filepath: "data/{name}.txt"}')
    rules(trunk, "{prefix: data/, to: work/, only: {datasets: [m*, ou?]}}")
    before = trunk.files()

    trunk.kedro("run")

    assert trunk.new_files(before) == {"work/mid.txt", "work/out.txt"}


def test_the_kinds_of_datasets_are_found_where_the_rules_put_them(
    trunk: Workshop,
) -> None:
    trunk.catalog(
        """
raw: {type: CachedDataset, dataset: {type: text.TextDataset, filepath: data/raw.txt}}
mid@text: {type: text.TextDataset, filepath: data/mid.json, versioned: true}
mid@json: {type: json.JSONDataset, filepath: data/mid.json, versioned: true}
out: {type: partitions.PartitionedDataset, path: data/out, dataset: text.TextDataset}
"""
    )
    trunk.pipeline(
        PIPELINE.replace('"raw", "mid"', '"raw", "mid@text"')
        .replace('"mid", "out"', '"mid@json", "out"')
        .replace('f"clean({raw})"', """f'["{raw}"]'""")
        .replace('f"total({mid})"', '{"part": mid[0]}')
    )
    trunk.write({"work/raw.txt": "worked"})
    rules(trunk, "{prefix: data/, to: work/}")
    before = trunk.files()

    trunk.kedro("run")

    [version] = (trunk.path / "work" / "mid.json").iterdir()
    written = {f"work/mid.json/{version.name}/mid.json", "work/out/part"}
    assert trunk.new_files(before) == written
    assert trunk.read("work/out/part") == "worked"


class Buckets:
    """Two buckets of an S3 server on loopback: of production and of development."""

    def __init__(self, address: str) -> None:
        both = Bucket(address, "prod"), Bucket(address, "dev")
        self._named = {bucket.name: bucket for bucket in both}
        self.prod, self.dev = self._named
        for bucket in both:
            for path, text in BASE.items():
                bucket.put(path, text)

    def new(self, bucket: str) -> dict[str, str]:
        """The objects in a bucket that are not as they were at first."""
        found = self._named[bucket].objects()
        assert found.keys() >= BASE.keys()
        return {name: text for name, text in found.items() if BASE.get(name) != text}


@pytest.fixture
def buckets(workshop: Workshop, address: str) -> Buckets:
    keys = {"key": "nobody", "secret": "nothing", "endpoint_url": address}
    workshop.write({"conf/local/credentials.yml": json.dumps({"store": keys})})
    return Buckets(address)


def on_s3(path: str) -> str:
    """The catalog with its data in a folder or bucket, reached with credentials."""
    return CATALOG.replace("TextDataset", "TextDataset, credentials: store").replace(
        "data/", path
    )


def test_another_bucket_keeps_the_keys_and_the_credentials_and_has_branches(
    workshop: Workshop, buckets: Buckets
) -> None:
    workshop.catalog(on_s3(f"s3://{buckets.prod}/data/"))
    rules(workshop, f"{{bucket: {buckets.prod}, to: {buckets.dev}}}")

    workshop.kedro("run")

    assert buckets.new(buckets.prod) == {}
    assert buckets.new(buckets.dev) == {
        "data/mid_dev.txt": "clean(raw)",
        "data/out_dev.txt": "total(clean(raw))",
    }

    workshop.switch("main")
    workshop.kedro("run")

    assert buckets.new(buckets.prod) == {}
    assert buckets.new(buckets.dev)["data/out.txt"] == "total(clean(raw))"


def test_a_folder_becomes_a_bucket_with_branches(
    workshop: Workshop, buckets: Buckets
) -> None:
    workshop.catalog(on_s3("data/").replace("{type", "{fs_args: {}, type"))
    rules(
        workshop,
        f"{{prefix: data/, to: 's3://{buckets.dev}/{{project}}/{{user}}/', {OUTPUTS}}}",
        f"{{prefix: data/, to: 's3://{buckets.prod}/data/'}}",
    )
    before = workshop.files()

    workshop.kedro("run", LOGNAME="ann")

    assert buckets.new(buckets.prod) == {}
    assert buckets.new(buckets.dev) == {
        f"{PACKAGE}/ann/mid_dev.txt": "clean(raw)",
        f"{PACKAGE}/ann/out_dev.txt": "total(clean(raw))",
    }
    assert {path: workshop.files()[path] for path in before} == before


WAREHOUSE = """
_table: &table
  type: ibis.TableDataset
  connection: {backend: duckdb, database: data/shop.duckdb}
  database: prod
raw: {<<: *table, table_name: raw}
mid: {<<: *table, table_name: mid, save_args: {materialized: table, mode: append}}
out: {type: text.TextDataset, filepath: data/out.txt}
"""


@pytest.mark.parametrize(("branch", "table"), [("main", "mid"), ("dev", "mid_dev")])
def test_another_schema_of_a_database(
    workshop: Workshop, branch: str, table: str
) -> None:
    workshop.switch(branch)
    workshop.catalog(WAREHOUSE)
    workshop.pipeline(
        PIPELINE.replace('f"clean({raw})"', "raw.mutate(x=raw.x + 1)").replace(
            "({mid})", "({mid.x.sum().to_pyarrow().as_py()})"
        )
    )
    with duckdb.connect(str(workshop.path / "data" / "shop.duckdb")) as base:
        for schema, value in (("prod", 1), ("dev_ann", 10)):
            base.execute(f"create schema {schema}")
            base.execute(f"create table {schema}.raw as select {value} as x")
    rules(workshop, "{schema: prod, to: 'dev_{user}'}")

    workshop.kedro("run", LOGNAME="ann", PYTHONPATH="")

    suffix = "_dev" if branch == "dev" else ""
    assert workshop.read(f"data/out{suffix}.txt") == "total(11)"
    with duckdb.connect(str(workshop.path / "data" / "shop.duckdb")) as after:
        names = after.execute(
            "select table_schema, table_name from information_schema.tables order by 1, 2"
        ).fetchall()
    assert sorted(names) == sorted(
        [("dev_ann", "raw"), ("dev_ann", table), ("prod", "raw")]
    )


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("{match: '(data', to: x}", ["rule 2 {match: (data, to: x}", "unterminated"]),
        ("{match: '(data)', to: '\\2'}", ["rule 2", "group reference 2"]),
        ("{prefix: data/, to: 's3://b/{usr}/'}", ["rule 2", "'{usr}'", "{user}"]),
        ("{prefx: data/, to: x}", ["'path_rules.2.prefx'", "Did you mean 'prefix'"]),
        ("{prefix: data/}", ["rule 2 {prefix: data/}", "'to'"]),
        ("{to: data/}", ["rule 2 {to: data/}", "bucket, prefix, match, schema"]),
        ("{bucket: a, prefix: b, to: c}", ["rule 2 {bucket: a, prefix: b, to: c}"]),
        ("{prefix: data/, to: x, only: {type: [x]}}", ["only.type'", "'types'"]),
        ("data/", ["'path_rules.2'", "'data/'"]),
        ("{match: mid|out, to: one}", ["'mid' and 'out' in one place", "rule 2"]),
    ],
)
def test_a_wrong_rule_stops_the_run_in_one_line_and_nothing_is_written(
    workshop: Workshop, rule: str, expected: list[str]
) -> None:
    rules(workshop, "{prefix: data/, to: data/}", rule)
    before = workshop.files()

    error = workshop.refused()

    assert all(text in error for text in expected), error
    assert workshop.files() == before


def test_the_branch_has_to_be_known_only_where_a_rule_uses_it(
    workshop: Workshop,
) -> None:
    head = run("git", "rev-parse", "main", cwd=workshop.path).stdout
    workshop.write({".git/HEAD": head})
    rules(workshop, f"{{prefix: data/, to: 'work/{{branch}}/', {OUTPUTS}}}")
    before = workshop.files()
    off = {"STEEL_TOES": "off"}

    error = workshop.refused(**off)

    assert "rule 1" in error
    assert "detached" in error
    assert "STEEL_TOES_BRANCH=NAME" in error
    assert workshop.files() == before

    workshop.kedro("run", STEEL_TOES_BRANCH="told", **off)
    rules(workshop, f"{{prefix: data/, to: 'work/', {OUTPUTS}}}")
    workshop.kedro("run", **off)

    written = {"told/mid.txt", "told/out.txt", "mid.txt", "out.txt"}
    assert workshop.new_files(before) == {f"work/{path}" for path in written}


def test_a_rule_that_matches_nothing_is_warned_of_once(trunk: Workshop) -> None:
    rules(trunk, "{prefix: data/, to: data/}", "{bucket: prod, to: dev}")

    result = trunk.kedro("run")

    said = " ".join(result.stderr.split())
    assert said.count("matches nothing") == 1
    assert "rule 2 {bucket: prod, to: dev}" in said
    assert trunk.read("data/out.txt") == "total(clean(raw))"


def test_path_rules_need_no_other_guard(tmp_path: Path, without_pandas: Path) -> None:
    project = generate(tmp_path, steel_toes=False, example=False, pre_commit=False)
    alone = Workshop(project, without_pandas)
    alone.switch("feature")
    alone.catalog(CATALOG)
    alone.pipeline(PIPELINE)
    alone.write(BASE)
    rules(alone, f"{{prefix: data/, to: 'work/{{branch}}/', {OUTPUTS}}}")
    before = alone.files()

    alone.kedro("run")

    assert alone.new_files(before) == {"work/feature/mid.txt", "work/feature/out.txt"}

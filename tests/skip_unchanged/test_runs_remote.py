"""What is unchanged is known on a real S3 server on loopback, which keeps the records, too."""

import json
import shutil
from pathlib import Path

import pytest
from branches_helpers import Kedro
from buckets import Bucket
from steel_toes_helpers import Workshop

from .skip_helpers import ALL, DATA, PIPELINE, Bench

pytest_plugins = ["steel_toes_fixtures", "skip_unchanged.skip_helpers"]
GUARDS = ["skip_unchanged"]

CATALOG = """
_text: &text {type: text.TextDataset, credentials: shop}
raw: {<<: *text, filepath: "s3://BUCKET/in/raw.txt"}
mid: {<<: *text, filepath: "s3://BUCKET/mid.txt"}
out: {type: json.JSONDataset, filepath: "s3://BUCKET/out.json", credentials: shop}
parts:
  type: partitions.PartitionedDataset
  path: s3://BUCKET/in/parts
  dataset: text.TextDataset
  credentials: shop
joined: {<<: *text, filepath: "s3://BUCKET/joined.txt"}
size: {<<: *text, filepath: "s3://BUCKET/size.txt", versioned: true}
report: {<<: *text, filepath: "s3://BUCKET/report.txt"}
"""
INPUTS = {"in/raw.txt": "one", "in/parts/a": "1", "in/parts/b": "2"}
PARAMETERS = "conf/base/parameters.yml"


@pytest.fixture
def bucket(address: str) -> Bucket:
    bucket = Bucket(address)
    for name, text in INPUTS.items():
        bucket.put(name, text)
    return bucket


def data_in(bucket: Bucket) -> dict[str, object]:
    """What lies there outside the store, with the time of its last change."""
    found = bucket.when().items()
    return {name: when for name, when in found if not name.startswith("ops/")}


@pytest.fixture
def bench(workshop: Workshop, bucket: Bucket) -> Bench:
    """The project on main after a first run; all of its data is in the bucket."""
    workshop.switch("main")
    shutil.rmtree(workshop.path / "data")
    workshop.write({"conf/local/credentials.yml": json.dumps({"shop": bucket.keys})})
    workshop.write({PARAMETERS: DATA[PARAMETERS]})
    workshop.catalog(CATALOG.replace("BUCKET", bucket.name))
    workshop.pipeline(PIPELINE)
    workshop.settings(f"store: {{url: 's3://{bucket.name}/ops', credentials: shop}}\n")
    bench = Bench(workshop, Kedro(workshop))
    assert bench.run() == ALL
    return bench


def test_nothing_runs_twice_even_if_the_same_is_put_again(
    bench: Bench, bucket: Bucket
) -> None:
    for name, text in INPUTS.items():
        bucket.put(name, text)
    before = data_in(bucket)

    assert bench.run("--runner=ThreadRunner") == set()
    assert data_in(bucket) == before
    assert any(name.startswith("ops/made/main/") for name in bucket.when())
    assert not bench.workshop.has("data/.ops/made")


def test_an_object_with_new_content_runs_its_readers(
    bench: Bench, bucket: Bucket
) -> None:
    bucket.put("in/raw.txt", "two")
    assert "`raw` has new content" in bench.why("clean")

    # `measure` finds as many letters as before, so `tell` stays asleep.
    assert bench.run() == {"clean", "total", "measure"}
    assert json.loads(bucket.read("out.json")) == ["two", 1]
    assert bench.run() == set()


def test_a_partition_in_a_bucket_is_data_with_its_name(
    bench: Bench, bucket: Bucket
) -> None:
    bucket.delete("in/parts/b")
    bucket.put("in/parts/c", "2")

    assert bench.run() == {"join"}
    assert bucket.read("joined.txt") == "a=1,c=2"


def test_an_output_that_is_gone_from_the_bucket_is_made_again(
    bench: Bench, bucket: Bucket
) -> None:
    bucket.delete("mid.txt")
    assert "output `mid` is not there" in bench.why("clean")

    assert bench.run() == {"clean"}  # the bytes are the same: `total` stays
    assert bucket.read("mid.txt") == "one"


def test_another_checkout_knows_what_was_made(
    bench: Bench, bucket: Bucket, tmp_path: Path
) -> None:
    """The project elsewhere, as another person or machine has it, without its data."""
    copy = tmp_path / "elsewhere" / "checkout"
    ignored = shutil.ignore_patterns("data", "__pycache__")
    shutil.copytree(bench.workshop.path, copy, symlinks=True, ignore=ignored)
    there = Bench(Workshop(copy, bench.workshop.without), bench.kedro)

    assert there.run() == set()
    there.edit("size: 1", "size: 2", PARAMETERS)
    assert there.run() == {"total"}

    # One takes from the bucket what the other made, if it would make the same.
    assert bench.run() == {"total"}
    assert json.loads(bucket.read("out.json")) == ["one", 1]
    assert there.run() == {"total"}
    bench.edit("size: 1", "size: 2", PARAMETERS)
    assert bench.run() == set()


def test_a_run_on_a_branch_reads_the_objects_of_trunk(
    bench: Bench, bucket: Bucket
) -> None:
    before = data_in(bucket)
    bench.workshop.switch("dev")
    bench.edit("size: 1", "size: 2", PARAMETERS)

    assert bench.run() == {"total"}
    after = data_in(bucket)
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == {"out_dev.json"}
    assert bench.run() == set()


def test_what_a_colleague_has_made_is_copied(bench: Bench, bucket: Bucket) -> None:
    bench.edit("size: 1", "size: 2", PARAMETERS)
    bench.workshop.switch("dev")
    assert bench.run() == {"total"}
    bench.workshop.switch("other")

    assert bench.run() == set()
    assert bucket.read("out_other.json") == bucket.read("out_dev.json")
    assert '"other"' in bench.said("branches", "list", "--json")[1]

"""What is unchanged is known on a real S3 server on loopback, which keeps the records, too."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from branches_helpers import Kedro
from skip_helpers import ALL, DATA, PIPELINE, Bench
from steel_toes_helpers import Workshop

pytest_plugins = ["steel_toes_fixtures", "skip_helpers"]
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


class Bucket:
    """A bucket of the server, and what the project has to know of it."""

    def __init__(self, address: str) -> None:
        self.name = f"shop-{uuid4().hex}"
        self.keys = {"key": "a", "secret": "b", "endpoint_url": address}
        self.s3: Any = boto3.client(
            "s3",
            endpoint_url=address,
            region_name="us-east-1",
            aws_access_key_id="a",
            aws_secret_access_key="b",
        )
        self.s3.create_bucket(Bucket=self.name)
        for name, text in INPUTS.items():
            self.put(name, text)

    def put(self, name: str, text: str) -> None:
        self.s3.put_object(Bucket=self.name, Key=name, Body=text.encode())

    def delete(self, name: str) -> None:
        self.s3.delete_object(Bucket=self.name, Key=name)

    def when(self) -> dict[str, object]:
        """What lies there outside the store, with the time of its last change."""
        listed = self.s3.list_objects_v2(Bucket=self.name)["Contents"]
        return {
            each["Key"]: each["LastModified"]
            for each in listed
            if not each["Key"].startswith("ops/")
        }

    def read(self, name: str) -> str:
        body = self.s3.get_object(Bucket=self.name, Key=name)["Body"].read()
        return str(body.decode())

    def records(self) -> list[str]:
        listed = self.s3.list_objects_v2(Bucket=self.name, Prefix="ops/")
        return [each["Key"] for each in listed.get("Contents", [])]


class Imported(Kedro):
    """A quick ``kedro`` that has imported what speaks to S3."""

    modules = ["s3fs", "boto3"]


@pytest.fixture(scope="module")
def kedro(
    without_pandas: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Kedro]:
    folder = tmp_path_factory.mktemp("remote") / "any"
    folder.mkdir()
    kedro = Imported(Workshop(folder, without_pandas))
    yield kedro
    kedro.close()


@pytest.fixture
def bucket(address: str) -> Bucket:
    return Bucket(address)


@pytest.fixture
def bench(workshop: Workshop, kedro: Kedro, bucket: Bucket) -> Bench:
    """The project on main after a first run; all of its data is in the bucket."""
    workshop.switch("main")
    shutil.rmtree(workshop.path / "data")
    workshop.write({"conf/local/credentials.yml": json.dumps({"shop": bucket.keys})})
    workshop.write({PARAMETERS: DATA[PARAMETERS]})
    workshop.catalog(CATALOG.replace("BUCKET", bucket.name))
    workshop.pipeline(PIPELINE)
    workshop.settings(f"store: {{url: 's3://{bucket.name}/ops', credentials: shop}}\n")
    bench = Bench(workshop, kedro)
    assert bench.run() == ALL
    return bench


def test_nothing_runs_twice_even_if_the_same_is_put_again(
    bench: Bench, bucket: Bucket
) -> None:
    for name, text in INPUTS.items():
        bucket.put(name, text)
    before = bucket.when()

    assert bench.run("--runner=ThreadRunner") == set()
    assert bucket.when() == before
    assert any(name.startswith("ops/made/main/") for name in bucket.records())
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
    before = bucket.when()
    bench.workshop.switch("dev")
    bench.edit("size: 1", "size: 2", PARAMETERS)

    assert bench.run() == {"total"}
    after = bucket.when()
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == {"out_dev.json"}
    assert bench.run() == set()

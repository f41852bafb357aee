"""Steel toes on remote storage: a real S3 server on loopback, with its own users."""

import json
import socket
import urllib.request
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import boto3
import pytest
from steel_toes_helpers import NEW, OLD, WRONG, Workshop

pytest_plugins = ["steel_toes_fixtures"]

CATALOG = """
_s3: &s3 {type: text.TextDataset, credentials: shop}
raw: {<<: *s3, filepath: "s3://BUCKET/in/raw.txt"}
mid: {<<: *s3, filepath: "s3://BUCKET/mid.txt"}
versions: {<<: *s3, filepath: "s3://BUCKET/versions.txt", versioned: true}
parts:
  type: partitions.PartitionedDataset
  path: s3://BUCKET/parts
  dataset: text.TextDataset
  credentials: shop
out: {type: text.TextDataset, filepath: data/out.txt}
"""
PIPELINE = """
from kedro.pipeline import Node, Pipeline

def clean(raw):
    return f"clean({raw})"

def parts(mid):
    return {"one": f"one({mid})"}

def total(mid, versions, parts):
    return f"{mid} {versions} {[load() for load in parts.values()]}"

def create_pipeline():
    return Pipeline([
        Node(clean, "raw", "mid", name="clean"),
        Node(clean, "mid", "versions", name="versions"),
        Node(parts, "mid", "parts", name="parts"),
        Node(total, ["mid", "versions", "parts"], "out", name="total"),
    ])
"""
BASE = {
    "in/raw.txt": b"raw",
    "mid.txt": WRONG.encode(),
    f"versions.txt/{OLD}/versions.txt": WRONG.encode(),
    f"versions.txt/{NEW}/versions.txt": WRONG.encode(),
    "parts/one": WRONG.encode(),
    "parts/two": WRONG.encode(),
}
DENY_BRANCH = {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::*_dev*"}
ALLOW = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}


class Store:
    """A bucket of the server, and the users that it knows."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.bucket = f"shop-{uuid4().hex}"
        self.keys = self.user(ALLOW)
        self.client("s3").create_bucket(Bucket=self.bucket)
        for name, body in BASE.items():
            self.put(name, body)

    def client(self, service: str, **keys: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.address,
            region_name="us-east-1",
            aws_access_key_id=keys.get("key", "nobody"),
            aws_secret_access_key=keys.get("secret", "nothing"),
        )

    def authenticate(self, first_requests_free: int) -> None:
        url = f"{self.address}/moto-api/reset-auth"
        body, headers = (
            str(first_requests_free).encode(),
            {"Content-Type": "text/plain"},
        )
        urllib.request.urlopen(urllib.request.Request(url, body, headers)).close()

    def user(self, *statements: dict[str, str]) -> dict[str, str]:
        """Make a user who may do what the statements say; return the keys."""
        iam, name = self.client("iam"), uuid4().hex
        iam.create_user(UserName=name)
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_user_policy(UserName=name, PolicyName="it", PolicyDocument=policy)
        made = iam.create_access_key(UserName=name)["AccessKey"]
        return {"key": made["AccessKeyId"], "secret": made["SecretAccessKey"]}

    def put(self, name: str, body: bytes) -> None:
        self.client("s3").put_object(Bucket=self.bucket, Key=name, Body=body)

    def objects(self) -> dict[str, bytes]:
        s3 = self.client("s3", **self.keys)
        listed = s3.list_objects_v2(Bucket=self.bucket)["Contents"]
        names = [each["Key"] for each in listed]
        get = s3.get_object
        return {n: get(Bucket=self.bucket, Key=n)["Body"].read() for n in names}

    def tell(self, workshop: Workshop, address: str = "", **keys: str) -> None:
        """Write the catalog, and credentials that lead to this store."""
        credentials = {
            **(keys or self.keys),
            "endpoint_url": address or self.address,
            "config_kwargs": {"retries": {"max_attempts": 0}, "connect_timeout": 5},
        }
        text = json.dumps({"shop": credentials})
        workshop.write({"conf/local/credentials.yml": text})
        workshop.catalog(CATALOG.replace("BUCKET", self.bucket))
        workshop.pipeline(PIPELINE)


@pytest.fixture
def store(address: str) -> Iterator[Store]:
    store = Store(address)
    store.authenticate(first_requests_free=0)
    yield store
    store.authenticate(first_requests_free=1_000_000)


def test_a_branch_has_its_own_objects_and_leaves_those_of_the_base(
    workshop: Workshop, store: Store
) -> None:
    store.tell(workshop)

    with workshop.base_untouched():
        workshop.kedro("run")

    expected = "clean(raw) clean(clean(raw)) ['one(clean(raw))']"
    assert workshop.read("data/out_dev.txt") == expected
    after = store.objects()
    assert {name: after.pop(name) for name in BASE} == BASE
    [version] = [name for name in after if name.startswith("versions_dev.txt/")]
    assert after == {
        "mid_dev.txt": b"clean(raw)",
        "parts_dev/one": b"one(clean(raw))",
        version: b"clean(clean(raw))",
    }

    # Again, in threads: now everything of the branch is there already.
    workshop.kedro("run", "--runner=ThreadRunner")

    assert workshop.read("data/out_dev.txt") == expected
    after = store.objects()
    assert {name: after[name] for name in BASE} == BASE


def refuses_to_read_the_base(workshop: Workshop, store: Store) -> str:
    before = workshop.files()

    result = workshop.kedro("run", "--nodes=total", check=False)

    assert result.returncode == 1, result.stdout
    assert workshop.files() == before  # so no output was made of the wrong data
    assert store.objects() == BASE | {"mid_dev.txt": b"of dev"}
    return result.stdout + result.stderr


def with_a_branch_copy(store: Store) -> Store:
    store.client("s3", **store.keys).put_object(
        Bucket=store.bucket, Key="mid_dev.txt", Body=b"of dev"
    )
    return store


def test_a_server_that_does_not_answer_is_an_error(
    workshop: Workshop, store: Store
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with_a_branch_copy(store).tell(workshop, address=f"http://127.0.0.1:{port}")

    refuses_to_read_the_base(workshop, store)


@pytest.mark.parametrize("wrong", ["key", "secret"])
def test_wrong_credentials_are_an_error(
    workshop: Workshop, store: Store, wrong: str
) -> None:
    with_a_branch_copy(store).tell(workshop, **{**store.keys, wrong: "A" * 20})

    said = refuses_to_read_the_base(workshop, store)

    assert "Forbidden" in said


def test_a_branchs_object_that_may_not_be_read_is_an_error_not_the_base(
    workshop: Workshop, address: str, store: Store
) -> None:
    """The base may be read: fsspec's exists() would lead to it without a word."""
    store.authenticate(first_requests_free=1_000_000)
    keys = store.user(ALLOW, DENY_BRANCH)
    store.authenticate(first_requests_free=0)
    with_a_branch_copy(store).tell(workshop, **keys)

    said = refuses_to_read_the_base(workshop, store)

    assert "Forbidden" in said


def test_credentials_that_say_nothing_are_an_error(
    workshop: Workshop, store: Store
) -> None:
    with_a_branch_copy(store).tell(workshop)
    text = json.dumps({"shop": {"anon": True, "endpoint_url": store.address}})
    workshop.write({"conf/local/credentials.yml": text})

    refuses_to_read_the_base(workshop, store)

"""A project with data and records in a bucket, whose requests are counted."""

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from faulty_store import FaultyS3
from helpers import SWITCHES, commit, generate

OFF = {"expectations", "example", "pre_commit"}
ADDRESS = '{{<<: *s3, filepath: "s3://team/data/{0}.txt"}}'
PIPELINE = """
from kedro.pipeline import Node, Pipeline


def longer(text):
    return f"{{text}}1"


def create_pipeline():
    names = [f"d{{number}}" for number in range({nodes} + 1)]
    return Pipeline(
        [Node(longer, *pair, name=pair[1]) for pair in zip(names, names[1:])]
    )
"""


class CountingS3(FaultyS3):
    """The server, which lists the requests that it has had."""

    def __init__(self) -> None:
        self.log: list[str] = []
        super().__init__()
        self.clear()  # moto keeps what another server of this process has

    def __call__(
        self, environ: dict[str, Any], start: Callable[..., Any]
    ) -> Iterable[bytes]:
        self.log.append(f"{environ['REQUEST_METHOD']} {environ['RAW_URI']}")
        return super().__call__(environ, start)

    def clear(self) -> None:
        """Remove all objects."""
        for name in self.names(""):
            self.s3.delete_object(Bucket="team", Key=name)

    def put(self, name: str, data: bytes) -> None:
        """Write an object."""
        self.s3.put_object(Bucket="team", Key=name, Body=data)

    def read(self, name: str) -> bytes:
        """The content of an object."""
        body: bytes = self.s3.get_object(Bucket="team", Key=name)["Body"].read()
        return body

    def names(self, prefix: str) -> list[str]:
        """The names of the objects that begin so."""
        found = self.s3.list_objects_v2(Bucket="team", Prefix=prefix)
        return [each["Key"] for each in found.get("Contents", [])]


def make_project(
    folder: Path, address: str, nodes: int, guards: dict[str, bool]
) -> Path:
    """A project with a chain of nodes whose data, and whose store, is in the bucket."""
    project = generate(folder, **(dict.fromkeys(SWITCHES, False) | guards))
    entries = [f"d{each}: {ADDRESS.format(f'd{each}')}" for each in range(nodes + 1)]
    shared = "_s3: &s3 {type: text.TextDataset, credentials: team}"
    entries.append(f'"e{{number}}": {ADDRESS.format("e{number}")}')
    keys = {"key": "a", "secret": "b", "endpoint_url": address}
    files = {
        "conf/base/catalog.yml": "\n".join([shared, *entries]),
        "conf/local/credentials.yml": json.dumps({"team": keys}),
        "src/toe_test/pipelines/chain/__init__.py": PIPELINE.format(nodes=nodes),
    }
    for name, text in files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text, encoding="utf-8")
    if guards:
        settings = project / "conf" / "base" / "ops.yml"
        text = settings.read_text(encoding="utf-8")
        store = 'store: {url: "s3://team/ops", credentials: team}'
        changed = re.sub(r"^store:.*", store, text, flags=re.MULTILINE)
        settings.write_text(changed, encoding="utf-8")
    commit(project)
    return project

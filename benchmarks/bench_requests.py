"""How many requests runs and commands make if data and records are in a bucket.

Counted at an S3 server on loopback. The project has every guard but expectations, and a
chain of nodes whose data is in the bucket. What is measured, and what came out, is in
benchmarks/README.md.
"""

import json
import re
import tempfile
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]
import click
from faulty_store import FaultyS3
from helpers import SWITCHES, commit, generate, run
from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).with_suffix(".json")
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

    def __call__(
        self, environ: dict[str, Any], start: Callable[..., Any]
    ) -> Iterable[bytes]:
        self.log.append(f"{environ['REQUEST_METHOD']} {environ['RAW_URI']}")
        return super().__call__(environ, start)


@click.command(help=__doc__)
@click.option("--nodes", default=6, help="Of the pipeline.")
@click.option("--runs", default=1000, help="Of the team, before the last commands.")
@click.option("--branches", default=200, help="Of the team, before the last commands.")
@click.option("--datasets", default=500, help="That each of these branches has.")
@click.option("--show", is_flag=True, help="Print every request.")
def main(nodes: int, runs: int, branches: int, datasets: int, show: bool) -> None:
    server = CountingS3()
    with tempfile.TemporaryDirectory() as name:
        guards = dict.fromkeys(SWITCHES, True) | dict.fromkeys(OFF, False)
        bare = make_project(Path(name, "bare"), server.url, nodes, {})
        project = make_project(Path(name, "project"), server.url, nodes, guards)
        client = connect(server.url)
        client.put_object(Bucket="team", Key="data/d0.txt", Body=b"1")

        def count(*command: str, folder: Path = project, **env: str) -> int:
            server.log.clear()
            run("kedro", *command, cwd=folder, env=env, check=command[0] == "run")
            if show:
                click.echo("\n  ".join([" ".join(command), *server.log]))
            return len(server.log)

        plain = count("run", folder=bare)
        found = {"a run on main": count("run") - plain}
        found["a run on main that skips all"] = count("run")
        run("git", "switch", "--quiet", "--create", "dev", cwd=project)
        found["a run on a branch that skips all"] = count("run")
        found["a run on a branch"] = count("run", SKIP_UNCHANGED_FORCE="all") - plain
        add_runs(client, runs)
        add_branches(client, branches, datasets)
        found["the same after runs of the team"] = (
            count("run", SKIP_UNCHANGED_FORCE="all") - plain
        )
        found["kedro runs list"] = count("runs", "list")
        found["kedro branches list"] = count("branches", "list")
        found["kedro branches diff"] = count("branches", "diff")
    server.close()
    whole = 20 + 6 * nodes
    targets = [whole, 30, 30, whole, whole, 50, 50, 50]
    report = {
        "date": str(date.today()),
        "nodes": nodes,
        "runs": runs,
        "branches": branches,
        "datasets": datasets,
        "bare": plain,
        "requests": found,
        "targets": dict(zip(found, targets, strict=True)),
    }
    RESULTS.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    table = Table("", "requests", "target", title=f"{nodes} nodes; bare Kedro {plain}")
    for (what, number), target in zip(found.items(), targets, strict=True):
        table.add_row(what, str(number), str(target))
    Console().print(table)


def make_project(
    folder: Path, address: str, nodes: int, guards: dict[str, bool]
) -> Path:
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


def connect(address: str) -> Any:
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
    return boto3.client("s3", endpoint_url=address, region_name="us-east-1", **keys)


def add_runs(client: Any, count: int) -> None:
    """Copies of the last run, as if the team had run as often on the same day."""
    runs = json.loads(read(client, "ops/runs/runs.json"))
    last, more = runs["runs"][0], []
    for number in range(count):
        more.append({**last, "key": f"{number:08}-{last['key']}"})
    runs["runs"] += more
    client.put_object(Bucket="team", Key="ops/runs/runs.json", Body=json.dumps(runs))
    for name in names(client, f"ops/runs/{last['key']}/"):
        body = read(client, name).decode()
        for line in more:
            client.put_object(
                Bucket="team",
                Key=name.replace(last["key"], line["key"]),
                Body=body.replace(last["key"], line["key"]),
            )


def add_branches(client: Any, count: int, datasets: int) -> None:
    """Branches that have data: their manifests say so."""
    name = names(client, "ops/manifest/dev/")[-1]
    record = json.loads(read(client, name).splitlines()[-1])
    for each in range(datasets):
        client.put_object(Bucket="team", Key=f"data/e{each}.txt", Body=b"1")
    for number in range(count):
        branch = f"b{number}"
        lines = [
            json.dumps({**record, "branch": branch, "dataset": f"e{each}"})
            for each in range(datasets)
        ]
        client.put_object(
            Bucket="team",
            Key=name.replace("/dev/", f"/{branch}/"),
            Body="\n".join([*lines, ""]),
        )


def names(client: Any, prefix: str) -> list[str]:
    listed = client.list_objects_v2(Bucket="team", Prefix=prefix)["Contents"]
    return [each["Key"] for each in listed]


def read(client: Any, name: str) -> bytes:
    body: bytes = client.get_object(Bucket="team", Key=name)["Body"].read()
    return body


if __name__ == "__main__":
    main()

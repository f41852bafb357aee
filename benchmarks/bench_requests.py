"""How many requests runs and commands make if data and records are in a bucket.

Counted at an S3 server on loopback. The project has every guard but expectations, and a
chain of nodes whose data is in the bucket. What is measured, and what came out, is in
benchmarks/README.md.
"""

import json
import tempfile
from datetime import date
from pathlib import Path

import click
from counted_store import OFF, CountingS3, make_project
from helpers import SWITCHES, run
from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).with_suffix(".json")


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
        server.put("data/d0.txt", b"1")

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
        add_runs(server, runs)
        add_branches(server, branches, datasets)
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


def add_runs(server: CountingS3, count: int) -> None:
    """Copies of the last run, as if the team had run as often on the same day."""
    runs = json.loads(server.read("ops/runs/runs.json"))
    last, more = runs["runs"][0], []
    for number in range(count):
        more.append({**last, "key": f"{number:08}-{last['key']}"})
    runs["runs"] += more
    server.put("ops/runs/runs.json", json.dumps(runs).encode())
    for name in server.names(f"ops/runs/{last['key']}/"):
        body = server.read(name).decode()
        for line in more:
            text = body.replace(last["key"], line["key"])
            server.put(name.replace(last["key"], line["key"]), text.encode())


def add_branches(server: CountingS3, count: int, datasets: int) -> None:
    """Branches that have data: their manifests say so, as their last runs left them."""
    place = "ops/manifest/overview.json"
    overview = json.loads(server.read(place))
    [summary] = overview["dev"]["summaries"]
    name = server.names("ops/manifest/dev/")[-1]
    record = json.loads(server.read(name).splitlines()[0])
    for each in range(datasets):
        server.put(f"data/e{each}.txt", b"1")
    for number in range(count):
        branch = f"b{number}"
        lines = [
            json.dumps({**record, "branch": branch, "dataset": f"e{each}"})
            for each in range(datasets)
        ]
        text = "\n".join([*lines, ""])
        key = name.replace("/dev/", f"/{branch}/")
        server.put(key, text.encode())
        overview[branch] = {
            "files": {key.removeprefix("ops/"): len(text)},
            "summaries": [{**summary, "branch": branch, "datasets": datasets}],
        }
    server.put(place, json.dumps(overview).encode())


if __name__ == "__main__":
    main()

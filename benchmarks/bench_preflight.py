"""What preflight costs: ratios within one run of this program, each side in turn.

What is measured, and what came out, is in benchmarks/README.md.
"""

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

import click
from bench_steel_toes import installed, machine
from helpers import SWITCHES, commit, environment, generate, run
from rich.console import Console
from rich.table import Table

GUARDS = ("steel_toes", "path_rules", "preflight")  # the others are switched off
RESULTS = Path(__file__).with_suffix(".json")
TARGETS = {
    "server": "1,000 datasets on a server that answers in 20 ms: ratio to one by one",
    "files": "1,000 local files: milliseconds in a run",
    "code": "ruff and mypy, unchanged code: ratio to the two commands by hand",
    "run": "run of a healthy project of 12 nodes: ratio to the run without",
}
MANY = 1000
LIMITS = {"server": 0.1, "files": 50, "code": 1.1, "run": 1.1}

# Makes a project's catalog and pipeline in one process and times what it is told.
TIMER = """
import json, logging, subprocess, sys, time
from pathlib import Path
from kedro.framework import project
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

logging.disable(logging.WARNING)
what, rounds = sys.argv[1], int(sys.argv[2])
bootstrap_project(Path.cwd())
from bench.ops.preflight import inputs
from bench.ops.preflight.checks import ask_all, check_all
from bench.ops.preflight.hook import PreflightOptions, check_run, start
from bench.ops.preflight.linters import ARGUMENTS, CodeOptions, Linters
from bench.ops.preflight.planned_run import PlannedRun

def timed(function):
    begin = time.perf_counter()
    function()
    return time.perf_counter() - begin

def fresh(context):
    return context._get_catalog(), project.pipelines["__default__"]

def server(context):
    catalog, pipeline = fresh(context)
    settings = PreflightOptions()
    planned = PlannedRun(context, {}, pipeline, catalog)
    asked = [*inputs.check(planned, settings.ignore, 60.0)]
    assert len(asked) == 1000
    together = timed(lambda: ask_all(asked))
    one_by_one = timed(lambda: [each.ask() for each in asked[:100]]) * 10
    return together / one_by_one

def files(context):
    # Kedro makes the datasets in any case, with or without preflight.
    bare_catalog, pipeline = fresh(context)
    bare = timed(lambda: [bare_catalog.get(name) for name in pipeline.datasets()])
    catalog, pipeline = fresh(context)
    starting = start(context, PreflightOptions(), remove_broken=False)
    def look():
        found = [*check_run(starting, {}, pipeline, catalog, False)]
        assert found == [], found
    return (timed(look) - bare) * 1000

def code(context):
    linters = Linters(Path.cwd(), CodeOptions())
    def ask():
        asked = [("code", "error", each) for each in linters.check()]
        found = [*check_all(asked)]
        assert found == [], found
    def by_hand():
        started = [
            subprocess.Popen(
                [sys.executable, "-m", tool, *ARGUMENTS[tool], "src"],
                stdout=subprocess.DEVNULL,
            )
            for tool in ("ruff", "mypy")
        ]
        assert [each.wait() for each in started] == [0, 0]
    ask()  # fills the caches of ruff and mypy
    return timed(ask) / timed(by_hand)

with KedroSession.create() as session:
    context = session.load_context()
    results = [globals()[what](context) for _ in range(rounds)]
print("RESULT", json.dumps(results))
"""

PIPELINE = '''\
"""Trivial nodes."""

from typing import Any

from kedro.pipeline import Node, Pipeline


def work(*texts: Any) -> str:
    """Do as much as a small node does."""
    return str(sum(number * number for number in range({work})))


def create_pipeline() -> Pipeline:
    """Build the pipeline."""
    return Pipeline({nodes})
'''


class Slow(BaseHTTPRequestHandler):
    """Says after 20 ms that there is something."""

    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        sleep(0.02)
        self.send_response(200)
        self.send_header("Content-Length", "1")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@click.command(help=__doc__)
@click.option("--rounds", default=9, help="Measurements of each kind.")
def main(rounds: int) -> None:
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as name:
        os.environ["TMPDIR"] = tempfile.tempdir = name
        folder = Path(name)
        python = install(folder)
        found = {
            "server": on_server(folder, python, rounds),
            "files": timed(
                make(folder / "files", "data/01_raw/{}.txt"), python, "files", rounds
            ),
            "code": timed(
                make(folder / "code", "data/01_raw/{}.txt", 1), python, "code", rounds
            ),
            "run": runs(make(folder / "run", "data/01_raw/{}.txt", 12), python, rounds),
        }
        versions = installed(folder)
    report: dict[str, Any] = {
        "date": str(date.today()),
        "machine": machine() | versions,
        "results": {
            key: {"what": TARGETS[key], "target": LIMITS[key], **quarters(values)}
            for key, values in found.items()
        },
    }
    RESULTS.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    table = Table("", "median", "quarters", "target", "rounds")
    for each in report["results"].values():
        middle, ends = f"{each['median']:.3f}", f"{each['low']:.3f}-{each['high']:.3f}"
        table.add_row(
            each["what"], middle, ends, str(each["target"]), str(each["rounds"])
        )
    Console().print(table)


def install(folder: Path) -> Path:
    """Make an environment with what a run and the tools need."""
    run("uv", "venv", "--quiet", "--python", sys.executable, ".venv", cwd=folder)
    needed = (
        "kedro~=1.7.0",
        "kedro-datasets>=9.6,<10",
        "aiohttp",
        "xxhash",
        "sqlalchemy",
    )
    tools = ("mypy>=1.18,<3", "ruff~=0.17.6")
    run("uv", "pip", "install", "--quiet", *needed, *tools, cwd=folder)
    return folder / ".venv" / "bin" / "python"


def make(folder: Path, path: str, inputs: int = MANY) -> Path:
    """Make a project on main whose nodes read so many inputs and keep what they make."""
    folder.mkdir()
    switches = {switch: switch in GUARDS for switch in SWITCHES}
    project = generate(folder, project_name="Bench", **switches)
    entries = [
        f'in_{i}: {{type: text.TextDataset, filepath: "{path.format(i)}"}}\n'
        for i in range(inputs)
    ]
    (project / "conf/base/catalog.yml").write_text("".join(entries), encoding="utf-8")
    for i in range(inputs):
        (project / f"data/01_raw/{i}.txt").write_text("x", encoding="utf-8")
    names = [f"in_{i}" for i in range(inputs)]
    nodes = [f'Node(work, "{name}", "out_{name}")' for name in names]
    if inputs == MANY:
        nodes = [f"Node(work, {names}, 'out')"]
    code = project / "src/bench/pipelines/work/__init__.py"
    code.parent.mkdir()
    text = PIPELINE.replace("{nodes}", f"[{', '.join(nodes)}]")
    code.write_text(text.replace("{work}", "300_000"), encoding="utf-8")
    run("ruff", "format", "--quiet", code.parent, cwd=project)
    commit(project)
    return project


def on_server(folder: Path, python: Path, rounds: int) -> list[float]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    server.request_queue_size = 128
    threading.Thread(target=server.serve_forever, daemon=True).start()
    path = f"http://127.0.0.1:{server.server_port}/{{}}.txt"
    try:
        return timed(make(folder / "server", path), python, "server", rounds)
    finally:
        server.shutdown()


def timed(project: Path, python: Path, what: str, rounds: int) -> list[float]:
    said = run(python, "-c", TIMER, what, str(rounds), cwd=project).stdout
    results: list[float] = json.loads(said.rpartition("RESULT ")[2])
    return results


def runs(project: Path, python: Path, rounds: int) -> list[float]:
    """Whole processes with preflight, as ratios to those without, pair by pair."""
    sides: dict[str, dict[str, str]] = {"with": {}, "without": {"PREFLIGHT": "off"}}
    ratios = []
    for number in range(rounds + 1):
        cost = {}
        for side in random.sample(list(sides), 2):
            cost[side] = seconds_of_a_run(project, python, sides[side])
        if number:  # the first makes byte code
            ratios.append(cost["with"] / cost["without"])
    return ratios


def seconds_of_a_run(project: Path, python: Path, env: dict[str, str]) -> float:
    begin = perf_counter()
    subprocess.run(
        [python.with_name("kedro"), "run"],
        cwd=project,
        env=environment() | env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return perf_counter() - begin


def quarters(values: list[float]) -> dict[str, Any]:
    """The median; a quarter is below ``low``, one above ``high``."""
    low, median, high = statistics.quantiles(values, n=4)
    return {
        "rounds": len(values),
        "median": round(median, 4),
        "low": round(low, 4),
        "high": round(high, 4),
    }


if __name__ == "__main__":
    main()

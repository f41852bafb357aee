"""What the status page costs: to write, in bytes, and until it is drawn.

Pages of made-up runs of 1,000 and 5,000 nodes, index.html and a run.js for each, written by a generated project's code in a
process of its own and drawn by a headless Chromium. What came out is in
benchmarks/README.md.
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import click
from browser import chromium
from helpers import environment
from playwright.sync_api import Browser
from rich.console import Console
from rich.table import Table

TESTS = Path(__file__).parents[1] / "tests"
RESULTS = Path(__file__).with_suffix(".json")

# The highest that each should be.
TARGETS = {
    "1,000 nodes": {"written": 0.05, "bytes": 400_000, "drawn": 1.0},
    "5,000 nodes": {"drawn": 4.0},
}
PAGES = {
    "1,000 nodes": (1000, 1),
    "1,000 nodes, 50 runs": (1000, 50),
    "5,000 nodes": (5000, 1),
}

# Each page is written from runs that are in memory, as at the start and end of a run.
WRITE = """
import json, random, sys, time
from kit import ops
from run_status import some_runs

page = ops("run_status.page")
nodes, count, rounds, folder = map(json.loads, sys.argv[1:])
chance = random.Random(1)

def steps():
    '''Each node needs one to three datasets, most of them made not long before.'''
    found = {}
    for i in range(nodes):
        near = max(0, i - 60) if chance.random() < 0.9 else 0
        needs = {f"table_{chance.randrange(near, i)}" for _ in range(1 + i % 3)} if i > 7 else {f"raw_{i}"}
        found[f"make_table_{i}"] = (sorted(needs), [f"table_{i}"])
    return some_runs.nodes(found)

chance.seed(1)
runs = []
for number in range(count):
    chance.seed(1)
    runs.append(some_runs.run(f"run-{number:03}", steps(), at=some_runs.START + 3600 * number))
put = ops("core.store").Store(folder).write
page.write(put, [])  # reads the page's sources
times, updates = [], []
for _ in range(rounds):
    start = time.perf_counter(), time.process_time()
    page.write(put, runs)
    times.append((time.perf_counter() - start[0], time.process_time() - start[1]))
    run = runs[-1]
    start = time.perf_counter(), time.process_time()
    put(f"{run.key}/run.js", page.script(run))
    updates.append((time.perf_counter() - start[0], time.process_time() - start[1]))
print(json.dumps({"written": times, "updated": updates}))
"""

# Milliseconds since the page was asked for, when two frames with all of it were drawn.
DRAWN = """() => new Promise((done) =>
  requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))"""


@click.command(help=__doc__)
@click.option("--rounds", default=15, help="How often each page is written and drawn.")
def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        os.environ["TMPDIR"] = tempfile.tempdir = name  # Cookiecutter leaves folders
        results = {
            title: measure(
                browser, Path(name) / f"{nodes}-{runs}", (nodes, runs), rounds
            )
            for title, (nodes, runs) in PAGES.items()
        }
        version = browser.version
    report = {
        "date": str(date.today()),
        "machine": {
            "system": platform.system(),
            "processor": platform.machine(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "chromium": version,
        },
        "targets": TARGETS,
        "results": results,
    }
    RESULTS.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    show(report)


def measure(
    browser: Browser, folder: Path, shape: tuple[int, int], rounds: int
) -> dict[str, Any]:
    """Write a page of so many nodes and runs, and draw it."""
    words = [*map(str, shape), str(rounds), json.dumps(str(folder))]
    said = subprocess.run(
        [sys.executable, "-c", WRITE, *words],
        env=environment() | {"PYTHONPATH": str(TESTS)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    told = json.loads(said.splitlines()[-1])
    file = folder / "index.html"
    run = next(folder.glob("*/run.js"))
    return {
        "written": seconds([wall for wall, _ in told["written"]]),
        "written_cpu": seconds([cpu for _, cpu in told["written"]]),
        "updated": seconds([wall for wall, _ in told["updated"]]),
        "updated_cpu": seconds([cpu for _, cpu in told["updated"]]),
        "bytes": file.stat().st_size + run.stat().st_size,
        "run_bytes": run.stat().st_size,
        "drawn": seconds([drawn(browser, file) for _ in range(rounds)]),
    }


def drawn(browser: Browser, file: Path) -> float:
    """Seconds from asking for a page until it is on the screen, in a new tab."""
    page = browser.new_page(viewport={"width": 1360, "height": 860})
    page.goto(file.as_uri())
    milliseconds: float = page.evaluate(DRAWN)
    page.close()
    return milliseconds / 1000


def seconds(times: list[float]) -> dict[str, float]:
    """The median; a quarter is below ``low``, one above ``high``."""
    low, median, high = statistics.quantiles(times, n=4)
    least = min(times)
    return {
        name: round(value, 4)
        for name, value in [
            ("median", median),
            ("low", low),
            ("high", high),
            ("least", least),
        ]
    }


def show(report: dict[str, Any]) -> None:
    table = Table("page", "written", "of it CPU", "update", "kB", "drawn")
    for title, result in report["results"].items():
        table.add_row(
            title,
            f"{1000 * result['written']['median']:.0f} ms",
            f"{1000 * result['written_cpu']['median']:.0f} ms",
            f"{1000 * result['updated']['median']:.0f} ms",
            f"{result['bytes'] / 1000:.0f}",
            f"{result['drawn']['median']:.2f} s",
        )
    Console().print(table)


if __name__ == "__main__":
    main()

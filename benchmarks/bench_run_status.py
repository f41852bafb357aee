"""What run status costs: against bare Kedro, and against kedro-viz's hooks.

As in bench_steel_toes.py, what is compared runs at the same time on one core, but side by
side with bare Kedro only: the page takes a share of the time on the clock. The hooks of
kedro-viz record the same kinds of things, without being live.
"""

import json
import os
import statistics
import tempfile
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import click
from bench_steel_toes import (
    PIPELINE,
    RATIO,
    Command,
    Cost,
    at_once,
    install,
    installed,
    machine,
    ratios,
)
from helpers import SWITCHES, commit, generate, run
from rich.console import Console
from rich.progress import track
from rich.table import Table

RESULTS = Path(__file__).with_suffix(".json")
NODES = 1000
# With all of it on, for trivial nodes: CPU of the whole run to bare Kedro's, and what a
# node costs more than there to what it costs more with kedro-viz.
TARGETS = {"to_bare": 1.10, "to_viz": 1.0}

# What is on, on each side; "viz" has kedro-viz's hooks and none of ours.
SIDES: dict[str, dict[str, bool]] = {
    "bare": {},
    "status": {"run_status": True},
    "all": {"run_status": True, "node_stats": True},
    "viz": {},
}


class Pair(NamedTuple):
    """The costs of two that ran at the same time."""

    side: Cost
    bare: Cost


@click.command(help=__doc__)
@click.option("--rounds", default=9, help="Runs of 1,000 nodes on each side.")
@click.option("--starts", default=9, help="Runs of one node on each side.")
def main(rounds: int, starts: int) -> None:
    # Without byte code, every start would spend most of its time on compiling.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as name:
        os.environ["TMPDIR"] = tempfile.tempdir = name  # Cookiecutter leaves folders
        folder = Path(name)
        sides = {nodes: make_sides(folder / str(nodes), nodes) for nodes in (NODES, 1)}
        ours, theirs = make_environments(folder, sides[1]["all"])
        kedros = dict.fromkeys(SIDES, ours) | {"viz": theirs}
        costs = {
            nodes: measure(sides[nodes], kedros, count)
            for nodes, count in ((NODES, rounds), (1, starts))
        }
        versions = installed(folder / "viz")
    report = {
        "date": str(date.today()),
        "machine": machine() | versions,
        "targets": TARGETS,
        "results": summary(costs),
    }
    RESULTS.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    show(report)


def make_environments(folder: Path, project: Path) -> tuple[Path, Path]:
    """Two environments, of which only one has kedro-viz; return their `kedro`."""
    kedros = []
    for name in ("ours", "viz"):
        (folder / name).mkdir()
        kedros.append(install(folder / name, project))
    run("uv", "pip", "install", "--quiet", "kedro-viz~=12.0", cwd=folder / "viz")
    return kedros[0], kedros[1]


def make_sides(folder: Path, nodes: int) -> dict[str, Path]:
    """Make the same project for each side."""
    folder.mkdir()
    sides = {}
    for side, on in SIDES.items():
        off = dict.fromkeys(SWITCHES, False)
        (folder / side).mkdir()
        sides[side] = generate(folder / side, project_name="Bench", **off | on)
        # With Kedro's own logging, as the bare side has it.
        (sides[side] / "conf" / "logging.yml").unlink(missing_ok=True)
        fill(sides[side], nodes)
        commit(sides[side])
    return sides


def fill(project: Path, nodes: int) -> None:
    """Give a project trivial nodes, each with a file to read and one to write."""
    for name, layer in [("in", "01_raw"), ("out", "02_intermediate")]:
        lines = (
            f"{name}_{i}: {{type: text.TextDataset, "
            f"filepath: data/{layer}/{name}_{i}.txt}}\n"
            for i in range(nodes)
        )
        # Two files, since one is refused by OmegaConf from 10,000 YAML nodes on.
        (project / f"conf/base/catalog_{name}.yml").write_text("".join(lines))
    pipeline = project / "src/bench/pipelines/copies"
    pipeline.mkdir()
    (pipeline / "__init__.py").write_text(PIPELINE.format(nodes=nodes))
    for i in range(nodes):
        (project / f"data/01_raw/in_{i}.txt").write_text(f"text {i}\n" * 10)


def measure(
    sides: dict[str, Path], kedros: dict[str, Path], rounds: int
) -> dict[str, list[Pair]]:
    """Run every side beside the bare one, round by round."""
    commands: dict[str, Command] = {
        side: ([kedros[side], "run"], folder) for side, folder in sides.items()
    }
    for command, folder in commands.values():
        run(*command, cwd=folder)  # makes byte code and the first outputs
    pairs: dict[str, list[Pair]] = {side: [] for side in sides if side != "bare"}
    for number in track(range(rounds), "kedro run", console=Console(stderr=True)):
        for side, found in pairs.items():
            order = (side, "bare") if number % 2 else ("bare", side)
            costs = at_once({each: commands[each] for each in order})
            found.append(Pair(costs[side], costs["bare"]))
    return pairs


def summary(costs: dict[int, dict[str, list[Pair]]]) -> dict[str, Any]:
    """Ratios to bare Kedro, and milliseconds of CPU that a node costs more than there."""
    large, small = costs[NODES], costs[1]
    more = {
        side: round((_more(large[side]) - _more(small[side])) / (NODES - 1) * 1000, 3)
        for side in large
    }
    compared = {
        side: ratios([p.side.cpu for p in pairs], [p.bare.cpu for p in pairs])
        for side, pairs in large.items()
    }
    bare = statistics.median(
        pair.bare.cpu for pairs in large.values() for pair in pairs
    )
    return {
        "bare_seconds": round(bare, 3),
        "rounds": len(large["all"]),
        "ratios": compared,
        "seconds_more": {side: round(_more(pairs), 3) for side, pairs in large.items()},
        "seconds_of_a_start": {
            side: round(_more(pairs), 3) for side, pairs in small.items()
        },
        "milliseconds_per_node": more,
        "to_bare": compared["all"]["median"],
        "to_viz": round(_more(large["all"]) / _more(large["viz"]), 3),
        "to_viz_without_start": round(more["all"] / more["viz"], 3),
    }


def _more(pairs: list[Pair]) -> float:
    """Seconds of CPU beyond bare Kedro's."""
    return statistics.median(pair.side.cpu - pair.bare.cpu for pair in pairs)


def show(report: dict[str, Any]) -> None:
    results = report["results"]
    title = f"{NODES:,} trivial nodes; bare: {results['bare_seconds']:.2f} s of CPU"
    columns = ("seconds_more", "seconds_of_a_start", "milliseconds_per_node")
    table = Table("", "CPU to bare", *columns, title=title)
    for side, found in results["ratios"].items():
        more = (str(results[column][side]) for column in columns)
        table.add_row(side, RATIO.format(**found), *more)
    Console().print(table)
    for name, target in report["targets"].items():
        Console().print(f"all {name}: {results[name]} (target {target})")


if __name__ == "__main__":
    main()

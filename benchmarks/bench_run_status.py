"""What run status costs: against bare Kedro, and against kedro-viz's hooks.

As in bench_steel_toes.py, every round runs each side once, and sides are compared within
the round. The hooks of kedro-viz record the same kinds of things, without being live.
What hooks take is measured alone, too.
"""

import json
import os
import statistics
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import click
from bench_steel_toes import (
    PIPELINE,
    Cost,
    cost_of,
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
# With all of it on, for trivial nodes: CPU of the whole run to bare Kedro's, and that of
# the hooks alone to that of kedro-viz's.
TARGETS = {"to_bare": 1.10, "to_viz": 1.0}
# Calls the hooks as a sequential run does, without the run: that takes twenty times as
# long, and how long varies by more than all hooks take. Prints seconds of CPU.
HOOKS = """
import logging, time
from pathlib import Path
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
bootstrap_project(Path.cwd())
logging.disable(logging.INFO)
session = KedroSession.create()
context = session.load_context()
hook = session._hook_manager.hook
pipeline, catalog = pipelines["__default__"], context._get_catalog()
for name in pipeline.datasets():
    catalog.get(name)
run_id = session.session_id
run_params = {"run_id": run_id, "project_path": str(Path.cwd()), "env": "",
              "kedro_version": "1.7.0", "pipeline_names": None, "runner": None}
run = {"run_params": run_params, "pipeline": pipeline, "catalog": catalog}
all_threads, this_one = time.process_time(), time.thread_time()
hook.before_pipeline_run(**run)
for node in pipeline.nodes:
    (read,), (made,), data = node.inputs, node.outputs, "text" * 10
    ran = {"node": node, "catalog": catalog, "inputs": {read: data},
           "is_async": False, "run_id": run_id}
    hook.before_dataset_loaded(dataset_name=read, node=node)
    hook.after_dataset_loaded(dataset_name=read, data=data, node=node)
    hook.before_node_run(**ran)
    hook.after_node_run(**ran, outputs={made: data})
    hook.before_dataset_saved(dataset_name=made, data=data, node=node)
    hook.after_dataset_saved(dataset_name=made, data=data, node=node)
hook.after_pipeline_run(**run, run_result={})
print("SECONDS", time.process_time() - all_threads, time.thread_time() - this_one)
"""

# What is on, on each side; "viz" has kedro-viz's hooks and none of ours.
SIDES: dict[str, dict[str, bool]] = {
    "bare": {},
    "status": {"run_status": True},
    "all": {"run_status": True, "node_stats": True},
    "viz": {},
}


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
        hooks = measure_hooks(sides[NODES], kedros, starts)
        versions = installed(folder / "viz")
    report = {
        "date": str(date.today()),
        "machine": machine() | versions,
        "targets": TARGETS,
        "results": summary(costs, hooks),
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
) -> dict[str, list[Cost]]:
    """Run every side, round by round."""
    costs: dict[str, list[Cost]] = {side: [] for side in sides}
    for side, folder in sides.items():
        run(kedros[side], "run", cwd=folder)  # makes byte code and the first outputs
    for number in track(range(rounds), "kedro run", console=Console(stderr=True)):
        order = list(sides)
        for side in order[number % 4 :] + order[: number % 4]:
            costs[side].append(cost_of([kedros[side], "run"], sides[side]))
    return costs


def measure_hooks(
    sides: dict[str, Path], kedros: dict[str, Path], rounds: int
) -> dict[str, dict[str, list[float]]]:
    """The seconds of CPU of each side's hooks, of all threads and of the run's own."""
    found: dict[str, dict[str, list[float]]] = {
        side: {"all threads": [], "run's own": []} for side in sides
    }
    for number in track(range(rounds), "hooks alone", console=Console(stderr=True)):
        order = list(sides)
        for side in order[number % 4 :] + order[: number % 4]:
            python = kedros[side].with_name("python")
            said = run(python, "-c", HOOKS, cwd=sides[side]).stdout
            seconds = said.rpartition("SECONDS ")[2].split()[:2]
            for threads, text in zip(found[side], seconds, strict=True):
                found[side][threads].append(float(text))
    return found


def summary(
    costs: dict[int, dict[str, list[Cost]]], hooks: dict[str, dict[str, list[float]]]
) -> dict[str, Any]:
    """Ratios to bare Kedro, and the milliseconds of CPU that the hooks take a node."""
    large, small = costs[NODES], costs[1]
    alone = {
        side: {
            threads: round(statistics.median(each) / NODES * 1000, 4)
            for threads, each in found.items()
        }
        for side, found in hooks.items()
    }
    compared = {
        side: {
            clock: ratios(
                [getattr(cost, clock) for cost in large[side]],
                [getattr(cost, clock) for cost in large["bare"]],
            )
            for clock in ("cpu", "wall")
        }
        for side in SIDES
        if side != "bare"
    }
    return {
        "bare_seconds": round(statistics.median(each.cpu for each in large["bare"]), 3),
        "rounds": len(large["bare"]),
        "ratios": compared,
        "start_seconds": {
            side: round(statistics.median(each.cpu for each in found), 3)
            for side, found in small.items()
        },
        "hooks_milliseconds_per_node": alone,
        "to_bare": compared["all"]["cpu"]["median"],
        "to_viz": round(alone["all"]["all threads"] / alone["viz"]["all threads"], 3),
    }


def show(report: dict[str, Any]) -> None:
    results = report["results"]
    title = f"{NODES:,} trivial nodes; bare: {results['bare_seconds']:.2f} s of CPU"
    threads = list(results["hooks_milliseconds_per_node"]["bare"])
    heads = [f"hooks, ms per node, {each}" for each in threads]
    table = Table("", "CPU", "wall", *heads, title=title)
    for side, found in results["ratios"].items():
        texts = (
            "{median:.3f} ({low:.3f}-{high:.3f})".format(**found[clock])
            for clock in ("cpu", "wall")
        )
        alone = results["hooks_milliseconds_per_node"][side]
        table.add_row(side, *texts, *(str(alone[each]) for each in threads))
    Console().print(table)
    for name, target in report["targets"].items():
        Console().print(f"all {name}: {results[name]} (target {target})")


if __name__ == "__main__":
    main()

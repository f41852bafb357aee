"""Describes a run for the journal: its plan, how it ended, and how to resume it."""

from __future__ import annotations

import inspect
import json
import multiprocessing
import os
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from kedro.framework import project
from kedro.io import DataCatalog, DatasetError
from kedro.io.core import is_parameter
from kedro.pipeline import Pipeline

from ..core import git, kedro_internals, redaction
from ..core.checksum import short_hash
from ..core.errors import suppress_errors
from ..core.formats import duration, printable
from ..core.process import user
from .model import Run, State

KEY = "RUN_STATUS_KEY"  # names the run; processes with the same key are one run
TRY = "RUN_STATUS_TRY"  # "2/3": the second of three tries of a task
_AIRFLOW = ("AIRFLOW_CTX_DAG_ID", "AIRFLOW_CTX_DAG_RUN_ID")
_BLIND = "kedro.runner.parallel_runner.ParallelRunner"
_KEPT_OUT = {"project_path", "run_id", "session_id", "env", "runner", "pipeline_names"}


def key_of(run_id: str, environ: Mapping[str, str] = os.environ) -> str:
    """The name of the run's folder: unique, and valid on every system.

    What Airflow or the user names is one run, whatever number of processes works on it.
    """
    if given := _given(environ):
        text = re.sub(r"[^a-z0-9]+", "-", given.lower())[:60].strip("-")
        return f"{text or 'run'}-{short_hash(given)}"
    return f"{re.sub(r'[^A-Za-z0-9.-]+', '-', run_id)}-{uuid4().hex[:8]}"


def is_shared(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether other processes may work on the same run, before this one or after it."""
    return bool(_given(environ))


def tries(environ: Mapping[str, str] = os.environ) -> dict[str, int]:
    """The number of this try of its task and of the tries left; empty if unknown."""
    found = re.fullmatch(r"(\d+)/(\d+)", environ.get(TRY, "").strip())
    if not found:
        return {}
    number, last = int(found[1]), int(found[2])
    return {"try_number": number, "tries_left": max(0, last - number)}


def _given(environ: Mapping[str, str]) -> str:
    given = environ.get(KEY, "").strip()
    if not given and all(environ.get(name) for name in _AIRFLOW):
        given = ".".join(environ[name] for name in _AIRFLOW)
    return given


def describe(
    run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
) -> dict[str, Any]:
    """The fields of the event with which a run starts."""
    project_path = Path(run_params["project_path"])
    names = run_params.get("pipeline_names") or ["__default__"]
    runner = _runner(run_params)
    params = {k: v for k, v in run_params.items() if v and k not in _KEPT_OUT}
    return {
        "pipelines": list(names),
        "env": run_params.get("env") or "",
        "runner": runner.rpartition(".")[2],
        "blind": runner == _BLIND and _method() != "fork",
        **describe_session(project_path),
        "params": redaction.values(params),
        "parameter_hashes": _parameter_hashes(catalog),
        "nodes": list(_nodes(_registered(names), pipeline)),
        "datasets": list(_datasets(pipeline, catalog, project_path)),
    }


def describe_session(project_path: Path) -> dict[str, Any]:
    """The fields that do not depend on the pipeline."""
    return {
        "shared": is_shared(),
        **tries(),
        "project": project.PACKAGE_NAME or project_path.name,
        "branch": git.branch_name(project_path),
        "user": user(),
    }


def _parameter_hashes(catalog: DataCatalog) -> dict[str, str]:
    """A hash of each parameter: it shows that a value changed, not the value."""
    known: Any = {}
    with suppress_errors():  # what is wrong with them, Kedro says
        if (dataset := catalog.get("parameters")) is not None:
            known = redaction.values(dataset.load())
    return {
        name: short_hash(json.dumps(value, default=str))
        for name, value in _leaves(known)
    }


def _leaves(given: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(given, dict) and given:
        for name, value in given.items():
            yield from _leaves(value, f"{path}.{name}" if path else str(name))
    elif path:
        yield path, given


def _method() -> str:
    asked = os.environ.get("KEDRO_MP_CONTEXT", "")
    known = {"fork", "spawn", "forkserver"}
    return asked if asked in known else multiprocessing.get_start_method()


def _registered(names: Iterable[str]) -> Pipeline:
    """The pipeline without the options that select a part of it."""
    known = project.pipelines  # without one that was made for this run only
    found: list[Pipeline] = [known[name] for name in names if name in known]
    return sum(found[1:], found[0]) if found else Pipeline([])


def _nodes(registered: Pipeline, pipeline: Pipeline) -> Iterable[dict[str, Any]]:
    selected = whole = {node.name: node for node in pipeline.nodes}
    if len(registered.nodes) > len(selected):
        others = {node.name: node for node in registered.nodes}
        whole = others if selected.keys() <= others.keys() else selected
    for name, node in whole.items():
        yield {
            "name": name,
            "short_name": node.short_name,
            "namespace": node.namespace,
            "tags": sorted(node.tags),
            "inputs": list(node.inputs),
            "outputs": list(node.outputs),
            **({} if name in selected else {"selected": False}),
            **({"generator": True} if inspect.isgeneratorfunction(node.func) else {}),
        }


def _datasets(
    pipeline: Pipeline, catalog: DataCatalog, project_path: Path
) -> Iterable[dict[str, str]]:
    for name in sorted(pipeline.datasets()):
        if is_parameter(name):
            yield {"name": name, "type": "parameter"}
            continue
        dataset: Any = None
        with suppress(DatasetError):  # the runner reports it where hooks expect it
            dataset = catalog.get(name)
        if dataset is None:
            yield {"name": name, "type": "MemoryDataset"}
        else:
            place = redaction.text(_place(dataset), project_path)
            yield {"name": name, "type": _type(dataset.__class__), "place": place}


def _type(cls: type) -> str:
    """The type as in the catalog: ``pandas.CSVDataset``."""
    package, _, rest = cls.__module__.partition(".")
    if package == "kedro_datasets":
        return f"{rest.partition('.')[0]}.{cls.__name__}"
    in_kedro = package == "kedro"
    return cls.__name__ if in_kedro else f"{cls.__module__}.{cls.__name__}"


def _place(dataset: Any) -> str:
    """A path, a URL or a table's name; empty if there is none."""
    dataset = kedro_internals.uncached(dataset)
    path = kedro_internals.path(dataset)
    if path:
        protocol = kedro_internals.protocol(dataset) or "file"
        bare = str(path)
        return bare if protocol == "file" or "://" in bare else f"{protocol}://{bare}"
    return kedro_internals.table_name(dataset)


# What to say of a run at its end


def report(run: Run, page: str = "", viz: str = "") -> str:
    """A run in a few lines, for the end of it."""
    lines = [
        ("run", run.key),
        ("state", run.state.value),
        ("nodes", run.node_summary()),
        ("time", duration(run.seconds())),
        ("branch", run.branch),
        *last_lines(run, page, viz),
    ]
    text = "\n".join(f"  {name:<8}{value}" for name, value in lines if value)
    return printable(f"Run status:\n{text}")


def last_lines(run: Run, page: str, viz: str) -> list[tuple[str, str]]:
    """More lines for the summary of a run, each with its name."""
    lines = [("resume", run.resume), ("page", page), ("viz", viz)]
    lines += [("unusual", mark) for mark in run.marks()]
    return [(name, printable(text)) for name, text in lines if text]


# The command that resumes a run that has failed

_DONE = {State.SUCCEEDED, State.SKIPPED}
# Options that still hold for the rest of the run.
_LISTS = {
    "pipeline_names": "--pipelines",
    "to_nodes": "--to-nodes",
    "to_outputs": "--to-outputs",
    "tags": "--tags",
    "namespaces": "--namespaces",
}
_FROM = {
    "node_names": "--nodes",
    "from_nodes": "--from-nodes",
    "from_inputs": "--from-inputs",
}


def resume_command(
    run: Run, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
) -> str:
    """``kedro run`` with the run's options, from the nodes to resume from.

    Parameters of the command line are left out: they may hold secrets.
    """
    left = [node for node in pipeline.nodes if run.nodes[node.name].state not in _DONE]
    options = list(_options_of(run_params, _LISTS))
    if len(left) < len(pipeline.nodes):
        names = kedro_internals.nodes_to_resume_from(pipeline, left, catalog)
        if names:
            options.append(f"--from-nodes={','.join(sorted(names))}")
    else:
        options += _options_of(run_params, _FROM)
    if env := run_params.get("env"):
        options.insert(0, f"--env={env}")
    if run.runner and run.runner != "SequentialRunner":
        path = _runner(run_params)
        of_kedro = path.startswith("kedro.runner.")  # which is known by its last word
        name = path.rpartition(".")[2] if of_kedro else path
        options.insert(0, f"--runner={name}")
    return shlex.join(["kedro", "run", *options])


def _options_of(run_params: dict[str, Any], known: dict[str, str]) -> Iterator[str]:
    for key, option in known.items():
        if given := run_params.get(key):
            yield f"{option}={','.join(map(str, given))}"


def _runner(run_params: dict[str, Any]) -> str:
    """The path of its class, from the text of a runner as well; Kedro's default is None."""
    path = str(run_params.get("runner")).strip("<").partition(" ")[0]
    return "SequentialRunner" if path in {"", "None"} else path

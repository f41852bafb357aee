"""Whether the data that a run reads is there."""

from __future__ import annotations

import contextlib
import copy
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset, MemoryDataset

from ..core import dataset_io, kedro_internals
from .dataset_types import innermost_cause, one_line
from .deadline import HERE, LOCAL, Answer, Failure, NoAnswer, Question
from .planned_run import PlannedRun
from .problem import NOTE, WARN, Problem
from .settings import Ignore

# Asking them is as dear as loading, or says nothing.
_DO_NOT_ASK = re.compile(r"(Query|API)Dataset$")
_FILE_DATABASES = ("sqlite", "duckdb")  # a question would make the file


def questions(run: PlannedRun, ignore: Ignore, seconds: float) -> list[Question]:
    """One question for each input of the run whose dataset can answer."""
    return [
        _question(name, dataset, seconds)
        for name, dataset in _inputs(run, ignore)
        if not _cannot_tell(dataset)
    ]


def check(
    run: PlannedRun, ignore: Ignore, answers: dict[str, Answer], seconds: float
) -> Iterator[Problem]:
    """What the answers say."""
    for name, dataset in _inputs(run, ignore):
        if _cannot_tell(dataset):
            yield Problem(
                "cannot tell whether its data is there",
                name,
                run.where(name),
                "nothing, or see preflight.ignore in ops.yml",
                level=NOTE,
            )
        elif answers[name] is not True:
            yield _problem(run, name, dataset, answers[name], seconds)


def _inputs(
    run: PlannedRun, ignore: Ignore
) -> Iterator[tuple[str, AbstractDataset[Any, Any]]]:
    for name in run.inputs:
        dataset = run.datasets.get(name)
        if dataset is None:
            continue  # the check of the catalog says so
        if ignore.types or ignore.names:
            if ignore.has(name, run.kind(name)):
                continue
        yield name, dataset


def _problem(
    run: PlannedRun, name: str, dataset: Any, answer: Answer, seconds: float
) -> Problem:
    where = run.where(name)
    place = _place(dataset).replace(f"{Path(run.context.project_path).as_posix()}/", "")
    if isinstance(answer, NoAnswer):
        what = f"no answer within {seconds:g} s from {_server(dataset)}"
        return Problem(what, name, where, "try again, or raise preflight.timeout")
    if isinstance(answer, Failure):
        reason = innermost_cause(answer.error)
        what = f"could not be asked: {type(reason).__name__}: {one_line(reason)}"
        return Problem(what, name, where, "mend the credentials, rights or connection")
    if isinstance(dataset, MemoryDataset):
        what = "is in memory, and nothing has been put there"
        return Problem(what, name, where or run.used_by(name), "", level=WARN)
    version = getattr(kedro_internals.version(dataset), "load", None)
    what = f"has no data{f' of version {version}' if version else ''} at {place}"
    level = {"level": WARN} if run.nodes_may_be_left_out else {}
    return Problem(
        what, name, where, "put it there, or run the pipeline that makes it", **level
    )


def _question(name: str, dataset: Any, seconds: float) -> Question:
    return Question(name, _lane(dataset), lambda: _is_readable(dataset), seconds)


def _is_readable(dataset: Any) -> bool:
    places = dataset_io.readings(dataset)
    if _may_be_empty(dataset):
        # Not ``exists``: it would keep the list of what is new, as it is now.
        return all(_answers(*dataset_io.place(each)) for each in places)
    return any(_is_there(each) for each in places)


def _answers(filesystem: Any, path: str) -> bool:
    with contextlib.suppress(FileNotFoundError):
        filesystem.info(path)
    return True


def _is_there(dataset: Any) -> bool:
    if dataset_io.place(dataset)[0] is not None:
        return dataset_io.is_there(dataset)
    if _is_in_missing_file(dataset):
        return False
    if hasattr(dataset, "engine") or _only_here(dataset):
        return bool(dataset.exists())
    # A copy: a connection that this thread opens may be of no use to the run's own.
    return bool(copy.deepcopy(dataset).exists())


def _may_be_empty(dataset: Any) -> bool:
    """Whether it is no mistake that there is nothing new."""
    kinds = [kind.__name__ for kind in dataset.__class__.__mro__]
    return "IncrementalDataset" in kinds


def _cannot_tell(dataset: Any) -> bool:
    first = dataset_io.readings(dataset)[0]
    kind: type[AbstractDataset[Any, Any]] = first.__class__
    if _DO_NOT_ASK.search(kind.__name__):
        return True
    return not kedro_internals.has_exists(kind)


def _only_here(dataset: Any) -> bool:
    """Whether the run's thread has to ask, for it keeps data or one connection for all."""
    if isinstance(dataset, MemoryDataset):
        return True
    return str(dataset.__class__.__module__).startswith("kedro_datasets.ibis")


def _is_in_missing_file(dataset: Any) -> bool:
    """Whether its database is a file that connecting would make."""
    engine = getattr(dataset, "engine", None)
    config = kedro_internals.connection_config(dataset)
    if engine is not None:
        backend, file = engine.url.get_backend_name(), engine.url.database
    elif isinstance(config, dict):
        backend, file = config.get("backend"), config.get("database")
    else:
        return False
    is_file = backend in _FILE_DATABASES and file and ":" not in str(file)
    return bool(is_file) and not os.path.exists(str(file))


def _lane(dataset: Any) -> str:
    """What it waits for, so that others need not: the disk, a bucket, a database."""
    first = dataset_io.readings(dataset)[0]
    filesystem, path = dataset_io.place(first)
    if filesystem is None:
        if _only_here(first):
            return HERE
        # Not the engine: its driver may be missing.
        return f"{type(first).__name__} {kedro_internals.connection_string(first)}"
    if dataset_io.is_local(filesystem):
        return LOCAL
    return dataset_io.bucket(filesystem, path)


def _server(dataset: Any) -> str:
    filesystem, path = dataset_io.place(dataset_io.readings(dataset)[0])
    return dataset_io.bucket(filesystem, path) if filesystem else "its server"


def _place(dataset: Any) -> str:
    shown = []
    for each in dataset_io.readings(dataset):
        filesystem, path = dataset_io.place(each)
        if filesystem is None:
            name = kedro_internals.table_name(each)
            shown.append(f"table {name}" if name else each.__class__.__name__)
        elif dataset_io.is_local(filesystem):
            shown.append(path)
        else:
            shown.append(filesystem.unstrip_protocol(path))
    return " or ".join(shown)

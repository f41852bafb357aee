"""The data that a run reads."""

from __future__ import annotations

import contextlib
import copy
import os
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from kedro.io import MemoryDataset

from ..core import dataset_io, kedro_internals
from .checks import HERE, LOCAL, Failure, Found, NoAnswer, Question
from .planned_run import PlannedRun
from .problem import NOTE, WARN, Problem, innermost_cause, one_line
from .settings import Ignore

# Whether they hold data takes as long as a load, or they do not say.
_CANNOT_TELL = re.compile(r"(Query|API)Dataset$")
_FILE_DATABASES = ("sqlite", "duckdb")  # connecting would create the file


def check(run: PlannedRun, ignore: Ignore, seconds: float) -> Iterator[Found]:
    """A question for each dataset that the run reads and does not create."""
    for name in run.inputs:
        if name not in run.datasets:
            continue  # the check of the catalog reports it
        if (ignore.types or ignore.names) and ignore.has(name, run.kind(name)):
            continue
        dataset = run.datasets[name]
        if _can_tell(dataset):
            ask = partial(_is_readable, dataset)
            explain = partial(_problems, run, name, seconds)
            yield Question(_lane(dataset), ask, seconds, explain)
        else:
            what = "cannot tell whether it has data"
            remedy = "nothing, or see preflight.ignore in ops.yml"
            yield Problem(what, name, run.where(name), remedy, level=NOTE)


def _problems(
    run: PlannedRun, name: str, seconds: float, answer: Any
) -> Iterator[Problem]:
    dataset: Any = run.datasets[name]
    where, level = run.where(name), "error"
    if answer is True:
        return
    if isinstance(answer, NoAnswer):
        what = f"no answer within {seconds:g} s from {_server(dataset)}"
        remedy = "try again, or raise preflight.timeout"
    elif isinstance(answer, Failure):
        reason = innermost_cause(answer.error)
        what = f"could not be checked: {type(reason).__name__}: {one_line(reason)}"
        remedy = "fix the credentials, rights or connection"
    elif isinstance(dataset, MemoryDataset):
        what, remedy, level = "is in memory and has no data", "", WARN
        where = where or run.used_by(name)
    else:
        version = getattr(kedro_internals.version(dataset), "load", None)
        project = f"{Path(run.context.project_path).as_posix()}/"
        place = _place(dataset).replace(project, "")
        what = f"has no data{f' of version {version}' if version else ''} at {place}"
        remedy = "put it there, or run the pipeline that makes it"
        level = WARN if run.only_missing_outputs else level
    yield Problem(what, name, where, remedy, level)


def _can_tell(dataset: Any) -> bool:
    kind = dataset_io.readings(dataset)[0].__class__
    return not _CANNOT_TELL.search(kind.__name__) and kedro_internals.has_exists(kind)


def _is_readable(dataset: Any) -> bool:
    places = dataset_io.readings(dataset)
    kinds = [kind.__name__ for kind in dataset.__class__.__mro__]
    if "IncrementalDataset" not in kinds:
        return any(_has_data(each) for each in places)
    # It may have nothing new. ``exists`` would make it keep the list of what is new now.
    for each in places:
        filesystem, path = dataset_io.place(each)
        with contextlib.suppress(FileNotFoundError):
            filesystem.info(path)
    return True


def _has_data(dataset: Any) -> bool:
    if dataset_io.place(dataset)[0] is not None:
        return dataset_io.is_there(dataset)
    if _is_in_missing_file(dataset):
        return False
    if hasattr(dataset, "engine") or _is_for_one_thread(dataset):
        return bool(dataset.exists())
    # A copy: a connection that this thread opens may be of no use to the run's own.
    return bool(copy.deepcopy(dataset).exists())


def _is_for_one_thread(dataset: Any) -> bool:
    """Whether it holds data, or one connection for all datasets."""
    if isinstance(dataset, MemoryDataset):
        return True
    return str(dataset.__class__.__module__).startswith("kedro_datasets.ibis")


def _is_in_missing_file(dataset: Any) -> bool:
    """Whether its database is a file that connecting would create."""
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
    """What a question waits for: the disk, a bucket or a database."""
    first = dataset_io.readings(dataset)[0]
    filesystem, path = dataset_io.place(first)
    if filesystem is None:
        if _is_for_one_thread(first):
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

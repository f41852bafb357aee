"""The data that a run reads."""

from __future__ import annotations

import contextlib
import copy
import os
import re
from collections.abc import Iterator
from functools import partial
from typing import Any

from kedro.io import MemoryDataset

from ..core import dataset_io, file_info, kedro_internals
from ..core.errors import innermost_cause, one_line
from ..core.findings import ERROR, NOTE, WARNING, Finding
from ..core.settings import Ignore
from .checks import BUCKET_WIDTH, HERE, Found, NoAnswer, Question, check_each
from .outputs import Target, targets
from .planned_run import PlannedRun

# Whether they hold data takes as long as a load, or they do not say.
_CANNOT_TELL = re.compile(r"(Query|API)Dataset$")
_FILE_DATABASES = ("sqlite", "duckdb")  # connecting would create the file
_DISK_WIDTH = 2  # questions at a time to a disk, which is faster than threads


def check(run: PlannedRun, ignore: Ignore, seconds: float) -> Iterator[Found]:
    """A question for each dataset that the run reads and does not create."""
    # The check of the catalog reports those that are not in it.
    names = [name for name in run.inputs if name in run.datasets]
    if ignore.types or ignore.names:
        names = [name for name in names if not ignore.has(name, run.kind(name))]
    return check_each(names, partial(_check, run, seconds))


def _check(run: PlannedRun, seconds: float, name: str) -> Iterator[Found]:
    dataset = run.datasets[name]
    if _can_tell(dataset):
        lane, width = _lane(dataset)
        ask = partial(_is_readable, dataset)
        explain = partial(_explain, run, name, seconds)
        yield Question(name, lane, ask, seconds, explain, width)
    else:
        message = "cannot tell whether it has data"
        remedy = "nothing, or see preflight.ignore in ops.yml"
        yield Finding(message, name, run.place(name), remedy, NOTE)


def _explain(
    run: PlannedRun, name: str, seconds: float, answer: Any
) -> Iterator[Finding]:
    if answer is True:
        return  # before the lines of the catalog are read, which takes long
    dataset = run.datasets[name]
    place, level = run.place(name), ERROR
    if isinstance(answer, NoAnswer):
        message = f"no answer within {seconds:g} s from {_server(dataset)}"
        remedy = "try again, or raise preflight.timeout"
    elif isinstance(answer, Exception):
        reason = innermost_cause(answer)
        message = f"could not be checked: {type(reason).__name__}: {one_line(reason)}"
        remedy = "fix the credentials, permissions or connection"
    elif isinstance(dataset, MemoryDataset):
        message, remedy, level = "is in memory and has no data", "", WARNING
        place = place or run.used_by(name)
    elif _is_filled_by(run, name, dataset):
        return
    else:
        version = getattr(kedro_internals.version(dataset), "load", None)
        what = f"has no data{f' of version {version}' if version else ''}"
        message = f"{what} at {_where(dataset)}"
        remedy = "put it there, or run the pipeline that creates it"
        level = WARNING if run.only_missing_outputs else ERROR
    yield Finding(message, name, place, remedy, level)


def _is_filled_by(run: PlannedRun, name: str, dataset: Any) -> bool:
    """Whether the run itself saves what a dataset reads under another name, or files
    in its folder, and not only by the nodes that read it."""
    readers = [node for node in run.pipeline.nodes if name in node.inputs]
    too_late = {output for node in readers for output in node.outputs}
    places = [dataset_io.place(each) for each in dataset_io.readings(dataset)]
    return any(
        type(filesystem) is type(target.filesystem)
        and (_is_in(target.path, path) or _is_in(path, target.path))
        for target in targets(run)
        if isinstance(target, Target) and target.name not in too_late
        for filesystem, path in places
    )


def _is_in(path: str, folder: str) -> bool:
    """Whether a path is a folder, or in it."""
    return f"{path.rstrip('/')}/".startswith(f"{folder.rstrip('/')}/")


def _can_tell(dataset: Any) -> bool:
    kind = dataset_io.written(dataset).__class__
    return not _CANNOT_TELL.search(kind.__name__) and kedro_internals.has_exists(kind)


@file_info.at_start()
def _is_readable(dataset: Any) -> bool:
    places = dataset_io.readings(dataset)
    kinds = [kind.__name__ for kind in dataset.__class__.__mro__]
    if "IncrementalDataset" not in kinds:
        return any(_has_data(each) for each in places)
    # It may have nothing new. ``exists`` would make it keep the list of what is new now.
    for each in places:
        filesystem, path = dataset_io.place(each)
        with contextlib.suppress(FileNotFoundError):
            file_info.ask(filesystem, path)
    return True


def _has_data(dataset: Any) -> bool:
    if dataset_io.place(dataset)[0] is not None:
        return dataset_io.is_there(dataset)
    if kedro_internals.path(dataset) is None and _is_in_missing_file(dataset):
        return False
    if hasattr(dataset, "engine") or _is_for_one_thread(dataset):
        return bool(dataset.exists())
    # A copy: a connection that this thread opens may be of no use to the run's own.
    return bool(copy.deepcopy(dataset).exists())


def _is_for_one_thread(dataset: Any) -> bool:
    """Whether it is data, or one connection for all datasets."""
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


def _lane(dataset: Any) -> tuple[str, int]:
    """What a question waits for, and how many of them may be asked at a time.

    Few drivers of databases say that threads can share a connection, and some crash.
    """
    first = dataset_io.written(dataset)
    filesystem, path = dataset_io.place(first)
    if filesystem is None:
        if _is_for_one_thread(first):
            return HERE, 1
        # Not the engine: its driver may be missing.
        return f"{type(first).__name__} {kedro_internals.connection_string(first)}", 1
    if file_info.is_local(filesystem):
        return "file", _DISK_WIDTH
    return file_info.bucket(filesystem, path), BUCKET_WIDTH


def _server(dataset: Any) -> str:
    filesystem, path = dataset_io.place(dataset_io.written(dataset))
    return file_info.bucket(filesystem, path) if filesystem else "its server"


def _where(dataset: Any) -> str:
    found = []
    for each in dataset_io.readings(dataset):
        filesystem, path = dataset_io.place(each)
        if filesystem is None:
            file = kedro_internals.path(each)
            name = kedro_internals.table_name(each)
            table = f"table {name}" if name else each.__class__.__name__
            found.append(str(file or table))
        elif file_info.is_local(filesystem):
            found.append(path)
        else:
            found.append(filesystem.unstrip_protocol(path))
    return " or ".join(found)

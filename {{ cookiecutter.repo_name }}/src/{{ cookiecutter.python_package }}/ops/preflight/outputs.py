"""Whether a run can write to the places of its outputs."""

from __future__ import annotations

import os
import posixpath
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from typing import Any

from attrs import field, frozen

from ..core import dataset_io, file_info, kedro_internals
from ..core.errors import innermost_cause, one_line
from ..core.findings import ERROR, NOTE, Finding
from .checks import Found, NoAnswer, Question, cannot_check
from .planned_run import PlannedRun


@frozen
class Target:
    """Where a dataset of the run is saved."""

    name: str
    dataset: Any
    filesystem: Any = field(eq=False)
    path: str

    @property
    def folder(self) -> str:
        """The folder that is checked once for all datasets in it, with its protocol."""
        path = self.path
        if not self.is_local:
            path = self.filesystem.unstrip_protocol(path)
        return posixpath.dirname(path.rstrip("/"))

    @property
    def is_local(self) -> bool:
        """Whether it is on a disk of this machine."""
        return file_info.is_local(self.filesystem)


def check(run: PlannedRun, seconds: float) -> Iterator[Found]:
    """Findings about local folders, and a question for each folder in a bucket."""
    folders = defaultdict[str, list[Target]](list)
    for each in targets(run):
        if isinstance(each, Finding):
            yield each
        else:
            folders[each.folder].append(each)
    for folder, found in folders.items():
        first = found[0]
        if first.is_local:
            yield from _bad_folders(run, found)
        elif hasattr(first.filesystem, "call_s3"):
            bucket = file_info.bucket(first.filesystem, first.path)
            ask = partial(_try_upload, first)
            explain = partial(_refused, run, found, bucket, seconds)
            yield Question(first.name, bucket, ask, seconds, explain)
        else:
            message = f"cannot tell without writing whether {folder} can be written to"
            yield from _each(run, found, message, "nothing", NOTE)


def targets(run: PlannedRun) -> Iterator[Target | Finding]:
    """Where the outputs of a run are saved, of those that fsspec can reach."""
    for name in sorted(run.pipeline.all_outputs() & run.datasets.keys()):
        try:
            dataset = dataset_io.written(run.datasets[name])
            filesystem, path = dataset_io.place(dataset)
        except Exception as error:  # datasets are anybody's code
            yield cannot_check(name, error)
            continue
        if filesystem is not None:
            yield Target(name, dataset, filesystem, path)


def _bad_folders(run: PlannedRun, targets: list[Target]) -> Iterator[Finding]:
    folder = _existing(targets[0].folder)
    if not os.path.isdir(folder):
        message = f"{folder} is a file, but must be a folder"
        remedy = "move it, or change the entry in the catalog"
        yield from _each(run, targets, message, remedy)
    elif not os.access(folder, os.W_OK | os.X_OK):
        message = f"you have no permission to write to {folder}"
        remedy = "change its permissions or the entry"
        yield from _each(run, targets, message, remedy)
    for target in targets:
        versioned = kedro_internals.version(target.dataset) is not None
        if versioned and os.path.isfile(target.path):
            message = f"{target.path} is a file, but versions need a folder"
            remedy = "rename it, or remove 'versioned' from the entry"
            yield from _each(run, [target], message, remedy)


def _existing(folder: str) -> str:
    """The folder, or the closest one above it that exists."""
    folder = os.path.abspath(folder)
    while not os.path.lexists(folder) and folder != os.path.dirname(folder):
        folder = os.path.dirname(folder)
    return folder


def _try_upload(target: Target) -> None:
    """Begin an upload and abort it: it needs the rights of a save, and leaves nothing."""
    filesystem, path = target.filesystem, target.path
    if kedro_internals.filesystem(target.dataset) is None:  # partitions
        path = posixpath.join(path, "preflight")
    name, key, _ = filesystem.split_path(path)
    own = (
        filesystem.s3_additional_kwargs
    )  # such as the encryption that a bucket requires
    upload = filesystem.call_s3("create_multipart_upload", own, Bucket=name, Key=key)
    number = upload["UploadId"]
    filesystem.call_s3("abort_multipart_upload", Bucket=name, Key=key, UploadId=number)


def _refused(
    run: PlannedRun, targets: list[Target], bucket: str, seconds: float, answer: Any
) -> Iterator[Finding]:
    if isinstance(answer, NoAnswer):
        message = f"no answer within {seconds:g} s from {bucket}"
        remedy = "try again, or raise preflight.timeout"
        yield from _each(run, targets, message, remedy)
    elif isinstance(answer, Exception):
        reason = innermost_cause(answer)
        message = f"{bucket} refuses data: {type(reason).__name__}: {one_line(reason)}"
        remedy = "fix the name of the bucket, the credentials or permissions"
        yield from _each(run, targets, message, remedy)


def _each(
    run: PlannedRun,
    targets: list[Target],
    message: str,
    remedy: str,
    level: str = ERROR,
) -> Iterator[Finding]:
    for target in targets:
        yield Finding(message, target.name, run.place(target.name), remedy, level)

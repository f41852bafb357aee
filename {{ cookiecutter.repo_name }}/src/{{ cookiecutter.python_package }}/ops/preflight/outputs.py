"""Whether what a run writes can be written, and has room."""

from __future__ import annotations

import os
import posixpath
import shutil
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from attrs import field, frozen

from ..core import dataset_io, kedro_internals
from .dataset_types import innermost_cause, one_line
from .deadline import Answer, Failure, NoAnswer, Question
from .planned_run import PlannedRun
from .problem import NOTE, Problem

_KEY = "output "  # before the keys of the questions asked here


@frozen
class Target:
    """Where a dataset of the run is saved."""

    name: str
    dataset: Any
    filesystem: Any = field(eq=False)
    path: str

    @property
    def folder(self) -> str:
        """What has to be there, and is asked once for all datasets in it."""
        return posixpath.dirname(self.path.rstrip("/"))

    @property
    def can_be_asked(self) -> bool:
        """Whether there is a way to ask its bucket."""
        return hasattr(self.filesystem, "call_s3")

    @property
    def is_local(self) -> bool:
        """Whether it is on a disk of this machine."""
        return dataset_io.is_local(self.filesystem)


def questions(run: PlannedRun, seconds: float) -> list[Question]:
    """One question for each folder in a bucket that the run writes to."""
    return [
        Question(
            f"{_KEY}{place}",
            dataset_io.bucket(targets[0].filesystem, targets[0].path),
            partial(_try, targets[0]),
            seconds,
        )
        for place, targets in _by_folder(run).items()
        if targets[0].can_be_asked
    ]


def check(
    run: PlannedRun, answers: dict[str, Answer], seconds: float
) -> Iterator[Problem]:
    """What the disk and the answers of the buckets say."""
    here = []
    for place, targets in _by_folder(run).items():
        if targets[0].is_local:
            here += targets
            yield from _local(run, targets)
        elif targets[0].can_be_asked:
            yield from _remote(run, targets, answers[f"{_KEY}{place}"], seconds)
        else:
            what = f"cannot tell without writing whether {place} can be written to"
            for each in _each(run, targets, what, "nothing"):
                yield each.at_most(NOTE)
    yield from _no_room(run, here)


def _by_folder(run: PlannedRun) -> dict[str, list[Target]]:
    found = defaultdict(list)
    for name in sorted(run.pipeline.all_outputs() & run.datasets.keys()):
        dataset: Any = run.datasets[name]
        dataset = dataset_io.readings(dataset)[0]  # a save goes to the first
        filesystem, path = dataset_io.place(dataset)
        if filesystem is None:
            continue
        target = Target(name, dataset, filesystem, path)
        local = target.is_local
        folder = filesystem.unstrip_protocol(path)
        key = target.folder if local else posixpath.dirname(folder.rstrip("/"))
        found[key].append(target)
    return dict(found)


def _local(run: PlannedRun, targets: list[Target]) -> Iterator[Problem]:
    folder = _nearest(targets[0].folder)
    if not os.path.isdir(folder):
        what = f"{folder} is a file, where a folder is needed"
        remedy = "move it, or change the entry in the catalog"
        yield from _each(run, targets, what, remedy)
    elif not os.access(folder, os.W_OK | os.X_OK):
        what = f"{folder} may not be written to by this user"
        yield from _each(run, targets, what, "change its permissions or the entry")
    for target in targets:
        versioned = kedro_internals.version(target.dataset) is not None
        if versioned and os.path.isfile(target.path):
            what = f"{target.path} is a file, where the versions need a folder"
            remedy = "move it to another name, or take 'versioned' from the entry"
            yield from _each(run, [target], what, remedy)


def _nearest(folder: str) -> str:
    """The folder, or the first of those around it that is there."""
    folder = os.path.abspath(folder)
    while not os.path.lexists(folder) and folder != os.path.dirname(folder):
        folder = os.path.dirname(folder)
    return folder


def _no_room(run: PlannedRun, targets: list[Target]) -> Iterator[Problem]:
    """Outputs that, as big as the last time, do not fit on their disk."""
    needed: defaultdict[int, int] = defaultdict(int)
    disks: dict[int, list[Target]] = defaultdict(list)
    for target in targets:
        try:
            disk = os.stat(_nearest(target.folder)).st_dev
        except OSError:
            continue
        disks[disk].append(target)
        needed[disk] += _growth(run.datasets[target.name])
    for disk, there in disks.items():
        try:
            free = shutil.disk_usage(_nearest(there[0].folder)).free
        except OSError:  # not every file system tells
            continue
        if needed[disk] > free:
            yield Problem(
                f"the disk has {free:,} bytes free; what is saved there took "
                f"{needed[disk]:,} the last time",
                _names(there),
                _nearest(there[0].folder),
                "make room",
            )


def _growth(dataset: Any) -> int:
    """Bytes that the disk will have to find, if the data are as big as the last time.

    A file that is replaced gives back what it took; a new version does not, nor does a
    branch's first copy. 0 where there is no last time.
    """
    first, *others = dataset_io.readings(dataset)
    path = dataset_io.place(first)[1]
    if kedro_internals.version(first) is None and os.path.exists(path):
        return 0
    return next(filter(None, map(_size, [first, *others])), 0)


def _size(dataset: Any) -> int:
    filesystem, path = dataset_io.place(dataset)
    if filesystem is None or not dataset_io.is_local(filesystem):
        return 0
    if kedro_internals.version(dataset) is not None and os.path.isdir(path):
        versions = sorted(os.listdir(path))
        path = os.path.join(path, versions[-1]) if versions else path
    if os.path.isfile(path):
        return os.path.getsize(path)
    found = (Path(top, name) for top, _, names in os.walk(path) for name in names)
    return sum(file.stat().st_size for file in found if file.is_file())


def _try(target: Target) -> None:
    """Find out whether a bucket takes an object of that name.

    An upload that is begun and called off needs the rights that a save needs, and leaves
    nothing behind.
    """
    filesystem = target.filesystem
    name, key, _ = filesystem.split_path(_one_object(target))
    own = filesystem.s3_additional_kwargs  # encryption, say, that the bucket asks for
    upload = filesystem.call_s3("create_multipart_upload", own, Bucket=name, Key=key)
    number = upload["UploadId"]
    filesystem.call_s3("abort_multipart_upload", Bucket=name, Key=key, UploadId=number)


def _one_object(target: Target) -> str:
    single = kedro_internals.filesystem(target.dataset) is not None
    return target.path if single else posixpath.join(target.path, "preflight")


def _remote(
    run: PlannedRun, targets: list[Target], answer: Answer, seconds: float
) -> Iterator[Problem]:
    bucket = dataset_io.bucket(targets[0].filesystem, targets[0].path)
    if isinstance(answer, NoAnswer):
        what = f"no answer within {seconds:g} s from {bucket}"
        remedy = "try again, or raise preflight.timeout"
        yield from _each(run, targets, what, remedy)
    elif isinstance(answer, Failure):
        reason = innermost_cause(answer.error)
        what = f"{bucket} takes no data: {type(reason).__name__}: {one_line(reason)}"
        remedy = "mend the bucket's name, the credentials or rights"
        yield from _each(run, targets, what, remedy)


def _each(
    run: PlannedRun, targets: list[Target], what: str, remedy: str
) -> Iterator[Problem]:
    for target in targets:
        yield Problem(what, target.name, run.where(target.name), remedy)


def _names(targets: list[Target]) -> str:
    names = [target.name for target in targets]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""  # noqa: PLR2004
    return f"{', '.join(names[:3])}{more}"

"""Checks before a run on a branch, and what the run logs about its datasets."""

from __future__ import annotations

import itertools
import logging
import os
import shlex
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from operator import attrgetter
from typing import Any, TypeVar

from kedro.io import DataCatalog, DatasetError
from kedro.pipeline import Pipeline

from ..core import file_info, findings, git
from ..core.dataset_io import place, remove_leftovers
from ..core.errors import OpsError
from ..core.findings import WARNING, Finding
from . import paths
from .catalog import CatalogRewriter
from .dataset import BranchedDataset, ProtectedDataset, branched_dataset, refusal

_AT_ONCE = 16  # questions to buckets
_Item = TypeVar("_Item")
_Answer = TypeVar("_Answer")
_LOG = logging.getLogger(__name__)


def branched_datasets(
    pipeline: Pipeline, catalog: DataCatalog
) -> dict[str, BranchedDataset]:
    """The datasets of a run that are branched, or protected."""
    names = sorted(pipeline.datasets())
    found = {name: branched_dataset(catalog, name) for name in names}
    return {name: dataset for name, dataset in found.items() if dataset is not None}


def refuse_harm(
    branched: dict[str, BranchedDataset], outputs: set[str], catalog: DataCatalog
) -> None:
    """Stop a run that would overwrite the data of others.

    Raises:
        OpsError: if it would save on a protected trunk, or where another dataset has
            its data.
    """
    for name in sorted(outputs & branched.keys()):
        if issubclass(type(branched[name]), ProtectedDataset):
            raise OpsError(refusal(branched[name]))
    entries = {**catalog.config_resolver.config}
    entries |= {name: dataset.base_config for name, dataset in branched.items()}
    owners = paths.Owners(entries)
    for name, dataset in branched.items():
        owner = owners.owner_of(dataset.own_places, saved=name in outputs)
        if owner:
            raise OpsError(
                f"On branch '{dataset.branch}' the data of '{name}' would be where "
                f"'{owner}' has its data. Give one of the two another path in the catalog."
            )


def begin_run(
    branched: dict[str, BranchedDataset],
    run_params: dict[str, Any],
    pipeline: Pipeline,
) -> None:
    """Log the run's branch in one line, and pass the run's origin to its datasets.

    Raises:
        OpsError: if the data cannot be checked.
    """
    if not branched:
        return
    inputs = [branched[name] for name in pipeline.inputs() & branched.keys()]
    try:
        own = [*itertools.compress(inputs, ask(_exists, inputs))]
    except DatasetError as error:
        raise OpsError(" ".join(str(error).split())) from error
    _LOG.info(
        "Steel toes: branch '%s', %d datasets branched, %d of them read from main.",
        next(iter(branched.values())).branch,
        len(branched),
        len(inputs) - len(own),
    )
    # The datasets are told here, and not by a hook, because they travel to the workers
    # of every runner; hooks do not.
    origin = {"run": run_params["run_id"], **git.commit(run_params["project_path"])}
    for node in pipeline.nodes:
        for name in branched.keys() & set(node.outputs):
            branched[name].set_origin({**origin, "node": node.name})
    written = [branched[name] for name in branched.keys() & pipeline.all_outputs()]
    for folder in {os.path.dirname(each) for each in _local_paths(written)}:
        remove_leftovers(folder)
    for dataset in itertools.compress(own, ask(_hides, own)):
        _LOG.warning(
            "Steel toes: the branch's copy of '%s' hides newer data on main. "
            "To read main's: kedro branches clean --dataset %s --yes",
            dataset.name,
            shlex.quote(dataset.name),
        )


def saves_to_main(
    rewriter: CatalogRewriter, outputs: set[str], catalog: DataCatalog
) -> list[Finding]:
    """What a run on a branch saves to main's data because of ``ignore``."""
    found = []
    for name in sorted(outputs) if rewriter.branch.suffix else ():
        if name in catalog:
            entry = catalog.config_resolver.resolve_pattern(name)
            if where := rewriter.shared(name, entry):
                why = (
                    "the run overwrites main's data, because steel_toes.ignore lists it"
                )
                found.append(
                    Finding(why, name, where, level=WARNING, guard="steel_toes")
                )
    return found


def warn_of(found: list[Finding], branch: str) -> None:
    """Name what a run saves to main's data in the log and on the page."""
    for each in found:
        findings.report(each)
    if found:
        _LOG.warning(
            "Steel toes: this run on branch '%s' overwrites main's data of %s, since "
            "steel_toes.ignore lists them.",
            branch,
            ", ".join(f"'{each.subject}' ({each.place})" for each in found),
        )


def _local_paths(datasets: list[BranchedDataset]) -> Iterator[str]:
    """Where the data of datasets is on this machine: a bucket may be named as a folder."""
    for dataset in datasets:
        filesystem, path = place(dataset.target)
        if filesystem is not None and file_info.is_local(filesystem):
            yield path


@file_info.at_start()
def _exists(dataset: BranchedDataset) -> bool:
    return dataset.exists()


def _hides(dataset: BranchedDataset) -> bool:
    recorder = dataset.recorder
    return recorder is not None and recorder.hides(dataset.target, dataset.base)


def ask(
    question: Callable[[_Item], _Answer],
    items: list[_Item],
    dataset_of: Callable[[_Item], Any] = attrgetter("target"),
) -> list[_Answer]:
    """Ask the same question about several datasets; buckets in parallel."""

    # A connection to a database may break if several threads use it, as that to DuckDB
    # does.
    def is_remote(item: _Item) -> bool:
        filesystem, _ = place(dataset_of(item))
        return filesystem is not None and not file_info.is_local(filesystem)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = [
            pool.submit(question, each).result
            if is_remote(each)
            else partial(question, each)
            for each in items
        ]
        return [answer() for answer in answers]

"""A run on a branch: what is checked before it, and what its datasets are told."""

from __future__ import annotations

import itertools
import logging
import shlex
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, NamedTuple

from kedro.io import DataCatalog, DatasetError
from kedro.pipeline import Pipeline

from ..core import git, kedro_internals
from ..core.dataset_io import is_local
from ..core.errors import OpsError
from . import paths
from .catalog import CatalogRewriter
from .dataset import BranchedDataset, ProtectedDataset, refusal


class BranchedRun(NamedTuple):
    """A run, with those of its datasets that are branched."""

    run_params: dict[str, Any]
    pipeline: Pipeline
    catalog: DataCatalog
    branched: dict[str, BranchedDataset]
    rewriter: CatalogRewriter

    @classmethod
    def of(
        cls,
        run_params: dict[str, Any],
        pipeline: Pipeline,
        catalog: DataCatalog,
        rewriter: CatalogRewriter,
    ) -> BranchedRun:
        """The run that Kedro is about to start."""
        branched = dict(_branched(pipeline, catalog))
        return cls(run_params, pipeline, catalog, branched, rewriter)

    def refuse_harm(self) -> None:
        """Stop a run that would step on toes.

        Raises:
            OpsError: if it would save on a protected trunk, or where another dataset has
                its data.
        """
        outputs = self.pipeline.all_outputs()
        _refuse_protected(self.branched, outputs)
        _refuse_collisions(self.branched, outputs, self.catalog)

    def begin(self) -> None:
        """Say in one line where it works, and tell the datasets what run it is.

        Raises:
            OpsError: if it cannot be known what is there.
        """
        self._warn_of_shared()
        if not self.branched:
            return
        names = self.pipeline.inputs() & self.branched.keys()
        inputs = [self.branched[name] for name in names]
        own = _with_own_copy(inputs)
        logging.getLogger(__name__).info(
            "Steel toes: branch '%s', %d datasets branched, %d read from the base.",
            next(iter(self.branched.values())).branch,
            len(self.branched),
            len(inputs) - len(own),
        )
        _tell_origin(self.branched, self.run_params, self.pipeline)
        _warn_of_hidden(own)

    def _warn_of_shared(self) -> None:
        """Name what this run saves to main's data, since ``ignore`` says so."""
        if not self.rewriter.suffix:
            return
        resolver, shared = self.catalog.config_resolver, []
        for name in sorted(self.pipeline.all_outputs()):
            if name in self.catalog:
                place = self.rewriter.shared(name, resolver.resolve_pattern(name))
                shared += [f"'{name}' ({place})"] if place else []
        if shared:
            logging.getLogger(__name__).warning(
                "Steel toes: this run on branch '%s' overwrites main's data of %s, since "
                "steel_toes.ignore lists them.",
                self.rewriter.branch,
                ", ".join(shared),
            )


def _branched(
    pipeline: Pipeline, catalog: DataCatalog
) -> Iterator[tuple[str, BranchedDataset]]:
    for name in sorted(pipeline.datasets()):
        dataset: Any = None
        with suppress(DatasetError):  # the runner reports it where hooks expect it
            dataset = catalog.get(name)
        dataset = kedro_internals.uncached(dataset)
        if issubclass(type(dataset), BranchedDataset):
            yield name, dataset


def _tell_origin(
    branched: dict[str, BranchedDataset], run_params: dict[str, Any], pipeline: Pipeline
) -> None:
    # The datasets are told here, and not by a hook, because they travel to the workers
    # of every runner; hooks do not.
    origin = {
        "run": run_params["run_id"],
        **git.commit(run_params["project_path"]),
    }
    for node in pipeline.nodes:
        for name in branched.keys() & set(node.outputs):
            branched[name].tell_origin({**origin, "node": node.name})


def _warn_of_hidden(own: list[BranchedDataset]) -> None:
    """Say which copies of the branch are older than what the base has."""
    for dataset in itertools.compress(own, _ask(_hides, own)):
        logging.getLogger(__name__).warning(
            "Steel toes: the branch's copy of '%s' hides a newer one of the base. "
            "To read that: kedro branches clean --dataset %s --yes",
            dataset.name,
            shlex.quote(dataset.name),
        )


def _hides(dataset: BranchedDataset) -> bool:
    recorder = dataset.recorder
    return recorder is not None and recorder.hides(dataset.target, dataset.base)


def _ask(
    question: Callable[[BranchedDataset], bool], all_: list[BranchedDataset]
) -> list[bool]:
    # A bucket answers many questions at a time. Few drivers of databases say that
    # threads can share a connection, and some crash.
    in_buckets = [each for each in all_ if _is_in_bucket(each)]
    answers = {}
    if in_buckets:
        with ThreadPoolExecutor() as pool:
            found = pool.map(question, in_buckets)
            answers = dict(zip(map(id, in_buckets), found, strict=True))
    return [
        answers[id(each)] if id(each) in answers else question(each) for each in all_
    ]


def _is_in_bucket(dataset: BranchedDataset) -> bool:
    filesystem, _ = kedro_internals.place(dataset.target)
    return filesystem is not None and not is_local(filesystem)


def _with_own_copy(datasets: list[BranchedDataset]) -> list[BranchedDataset]:
    try:
        there = _ask(BranchedDataset.exists, datasets)
    except DatasetError as error:
        raise OpsError(" ".join(str(error).split())) from error
    return list(itertools.compress(datasets, there))


def _refuse_protected(branched: dict[str, BranchedDataset], outputs: set[str]) -> None:
    for name in sorted(outputs & branched.keys()):
        if issubclass(type(branched[name]), ProtectedDataset):
            raise OpsError(refusal(branched[name]))


def _refuse_collisions(
    branched: dict[str, BranchedDataset], outputs: set[str], catalog: DataCatalog
) -> None:
    bases = {name: dataset.base_config for name, dataset in branched.items()}
    for name, entry in catalog.config_resolver.config.items():
        bases.setdefault(name, entry)
    owners = paths.Owners(bases)
    for name, dataset in branched.items():
        if dataset.target_config == dataset.base_config:
            continue
        owner = owners.of(dataset.own_places, saved=name in outputs)
        if owner:
            raise OpsError(
                f"On branch '{dataset.branch}' the data of '{name}' would be where "
                f"'{owner}' has its data. Rename one of the two, or list '{name}' under "
                "steel_toes.ignore.names in conf/base/ops.yml."
            )

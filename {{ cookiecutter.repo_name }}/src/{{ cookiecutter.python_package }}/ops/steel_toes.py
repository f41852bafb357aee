"""Steel toes: every git branch has its own copy of the data.

A load reads ``<path>_<branch>`` if it exists, else ``<path>``; a save writes to
``<path>_<branch>``. It is done in the catalog's *configuration*, so that everything
Kedro builds from it (patterns, validators, versions, every runner, notebooks,
kedro-viz) sees the branch's data without knowing. On the trunk nothing is touched.
"""

from __future__ import annotations

import itertools
import logging
import shlex
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog, DatasetError
from kedro.pipeline import Pipeline

from . import branch, location, options, repository
from .branched_catalog import CatalogRewriter, SteelToesOptions
from .branched_dataset import BranchedDataset
from .errors import OpsError
from .protected_dataset import ProtectedDataset, refusal

ENABLED = "STEEL_TOES_ENABLED"


class SteelToes:
    """The hook: rewrites the catalog's configuration, and checks it before a run."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Put the branch's datasets in the place of the catalog's entries."""
        settings = options.read(context.config_loader, SteelToesOptions)
        if not options.switch(ENABLED, settings.enabled):
            return
        here = _current_branch(context)
        trunk = here.name in settings.trunk and not here.pull_request
        if trunk and (branch.in_ci() or not settings.protect_trunk):
            return
        CatalogRewriter.of(context, here.name, protect=trunk).rewrite_all(context)

    @hook_impl(wrapper=True)
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> Generator[None, Any, Any]:
        """Stop a run that would step on toes; else say in one line where it works.

        What it says takes a look at the data, so the hooks below have their say first:
        a bucket that is out of reach is for them to report.
        """
        outputs = pipeline.all_outputs()
        branched = dict(_branched(pipeline, catalog))
        _refuse_protected(branched, outputs)
        _refuse_collisions(branched, outputs, catalog)
        results = yield
        if not branched:
            return results
        inputs = [branched[name] for name in pipeline.inputs() & branched.keys()]
        logging.getLogger(__name__).info(
            "Steel toes: branch '%s', %d datasets branched, %d read from the base.",
            next(iter(branched.values())).branch,
            len(branched),
            _count_missing(inputs),
        )
        _tell_origin(branched, run_params, pipeline)
        _warn_of_hidden(inputs)
        return results


def _current_branch(context: KedroContext) -> branch.Branch:
    try:
        return branch.current(context.project_path)
    except OpsError as error:
        raise OpsError(
            f"{error.message} {ENABLED}=false runs once without steel toes."
        ) from error


def _branched(
    pipeline: Pipeline, catalog: DataCatalog
) -> Iterator[tuple[str, BranchedDataset]]:
    for name in sorted(pipeline.datasets()):
        dataset: Any = None
        with suppress(DatasetError):  # the runner reports it where hooks expect it
            dataset = catalog.get(name)
        dataset = getattr(dataset, "_dataset", dataset)  # inside a CachedDataset
        if issubclass(type(dataset), BranchedDataset):
            yield name, dataset


def _tell_origin(
    branched: dict[str, BranchedDataset], run_params: dict[str, Any], pipeline: Pipeline
) -> None:
    # The datasets are told here, and not by a hook, because they travel to the workers
    # of every runner; hooks do not.
    origin = {
        "run": run_params["run_id"],
        **repository.commit(run_params["project_path"]),
    }
    for node in pipeline.nodes:
        for name in branched.keys() & set(node.outputs):
            branched[name].tell_origin({**origin, "node": node.name})


def _warn_of_hidden(inputs: list[BranchedDataset]) -> None:
    """Say which inputs of the run are older on the branch than on the base."""
    with ThreadPoolExecutor() as pool:  # a bucket answers many questions at a time
        hidden = list(pool.map(_hides, inputs))
    for dataset in itertools.compress(inputs, hidden):
        logging.getLogger(__name__).warning(
            "Steel toes: the branch's copy of '%s' hides a newer one of the base. "
            "To read that: kedro branches clean --dataset %s --yes",
            dataset.name,
            shlex.quote(dataset.name),
        )


def _hides(dataset: BranchedDataset) -> bool:
    recorder = dataset.recorder
    return recorder is not None and recorder.hides(dataset.target, dataset.base)


def _count_missing(datasets: list[BranchedDataset]) -> int:
    with ThreadPoolExecutor() as pool:  # as above
        try:
            return list(pool.map(BranchedDataset.exists, datasets)).count(False)
        except DatasetError as error:
            raise OpsError(" ".join(str(error).split())) from error


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
    owners = location.Owners(bases)
    for name, dataset in branched.items():
        if dataset.target_config == dataset.base_config:
            continue
        owner = owners.of(dataset.target_config, saved=name in outputs)
        if owner:
            raise OpsError(
                f"On branch '{dataset.branch}' the data of '{name}' would be where "
                f"'{owner}' has its data. Rename one of the two, or list '{name}' under "
                "steel_toes.ignore.names in conf/base/ops.yml."
            )

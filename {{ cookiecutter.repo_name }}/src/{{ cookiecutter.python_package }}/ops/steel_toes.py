"""Steel toes: every git branch has its own copy of the data.

A load reads ``<path>_<branch>`` if it exists, else ``<path>``; a save writes to
``<path>_<branch>``. It is done in the catalog's *configuration*, so that everything
Kedro builds from it (patterns, validators, versions, every runner, notebooks,
kedro-viz) sees the branch's data without knowing. On the trunk nothing is touched.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import Any

from attrs import define, field, frozen
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog, DatasetError
from kedro.pipeline import Pipeline

from . import branch, branched_dataset, location, options
from .branched_dataset import BranchedDataset, ProtectedDataset
from .errors import OpsError

ENABLED = "STEEL_TOES_ENABLED"
_MODULE = branched_dataset.__name__


@define
class Ignore:
    """Entries that keep one copy for all branches; ``*`` stands for any text."""

    names: list[str] = field(factory=list)
    types: list[str] = field(factory=list)


@options.section("steel_toes")
class SteelToesOptions:
    """``steel_toes`` in ``ops.yml``."""

    enabled: bool = True
    trunk: list[str] = field(factory=lambda: ["main", "master"])
    protect_trunk: bool = False
    ignore: Ignore = field(factory=Ignore)
    suffix: str = "{branch}"


class SteelToes:
    """The hook: rewrites the catalog's configuration, and checks it before a run."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Put the branch's datasets in the place of the catalog's entries."""
        settings = options.read(context.config_loader, SteelToesOptions)
        if not options.switch(ENABLED, settings.enabled):
            return
        here = branch.current(context.project_path)
        trunk = here.name in settings.trunk and not here.pull_request
        if trunk and (branch.in_ci() or not settings.protect_trunk):
            return
        suffix = "" if trunk else _suffix(settings.suffix, here)
        rewriter = CatalogRewriter(here.name, suffix, settings.ignore)
        catalog: dict[str, Any] = context.config_loader["catalog"]
        rewritten = {
            name: rewriter.rewrite(name, entry) for name, entry in catalog.items()
        }
        context.config_loader["catalog"] = rewritten

    @hook_impl
    def before_pipeline_run(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Stop a run that would step on toes; else say in one line where it works."""
        outputs = pipeline.all_outputs()
        branched = dict(_branched(pipeline, catalog))
        if not branched:
            return
        _refuse_protected(branched, outputs)
        _refuse_collisions(branched, outputs, catalog)
        inputs = [branched[name] for name in pipeline.inputs() & branched.keys()]
        logging.getLogger(__name__).info(
            "Steel toes: branch '%s', %d datasets branched, %d read from the base.",
            next(iter(branched.values())).branch,
            len(branched),
            _count_missing(inputs),
        )


@frozen
class CatalogRewriter:
    """Rewrites catalog entries for one branch; without a suffix it protects them."""

    branch: str
    suffix: str
    ignore: Ignore

    def rewrite(self, name: str, entry: Any) -> Any:
        """The entry that stands for ``entry`` on the branch.

        Raises:
            OpsError: if it has data in a place that cannot be branched.
        """
        if not isinstance(entry, dict) or self._stays(name, entry):
            return entry
        held = entry.get("dataset")
        if str(entry["type"]).endswith("CachedDataset") and isinstance(held, dict):
            # The cache stays outside, and says itself that what it holds is versioned.
            held = {**held, "versioned": entry.get("versioned", False)}
            return {**entry, "dataset": self._wrap(name, held)}
        wrapped = self._wrap(name, entry)
        # "versioned" asks Kedro for the run's versions; the entry inside may use them.
        return wrapped if wrapped is entry else {**wrapped, "versioned": True}

    def _stays(self, name: str, entry: dict[str, Any]) -> bool:
        kind = str(entry.get("type", _MODULE))  # Kedro reports an entry without a type
        return (
            kind.startswith(_MODULE)  # the hook has fired before
            or any(fnmatchcase(name, pattern) for pattern in self.ignore.names)
            or any(fnmatchcase(kind, pattern) for pattern in self.ignore.types)
        )

    def _wrap(self, name: str, entry: dict[str, Any]) -> dict[str, Any]:
        outside: dict[str, Any] = {
            key: entry[key] for key in ("validator", "metadata") if key in entry
        }
        base = {key: value for key, value in entry.items() if key not in outside}
        try:
            if location.on_branch(base, self.suffix or "trunk") == base:
                return entry
        except location.NotBranchable as reason:
            raise OpsError(
                f"'{name}' in the catalog cannot be branched: {reason}. If all branches "
                "may share it, list it under steel_toes.ignore.names in "
                "conf/base/ops.yml."
            ) from reason
        incremental = str(base["type"]).endswith("IncrementalDataset")
        prefix = "BranchedIncremental" if incremental else "Branched"
        wrapped = {
            "type": f"{_MODULE}.{prefix if self.suffix else 'Protected'}Dataset",
            "name": name,
            "branch": self.branch,
            "suffix": self.suffix,
            "dataset": base,
            **outside,
        }
        if "{" in name:  # a factory pattern: Kedro fills in the names later
            wrapped["ignore"] = list(self.ignore.names)
        return wrapped


def _suffix(template: str, here: branch.Branch) -> str:
    # No underscore: it parts the branch from the name, so that "cars" on "dev_x" and
    # "cars_dev" on "x" are two files.
    if not re.fullmatch(r"[a-z0-9.-]*\{branch\}[a-z0-9.-]*", template):
        raise OpsError(
            f"ops.yml: 'steel_toes.suffix' is '{template}': write {{branch}} once, with "
            "nothing around it but lower-case letters, digits, '.' and '-'."
        )
    return template.replace("{branch}", here.slug)


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


def _count_missing(datasets: list[BranchedDataset]) -> int:
    with ThreadPoolExecutor() as pool:  # a bucket answers many questions at a time
        try:
            return list(pool.map(BranchedDataset.exists, datasets)).count(False)
        except DatasetError as error:
            raise OpsError(" ".join(str(error).split())) from error


def _refuse_protected(branched: dict[str, BranchedDataset], outputs: set[str]) -> None:
    for name in sorted(outputs & branched.keys()):
        if issubclass(type(branched[name]), ProtectedDataset):
            raise OpsError(branched_dataset.refusal(branched[name]))


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

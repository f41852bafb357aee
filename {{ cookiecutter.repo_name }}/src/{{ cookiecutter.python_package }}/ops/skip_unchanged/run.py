"""One run that skips unchanged nodes: its plan, its waves and its records."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import Any

from attrs import define, field
from kedro.io import DatasetError, MemoryDataset
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from ..core import file_info, findings, git, kedro_internals
from ..core.errors import suppress_errors
from ..core.formats import duration
from ..core.settings import STORE, open_store, read_settings
from ..core.store import Store
from .claims import RunMark
from .code_version import CodeVersions
from .dataset_version import MISSING, Datasets
from .history import GroupRecord, KeptValues, NodeHistory, NotKeptError
from .plan import DONE, SKIP, Group, Plan, fingerprints
from .recipe import Recipes
from .settings import SkipUnchangedOptions, forced_nodes
from .source_code import is_of_guards
from .stat_cache import StatCache

_LOG = logging.getLogger(__name__)


@define(slots=False)
class SkipRun:
    """Decides which nodes run, and records their results."""

    plan: Plan
    history: NodeHistory
    mark: RunMark
    cache: StatCache
    settings: SkipUnchangedOptions
    run_id: str | None
    _left: dict[str, set[str]] = field(factory=dict)  # nodes of a group, not yet run
    _seconds: dict[str, float] = field(factory=dict)
    _since: float = 0.0
    _waiting: list[tuple[Group, GroupRecord]] = field(factory=list)
    _unchecked: list[GroupRecord] = field(factory=list)  # written once the run is over
    _reported: set[str] = field(factory=set)  # groups that are known to be left out
    forgotten: list[str] = field(factory=list)  # groups that are not remembered

    @classmethod
    def prepare(
        cls,
        context: Any,
        pipeline: Pipeline,
        catalog: Any,
        run_id: str | None = None,
        copies: bool = False,
    ) -> SkipRun:
        """Prepare a run, or only its plan, which copies no data.

        Raises:
            OpsError: if a setting is wrong.
        """
        settings = read_settings(context.config_loader, SkipUnchangedOptions)
        project = Path(context.project_path)
        url, credentials = open_store(context)
        cache = StatCache(os.path.join(project, STORE), str(project))
        history = NodeHistory(url, credentials, git.branch_name(project))
        forced = forced_nodes(pipeline.nodes)
        codes = CodeVersions(project)
        datasets = Datasets(catalog, cache, settings, project, codes)
        # Kedro gives a node what this hook returns; other hooks change nothing.
        hooks = _own_hooks(context, codes, "before_node_run")
        kept = KeptValues(Store(url, credentials), settings.keep_values_up_to)
        recipes = Recipes(datasets, hooks)
        mark = RunMark(url, credentials)
        file_info.forget()  # your hooks may have written since another guard looked
        plan = Plan(pipeline, recipes, history, forced, kept, mark if copies else None)
        plan.trust_saves = not _own_hooks(context, codes, "after_dataset_saved")
        return cls(plan, history, mark, cache, settings, run_id)

    def carry_out(self, run: Callable[[Pipeline], Any], waves: int | None) -> None:
        """Run the nodes that have to run.

        Args:
            run: runs a pipeline.
            waves: at most so many; none for as many as are needed.
        """
        number = 0
        self._report_skipped()
        try:
            while True:
                number += 1
                groups = self.plan.wave(last=number == waves)
                if not groups:
                    break
                if number == 1:
                    self._begin()
                self._expect(groups)
                run(Pipeline([node for group in groups for node in group.nodes]))
                for group in groups:  # a runner that says nothing of single nodes
                    for name in list(self._left.get(group.key, ())):
                        self._node_ran(group, name)
                    group.action = DONE
                self.plan.settle()
                self._report_skipped()
        finally:
            self._end()

    def completed(self, node: Node) -> None:
        """Note that a node has saved its outputs."""
        group = self._group_of.get(node.name)
        if group is not None:
            self._node_ran(group, node.name)

    def report(self) -> None:
        """Log which nodes were skipped, and the time saved."""
        left_out = [group for group in self.plan.groups if group.action == SKIP]
        count = sum(len(group.nodes) for group in left_out)
        total = sum(len(group.nodes) for group in self.plan.groups)
        saved = sum(group.seconds or 0.0 for group in left_out)
        if count:
            _LOG.info(
                "Skip unchanged: %d of %d nodes skipped, which saved %s.",
                count,
                total,
                duration(saved),
            )
        if self.forgotten:
            _LOG.warning(
                "Skip unchanged: another run wrote the same data at the same time, "
                "data changed meanwhile, or the store cannot be written, so that these "
                "will run again: %s",
                ", ".join(self.forgotten[:5]) + (" ..." if self.forgotten[5:] else ""),
            )

    def _report_skipped(self) -> None:
        for group in self.plan.groups:
            if group.action == SKIP and group.key not in self._reported:
                self._reported.add(group.key)
                for node in group.nodes:
                    findings.report_skipped_node(node.name, group.reasons[0])

    @cached_property
    def _group_of(self) -> dict[str, Group]:
        return {node.name: s for s in self.plan.groups for node in s.nodes}

    def _begin(self) -> None:
        with suppress_errors():
            self.mark.begin(self.plan.places.values())

    def _end(self) -> None:
        for finish in (
            self._flush,
            self.mark.end,
            self.history.close,
            self.cache.save,
        ):
            with suppress_errors():
                finish()

    def _expect(self, groups: list[Group]) -> None:
        self._since = time.perf_counter()
        for group in groups:
            self._left[group.key] = {node.name for node in group.nodes}

    def _node_ran(self, group: Group, name: str) -> None:
        left = self._left.get(group.key, set())
        if name not in left:
            return
        left.discard(name)
        now = time.perf_counter()
        self._seconds[name] = round(now - self._since, 6)
        self._since = now
        if not left:
            with suppress_errors():
                self.plan.look_again(group.outputs)
                if group.tellable:
                    self._remember(group)

    def _remember(self, group: Group) -> None:
        # What it read is known from before it ran, or from when it was made in this
        # wave; it must not have been written since.
        inputs = {name: self.plan.read(name) for name in group.inputs}
        outputs = {name: self.plan.held(name) for name in group.outputs}
        if any(
            each.print is None and each.why_not != MISSING for each in inputs.values()
        ):
            return  # no other run is the reason: such data can never be compared
        steady = all(
            held.print is not None and self.plan.datasets.is_still(name, held)
            for name, held in inputs.items()
        )
        if not steady or not all(held.print for held in outputs.values()):
            self.forgotten.append(group.name)
            return
        kept, not_kept = self._keep_values(group)
        record = GroupRecord(
            group.key,
            group.recipe.print,
            fingerprints(inputs),
            fingerprints(outputs),
            group.recipe.items,
            group.recipe.shown,
            {node.name: self._seconds[node.name] for node in group.nodes},
            kept,
            not_kept,
            self.history.branch,
            self.run_id or "",
            datetime.now(timezone.utc).isoformat(timespec="seconds"),
        )
        self._waiting.append((group, record))
        if self.history.is_local:
            self._flush()

    def _keep_values(self, group: Group) -> tuple[dict[str, str], dict[str, str]]:
        """Keep outputs in memory; return their fingerprints, or why they are not
        kept."""
        kept, not_kept = {}, {}
        for name in group.in_memory:
            try:
                dataset = self.plan.datasets.catalog[name]
                value = kedro_internals.data_in_memory(dataset)
                kept[name] = self.plan.kept.keep(value)
            except (NotKeptError, DatasetError) as error:
                not_kept[name] = str(error)
        return kept, not_kept

    def restore(self) -> None:
        """Put kept outputs of skipped nodes into the catalog."""
        for group in self.plan.groups:
            if group.action == SKIP:
                for name, value in group.values.items():
                    dataset = self.plan.datasets.dataset(name)
                    if isinstance(dataset, MemoryDataset):
                        dataset.save(value)
                    else:  # the one of ParallelRunner saves during a run only
                        self.plan.datasets.catalog[name] = MemoryDataset(value)

    def passed(self) -> None:
        """Write the records of data that was checked at the end of the run."""
        with suppress_errors():
            for record in self._unchecked:
                self.history.add(record)
            self.history.close()

    def _flush(self) -> None:
        """Write the records, except for data that another run may have written."""
        waiting, self._waiting = self._waiting, []
        if waiting:
            self.mark.look()
        for group, record in waiting:
            places = [self.plan.places[name] for name in group.outputs]
            if all(places) and self.mark.alone_at(places):
                if findings.CHECKED_AT_END.get() & record.outputs.keys():
                    self._unchecked.append(record)
                else:
                    self.history.add(record)
            else:
                self.forgotten.append(group.name)


def _own_hooks(context: Any, codes: CodeVersions, name: str) -> list[Any]:
    """Your own hooks of this name."""
    return [
        each
        for each in kedro_internals.hook_functions(context, name)
        if codes.modules.is_own(each.__module__) and not is_of_guards(each.__module__)
    ]

"""Which nodes of a run have to run, and why, as far as is known beforehand."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from graphlib import CycleError, TopologicalSorter
from itertools import accumulate, chain
from typing import Any

from attrs import define, evolve, field
from kedro.io.core import is_parameter
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from ..core import file_info
from ..core.checksum import of_texts
from ..core.errors import suppress_errors
from .claims import RunMark
from .dataset_version import MISSING, Held
from .history import NEVER, GroupRecord, KeptValues, NodeHistory
from .recipe import Recipe, Recipes, why_maybe, why_not_kept, why_run, why_skip

RUN, SKIP, MAYBE, DONE = "run", "skip", "maybe", "done"
ALWAYS = "always"  # the tag of nodes that run whatever is known


@define(eq=False)
class Group:
    """Nodes that run or are skipped together, because they share data in memory."""

    nodes: list[Node]  # each after those that it needs
    parents: set[int] = field(factory=set)  # the groups that it needs
    inputs: list[str] = field(factory=list)  # what others have made
    outputs: list[str] = field(factory=list)  # what stays
    parameters: list[str] = field(factory=list)
    in_memory: list[str] = field(factory=list)  # outputs that no node of the run reads
    given: list[str] = field(factory=list)  # in memory, and made by nobody in the run
    # What a plan says of them.
    key: str = ""
    recipe: Recipe = field(factory=Recipe)
    action: str = RUN
    reasons: list[str] = field(factory=list)
    always: list[str] = field(factory=list)  # reasons that need no record
    last: GroupRecord = NEVER  # of the same nodes, the last time
    # Whether it would be known what was made from what, if it ran.
    tellable: bool = True
    read: dict[str, Held] = field(factory=dict)  # of the inputs that change no more
    written: dict[str, Held] = field(factory=dict)
    values: dict[str, Any] = field(factory=dict)  # of outputs that are in memory only

    @property
    def name(self) -> str:
        """The names of its nodes, to be shown."""
        return ", ".join(node.name for node in self.nodes)

    @property
    def seconds(self) -> float | None:
        """Its last duration."""
        return sum(self.last.seconds.values()) if self.last.seconds else None


class Plan:
    """The groups of a run, each after the groups that it needs."""

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        pipeline: Pipeline,
        recipes: Recipes,
        history: NodeHistory,
        forced: set[str],
        kept: KeptValues,
        mark: RunMark | None = None,
    ) -> None:
        """Check everything that can be checked before the first node runs.

        Args:
            pipeline: of the run.
            recipes: say what a group is made from.
            history: what ran before.
            forced: nodes that run in any case.
            kept: outputs that are in memory only.
            mark: the claim of the run, which copies the data of another branch that
                made the same; without it the plan only says so.
        """
        self._mark = mark
        datasets = recipes.datasets
        self.datasets, self.recipes, self.history = datasets, recipes, history
        self.kept = kept
        # Whether what is in a bucket right after a save is what a later look would see.
        self.trust_saves = True
        self._held: dict[str, Held] = {}
        self._names: dict[str, set[str]] = defaultdict(set)  # all ways to read it
        for name in pipeline.datasets():
            self._names[bare(name)].add(name)
        self.groups = find_groups(pipeline, datasets.is_in_memory)
        datasets.look_ahead({*chain(*(e.inputs + e.outputs for e in self.groups))})
        for group in self.groups:
            _describe(group, recipes, forced)
        self._find_shared_places()
        for group in self.groups:
            group.last = history.last(group.key)
        kept.look_ahead(
            {print_ for e in self.groups for print_ in e.last.kept.values()}
        )
        for group in self.groups:
            self.decide(group)

    def decide(self, group: Group) -> None:
        """Decide whether a group has to run, by what is known so far."""
        open_inputs = self._look(group)
        group.action = RUN
        group.reasons = [*group.always, *self._unknown(group)]
        if group.reasons:
            return
        branch = self.history.branch
        found = self.history.find(group.recipe.print)
        records = (record for latest in found for record in reversed(latest))
        fitting = (each for each in records if self._fits(each, group, open_inputs))
        record = next(fitting, None)
        if record is None and not open_inputs and (record := self._of_other(group)):
            group.action, group.last = SKIP, record
            group.reasons = [f"'{record.branch}' made the same: its data is copied"]
        elif record is None:
            group.reasons = (
                why_run(group.last, group.recipe, group.read, group.written, branch)
                or why_not_kept(group.last, group.in_memory)
                or [why_maybe(open_inputs)]
            )
        elif open_inputs:
            group.action, group.reasons = MAYBE, [why_maybe(open_inputs)]
        else:
            group.action, group.last = SKIP, record
            group.reasons = [why_skip(record, group.written, branch)]

    def _fits(self, record: GroupRecord, group: Group, open_inputs: list[str]) -> bool:
        """Whether a record applies to a group; if so, take its kept values."""
        inputs = fingerprints(group.read)
        if open_inputs:
            inputs = {**record.inputs, **inputs}
        if record.inputs != inputs or record.outputs != fingerprints(group.written):
            return False
        return self._take_values(record, group)

    def _take_values(self, record: GroupRecord, group: Group) -> bool:
        """Take the outputs in memory that were kept; whether all of them are there."""
        try:
            group.values = {
                name: self.kept.load(record.kept[name]) for name in group.in_memory
            }
        except LookupError:  # it was not kept, or is gone
            return False
        return True

    def _of_other(self, group: Group) -> GroupRecord | None:
        """The record of another branch with the same result that still has the data.

        The group has a copy of it then, or would have one if this were a run.
        """
        inputs = fingerprints(group.read)
        for record in chain(*self.history.find(group.recipe.print)):
            if record.inputs != inputs or record.branch in {"", self.history.branch}:
                continue
            theirs = {
                name: self.datasets.on_branch(name, record.branch)
                for name in group.outputs
            }
            held = {name: each for name, each in theirs.items() if each}
            if not held or fingerprints(held) != record.outputs:
                continue
            if not self._take_values(record, group):
                continue
            if self._mark:
                with suppress_errors():
                    # Else a run that saves there now would take the copy for its own.
                    self._mark.begin(self.places.values())
                    for name in group.outputs:
                        self.datasets.copy_from(name, record.branch)
                self.look_again(group.outputs)
            else:
                for name, each in held.items():
                    self._held.update(dict.fromkeys(self._names[bare(name)], each))
            group.written = {name: self.held(name) for name in group.outputs}
            if record.outputs == fingerprints(group.written):
                if self._mark:
                    self.history.add(evolve(record, branch=self.history.branch))
                return record
        return None

    def wave(self, last: bool = False) -> list[Group]:
        """The groups that can run now: they must run, and depend on no undecided group.

        Args:
            last: run what may have to run, too, instead of waiting to know.
        """
        waiting: set[int] = set()
        found = []
        for number, group in enumerate(self.groups):
            if group.action == MAYBE and not last:
                waiting.add(number)
            elif group.action in {RUN, MAYBE}:
                if group.parents & waiting:
                    waiting.add(number)
                else:
                    found.append(group)
        return found

    def settle(self) -> None:
        """Decide on waiting groups whose inputs are now all known."""
        for group in self.groups:
            if group.action == MAYBE and not self._is_open(group):
                self.decide(group)

    def _is_open(self, group: Group) -> bool:
        """Whether nodes that it depends on may still run."""
        return any(self.groups[n].action in {RUN, MAYBE} for n in group.parents)

    def look_again(self, names: Iterable[str]) -> None:
        """Check these datasets again after they were written."""
        with file_info.after_save() if self.trust_saves else nullcontext():
            for name in names:
                for each in self._names[bare(name)]:
                    self._held[each] = self.datasets.now(each)

    def held(self, name: str) -> Held:
        """The data of a dataset when the run began, or after it was written."""
        if name not in self._held:
            with file_info.at_start():
                self._held[name] = self.datasets.now(name)
        return self._held[name]

    def read(self, name: str) -> Held:
        """The data that a node reads now."""
        return self.datasets.read(name, self.held(name))

    def _look(self, group: Group) -> list[str]:
        """Check its inputs and outputs; return the inputs that may still change."""
        changing = {
            bare(name)
            for number in group.parents
            if self.groups[number].action in {RUN, MAYBE}
            for name in self.groups[number].outputs
        }
        open_inputs = [n for n in group.inputs if bare(n) in changing]
        group.read = {
            name: self.read(name) for name in group.inputs if name not in open_inputs
        }
        group.written = {name: self.held(name) for name in group.outputs}
        return open_inputs

    def _unknown(self, group: Group) -> list[str]:
        """Why no record could allow it to be skipped."""
        reasons = []
        for name, held in {**group.read, **group.written}.items():
            if held.print is None and held.why_not != MISSING:
                reasons.append(f"`{name}` {held.why_not}")
                group.tellable = False
        reasons += [
            f"`{name}` {MISSING}"
            for name, held in group.read.items()
            if held.why_not == MISSING
        ]
        return reasons

    def _find_shared_places(self) -> None:
        """Find places to which two nodes write, or one into the folder of the other: the
        data there belongs to neither. Also find those that a node reads by another name:
        its data may change while this run goes on."""
        places = {
            name: self.datasets.place(name)
            for group in self.groups
            for name in group.outputs
        }
        made = {*map(bare, places)}
        counts = Counter(filter(None, places.values()))
        written = {*counts}
        folders = set().union(*map(_folders_of, written))
        for place in written:
            if around := _folders_of(place) & written:
                counts.update({place, *around})
        for group in self.groups:
            for name in group.outputs:
                if counts[places[name]] > 1:
                    group.always.append(f"`{name}` is where another node writes, too")
                    group.tellable = False
            for name in group.inputs:
                # Of data that cannot be compared nobody needs the place.
                is_known = bare(name) not in made and (
                    self.held(name).print or self.held(name).why_not == MISSING
                )
                place = self.datasets.place(name) if is_known else ""
                if {place, *_folders_of(place)} & written or place in folders:
                    group.always.append(f"`{name}` is where another dataset is saved")
                    group.tellable = False
        self.places = places


def _folders_of(place: str) -> set[str]:
    """The folders that a place is in."""
    return {*accumulate(place.split("/")[:-1], "{}/{}".format)}


def fingerprints(held: dict[str, Held]) -> dict[str, str]:
    """The fingerprints of datasets, for a record."""
    return {name: held[name].print or "" for name in sorted(held)}


def _describe(group: Group, recipes: Recipes, forced: set[str]) -> None:
    """Add what is known about a group before any data is checked."""
    group.key = of_texts(*group.outputs, *group.in_memory)
    group.recipe = recipes.recipe(group.nodes, group.parameters)
    group.always = [why for node in group.nodes for why in _always(node, forced)]
    group.always += [f"`{name}` is in memory, from outside" for name in group.given]
    group.always += [
        f"`{name}` adds to the existing data"
        for name in group.outputs
        if recipes.datasets.appends(name)
    ]
    group.always += [f"cannot be compared: {each}" for each in group.recipe.opaque]
    outputs = group.outputs or group.in_memory
    # With --load-versions, what is there after a save is not what was saved.
    pinned = any(map(recipes.datasets.is_pinned, group.outputs))
    unknown = group.given or group.recipe.opaque or pinned
    group.tellable = bool(outputs) and not unknown


def _always(node: Node, forced: set[str]) -> Iterable[str]:
    if node.name in forced:
        yield "forced for this run"
    if not node.outputs:
        yield "has no outputs"
    if node.confirms:
        yield "confirms a dataset"
    if ALWAYS in node.tags:
        yield f"is tagged '{ALWAYS}'"


def bare(dataset: str) -> str:
    """The name without transcoding: ``cars`` of ``cars@spark``."""
    return dataset.partition("@")[0]


def find_groups(pipeline: Pipeline, in_memory: Callable[[str], bool]) -> list[Group]:
    """All groups, each after the groups that it needs.

    Args:
        pipeline: of the run.
        in_memory: whether nothing of a dataset is left after a run.
    """
    nodes = pipeline.nodes
    makers = {bare(name): i for i, node in enumerate(nodes) for name in node.outputs}
    memory: dict[str, bool] = {}
    for name in sorted(pipeline.datasets()):
        if not is_parameter(name):
            memory[name] = in_memory(name)
    # The nodes of a group share a number, that of one of them.
    number = list(range(len(nodes)))
    for i, node in enumerate(nodes):
        for name in node.inputs:
            if memory.get(name) and bare(name) in makers:
                _tie(number, i, makers[bare(name)])
    return _described(nodes, _in_order(nodes, number, makers), makers, memory)


def _tie(number: list[int], one: int, other: int) -> None:
    """Put the nodes of two groups into one group."""
    old, new = number[one], number[other]
    number[:] = [new if each == old else each for each in number]


def _in_order(
    nodes: list[Node], number: list[int], makers: dict[str, int]
) -> list[list[int]]:
    """The nodes of each group, in an order in which the groups can run.

    Two groups may need each other, one node of each by a file; then they are one.
    """
    while True:
        members: dict[int, list[int]] = defaultdict(list)
        needs: dict[int, set[int]] = defaultdict(set)
        for i, node in enumerate(nodes):
            members[number[i]].append(i)
            found = {number[makers.get(bare(name), i)] for name in node.inputs}
            needs[number[i]] |= found - {number[i]}
        try:
            return [members[each] for each in TopologicalSorter(needs).static_order()]
        except CycleError as error:
            for each in error.args[1]:
                _tie(number, each, error.args[1][0])


def _described(
    nodes: list[Node],
    order: list[list[int]],
    makers: dict[str, int],
    memory: dict[str, bool],
) -> list[Group]:
    place = {i: at for at, members in enumerate(order) for i in members}
    read = {bare(name) for node in nodes for name in node.inputs}
    found = []
    for at, members in enumerate(order):
        group = Group([nodes[i] for i in members])
        for node in group.nodes:
            for name in node.inputs:
                maker = makers.get(bare(name))
                if maker is not None and place[maker] != at:
                    group.parents.add(place[maker])
                if is_parameter(name):
                    group.parameters.append(name)
                elif maker is None and memory[name]:
                    group.given.append(name)
                elif maker is None or place[maker] != at:
                    group.inputs.append(name)
            for name in node.outputs:
                if not memory[name]:
                    group.outputs.append(name)
                elif bare(name) not in read:
                    group.in_memory.append(name)
        for names in (group.inputs, group.parameters, group.outputs, group.given):
            names[:] = sorted(set(names))
        found.append(group)
    return found

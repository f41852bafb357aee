"""Which nodes of a run have to run, as far as is known, and why."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from attrs import define, field
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from ..core.checksum import of_texts
from .dataset_version import MISSING, Held
from .groups import Group, bare, groups
from .history import NEVER, GroupRecord, NodeHistory
from .kept_values import KeptValues
from .recipe import Recipe, Recipes, why_maybe, why_not_kept, why_run, why_skip
from .settings import Forced

RUN, SKIP, MAYBE, DONE = "run", "skip", "maybe", "done"
ALWAYS = "always"  # the tag of nodes that run whatever is known


@define(eq=False)
class Step:
    """A group of nodes in a plan."""

    group: Group
    key: str
    recipe: Recipe
    action: str = RUN
    reasons: list[str] = field(factory=list)
    always: list[str] = field(factory=list)  # reasons that need no record
    last: GroupRecord = NEVER  # of the same nodes, the last time
    # Whether it would be known what was made from what, if it ran.
    tellable: bool = True
    inputs: dict[str, Held] = field(factory=dict)
    outputs: dict[str, Held] = field(factory=dict)
    values: dict[str, Any] = field(factory=dict)  # of outputs that are in memory only

    @property
    def name(self) -> str:
        """Its nodes, for a person."""
        return self.group.name

    @property
    def seconds(self) -> float | None:
        """How long it took the last time."""
        return sum(self.last.seconds.values()) if self.last.seconds else None


class Plan:
    """The steps of a run, each after those that it needs."""

    def __init__(
        self,
        pipeline: Pipeline,
        recipes: Recipes,
        history: NodeHistory,
        forced: Forced,
        kept: KeptValues,
    ) -> None:
        """Look at everything that can be looked at before the first node runs."""
        datasets = recipes.datasets
        self.datasets, self.recipes, self.history = datasets, recipes, history
        self.kept = kept
        self._held: dict[str, Held] = {}
        self._names: dict[str, set[str]] = defaultdict(set)  # all ways to read it
        for name in pipeline.datasets():
            self._names[bare(name)].add(name)
        found = groups(pipeline, datasets.is_in_memory)
        self.steps = [_step(group, recipes, forced) for group in found]
        self._find_shared_places()
        for step in self.steps:
            self.decide(step)
        self._known = self._closed()

    def decide(self, step: Step) -> None:
        """Say whether a step has to run, by what is known now."""
        if step.last is NEVER:
            step.last = self.history.last(step.key)
        open_inputs = self._look(step)
        step.action = RUN
        step.reasons = [*step.always, *self._unknown(step)]
        if step.reasons:
            return
        branch = self.history.branch
        for records in self.history.find(step.recipe.print):
            fitting = [
                each
                for each in records
                if _fits(each, step, open_inputs) and self._load_values(each, step)
            ]
            if fitting and open_inputs:
                step.action, step.reasons = MAYBE, [why_maybe(open_inputs)]
                return
            if fitting:
                step.action, step.last = SKIP, fitting[-1]
                step.reasons = [why_skip(step.last, step.outputs, branch)]
                return
        step.reasons = (
            why_run(step.last, step.recipe, step.inputs, step.outputs, branch)
            or why_not_kept(step.last, step.group.in_memory)
            or [why_maybe(open_inputs)]
        )

    def _load_values(self, record: GroupRecord, step: Step) -> bool:
        """Whether outputs that are in memory only can be had without the node."""
        try:
            step.values = {
                name: self.kept.load(record.kept[name]) for name in step.group.in_memory
            }
        except LookupError:  # it was not kept, or is gone
            return False
        return True

    def wave(self, last: bool = False) -> list[Step]:
        """What can run now: all that must and does not wait for what may.

        Args:
            last: run what may have to run, too, instead of waiting to know.
        """
        waiting: set[int] = set()
        found = []
        for number, step in enumerate(self.steps):
            if step.action == MAYBE and not last:
                waiting.add(number)
            elif step.action in {RUN, MAYBE}:
                if step.group.parents & waiting:
                    waiting.add(number)
                else:
                    found.append(step)
        return found

    def settle(self) -> None:
        """Decide on what has been waiting for a step that is done, or left out now."""
        news = self._closed() - self._known
        for number, step in enumerate(self.steps):
            if step.action == MAYBE and step.group.parents & news:
                self.decide(step)
                if step.action == SKIP:
                    news.add(number)
        self._known = self._closed()

    def _closed(self) -> set[int]:
        """The steps that change nothing any more."""
        return {n for n, step in enumerate(self.steps) if step.action in {DONE, SKIP}}

    def look_again(self, names: Iterable[str]) -> None:
        """See what these datasets hold, which have been written."""
        for name in names:
            for each in self._names[bare(name)]:
                self._held[each] = self.datasets.now(each)

    def held(self, name: str) -> Held:
        """What a dataset holds now."""
        if name not in self._held:
            self._held[name] = self.datasets.now(name)
        return self._held[name]

    def read(self, name: str) -> Held:
        """What a node that reads a dataset gets now."""
        return self.datasets.read(name, self.held(name))

    def _look(self, step: Step) -> list[str]:
        """See what it reads and what it wrote; return the inputs that may yet change."""
        changing = {
            bare(name)
            for number in step.group.parents
            if self.steps[number].action in {RUN, MAYBE}
            for name in self.steps[number].group.outputs
        }
        open_inputs = [n for n in step.group.inputs if bare(n) in changing]
        step.inputs = {
            name: self.read(name)
            for name in step.group.inputs
            if name not in open_inputs
        }
        step.outputs = {name: self.held(name) for name in step.group.outputs}
        return open_inputs

    def _unknown(self, step: Step) -> list[str]:
        """Why nothing that was recorded could say that it need not run."""
        reasons = []
        for name, held in {**step.inputs, **step.outputs}.items():
            if held.print is None and held.why_not != MISSING:
                reasons.append(f"`{name}` {held.why_not}")
                step.tellable = False
        reasons += [
            f"`{name}` {MISSING}"
            for name, held in step.inputs.items()
            if held.why_not == MISSING
        ]
        return reasons

    def _find_shared_places(self) -> None:
        """Where two nodes write, nobody knows what one of them has written."""
        places = {
            name: self.datasets.place(name)
            for step in self.steps
            for name in step.group.outputs
        }
        counts = Counter(filter(None, places.values()))
        for step in self.steps:
            for name in step.group.outputs:
                if counts[places[name]] > 1:
                    step.always.append(f"`{name}` is where another node writes, too")
                    step.tellable = False
        self.places = places


def fingerprints(held: dict[str, Held]) -> dict[str, str]:
    """What datasets hold, for a record."""
    return {name: held[name].print or "" for name in sorted(held)}


def _fits(record: GroupRecord, step: Step, open_inputs: list[str]) -> bool:
    inputs = fingerprints(step.inputs)
    if open_inputs:
        inputs = {**record.inputs, **inputs}
    return record.inputs == inputs and record.outputs == fingerprints(step.outputs)


def _step(group: Group, recipes: Recipes, forced: Forced) -> Step:
    recipe = recipes.recipe(group)
    step = Step(group, of_texts(*group.outputs, *group.in_memory), recipe)
    step.always = [why for node in group.nodes for why in _always(node, forced)]
    step.always += [f"`{name}` is in memory, from outside" for name in group.given]
    step.always += [f"cannot be compared: {each}" for each in recipe.opaque]
    outputs = group.outputs or group.in_memory
    step.tellable = bool(outputs) and not (group.given or recipe.opaque)
    return step


def _always(node: Node, forced: Forced) -> Iterable[str]:
    if forced.has(node.name, node.short_name):
        yield "forced for this run"
    if not node.outputs:
        yield "has no outputs"
    if node.confirms:
        yield "confirms a dataset"
    if ALWAYS in node.tags:
        yield f"is tagged '{ALWAYS}'"

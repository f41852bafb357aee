"""The nodes of a run in groups that run together, because they share data in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from graphlib import CycleError, TopologicalSorter

from attrs import define, field
from kedro.io.core import is_parameter
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node


@define(eq=False)
class Group:
    """Nodes that run or are left out together, by the data that outlasts a run."""

    nodes: list[Node]  # each after those that it needs
    parents: set[int] = field(factory=set)  # the groups that it needs
    inputs: list[str] = field(factory=list)  # what others have made
    outputs: list[str] = field(factory=list)  # what stays
    parameters: list[str] = field(factory=list)
    in_memory: list[str] = field(factory=list)  # outputs that no node of the run reads
    given: list[str] = field(factory=list)  # in memory, and made by nobody in the run

    @property
    def name(self) -> str:
        """Its nodes, for a person."""
        return ", ".join(node.name for node in self.nodes)


def bare(dataset: str) -> str:
    """The name without the way in which it is read: ``cars`` of ``cars@spark``."""
    return dataset.partition("@")[0]


def groups(pipeline: Pipeline, in_memory: Callable[[str], bool]) -> list[Group]:
    """All groups, each after those that it needs.

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
    number[_top(number, one)] = _top(number, other)


def _top(number: list[int], i: int) -> int:
    while number[i] != i:
        number[i] = number[number[i]]
        i = number[i]
    return i


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
            top = _top(number, i)
            members[top].append(i)
            found = {_top(number, makers.get(bare(name), i)) for name in node.inputs}
            needs[top] |= found - {top}
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

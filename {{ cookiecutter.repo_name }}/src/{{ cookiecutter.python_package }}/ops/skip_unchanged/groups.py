"""The nodes of a run in groups that run together, because they share data in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

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
    lost: list[str] = field(factory=list)  # in memory, and for nobody in the run
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
    tied = _Ties(len(nodes))
    for i, node in enumerate(nodes):
        for name in node.inputs:
            if memory.get(name) and bare(name) in makers:
                tied.tie(i, makers[bare(name)])
    number = tied.numbers()
    needs: list[set[int]] = [set() for _ in nodes]
    for i, node in enumerate(nodes):
        for name in node.inputs:
            maker = makers.get(bare(name), i)
            if number[maker] != number[i]:
                needs[number[i]].add(number[maker])
    return _described(nodes, _merged(number, needs), makers, memory)


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
                    group.lost.append(name)
        for names in (group.inputs, group.parameters, group.outputs, group.given):
            names[:] = sorted(set(names))
        found.append(group)
    return found


def _merged(number: list[int], needs: list[set[int]]) -> list[list[int]]:
    """The members of each group in an order in which they can run.

    Two groups may need each other, one node of each by a file; then they are one.
    """
    members = defaultdict(list)
    for i, each in enumerate(number):
        members[each].append(i)
    order = _components(sorted(members), lambda each: sorted(needs[each]))
    return [sorted(i for each in whole for i in members[each]) for whole in order]


def _components(
    vertices: Iterable[int], after: Callable[[int], Iterable[int]]
) -> list[list[int]]:
    """Those that can reach each other together, each lot after what it needs (Tarjan).

    Without recursion: a chain may have thousands of nodes.
    """
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    path: list[int] = []
    on_path: set[int] = set()
    found: list[list[int]] = []
    for start in vertices:
        if start in index:
            continue
        work: list[tuple[int, Iterator[int]]] = [(start, iter(after(start)))]
        index[start] = low[start] = len(index)
        path.append(start)
        on_path.add(start)
        while work:
            vertex, rest = work[-1]
            for other in rest:
                if other not in index:
                    index[other] = low[other] = len(index)
                    path.append(other)
                    on_path.add(other)
                    work.append((other, iter(after(other))))
                    break
                if other in on_path:
                    low[vertex] = min(low[vertex], index[other])
            else:
                work.pop()
                if work:
                    above = work[-1][0]
                    low[above] = min(low[above], low[vertex])
                if low[vertex] == index[vertex]:
                    whole: list[int] = []
                    while vertex not in whole[-1:]:
                        whole.append(path.pop())
                    on_path.difference_update(whole)
                    found.append(whole)
    return found


class _Ties:
    """Which of some numbers belong together (union-find)."""

    def __init__(self, count: int) -> None:
        self._above = list(range(count))

    def tie(self, one: int, other: int) -> None:
        """Have two belong together."""
        self._above[self._top(one)] = self._top(other)

    def numbers(self) -> list[int]:
        """For each, a number that it shares with those that it belongs to."""
        return [self._top(i) for i in range(len(self._above))]

    def _top(self, i: int) -> int:
        while self._above[i] != i:
            self._above[i] = self._above[self._above[i]]
            i = self._above[i]
        return i

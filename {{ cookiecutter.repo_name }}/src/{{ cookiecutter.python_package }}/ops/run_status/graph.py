"""The pipeline of a run as the status page draws it: whole, or namespace by namespace."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from hashlib import sha1
from typing import Any
from unicodedata import east_asian_width

from attrs import define, field

from .layout import draw
from .model import Node, Run

MANY = 200  # nodes: in a drawing of more, a namespace is one box
LABEL = 30  # letters that a box shows, as in graph.js
LETTER = 6.9  # pixels: the mean width of a letter
FRAME = 40  # pixels: what a box has beside its label
COUNT = 44  # pixels: what the number of nodes in a namespace takes

# What a box stands for, as in graph.js.
NODE, DATASET, NAMESPACE = range(3)

_Groups = dict["int | str", list[int]]


@define(eq=False)
class Graph:
    """The nodes of a run and their datasets, each with a number.

    Two are equal if they are drawn in the same way.
    """

    nodes: list[Node]
    number: dict[str, int] = field(factory=dict)  # of each dataset
    names: list[str] = field(factory=list)  # of the datasets, by number

    @classmethod
    def of(cls, run: Run) -> Graph:
        """The graph of a run."""
        graph = cls(list(run.nodes.values()))
        for node in graph.nodes:
            for name in (*node.inputs, *node.outputs):
                graph.number.setdefault(name, len(graph.number))
        for name in run.datasets:
            graph.number.setdefault(name, len(graph.number))
        graph.names = list(graph.number)
        return graph

    @cached_property
    def key(self) -> str:
        """The same for runs with the same nodes and datasets."""
        what = [
            (node.name, node.inputs, node.outputs, node.namespace, node.tags)
            for node in self.nodes
        ]
        text = repr((what, self.names))
        return sha1(text.encode(), usedforsecurity=False).hexdigest()[:12]

    def __eq__(self, other: object) -> bool:
        """Whether nodes and datasets are the same, in whatever state."""
        return isinstance(other, Graph) and self.key == other.key

    def __hash__(self) -> int:
        """By what they are compared."""
        return hash(self.key)

    def data(self) -> dict[str, Any]:
        """Nodes, datasets and drawings, as the page takes them."""
        tags, spaces, number = dict[str, int](), dict[str, int](), self.number
        nodes = [
            [
                node.name,
                "" if node.short_name == node.name else node.short_name,
                spaces.setdefault(node.namespace or "", len(spaces)),
                [number[name] for name in node.inputs],
                [number[name] for name in node.outputs],
                [tags.setdefault(tag, len(tags)) for tag in node.tags],
            ]
            for node in self.nodes
        ]
        return {
            "key": self.key,
            "nodes": nodes,
            "datasets": self.names,
            "tags": list(tags),
            "namespaces": list(spaces),
            "views": dict(self._views("", list(range(len(nodes))))),
        }

    def _views(self, space: str, members: list[int]) -> Iterator[tuple[str, Any]]:
        """The drawing of a namespace, and those of the boxes in it that open."""
        groups = self._groups(space, members)
        yield space, self._view(space, groups)
        for name, inside in groups.items():
            if isinstance(name, str):
                yield from self._views(name, inside)

    def _groups(self, space: str, members: list[int]) -> _Groups:
        """The boxes: a node by its number, or a namespace with the nodes in it."""
        if len(members) <= MANY:
            return {index: [index] for index in members}
        found: _Groups = {}
        for index in members:
            rest = (self.nodes[index].namespace or "").removeprefix(space).lstrip(".")
            inner = rest.partition(".")[0]
            name = f"{space}.{inner}".lstrip(".") if inner else index
            found.setdefault(name, []).append(index)
        if len(found) == 1:
            return self._groups(str(next(iter(found))), members)
        return {
            name if len(inside) > 1 else inside[0]: inside
            for name, inside in found.items()
        }

    def _view(self, space: str, groups: _Groups) -> dict[str, Any]:
        kinds = [NODE if isinstance(name, int) else NAMESPACE for name in groups]
        refs: list[int | str] = list(groups)
        edges: list[tuple[int, int]] = []
        opens = {box for box, kind in enumerate(kinds) if kind == NAMESPACE}
        for dataset, (makers, users) in self._ends(groups).items():
            if opens and not opens.isdisjoint((*makers, *users)):
                # What goes between namespaces is a line; inside it is seen as a box.
                edges += [(maker, user) for maker in makers for user in users]
                continue
            box = len(kinds)
            kinds.append(DATASET)
            refs.append(dataset)
            edges += [(maker, box) for maker in makers]
            edges += [(box, user) for user in users]
        widths = [
            int(_letters(self._label(kind, ref, space)) * LETTER + FRAME)
            + (COUNT if kind == NAMESPACE else 0)
            for kind, ref in zip(kinds, refs)
        ]
        drawing = draw(widths, edges)
        return {
            "size": [drawing.width, drawing.height],
            "kinds": kinds,
            "refs": refs,
            "widths": widths,
            "points": [at for point in drawing.points for at in point],
            "lines": [end for line in drawing.lines for end in line],
        }

    def _ends(self, groups: _Groups) -> dict[int, tuple[list[int], list[int]]]:
        """The boxes that make a dataset and those that use it, by its number."""
        ends: dict[int, tuple[list[int], list[int]]] = {}
        drawn = self._drawn
        for box, inside in enumerate(groups.values()):
            for index in inside:
                node = self.nodes[index]
                for side, names in enumerate((node.outputs, node.inputs)):
                    for name in names:
                        if name in drawn:
                            ends.setdefault(drawn[name], ([], []))[side].append(box)
        return ends

    @cached_property
    def _drawn(self) -> dict[str, int]:
        """Each dataset with the number of its box; forms of a transcoded one share it."""
        first: dict[str, int] = {}
        return {
            name: first.setdefault(name.partition("@")[0], number)
            for name, number in self.number.items()
            if not is_parameter(name)
        }

    def _label(self, kind: int, ref: Any, space: str) -> str:
        if kind == NODE:
            return str(self.nodes[ref].short_name or self.nodes[ref].name)
        name = self.names[ref] if kind == DATASET else ref
        return str(name).removeprefix(f"{space}.")


def is_parameter(name: str) -> bool:
    """Whether Kedro takes a node's input from its parameters."""
    return name == "parameters" or name.startswith("params:")


def _letters(label: str) -> int:
    """How wide a label is; one that is longer than LABEL is shown shortened."""
    if label.isascii():
        return min(len(label), LABEL)
    shown = label if len(label) <= LABEL else label[:LABEL]
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in shown)

"""Where the boxes of a graph are drawn: in rows, from top to bottom, as the data flow.

The framework is that of K. Sugiyama, S. Tagawa and M. Toda, "Methods for visual
understanding of hierarchical system structures", IEEE Transactions on Systems, Man, and
Cybernetics 11 (1981): rows by longest path, bends where a line passes a row, an order in
each row by barycentres. Rows have a limit, as those of E. Coffman and R. Graham (1972).
In its row a box comes as near to its neighbours as its place in the order lets it: a
monotone regression, solved by pooling adjacent violators (R. Barlow et al., 1972).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, islice, pairwise, product
from math import sqrt
from typing import Any
from unicodedata import east_asian_width

from attrs import frozen
from kedro.io.core import is_parameter

from .model import Node, Run

MANY = 200  # nodes: in a drawing of more, a namespace is one box
LABEL = 30  # letters that a box shows, as in graph.js
LETTER = 6.9  # pixels: the mean width of a letter
FRAME = 40  # pixels: what a box has beside its label
COUNT = 44  # pixels: what the number of nodes in a namespace takes

ROW = 52  # from the middle of a row to that of the next
GAP = 18  # between two boxes
BEND = 8  # the room of a line that passes a row
LARGE = 600  # boxes: from here on time counts more than beauty
EFFORT = 2400  # points that are moved to where they please, all sweeps together
FAR = 6  # rows: a line of a large graph that goes further has no bends
SHAPE = 1.7  # how much wider than high a drawing of many parts should be

_Box = tuple[str, str]  # "node", "dataset" or "namespace", and its name


def drawings(run: Run) -> list[dict[str, Any]]:
    """The pipeline of a run as the page draws it: whole, and each namespace that opens.

    A box has its middle and its width. ``lines`` says of each point, of the boxes and
    then of the bends, to which points lines go from it.
    """
    return list(_drawings("", list(run.nodes.values())))


def _drawings(namespace: str, nodes: list[Node]) -> Iterator[dict[str, Any]]:
    groups = _groups(namespace, nodes)
    boxes: list[_Box] = list(groups)
    edges: list[tuple[int, int]] = []
    opens = {index for index, box in enumerate(boxes) if box[0] == "namespace"}
    for dataset, (makers, users) in _ends(groups.values()).items():
        if not opens.isdisjoint((*makers, *users)):
            # What goes between namespaces is a line; inside it is seen as a box.
            edges += product(makers, users)
            continue
        edges += [(maker, len(boxes)) for maker in makers]
        edges += [(len(boxes), user) for user in users]
        boxes.append(("dataset", dataset))
    labels = {("node", node.name): node.short_name or node.name for node in nodes}
    widths = [
        int(_letters(labels.get(box) or box[1].removeprefix(f"{namespace}.")) * LETTER)
        + (FRAME + COUNT if box[0] == "namespace" else FRAME)
        for box in boxes
    ]
    drawing = draw(widths, edges)
    lines: list[list[int]] = [[] for _ in drawing.points]
    for upper, lower in drawing.lines:
        lines[upper].append(lower)
    yield {
        "namespace": namespace,
        "width": drawing.width,
        "height": drawing.height,
        "boxes": {
            f"{kind}:{name}": (x, y, width)
            for (kind, name), (x, y), width in zip(boxes, drawing.points, widths)
        },
        "bends": drawing.points[len(boxes) :],
        "lines": lines,
    }
    for (kind, name), inside in groups.items():
        if kind == "namespace":
            yield from _drawings(name, inside)


def _groups(namespace: str, nodes: list[Node]) -> dict[_Box, list[Node]]:
    """The boxes of nodes: of many, a namespace in this one is a box."""
    if len(nodes) <= MANY:
        return {("node", node.name): [node] for node in nodes}
    found: dict[str, list[Node]] = {}
    for node in nodes:
        rest = (node.namespace or "").removeprefix(namespace).lstrip(".")
        inner = f"{namespace}.{rest.partition('.')[0]}".lstrip(".") if rest else ""
        found.setdefault(inner, []).append(node)
    if len(found) == 1 and "" not in found:
        return _groups(next(iter(found)), nodes)
    groups: dict[_Box, list[Node]] = {}
    for inner, inside in found.items():
        if inner and len(inside) > 1:
            groups["namespace", inner] = inside
        else:
            groups |= {("node", node.name): [node] for node in inside}
    return groups


def _ends(groups: Iterable[list[Node]]) -> dict[str, tuple[list[int], list[int]]]:
    """The boxes that make a dataset and those that use it, by their number.

    Forms of a transcoded dataset are one, with the name of the first.
    """
    first: dict[str, str] = {}
    ends: dict[str, tuple[list[int], list[int]]] = {}
    for box, inside in enumerate(groups):
        for node in inside:
            for side, names in enumerate((node.outputs, node.inputs)):
                for name in names:
                    if not is_parameter(name):
                        form = first.setdefault(name.partition("@")[0], name)
                        ends.setdefault(form, ([], []))[side].append(box)
    return ends


def _letters(label: str) -> int:
    """How wide a label is; the page shortens one that is longer than LABEL."""
    label = label[:LABEL]
    if label.isascii():
        return len(label)
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in label)


@frozen
class Drawing:
    """The middles of the boxes, then the bends; a line goes from a point to a point."""

    width: int
    height: int
    points: list[tuple[int, int]]
    lines: list[tuple[int, int]]


def draw(widths: Sequence[int], edges: Iterable[tuple[int, int]]) -> Drawing:
    """Draw boxes of these widths; an edge goes from its first box down to its second.

    Of edges that make a circle one goes up.
    """
    sheet = _Sheet(widths, edges)
    return sheet.packed([sheet.draw(part) for part in sheet.parts()])


class _Sheet:
    """A drawing in the works: lists by point, first of boxes, then of bends."""

    def __init__(self, widths: Sequence[int], edges: Iterable[tuple[int, int]]) -> None:
        self.boxes = len(widths)
        self.above: list[list[int]] = [[] for _ in widths]
        self.below: list[list[int]] = [[] for _ in widths]
        for upper, lower in dict.fromkeys(edges):
            if upper != lower:
                self.below[upper].append(lower)
                self.above[lower].append(upper)
        self.room = [width + GAP for width in widths]
        self.row = [-1 for _ in widths]
        self.x = [0.0 for _ in widths]
        # Neighbours in the rows just above and below.
        self.up: list[list[int]] = [[] for _ in widths]
        self.down: list[list[int]] = [[] for _ in widths]
        self.lines: list[tuple[int, int]] = []

    def parts(self) -> list[list[int]]:
        """The connected parts, in each of which what is above comes first."""
        part_of = [-1] * self.boxes
        parts: list[list[int]] = []
        for first in range(self.boxes):
            if part_of[first] >= 0:
                continue
            part_of[first], stack = len(parts), [first]
            parts.append([])
            while stack:
                box = stack.pop()
                for other in self.above[box] + self.below[box]:
                    if part_of[other] < 0:
                        part_of[other] = part_of[box]
                        stack.append(other)
        for box in self._downwards():
            parts[part_of[box]].append(box)
        return parts

    def _downwards(self) -> list[int]:
        """Each box after those above it; a circle is cut where least is missing."""
        missing = [len(above) for above in self.above]
        order = [box for box, number in enumerate(missing) if not number]
        for done in range(self.boxes):
            if done == len(order):
                left = set(range(self.boxes)).difference(order)
                cut = min(left, key=lambda box: (missing[box], box))
                missing[cut] = 0  # less than that is never ready again
                order.append(cut)
            for lower in self.below[order[done]]:
                missing[lower] -= 1
                if not missing[lower]:
                    order.append(lower)
        return order

    def draw(self, part: list[int]) -> list[list[int]]:
        """Give each point of a part its row and its x; return the rows."""
        rows = self._in_rows(part)
        self._join(part, rows)
        if any(len(row) > 1 for row in rows):
            sweeps = max(2, min(12, EFFORT // sum(map(len, rows))))
            self._order(rows, sweeps)
            self._place(rows, sweeps)
        return rows

    def _in_rows(self, part: list[int]) -> list[list[int]]:
        """Each box below those above it, where there is room; a source near its use."""
        row_of, above = self.row, self.above
        limit = max(12, int(0.8 * sqrt(len(part))))
        rows: list[list[int]] = []
        for box in part:
            if not above[box] and self.below[box]:
                continue  # a source comes with the first that needs it
            sources = [one for one in above[box] if row_of[one] < 0 and not above[one]]
            row = max((row_of[one] for one in above[box]), default=-1) + 1
            row = max(row, 1) if sources else row
            while row < len(rows) and len(rows[row]) >= limit:
                row += 1
            rows += [[] for _ in range(row + 1 - len(rows))]
            for one, depth in [(box, row), *((source, row - 1) for source in sources)]:
                row_of[one] = depth
                rows[depth].append(one)
        return rows

    def _join(self, part: list[int], rows: list[list[int]]) -> None:
        """Lines from row to row; all that go far down from a box share their bends."""
        row_of = self.row
        far = FAR if self.boxes > LARGE else len(rows)
        for box in part:
            last, depth = box, row_of[box]
            for lower in sorted(self.below[box], key=row_of.__getitem__):
                if not 0 < row_of[lower] - row_of[box] <= far:  # or it closes a circle
                    self.lines.append((box, lower))
                    continue
                while depth < row_of[lower] - 1:
                    depth += 1
                    bend = self._bend(depth)
                    rows[depth].append(bend)
                    self._line(last, bend)
                    last = bend
                self._line(last, lower)

    def _bend(self, depth: int) -> int:
        self.row.append(depth)
        self.room.append(BEND)
        self.x.append(0.0)
        self.up.append([])
        self.down.append([])
        return len(self.x) - 1

    def _line(self, upper: int, lower: int) -> None:
        self.lines.append((upper, lower))
        self.down[upper].append(lower)
        self.up[lower].append(upper)

    def _order(self, rows: list[list[int]], sweeps: int) -> None:
        """Each point at the mean of its neighbours, from above and from below in turn."""
        place = [0.0] * len(self.x)
        for row in rows:
            _number(row, place)
        for sweep in range(sweeps):
            neighbours = self.down if sweep % 2 else self.up
            for row in reversed(rows) if sweep % 2 else rows:
                means = dict(zip(row, _means(row, neighbours, place)))
                row.sort(key=means.__getitem__)
                _number(row, place)

    def _place(self, rows: list[list[int]], sweeps: int) -> None:
        """As near to the neighbours as the order lets it be."""
        spaced = [(row, _offsets(row, self.room)) for row in rows]
        for row, offsets in spaced:
            middle = sum(offsets) / len(offsets)
            for point, offset in zip(row, offsets):
                self.x[point] = offset - middle
        for sweep in range(sweeps):
            neighbours = self.down if sweep % 2 else self.up
            for row, offsets in reversed(spaced) if sweep % 2 else spaced:
                _set_apart(row, offsets, _means(row, neighbours, self.x), self.x)

    def packed(self, parts: list[list[list[int]]]) -> Drawing:
        """The parts side by side, in as many strips as give a good shape."""
        extents = [self._extent(rows) for rows in parts]
        area = sum((right - left) * high for left, right, high in extents)
        limit = max([sqrt(area * SHAPE), *(b - a for a, b, _ in extents)], default=0)
        points = [(0, 0)] * len(self.x)
        across = top = strip = width = 0.0
        for rows, (left, right, high) in zip(parts, extents):
            if across + right - left > limit + 1:
                across, top, strip = 0.0, top + strip, 0.0
            for depth, row in enumerate(rows):
                y = int(top + ROW * depth + ROW / 2)
                for point in row:
                    points[point] = (int(self.x[point] - left + across), y)
            across, strip = across + right - left, max(strip, high)
            width = max(width, across)
        return Drawing(int(width), int(top + strip), points, self.lines)

    def _extent(self, rows: list[list[int]]) -> tuple[float, float, int]:
        x, room = self.x, self.room
        left = min(x[row[0]] - room[row[0]] / 2 for row in rows)
        right = max(x[row[-1]] + room[row[-1]] / 2 for row in rows)
        return left, right, ROW * len(rows)


def _number(row: list[int], place: list[float]) -> None:
    for index, point in enumerate(row):
        place[point] = index


def _means(row: list[int], neighbours: list[list[int]], at: list[float]) -> list[float]:
    """Where the neighbours of each point are in the mean; without any, where it is."""
    nearby = (neighbours[point] or [point] for point in row)
    return [sum(map(at.__getitem__, near)) / len(near) for near in nearby]


def _offsets(row: list[int], room: list[int]) -> list[float]:
    """How far the points of a row are from its first one if none can be nearer."""
    between = ((room[one] + room[other]) / 2 for one, other in pairwise(row))
    return [0.0, *accumulate(between)]


def _set_apart(
    row: list[int], offsets: list[float], wanted: list[float], x: list[float]
) -> None:
    """Put the points of a row as near to where they want to be as their room allows.

    Points that would overlap become a block, which stands at the mean of their wishes.
    """
    blocks: list[tuple[float, int]] = []  # the mean of the wishes, and how many points
    for offset, wish in zip(offsets, wanted):
        mean, size = wish - offset, 1
        while blocks and blocks[-1][0] >= mean:
            other, others = blocks.pop()
            mean = (mean * size + other * others) / (size + others)
            size += others
        blocks.append((mean, size))
    placed = zip(row, offsets)
    for mean, size in blocks:
        for point, offset in islice(placed, size):
            x[point] = mean + offset

"""Where boxes are drawn, and which boxes there are."""

import random
import time

import pytest
from kit import ops

from .some_runs import nodes, run, runs, wide

layout = ops("run_status.layout")


def drawn(widths, edges):
    drawing = layout.draw(widths, edges)
    boxes = drawing.points[: len(widths)]
    return drawing, boxes


def no_overlap(widths, boxes):
    by_row = {}
    for width, (x, y) in zip(widths, boxes, strict=False):
        by_row.setdefault(y, []).append((x - width / 2, x + width / 2))
    for row in by_row.values():
        row.sort()
        assert all(one[1] < two[0] for one, two in zip(row, row[1:], strict=False)), row


def test_what_needs_something_is_below_it():
    edges = [(0, 1), (1, 2), (0, 2), (2, 3)]
    _, boxes = drawn([100] * 4, edges)

    assert all(boxes[upper][1] < boxes[lower][1] for upper, lower in edges)


def test_a_chain_is_a_straight_line():
    _, boxes = drawn([80, 120, 60], [(0, 1), (1, 2)])

    assert len({x for x, _ in boxes}) == 1


def test_a_box_is_in_the_middle_above_what_it_makes():
    _, boxes = drawn([60] * 3, [(0, 1), (0, 2)])

    assert boxes[0][0] == pytest.approx((boxes[1][0] + boxes[2][0]) / 2, abs=1)


def test_a_source_is_just_above_the_first_that_needs_it():
    _, boxes = drawn([60] * 5, [(0, 1), (1, 2), (2, 3), (4, 3)])

    assert boxes[4][1] == boxes[2][1]


def test_a_line_that_passes_a_row_has_a_place_there():
    drawing, boxes = drawn([100] * 4, [(0, 1), (1, 2), (2, 3), (0, 3)])

    bends = drawing.points[4:]
    assert [y for _, y in bends] == [boxes[1][1], boxes[2][1]]
    assert all(abs(x - boxes[1][0]) > 50 for x, _ in bends)


def test_lines_that_go_far_from_one_box_share_their_bends():
    edges = [(0, 1), (1, 2), (2, 3), (0, 2), (0, 3)]
    drawing, _ = drawn([50] * 4, edges)

    assert len(drawing.points) - 4 == 2


def test_lines_do_not_cross_where_they_need_not():
    # Made in one order, used in the other.
    count = 8
    edges = [(i, 2 * count - 1 - i) for i in range(count)] + [(0, count), (7, 9)]
    _, boxes = drawn([40] * 2 * count, edges)

    crossings = sum(
        (boxes[a][0] - boxes[c][0]) * (boxes[b][0] - boxes[d][0]) < 0
        for a, b in edges
        for c, d in edges
    )
    assert crossings <= 4


def test_parts_stand_side_by_side_and_in_strips():
    edges = [(3 * i + k, 3 * i + k + 1) for i in range(100) for k in (0, 1)]
    drawing, boxes = drawn([100] * 300, edges)

    no_overlap([100] * 300, boxes)
    assert 0.8 < drawing.width / drawing.height < 3


def test_a_row_has_a_limit():
    drawing, boxes = drawn([100] * 401, [(0, i) for i in range(1, 401)])

    no_overlap([100] * 401, boxes)
    assert drawing.width < 400 * 100 / 8


def test_a_circle_is_drawn():
    drawing, boxes = drawn([50] * 3, [(0, 1), (1, 2), (2, 0), (1, 1)])

    assert sorted(drawing.lines) == [(0, 1), (1, 2), (2, 0)]
    assert len(set(boxes)) == 3


def test_nothing_is_drawn_of_nothing():
    assert layout.draw([], []) == layout.Drawing(0, 0, [], [])


def test_boxes_alone_do_not_overlap():
    _, boxes = drawn([50] * 30, [])

    no_overlap([50] * 30, boxes)


@pytest.mark.parametrize("seed", range(5))
def test_no_boxes_overlap_and_no_line_is_lost(seed):
    chance = random.Random(seed)
    count = chance.randrange(2, 300)
    edges = {(chance.randrange(i), i) for i in range(1, count) for _ in range(2)}
    widths = [chance.randrange(40, 240) for _ in range(count)]
    drawing, boxes = drawn(widths, edges)

    no_overlap(widths, boxes)
    below = {}
    for upper, lower in drawing.lines:
        below.setdefault(upper, []).append(lower)

    def reached(point):
        for lower in below.get(point, []):
            yield from [lower] if lower < count else reached(lower)

    assert {(i, other) for i in range(count) for other in reached(i)} == edges
    assert all(0 <= x <= drawing.width for x, _ in drawing.points)
    assert all(0 <= y <= drawing.height for _, y in drawing.points)


def test_thousands_of_boxes_take_no_time_to_speak_of():
    chance = random.Random(0)
    edges = [(i, 5000 + i) for i in range(5000)]
    edges += [(5000 + chance.randrange(max(0, i - 60), i), i) for i in range(1, 5000)]

    start = time.process_time()
    layout.draw([150] * 10_000, edges)
    assert time.process_time() - start < 3


def drawings(steps=None):
    """The drawings of a run, by their namespaces."""
    found = layout.drawings(run(steps=steps))
    return {drawing["namespace"]: drawing for drawing in found}


def names(drawing, kind):
    boxes = [box.partition(":") for box in drawing["boxes"]]
    return [name for each, _, name in boxes if each == kind]


def test_nodes_and_datasets_are_drawn_and_parameters_are_not():
    drawing = drawings()[""]

    assert names(drawing, "node") == ["clean", "split", "fit", "score"]
    drawn = ["table", "raw", "train", "test", "model", "metrics"]
    assert sorted(names(drawing, "dataset")) == sorted(drawn)


def test_the_forms_of_a_transcoded_dataset_are_one_box():
    steps = nodes({"make": ([], ["cars@pandas"]), "use": (["cars@spark"], ["out"])})
    drawing = drawings(steps)[""]

    assert names(drawing, "dataset") == ["cars@pandas", "out"]
    assert drawing["lines"] == [[2], [3], [1], []]


def test_few_nodes_are_one_drawing_whatever_their_namespaces():
    found = drawings(wide(150, spaces=5))

    assert list(found) == [""]
    assert len(names(found[""], "node")) == 150


def test_of_many_nodes_each_namespace_is_a_box_that_opens():
    steps = wide(400, spaces=5)
    found = drawings(steps)

    spaces = [f"area_{i}" for i in range(5)]
    assert names(found[""], "namespace")[:5] == spaces
    assert set(found) == {"", *spaces, *names(found[""], "namespace")}
    assert "area_2.make_200" in names(found["area_2"], "node")
    inside = [name for each in found.values() for name in names(each, "node")]
    assert sorted(inside) == sorted(node.name for node in steps)


def test_namespaces_in_namespaces_open_one_after_the_other():
    deep = wide(500)
    for number, node in enumerate(deep):
        node.namespace = f"all.half_{number % 2}.part_{number % 10}"
    found = drawings(deep)

    assert names(found[""], "namespace") == ["all.half_0", "all.half_1"]
    inner = [f"all.half_1.part_{number}" for number in (1, 3, 5, 7, 9)]
    assert names(found["all.half_1"], "namespace") == inner
    assert len(names(found[inner[0]], "node")) == 50


def test_a_namespace_of_one_node_is_that_node():
    many = wide(250)
    many[0].namespace = "alone"
    drawing = drawings(many)[""]

    assert names(drawing, "namespace") == []
    assert len(names(drawing, "node")) == 250


def test_many_nodes_without_namespaces_are_all_drawn():
    assert len(names(drawings(wide(300))[""], "node")) == 300


def test_wide_letters_have_wide_boxes():
    steps = [runs.Node("漢字漢字", [], ["a"]), runs.Node("abcd", ["a"], ["b"])]
    (*_, chinese), (*_, latin), *_ = drawings(steps)[""]["boxes"].values()

    assert chinese > latin


def test_a_run_without_nodes_has_an_empty_drawing():
    [drawing] = layout.drawings(runs.Run("key", "id"))

    assert (drawing["boxes"], drawing["width"], drawing["height"]) == ({}, 0, 0)

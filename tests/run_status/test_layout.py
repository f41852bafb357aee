"""Where the boxes of the graph are."""

import random
from types import SimpleNamespace

import pytest
from browser import chromium
from kit import PROJECT

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture(scope="module")
def drawn():
    """Lays out boxes by their widths and edges; returns the drawing and the boxes."""
    [source] = PROJECT.glob("src/*/ops/run_status/page/layout.js")
    with chromium() as browser:
        page = browser.new_page()
        page.add_script_tag(path=source)

        def draw(widths, edges):
            known = page.evaluate(
                """([widths, edges]) => {
                  const start = performance.now();
                  const { points, lines, width, height } = new Layout(widths, edges);
                  const took = performance.now() - start;
                  return { points, lines, width, height, took };
                }""",
                [widths, [*map(list, edges)]],
            )
            known["lines"] = [
                (upper, lower)
                for upper, ends in enumerate(known["lines"])
                for lower in ends
            ]
            points = known["points"] = [*map(tuple, known["points"])]
            return SimpleNamespace(**known), points[: len(widths)]

        yield draw


def no_overlap(widths, boxes):
    by_row = {}
    for width, (x, y) in zip(widths, boxes, strict=False):
        by_row.setdefault(y, []).append((x - width / 2, x + width / 2))
    for row in by_row.values():
        row.sort()
        assert all(one[1] < two[0] for one, two in zip(row, row[1:], strict=False)), row


def test_what_needs_something_is_below_it(drawn):
    edges = [(0, 1), (1, 2), (0, 2), (2, 3)]
    _, boxes = drawn([100] * 4, edges)

    assert all(boxes[upper][1] < boxes[lower][1] for upper, lower in edges)


def test_a_chain_is_a_straight_line(drawn):
    _, boxes = drawn([80, 120, 60], [(0, 1), (1, 2)])

    assert len({x for x, _ in boxes}) == 1


def test_a_box_is_in_the_middle_above_what_it_makes(drawn):
    _, boxes = drawn([60] * 3, [(0, 1), (0, 2)])

    assert boxes[0][0] == pytest.approx((boxes[1][0] + boxes[2][0]) / 2, abs=1)


def test_a_source_is_just_above_the_first_that_needs_it(drawn):
    _, boxes = drawn([60] * 5, [(0, 1), (1, 2), (2, 3), (4, 3)])

    assert boxes[4][1] == boxes[2][1]


def test_a_line_that_passes_a_row_has_a_place_there(drawn):
    drawing, boxes = drawn([100] * 4, [(0, 1), (1, 2), (2, 3), (0, 3)])

    bends = drawing.points[4:]
    assert [y for _, y in bends] == [boxes[1][1], boxes[2][1]]
    assert all(abs(x - boxes[1][0]) > 50 for x, _ in bends)


def test_lines_that_go_far_from_one_box_share_their_bends(drawn):
    edges = [(0, 1), (1, 2), (2, 3), (0, 2), (0, 3)]
    drawing, _ = drawn([50] * 4, edges)

    assert len(drawing.points) - 4 == 2


def test_lines_do_not_cross_where_they_need_not(drawn):
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


def test_parts_stand_side_by_side_and_in_strips(drawn):
    edges = [(3 * i + k, 3 * i + k + 1) for i in range(100) for k in (0, 1)]
    drawing, boxes = drawn([100] * 300, edges)

    no_overlap([100] * 300, boxes)
    assert 0.8 < drawing.width / drawing.height < 3


def test_a_row_has_a_limit(drawn):
    drawing, boxes = drawn([100] * 401, [(0, i) for i in range(1, 401)])

    no_overlap([100] * 401, boxes)
    assert drawing.width < 400 * 100 / 8


def test_a_circle_is_drawn(drawn):
    drawing, boxes = drawn([50] * 3, [(0, 1), (1, 2), (2, 0), (1, 1)])

    assert sorted(drawing.lines) == [(0, 1), (1, 2), (2, 0)]
    assert len(set(boxes)) == 3


def test_nothing_is_drawn_of_nothing(drawn):
    drawing, _ = drawn([], [])

    assert (drawing.points, drawing.lines) == ([], [])
    assert (drawing.width, drawing.height) == (0, 0)


def test_boxes_alone_do_not_overlap(drawn):
    _, boxes = drawn([50] * 30, [])

    no_overlap([50] * 30, boxes)


@pytest.mark.parametrize("seed", range(5))
def test_no_boxes_overlap_and_no_line_is_lost(drawn, seed):
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


def test_the_time_for_a_box_does_not_grow_with_their_number(drawn):
    chance = random.Random(0)

    def milliseconds(count):
        edges = [(i, count + i) for i in range(count)]
        edges += [
            (count + chance.randrange(max(0, i - 60), i), i) for i in range(1, count)
        ]
        return drawn([150] * 2 * count, edges)[0].took

    few = min(milliseconds(500) for _ in range(3))
    assert milliseconds(5000) < 50 * few  # which it takes 100 times if each sees each

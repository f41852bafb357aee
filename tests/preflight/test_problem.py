"""What a problem is, and which are shown together."""

import pytest
from kit import ops

module = ops("preflight.problem")
Problem = module.Problem


@pytest.mark.parametrize(
    ("own", "limit", "expected"),
    [
        ("error", "error", "error"),
        ("error", "warn", "warn"),
        ("warn", "error", "warn"),
        ("note", "warn", "note"),
    ],
)
def test_a_limit_makes_a_problem_less_grave_and_never_graver(own, limit, expected):
    assert Problem("x", level=own).at_most(limit).level == expected


def test_a_row_has_what_others_read():
    row = Problem("what", "who", "where", "do").as_row()

    assert [*row] == ["level", "check", "subject", "what", "where", "remedy"]


def test_as_text_it_says_what_is_wrong_what_to_do_and_where():
    assert str(Problem("no data", "cars", "catalog.yml:3", "put it there")) == (
        "no data; put it there [catalog.yml:3]"
    )
    assert str(Problem("no data", "cars")) == "no data"


def test_alike_problems_are_together_and_the_gravest_first():
    problems = [
        Problem("b", "1", level="warn"),
        Problem("a", "2", "x"),
        Problem("a", "3", "y"),
    ]

    groups = [group for _, group in module.merged(problems)]

    assert groups == [problems[1:], problems[:1]]

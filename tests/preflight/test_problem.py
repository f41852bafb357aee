"""Problems: one, many as a table, as lines of a log, as a count."""

import logging

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


MANY = [Problem("is gone", f"d{i}", f"c.yml:{i}", "mend [it]") for i in range(7)]


def test_a_table_names_some_and_counts_the_rest(capsys):
    module.show(MANY, "Preflight [x]")

    said = capsys.readouterr().out
    for text in ("Preflight [x]", "d0, d1, d2, d3, d4 and 2 more", "c.yml:4", "[it]"):
        assert text in said
    assert "c.yml:5" not in said


def test_a_table_can_go_to_where_errors_go(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    module.show([Problem("x", level="note")], "T", to_stderr=True)

    said = capsys.readouterr()
    assert said.out == ""
    assert "note" in said.err


def test_a_log_has_a_line_for_those_that_are_alike(caplog):
    with caplog.at_level(logging.WARNING):
        module.log([*MANY, Problem("is odd", "e")])

    assert [record.message for record in caplog.records] == [
        "Preflight: d0, d1, d2, d3, d4 and 2 more: is gone (mend [it])",
        "Preflight: e: is odd",
    ]


def test_the_count_of_each_level():
    warning = Problem("x", level="warn")

    assert module.counted([*MANY, warning]) == "7 errors, 1 warning"
    assert module.counted([Problem("x", level="note")]) == "no problems"

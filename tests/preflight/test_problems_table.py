"""Problems as a table, as lines of a log, as a count."""

import logging

from kit import ops

module = ops("preflight.problems_table")
Problem = ops("preflight.problem").Problem

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
    assert module.counted([Problem("x", level="note")]) == "nothing wrong"

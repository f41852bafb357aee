"""Findings: one, many as a table, as lines of a log, as a count, and who listens."""

import logging

import pytest
from kit import ops

module = ops("core.findings")
Finding = module.Finding


def test_a_finding_reaches_all_who_listen(monkeypatch):
    monkeypatch.setattr(module, "_LISTENERS", [])
    heard = []
    module.report(Finding("nobody listens"))
    module.listen(heard.append)
    module.listen(lambda finding: heard.append(finding.subject))

    module.report(finding := Finding("12 rows", "cars", level="warning"))

    assert heard == [finding, "cars"]


def test_a_skipped_node_reaches_who_listens(monkeypatch):
    monkeypatch.setattr(module, "_SKIP_LISTENERS", [])
    heard = []
    module.report_skipped_node("nobody", "listens")
    module.listen_to_skipped_nodes(lambda *skipped: heard.append(skipped))
    module.report_skipped_node("clean", "unchanged")

    assert heard == [("clean", "unchanged")]


@pytest.mark.parametrize(
    ("own", "limit", "expected"),
    [
        ("error", "error", "error"),
        ("error", "warning", "warning"),
        ("warning", "error", "warning"),
        ("note", "warning", "note"),
    ],
)
def test_a_limit_makes_a_finding_less_severe_and_never_more(own, limit, expected):
    assert Finding("x", level=own).at_most(limit).level == expected


def test_another_level_is_refused():
    with pytest.raises(ValueError, match="'level' must be in"):
        Finding("x", level="warn")


def test_only_an_error_that_did_not_pass_is_one():
    assert Finding("x").is_error
    assert not Finding("x", passed=True).is_error
    assert not Finding("x", level="warning").is_error


def test_a_row_has_what_others_read():
    assert Finding("what", "who", "where", "do").as_row() == {
        "guard": "",
        "check": "",
        "level": "error",
        "passed": False,
        "subject": "who",
        "message": "what",
        "place": "where",
        "remedy": "do",
    }


def test_as_text_it_says_what_is_wrong_what_to_do_and_where():
    finding = Finding("no data", "cars", "catalog.yml:3", "put it there")

    assert finding.text == "no data; put it there [catalog.yml:3]"
    assert str(finding) == "cars: no data; put it there [catalog.yml:3]"
    assert str(Finding("no data")) == "no data"


def test_alike_findings_are_together_and_the_most_severe_first():
    findings = [
        Finding("b", "1", level="warning"),
        Finding("a", "2", "x"),
        Finding("a", "3", "y"),
    ]

    assert module.grouped(findings) == [findings[1:], findings[:1]]


MANY = [Finding("is gone", f"d{i}", f"c.yml:{i}", "mend [it]") for i in range(7)]


def test_a_table_names_some_and_counts_the_rest(capsys):
    ops("core.terminal").show_findings(MANY, "Preflight [x]")

    said = capsys.readouterr().out
    for text in ("Preflight [x]", "d0, d1, d2, d3, d4 and 2 more", "c.yml:4", "[it]"):
        assert text in said
    assert "c.yml:5" not in said


def test_a_table_can_go_to_where_errors_go(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    ops("core.terminal").show_findings(
        [Finding("x", level="note")], "T", to_stderr=True
    )

    said = capsys.readouterr()
    assert said.out == ""
    assert "note" in said.err


def test_a_log_has_a_line_for_those_that_are_alike(caplog):
    with caplog.at_level(logging.WARNING):
        module.log_warnings([*MANY, Finding("is odd", "e")], "Preflight")

    assert [record.message for record in caplog.records] == [
        "Preflight: d0, d1, d2, d3, d4 and 2 more: is gone; mend [it]",
        "Preflight: e: is odd",
    ]


def test_the_count_of_each_level():
    warning = Finding("x", level="warning")

    assert module.count([*MANY, warning]) == "7 errors, 1 warning"
    assert module.count([Finding("x", level="note")]) == "no problems"

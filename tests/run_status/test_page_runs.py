"""A run for the page, of its own making or from an earlier page."""

import json

import pytest
from kit import ops

from .some_runs import START, failed, run, runs, wide

shown, status_page = ops("run_status.page_runs"), ops("run_status.page_files")
Detail, record = ops("run_status.page_data").Detail, ops("run_status.page_data").record
Graph = ops("run_status.graph").Graph


def checked(**how):
    made = run(**how)
    made.checks = [runs.Check("expectations", "table", "error", False, "too few rows")]
    made.datasets["raw"].loaded = runs.Figures(size=9)
    return made


@pytest.mark.parametrize("of", [run(), failed(), checked(params={"env": "prod"})])
@pytest.mark.parametrize("detail", Detail)
@pytest.mark.parametrize("less", Detail)
def test_less_of_a_record_is_what_would_have_been_made_of_the_run(of, detail, less):
    known = json.loads(json.dumps(record(of, Graph.of(of), detail, False)))

    expected = record(of, Graph.of(of), min(detail, less), False)
    assert shown.less(known, less) == json.loads(json.dumps(expected))


def test_the_runs_on_a_page_are_written_as_they_were():
    page = status_page.page([shown.Shown(run("old")), shown.Shown(checked(key="new"))])

    again = status_page.page(status_page.printed(page))

    assert but_for_the_time(again) == but_for_the_time(page)


def but_for_the_time(page):
    before, _, after = page.partition('"written":')
    return before + after.partition(",")[2]


def test_little_is_taken_of_a_run_only_where_there_is_no_room_for_more():
    large = run("large", steps=wide(4000), at=START + 60)
    page = status_page.page(map(shown.Shown, [run("small"), large]))
    found = status_page.printed(page)
    assert [(it.key, bool(it.graph)) for it in found] == [
        ("large", True),
        ("small", False),
    ]

    [small] = [it for it in found if it.key == "small"]
    page = status_page.page([small, shown.Shown(run("newest", at=START + 90))])
    assert [it.key for it in status_page.printed(page)] == ["newest"]


def test_a_page_of_other_code_or_for_others_has_no_runs_to_take():
    page = status_page.page([shown.Shown(run())])
    public = status_page.page([shown.Shown(run())], publish=True)

    assert [it.key for it in status_page.printed(page)] == ["r1"]
    assert status_page.printed(public) == []
    assert status_page.printed(page.replace("<style>", "<style> ")) == []
    assert status_page.printed(page.replace('"format":1', '"format":0')) == []
    assert status_page.printed(page.replace('"format":1', '"format":')) == []
    assert status_page.printed("") == []

"""What was made from what: lines that survive kills, damage and many runs."""

import pytest
from kit import ops

Made = ops("skip_unchanged.history").Made


def made(key="k", how="h", text='{"branch": "dev"}'):
    return Made(key, how, "i", "o", text)


@pytest.fixture(params=["local", "memory"])
def url(request, tmp_path):
    if request.param == "local":
        return str(tmp_path / "store")
    return f"memory://made-{tmp_path.name}"


def log(url, branch="dev"):
    return ops("skip_unchanged.history").MadeLog(url, {}, branch)


def test_lines_come_back_in_their_order(url):
    first, second = log(url), log(url)
    for one, how in ((first, "h1"), (second, "h2"), (first, "h3")):
        one.add(made(how=how))
    first.flush()
    second.flush()

    assert {each.how for each in log(url).own()} == {"h1", "h2", "h3"}


def test_other_branches_are_apart(url):
    other = log(url, "feat/x")
    other.add(made())
    other.flush()

    assert log(url).own() == []
    assert [each.key for each in log(url).others()] == ["k"]


def test_nothing_is_there_at_first(url):
    assert log(url).own() == log(url).others() == []


def test_many_files_become_one_with_the_last_lines(url):
    for number in range(12):
        each = log(url)
        each.add(made(how=f"h{number}"))
        each.flush()
    each.tidy()

    assert len(ops("core.record_log").Logs(f"{url}/made/dev").names()) == 1
    assert [one.how for one in each.own()] == [f"h{n}" for n in range(4, 12)]


@pytest.mark.parametrize("line", ["", "1 a b", "2 k h i o {}", "1 k h i o {", "x\x00"])
def test_a_damaged_line_is_no_line(line):
    assert Made.parse(line) is None


def test_damaged_details_are_none():
    assert made(text="{so}").details == {}
    assert made(text="[]").details == {}

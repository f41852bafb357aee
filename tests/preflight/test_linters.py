"""The tools that check the code: what they find; slow, missing and broken ones."""

import time

import pytest
from kit import ops

from .planned import Planner

module = ops("preflight.linters")
deadline = ops("preflight.checks")
OpsError = ops("core.errors").OpsError

TOOL = """
import os, sys, time
from pathlib import Path
{body}
"""


@pytest.fixture
def tool(tmp_path):
    """Put another tool in the place of mypy, which is called in the project's folder."""
    (tmp_path / "src").mkdir()

    def write(body):
        (tmp_path / "mypy.py").write_text(TOOL.format(body=body))

    return write


def checks(path, timeout=20.0, **levels):
    levels = {"ruff": "off", **levels}
    return module.Linters(path, module.CodeOptions(timeout=timeout, **levels))


def problems(path, **more):
    found = checks(path, **more).check()
    return [*deadline.check_all([("code", "error", each) for each in found])]


@pytest.mark.parametrize(
    ("word", "level"),
    [("error", "error"), ("Warn", "warning"), ("off", "off"), (False, "off")],
)
def test_the_words_for_levels(word, level):
    assert module.level_of("preflight.data", word) == level


def test_another_word_is_an_error_with_its_place():
    with pytest.raises(OpsError, match=r"preflight.code.ruff.*maybe"):
        module.level_of("preflight.code.ruff", "maybe")


def test_findings_have_their_places(tmp_path, tool):
    tool("for i in range(7): print(f'src/a.py:{i}:1: error: bad {i}')\nsys.exit(1)")

    found = problems(tmp_path)

    assert [(each.place, each.message) for each in found[:2]] == [
        ("src/a.py:0", "error: bad 0"),
        ("src/a.py:1", "error: bad 1"),
    ]
    assert len(found) == 6
    assert found[-1].message == "and 2 more"
    assert {each.remedy for each in found} == {"see: mypy src"}


def test_its_level_is_that_of_the_settings(tmp_path, tool):
    tool("print('src/a.py:1: error: bad')\nsys.exit(1)")

    assert [each.level for each in problems(tmp_path, mypy="warn")] == ["warning"]
    assert problems(tmp_path, mypy="off") == []


def test_a_crash_is_a_problem_with_its_name(tmp_path, tool):
    tool("print('Traceback'); print('KeyError: x')\nsys.exit(3)")

    [problem] = problems(tmp_path)

    assert (problem.subject, problem.message) == (
        "mypy",
        "ended with exit code 3: KeyError: x",
    )
    tool("os.kill(os.getpid(), 9)")
    assert (
        problems(tmp_path)[0].message == "ended with exit code -9: it printed nothing"
    )


def test_a_tool_that_hangs_is_stopped(tmp_path, tool):
    tool("time.sleep(1.5); Path('late').touch(); time.sleep(60)")
    begin = time.monotonic()

    [problem] = problems(tmp_path, timeout=0.7)

    assert problem.message == "did not end within 0.7 s and was stopped"
    assert time.monotonic() - begin < 10
    time.sleep(1.5)
    assert not (tmp_path / "late").exists()


def test_a_tool_that_is_not_installed_is_one_problem(tmp_path, tool):
    tool("sys.exit(f'{sys.executable}: No module named mypy')")

    [problem] = problems(tmp_path)

    assert (problem.subject, problem.message) == ("mypy", "is not installed")
    assert "pip install mypy" in problem.remedy


def test_a_tool_that_cannot_be_started_is_one_problem(tmp_path, tool):
    [question] = checks(tmp_path).check()

    [problem] = question.findings(OSError("no memory"))
    assert problem.message == "cannot be run: no memory"
    [problem] = question.findings(deadline.NoAnswer())
    assert "did not end" in problem.message


def test_where_there_are_no_sources_nothing_is_checked(tmp_path):
    assert [*checks(tmp_path).check()] == []


def test_interrogate_that_fails_has_not_crashed(tmp_path, tool):
    tool("")
    (tmp_path / "interrogate.py").write_text(
        "print('RESULT: FAILED (minimum: 80.0%, actual: 0.0%)')\nraise SystemExit(1)"
    )

    [problem] = problems(tmp_path, mypy="off", interrogate="error")

    assert problem.message.startswith("RESULT: FAILED")


def test_ruff_and_mypy_find_what_is_there_to_find(tmp_path):
    pytest.importorskip("mypy")
    planner = Planner(tmp_path)
    planner.write("src/bad.py", "import os\ndef f() -> int:\n    return 'x'\n")

    found = problems(tmp_path, ruff="error")

    assert {each.subject: each.place for each in found} == {
        "mypy": "src/bad.py:3",
        "ruff": "src/bad.py:1",
    }

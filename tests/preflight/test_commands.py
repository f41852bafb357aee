"""``kedro preflight``: what it prints, and its exit codes."""

import json
import logging

import pytest
from click.testing import CliRunner
from kedro.framework.cli.project import run
from kit import ops

module = ops("preflight.commands")
preflight = ops("preflight.hook")
Problem = ops("preflight.problem").Problem


@pytest.fixture(autouse=True)
def log():
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def finds(monkeypatch):
    """Say what the run that is asked for does."""

    def say(*problems, error=None):
        def callback(**selected):
            assert preflight.ASKED.get()
            say.selected = selected
            raise error or preflight.Looked(list(problems))

        monkeypatch.setattr(run, "callback", callback)
        return say

    return say


def ask(*arguments):
    result = CliRunner().invoke(module.command, arguments)
    return result.exit_code, result.output


@pytest.mark.parametrize(("level", "code"), [("error", 1), ("warn", 0), ("note", 0)])
def test_only_an_error_is_a_failure(finds, level, code):
    finds(Problem("is gone", "a", level=level))

    ended, said = ask()
    assert (ended, "a: is gone" in said) == (code, True)
    ended, said = ask("--json")
    assert (ended, json.loads(said)[0]["subject"]) == (code, "a")


def test_no_problems(finds):
    finds()

    assert ask() == (0, "Preflight: no problems.\n")
    assert ask("--json") == (0, "[]\n")


def test_its_options_are_those_of_a_run(finds, tmp_path):
    told = finds()
    file = tmp_path / "run.yml"
    file.write_text("run: {tags: [x, y], runner: ThreadRunner}")

    assert ask("--nodes=a,b", "--async", f"--config={file}")[0] == 0

    assert told.selected["node_names"] == ["a", "b"]
    assert told.selected["is_async"] is True
    assert told.selected["runner"] == "ThreadRunner"
    names = {param.name for param in module.command.params}
    assert names == {param.name for param in run.params} | {"as_json"}


def test_what_cannot_be_chosen_is_one_line(finds):
    finds(error=ValueError("no such\npipeline"))

    assert ask() == (1, "Error: no such pipeline\n")


def test_a_pipeline_that_cannot_be_imported_says_why(finds):
    error = ImportError("cannot import it")
    error.__cause__ = KeyError("x")
    finds(error=error)

    assert ask() == (1, "Error: cannot import it 'x'\n")


def test_without_the_hook_it_says_so(monkeypatch):
    monkeypatch.setattr(run, "callback", lambda **selected: None)

    code, said = ask()

    assert code == 1
    assert "Preflight() is not in the REGISTER" in said

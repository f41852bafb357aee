"""``kedro preflight``: what it prints, and its exit codes."""

import json
import logging

import pytest
from click.testing import CliRunner
from kedro.framework.cli.project import run
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kit import ops

pytest_plugins = ["preflight.planned"]
module = ops("preflight.commands")
preflight = ops("preflight.hook")
Finding = ops("core.findings").Finding


@pytest.fixture(autouse=True)
def log():
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def finds(monkeypatch, planner):
    """Say what a check of the run finds."""
    planner.context({})
    monkeypatch.setattr(module, "load_run_context", lambda options: planner.context({}))

    def say(*findings, error=None):
        def planned_run(context, options):
            say.options = options
            if error:
                raise error
            return "runner", Pipeline([]), DataCatalog()

        monkeypatch.setattr(module, "planned_run", planned_run)

        def check(*args):
            say.code = args[-1]
            return list(findings)

        monkeypatch.setattr(preflight, "check_run", check)
        return say

    return say


def ask(*arguments):
    result = CliRunner().invoke(module.command, arguments)
    return result.exit_code, result.output


@pytest.mark.parametrize(("level", "code"), [("error", 1), ("warning", 0), ("note", 0)])
def test_only_an_error_is_a_failure(finds, level, code):
    finds(Finding("is gone", "a", level=level))

    ended, said = ask()
    assert (ended, "a: is gone" in said) == (code, True)
    ended, said = ask("--json")
    assert (ended, json.loads(said)[0]["subject"]) == (code, "a")


def test_the_code_is_checked_unless_it_is_left_out(finds):
    said = finds()

    assert ask()[0] == 0
    assert said.code is True
    assert ask("--no-code")[0] == 0
    assert said.code is False


def test_no_problems(finds):
    finds()

    assert ask() == (0, "Preflight: no problems.\n")
    assert ask("--json") == (0, "[]\n")


def test_its_options_are_those_of_a_run(finds, tmp_path):
    told = finds()
    file = tmp_path / "run.yml"
    file.write_text("run: {tags: [x, y], runner: ThreadRunner}")

    assert ask("--nodes=a,b", "--async", f"--config={file}")[0] == 0

    assert told.options["node_names"] == ["a", "b"]
    assert told.options["is_async"] is True
    assert told.options["runner"] == "ThreadRunner"
    names = {param.name for param in module.command.params}
    assert names == {param.name for param in run.params} | {"as_json", "no_code"}


def test_what_cannot_be_chosen_is_one_line(finds):
    finds(error=ValueError("no such\npipeline"))

    assert ask() == (1, "Error: no such pipeline\n")


def test_a_pipeline_that_cannot_be_imported_says_why(finds):
    error = ImportError("cannot import it")
    error.__cause__ = KeyError("x")
    finds(error=error)

    assert ask() == (1, "Error: cannot import it 'x'\n")

"""``kedro branches``: what it prints, and its exit codes."""

import json
import logging
import re

import pytest
from click.testing import CliRunner
from kit import PROJECT, ops

module = ops("steel_toes.commands")

CARS = {"type": "text.TextDataset", "filepath": "data/cars.txt"}


@pytest.fixture
def cars(project, monkeypatch):
    """Main has cars, and so has branch dev."""
    project.catalog({"cars": CARS})
    project.save_base(cars="base")
    project.save("dev", cars="dev")
    monkeypatch.setattr(module, "load_context", lambda env: project.context)
    monkeypatch.setenv("COLUMNS", "200")
    return project


def run(*arguments):
    result = CliRunner().invoke(module.command, arguments)
    return result.exit_code, result.output


def answer(*arguments):
    code, output = run(*arguments, "--json")
    return code, json.loads(output.splitlines()[0])


def test_list_is_a_table_or_json(cars):
    code, output = run("list")
    assert code == 0
    assert "Branches with data" in output
    assert "last save" in output
    code, rows = answer("list")
    assert (code, rows[0]["branch"], rows[0]["compared_with_main"]) == (
        0,
        "dev",
        {"ahead": 1},
    )


@pytest.mark.parametrize(
    "args",
    [("list",), ("path", "cars"), ("diff",), ("promote", "dev"), ("clean", "dev")],
)
def test_a_table_fits_80_columns_with_no_word_broken(cars, monkeypatch, args):
    monkeypatch.setenv("COLUMNS", "80")
    at_80 = run(*args)[1]
    monkeypatch.setenv("COLUMNS", "300")

    def words(output):
        return sorted(re.findall(r"[^\s│┃┏━┳┓┡╇┩└─┴┘]+", output))

    assert words(at_80) == words(run(*args)[1])
    assert "file://" not in at_80
    assert "+00:00" not in at_80


def test_an_empty_list_says_so(cars):
    cars.branches.manifest.remove(cars.record("dev", "cars"))

    assert run("list") == (0, "Branches with data: none.\n")
    assert answer("list") == (0, [])


def test_path_tells_one_dataset(cars):
    assert "has its copy" in run("path", "cars")[1]
    assert answer("path", "cars")[1][0]["dataset"] == "cars"
    assert run("path", "none")[0] == 1
    assert run("path")[0] == 2


@pytest.mark.parametrize(
    ("sides", "code"),
    [
        ([], 10),
        (["dev"], 10),
        (["dev", "dev"], 0),
        (["main"], 0),
        (["main", "dev"], 10),
        (["dev", "main"], 10),
        (["none"], 1),
        (["dev", "dev", "dev"], 2),
    ],
)
def test_diff_says_by_its_code_whether_there_is_a_difference(cars, sides, code):
    assert run("diff", *sides)[0] == code


def test_diff_shows_what_differs(cars):
    code, rows = answer("diff")
    assert code == 10
    assert rows == [
        {"dataset": "cars", "state": "changed", "changes": ["bytes: 4 -> 3"]}
    ]
    assert "bytes: 4 -> 3" in run("diff")[1]


def test_clean_shows_its_plan_and_carries_it_out_when_told(cars):
    code, output = run("clean", "dev")
    assert code == 10
    assert "would be removed" in output
    assert "Use --yes to apply" in output
    assert cars.files() == ["cars.txt", "cars_dev.txt"]

    code, rows = answer("clean", "dev", "--yes")
    assert (code, rows[0]["result"]) == (0, "removed")
    assert cars.files() == ["cars.txt"]
    assert run("clean", "dev")[0] == 1  # it has no data now
    assert run("clean", "--dataset=cars", "--yes")[0] == 0  # nothing to do


def test_clean_of_a_dataset_is_of_this_branch(cars):
    cars.save("old", cars="old")
    code, output = run("clean", "--dataset=bikes", "--yes")
    assert (code, "The catalog has no dataset 'bikes'" in output) == (1, True)

    assert answer("clean", "--dataset=cars", "--yes")[1][0]["branch"] == "dev"
    assert cars.files() == ["cars.txt", "cars_old.txt"]
    assert answer("clean", "--older-than=0", "-d", "cars")[1][0]["branch"] == "old"


def test_clean_says_what_it_has_left(cars):
    cars.catalog({})
    code, rows = answer("clean", "dev", "--yes")

    assert code == 1
    assert rows[0]["result"].startswith("left: ")
    assert cars.files() == ["cars.txt", "cars_dev.txt"]


def test_promote_shows_its_plan_and_carries_it_out_when_told(cars):
    code, output = run("promote", "dev")
    assert code == 10
    assert "copy" in output
    assert cars.load_base("cars") == "base"

    code, rows = answer("promote", "dev", "--yes")
    assert (code, rows[0]["action"]) == (0, "copy")
    assert cars.load_base("cars") == "dev"
    assert run("promote", "dev")[0] == 0  # nothing to do


def test_promote_refuses_a_base_that_has_moved(cars):
    cars.save_base(cars="moved")
    code, output = run("promote", "dev", "--yes")
    assert code == 1
    assert "because of: cars. --force" in output
    assert cars.load_base("cars") == "moved"

    assert run("promote", "dev", "--yes", "--force")[0] == 0
    assert cars.load_base("cars") == "dev"


def test_a_place_that_cannot_be_reached_is_one_line(cars, monkeypatch):
    def modified(*args):
        raise PermissionError("denied\nby the bucket")

    monkeypatch.setattr(ops("steel_toes.branches"), "list_branches", modified)
    code, output = run("list")

    assert code == 1
    assert output == "Error: PermissionError: denied by the bucket\n"


def test_the_context_is_loaded_without_what_kedro_logs(monkeypatch):
    monkeypatch.chdir(PROJECT)
    report = ops("core.cli")
    try:
        context = report.load_context(None)
        assert logging.root.manager.disable == logging.INFO
    finally:
        logging.disable(logging.NOTSET)
    assert context.project_path

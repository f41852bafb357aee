"""Bad answers end with one line that says what to write instead, and leave nothing."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import yaml
from helpers import CHOICES, OPTIONS, SWITCHES, TEMPLATE, clean_template, generate, run

sys.path.append(str(TEMPLATE))
from answers import REQUIRED, check  # noqa: E402

EXAMPLE = yaml.safe_load((TEMPLATE / "example-config.yml").read_text(encoding="utf-8"))

# An answer, and what the refusal must say.
BAD_ANSWERS = [
    ({"python_package": "größe"}, "write ASCII letters, digits and underscores"),
    ({"python_package": "1st"}, "no digit first"),
    ({"python_package": "a-b"}, "underscores"),
    ({"python_package": "../up"}, "underscores"),
    ({"python_package": "pandas"}, "write another name, such as pandas_project"),
    ({"repo_name": "a/b"}, "write ASCII letters, digits, underscores and hyphens"),
    ({"repo_name": ".."}, "hyphens"),
    ({"repo_name": "-x"}, "no hyphen first"),
    ({"repo_name": "wörk"}, "hyphens"),
    ({"steel_toes": "maybe"}, "steel_toes is 'maybe': write yes or no"),
    ({"steel_toes": 7}, "write yes or no"),
    ({"example": ""}, "write yes or no"),
    ({"ci": "jenkins"}, "write none, github or gitlab"),
    ({"deploy": "podman"}, "write none, docker or airflow"),
    ({"stel_toes": True}, "write steel_toes"),
    ({"examples": False}, "write example"),
]

# What Kedro refuses with a line of its own before it comes to the template.
KEDRO_REFUSES = [
    ({"python_package": "json"}, "write another name, such as json_project"),
    ({"python_package": "class"}, "write another name, such as class_project"),
    ({"project_name": "Toe & Test"}, "write two or more letters, digits"),
    ({"project_name": "x"}, "write two or more"),
]

WAYS = ["kedro", "cookiecutter"]


def ask(
    way: str, answers: dict[str, Any], cwd: Path
) -> subprocess.CompletedProcess[str]:
    """Answer as a user would: in a config file, or as `key=value`."""
    if way == "kedro":
        config = cwd.parent / f"{cwd.name}.yml"
        config.write_text(yaml.safe_dump(EXAMPLE | answers), encoding="utf-8")
        given = ("kedro", "new", "--starter", clean_template(), "--config", config)
    else:
        pairs = [f"{key}={value}" for key, value in answers.items()]
        given = ("cookiecutter", "--no-input", clean_template(), *pairs)
    return run(*given, cwd=cwd, check=False)


@pytest.fixture
def cwd(tmp_path: Path) -> Path:
    """The folder in which the project would be written."""
    folder = tmp_path / "here"
    folder.mkdir()
    return folder


@pytest.mark.parametrize(("answers", "remedy"), BAD_ANSWERS + KEDRO_REFUSES, ids=str)
def test_a_bad_answer_is_refused_with_its_remedy(answers, remedy, monkeypatch):
    monkeypatch.setattr("click.get_current_context", lambda silent: given(answers))
    whole = EXAMPLE | {"repo_name": "a", "python_package": "a"} | answers

    with pytest.raises(SystemExit, match=re.escape(remedy)):
        check({key: answer for key, answer in whole.items() if key in EXAMPLE})


def given(answers: dict[str, Any]) -> mock.Mock:
    """What click knows of the command line."""
    return mock.Mock(params={"extra_context": answers})


@pytest.mark.parametrize(("answers", "remedy"), BAD_ANSWERS[::5], ids=str)
@pytest.mark.parametrize("way", WAYS)
def test_a_bad_answer_ends_the_command_with_one_line(way, answers, remedy, cwd):
    assert_refused(ask(way, answers, cwd), remedy, cwd)


@pytest.mark.parametrize("answers", [answers for answers, _ in KEDRO_REFUSES], ids=str)
def test_kedro_itself_refuses_in_one_line(answers, cwd):
    assert_refused(ask("kedro", answers, cwd), "is an invalid", cwd)


def test_a_package_name_made_from_the_project_name_is_checked(cwd):
    result = ask("cookiecutter", {"project_name": "Größe"}, cwd)

    assert_refused(result, "python_package is 'größe' (made from project_name", cwd)


def assert_refused(
    result: subprocess.CompletedProcess[str], reason: str, cwd: Path
) -> None:
    assert result.returncode != 0
    assert len(result.stderr.splitlines()) == 1
    assert reason in result.stderr
    assert {path.name for path in cwd.parent.rglob("*")} <= {"here", "here.yml"}


def test_an_existing_folder_is_refused_in_one_line(cwd: Path) -> None:
    (cwd / "toes").mkdir()

    result = ask("kedro", {"repo_name": "toes"}, cwd)

    assert result.returncode != 0
    [line] = result.stderr.splitlines()
    assert line.endswith("toes exists: remove it, or use another name.")
    assert list((cwd / "toes").iterdir()) == []


def test_a_bad_answer_to_a_prompt_is_refused_at_once(cwd: Path) -> None:
    command = ("kedro", "new", "--starter", clean_template(), "--name", "Toe Test")

    result = run(*command, cwd=cwd, check=False, stdin="maybe\n")

    assert result.returncode != 0
    assert "'maybe' is an invalid value for steel toes." in result.stderr
    assert result.stderr.endswith("Write yes or no.\n")
    assert list(cwd.iterdir()) == []


@pytest.mark.parametrize(
    ("answer", "on"),
    [
        *[(word, True) for word in (True, 1, "yes", "Y", "on", "TRUE", "t", "1")],
        *[(word, False) for word in (False, 0, "no", "N", "off", "False", "f", "0")],
    ],
)
def test_every_way_to_say_yes_or_no_is_understood(answer: object, on: bool) -> None:
    answers = EXAMPLE | {"pre_commit": answer}

    check(answers)

    assert answers["pre_commit"] is on


@pytest.mark.parametrize("word", ["yes", '"yes"', "off"])
def test_yaml_words_are_understood(word: str, cwd: Path) -> None:
    config = cwd.parent / "config.yml"
    lines = [f"{key}: {value}" for key, value in EXAMPLE.items() if key != "pre_commit"]
    config.write_text("\n".join([*lines, f"pre_commit: {word}"]), encoding="utf-8")

    run("kedro", "new", "--starter", clean_template(), "--config", config, cwd=cwd)

    written = (cwd / EXAMPLE["repo_name"] / ".pre-commit-config.yaml").exists()
    assert written is (word in ("yes", '"yes"', "True"))


def test_no_package_may_hide_one_that_a_project_requires(tmp_path):
    project = generate(tmp_path, **dict.fromkeys(SWITCHES, True))
    lines = (project / "requirements.txt").read_text(encoding="utf-8").splitlines()
    required = {re.split(r"[^\w-]", line)[0].replace("-", "_") for line in lines}

    assert required <= REQUIRED


@pytest.mark.parametrize("way", WAYS)
def test_a_folder_that_exists_is_left_alone(way: str, cwd: Path) -> None:
    (cwd / "taken").mkdir()
    (cwd / "taken" / "work.txt").write_text("mine", encoding="utf-8")

    result = ask(way, {"repo_name": "taken"}, cwd)

    assert result.returncode != 0
    assert [path.name for path in cwd.rglob("*")] == ["taken", "work.txt"]


def test_the_example_config_holds_every_option() -> None:
    assert set(EXAMPLE) == {key for key in OPTIONS if not key.startswith("_")}


def test_the_prompts_ask_for_the_name_and_each_option_in_order() -> None:
    prompts = yaml.safe_load((TEMPLATE / "prompts.yml").read_text(encoding="utf-8"))

    assert list(prompts) == ["project_name", *SWITCHES, *CHOICES]

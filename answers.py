"""The check of the answers, called from cookiecutter.json before anything is written.

It runs inside `kedro new` or `cookiecutter`, so a bad answer can end the command
with one line. A hook could not: it is a process of its own, whose failure both
commands wrap in a traceback, and it runs when the project's folder is already there.
"""

import inspect
import keyword
import os
import re
import runpy
import sys
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

import click
import yaml
from cookiecutter.main import cookiecutter
from cookiecutter.utils import simple_filter

NAMES = ("project_name", "repo_name", "python_package", "kedro_version")
# What a project itself imports: a package of the same name would hide it.
REQUIRED = {
    *("apprise", "attr", "attrs", "click", "cookiecutter", "fsspec", "git"),
    *("great_expectations", "ipython", "jinja2", "kedro", "kedro_datasets"),
    *("kedro_viz", "matplotlib", "mypy", "narwhals", "numpy", "omegaconf", "pandas"),
    *("pluggy", "psutil", "pyarrow", "pytest", "rich", "ruff", "setuptools"),
    *("slack_sdk", "xxhash", "yaml"),
}
# Options with more answers than yes and no.
CHOICES = {
    "deploy": ("none", "docker", "airflow"),
    "ci": ("none", "github", "gitlab"),
}
# A switch, and another one that it does nothing without.
NEEDS = {"node_stats": "run_status", "slack": "run_status", "email": "run_status"}

# What an organisation may set in organisation.yml, and what holds otherwise; sorted as in
# `.cruft.json`, so that an update changes nothing there.
ORGANISATION: dict[str, Any] = {
    "alias": "team",
    "ci_python": "3.12",
    "licence": "",
    "python": ">=3.10",
    "sender": "",
    "slack_channels": [],
    "smtp_host": "",
    "store": "data/.ops",
    "trunk": ["main", "master"],
}

# `kedro new` reads this key from the config file itself.
KEDRO_KEYS = ["output_dir"]

YES = {"y", "yes", "true", "t", "on", "1"}
NO = {"n", "no", "false", "f", "off", "0"}


@simple_filter  # type: ignore[untyped-decorator]
def checked(answers: dict[str, Any]) -> str:
    """Refuse bad answers and turn the switches in `answers` into booleans."""
    # `cruft update` imports this module once, for the old and for the new template, and
    # exchanges the file in between.
    runpy.run_path(__file__)["check"](answers)
    return ""


def check(answers: dict[str, Any]) -> None:
    """Refuse bad answers and turn the switches in `answers` into booleans."""
    if known := _answers_before_the_update():
        new = {key for key in answers if answers[key] == "yes"} - known.keys()
        answers.update(dict.fromkeys(new, "no"))
    no_switch = {*NAMES, *CHOICES}
    switches = [key for key in answers if key[0] != "_" and key not in no_switch]
    _check_keys(_keys_given(), [*NAMES, *switches, *CHOICES, *KEDRO_KEYS])
    _check_project_name(answers["project_name"])
    _check_package(answers["python_package"])
    _check_repo_name(answers["repo_name"])
    for key in switches:
        answers[key] = _switch(key, answers[key])
    for key in CHOICES.keys() & answers.keys():
        answers[key] = _choice(key, answers[key])
    _check_needs(answers)
    answers["_organisation"] = _organisation()
    answers.update(_starter(answers["repo_name"]))


def _refuse(problem: str, remedy: str) -> NoReturn:
    raise SystemExit(f"{problem}: {remedy}.")


def _keys_given() -> Iterable[str]:
    """The keys that the user wrote, as the running command knows them.

    Cookiecutter drops unknown ones before anybody can see them.
    """
    context = click.get_current_context(silent=True)
    if context is None:
        return ()
    if path := context.params.get("config_path"):
        return list(yaml.safe_load(Path(path).read_text(encoding="utf-8")))
    given = context.params.get("extra_context")
    return given if isinstance(given, dict) else ()


def _check_keys(keys: Iterable[str], known: list[str]) -> None:
    for key in keys:
        if key not in known:
            nearest = get_close_matches(str(key), known, n=1, cutoff=0)[0]
            _refuse(f"{key!r} is not an option of this starter", f"write {nearest}")


def _check_project_name(name: str) -> None:
    if not re.fullmatch(r"[\w -]{2,}", name):
        _refuse(
            f"project_name is {name!r}",
            "write two or more letters, digits, spaces, underscores or hyphens",
        )


def _check_package(name: str) -> None:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        _refuse(
            f"python_package is {name!r} (made from project_name if you gave none)",
            "write ASCII letters, digits and underscores, and no digit first",
        )
    if keyword.iskeyword(name) or name in sys.stdlib_module_names:
        _refuse(
            f"python_package is {name!r}, a word that Python itself uses",
            f"write another name, such as {name}_project",
        )
    if name.lower() in REQUIRED:
        _refuse(
            f"python_package is {name!r}, the name of a package that a project needs",
            f"write another name, such as {name}_project",
        )


def _check_repo_name(name: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]*", name):
        _refuse(
            f"repo_name is {name!r}",
            "write ASCII letters, digits, underscores and hyphens, and no hyphen first",
        )


def _organisation() -> dict[str, Any]:
    """The defaults of the organisation whose fork this is."""
    text = Path(__file__).with_name("organisation.yml").read_text(encoding="utf-8")
    given = yaml.safe_load(text) or {}
    for key in given:
        if key not in ORGANISATION:
            known = ", ".join(ORGANISATION)
            _refuse(f"organisation.yml: {key!r} is not a key", f"write one of {known}")
    return ORGANISATION | given


def _check_needs(answers: dict[str, Any]) -> None:
    for key, needed in NEEDS.items():
        if answers[key] and not answers[needed]:
            _refuse(
                f"{key} is on and {needed}, which it needs, is off",
                f"write {key}: no, or {needed}: yes",
            )


def _switch(key: str, answer: object) -> bool:
    word = str(answer).strip().lower()
    if word not in YES | NO:
        _refuse(f"{key} is {answer!r}", "write yes or no")
    return word in YES


def _choice(key: str, answer: object) -> str:
    word = str(answer).strip().lower()
    if word not in CHOICES[key]:
        *some, last = CHOICES[key]
        _refuse(f"{key} is {answer!r}", f"write {', '.join(some)} or {last}")
    return word


def _answers_before_the_update() -> dict[str, Any]:
    """The answers of the project that `cruft update` works on; else nothing.

    Cruft does not pass them on, so this looks at its variables.
    """
    frame = inspect.currentframe()
    while frame and frame.f_code.co_name != "_generate_output":
        frame = frame.f_back
    if frame is None or "cruft_state" not in frame.f_locals:
        return {}
    known: dict[str, Any] = frame.f_locals["cruft_state"]["context"]["cookiecutter"]
    return known


def _starter(repo_name: str) -> dict[str, Any]:
    """The folder of the template, and whether it is the user's own or a clone.

    Refuses a project whose folder exists.

    Cookiecutter does not pass them on, so this looks at the variables of
    `cookiecutter()`. Cruft runs without that function.
    """
    frame = inspect.currentframe()
    while frame and frame.f_code is not cookiecutter.__code__:
        frame = frame.f_back
    if frame is None:
        return {}
    its = frame.f_locals
    project = Path(its["output_dir"], repo_name)
    if project.exists() and not (
        its["overwrite_if_exists"] or its["skip_if_file_exists"]
    ):
        # Cookiecutter refuses, too, but `kedro new` hides its message.
        _refuse(f"The folder {project} exists", "remove it, or use another name")
    folder = os.path.abspath(its["base_repo_dir"])
    return {"_starter": {"folder": folder, "is_own": os.path.isdir(its["template"])}}

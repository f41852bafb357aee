"""Every combination of switches gives exactly the project that it should."""

import re
from pathlib import Path

import pytest
import yaml
from declarations import NO_GUARDS, PARTS
from helpers import (
    SWITCHES,
    TEMPLATE,
    generate,
    run,
    tree,
    with_needs,
    without,
)
from quick_kedro import quick_kedro


def alone() -> list[dict[str, bool]]:
    """All on, all off, each alone."""
    off = dict.fromkeys(SWITCHES, False)
    all_on = dict.fromkeys(SWITCHES, True)
    return [all_on, off, *(off | with_needs(each) for each in SWITCHES)]


def but_one(switches: list[str]) -> list[dict[str, bool]]:
    """All on but one of these."""
    return [dict.fromkeys(SWITCHES, True) | without(each) for each in switches]


COMBINATIONS = [*alone(), *but_one(SWITCHES)]

ALWAYS = [
    ".gitignore",
    "README.md",
    "conf/README.md",
    "conf/base/catalog.yml",
    "conf/base/parameters.yml",
    "conf/local/.gitkeep",
    "conf/local/credentials.yml",
    "data/01_raw/.gitkeep",
    "data/02_intermediate/.gitkeep",
    "data/03_primary/.gitkeep",
    "data/04_feature/.gitkeep",
    "data/05_model_input/.gitkeep",
    "data/06_models/.gitkeep",
    "data/07_model_output/.gitkeep",
    "data/08_reporting/.gitkeep",
    "notebooks/.gitkeep",
    "pyproject.toml",
    "requirements.txt",
    "src/toe_test/__init__.py",
    "src/toe_test/__main__.py",
    "src/toe_test/hooks.py",
    "src/toe_test/pipeline_registry.py",
    "src/toe_test/pipelines/__init__.py",
    "src/toe_test/runners.py",
    "src/toe_test/settings.py",
    "tests/__init__.py",
    "tests/pipelines/__init__.py",
    "tests/test_pipeline_registry.py",
]

KIT = "src/toe_test/ops"
ROOMS = (
    TEMPLATE / "{{ cookiecutter.repo_name }}/src/{{ cookiecutter.python_package }}/ops"
)

# The files that come with any guard.
WITH_GUARDS = [
    "conf/base/ops.yml",
    "conf/logging.yml",
    "src/toe_test/cli.py",
    "tests/test_guards.py",
    f"{KIT}/__init__.py",
]

# The files that come with a switch, beside the room of a guard.
ADDED = {
    "example": [
        "data/01_raw/README.md",
        "data/01_raw/penguins.csv",
        "src/toe_test/pipelines/penguins/__init__.py",
        "src/toe_test/pipelines/penguins/nodes.py",
        "src/toe_test/pipelines/penguins/pipeline.py",
        "tests/pipelines/penguins/__init__.py",
        "tests/pipelines/penguins/test_nodes.py",
        "tests/pipelines/penguins/test_pipeline.py",
    ],
    "pre_commit": [".pre-commit-config.yaml"],
}

# The files that come with two switches.
TOGETHER = {
    ("example", "expectations"): [
        "conf/base/expectations/penguins_cleaned.yml",
        "conf/defect/catalog.yml",
        "data/01_raw/defect.csv",
    ],
}

# Words that would give a part away where it is switched off.
TRACES = {
    # The variable that names the branch has kept its name, whoever asks for the branch.
    "steel_toes": r"steel.?toes(?!_BRANCH)|branched",
    "path_rules": r"path.?rule",
    "progress": r"ops[./]progress|\nprogress:\n|logs/",
    "preflight": r"preflight|interrogate|flake8",
    "node_stats": r"node.?stats|psutil|openlineage-python",
    "expectations": r"great.?expectation|\bdefect\b|\bsuites?\b",
    "run_status": r"run.?status|jsonl|kedro runs|\bstatus.?page",
    "slack": r"slack",
    "email": r"smtp|e-mail|email\.Email|email_html",
    "skip_unchanged": r"skip.?unchanged|kedro plan",
    "example": r"penguin|matplotlib|example pipeline",
    "pre_commit": r"pre-commit",
}


def name(combination: dict[str, bool]) -> str:
    return "+".join(key for key, on in combination.items() if on) or "nothing"


@pytest.fixture(scope="module", params=COMBINATIONS, ids=name)
def combination(request: pytest.FixtureRequest) -> dict[str, bool]:
    return request.param


@pytest.fixture(scope="module")
def project(combination, tmp_path_factory) -> Path:
    return generate(tmp_path_factory.mktemp(name(combination)), **combination)


def on(combination: dict[str, bool]) -> list[str]:
    return [switch for switch in SWITCHES if combination[switch]]


def guards(combination: dict[str, bool]) -> set[str]:
    return {switch for switch in on(combination) if switch not in NO_GUARDS}


def kit(combination: dict[str, bool]) -> list[str]:
    """The files of the rooms of what is on, and of the ground floor."""
    rooms = {PARTS.get(switch, switch) for switch in guards(combination)}
    off = tuple(part for part in PARTS if not combination[part])
    files = [
        path.relative_to(ROOMS)
        for room in (rooms and rooms | {"core"})
        for path in (ROOMS / room).rglob("*")
        if path.suffix != ".pyc" and path.is_file()
    ]
    return [
        f"{KIT}/{path.as_posix()}"
        for path in files
        if not (path.parts[0] == "notifications" and path.name.startswith(off))
    ]


def test_the_tree_is_exact(combination, project):
    expected = [*ALWAYS, *kit(combination)]
    expected += WITH_GUARDS if guards(combination) else []
    for switch in on(combination):
        expected += ADDED.get(switch, [])
    for switches, files in TOGETHER.items():
        expected += files if {*switches} <= {*on(combination)} else []

    assert sorted(tree(project)) == sorted(expected)


def test_the_register_has_the_guards_that_are_on(combination, project):
    register = (project / "src/toe_test/hooks.py").read_text(encoding="utf-8")
    hooks = [file for file in kit(combination) if file.endswith("/hook.py")]

    found = re.findall(r"^from \.ops\.(\w+)\.hook import", register, re.MULTILINE)
    assert found == sorted(Path(file).parent.name for file in hooks)


def test_the_settings_are_those_of_the_guards_that_are_on(combination, project):
    if not guards(combination):
        return
    text = (project / "conf" / "base" / "ops.yml").read_text(encoding="utf-8")
    code = "".join((project / file).read_text("utf-8") for file in kit(combination))

    keys = re.findall(r'@settings_section\("(\w+)"', code)
    assert sorted(yaml.safe_load(text)) == sorted([*keys, "store"])


def test_no_empty_folder_is_left(project):
    folders = (path for path in project.rglob("*") if path.is_dir())
    empty = [path for path in folders if not any(path.iterdir())]

    assert [path for path in empty if ".git" not in path.parts] == []


def test_commands_are_there_with_the_guards_that_have_them(combination, project):
    said = quick_kedro("").run(["kedro", "--help"], cwd=project).stdout

    commands = re.findall(r"^  ([a-z]+)", said, re.MULTILINE)
    assert ("branches" in commands) is combination["steel_toes"]
    assert ("preflight" in commands) is combination["preflight"]
    assert ("runs" in commands) is combination["run_status"]
    assert ("expectations" in commands) is combination["expectations"]
    assert ("notify" in commands) is (combination["slack"] or combination["email"])
    assert ("plan" in commands) is combination["skip_unchanged"]


def trace(switch: str) -> str:
    """The words of a switch; of one that a fork has added, its name."""
    return TRACES.get(switch, switch.replace("_", ".?"))


def texts(project: Path) -> dict[str, str]:
    """The files that follow from the switches: all but the ground floor of the kit."""
    ground = (f"{KIT}/core/", f"{KIT}/__init__.py")
    files = tree(project).items()
    return {path: text for path, text in files if not path.startswith(ground)}


def test_what_is_off_leaves_no_trace(combination, project):
    for switch in SWITCHES:
        if not combination[switch]:
            for path, text in texts(project).items():
                found = re.search(trace(switch), f"{path}\n{text}", re.IGNORECASE)
                assert not found, f"{path} has a trace of {switch}: {found[0]}"


def test_without_guards_there_is_no_trace_of_what_they_share(combination, project):
    files = {} if guards(combination) else tree(project)

    for path, text in files.items():
        assert not re.search(r"\bops\b|branch", f"{path}\n{text}", re.IGNORECASE), path


def test_the_traces_are_words_of_what_is_on(combination, project):
    everything = "\n".join(tree(project).values())

    for switch in on(combination):
        assert re.search(trace(switch), everything, re.IGNORECASE)


def test_ruff_finds_nothing_to_change(project):
    run("ruff", "check", "--no-cache", cwd=project)
    run("ruff", "format", "--no-cache", "--check", cwd=project)


def test_no_template_code_is_left(project):
    for path, text in tree(project).items():
        if not path.startswith(f"{KIT}/"):  # which is copied as it is
            assert not re.search(r"\{%|%\}|\{\{ |cookiecutter", text), path


def test_the_text_has_no_stray_blank_lines(project):
    for path, text in tree(project).items():
        if not path.endswith(".csv"):
            assert text == "" or text.endswith("\n"), path
            assert not text.startswith("\n"), path
            assert not text.endswith("\n\n"), path
            assert not re.search(r"[ \t]$", text, re.MULTILINE), path
        if not path.endswith((".py", ".csv")):
            assert not re.search(r"\n\n\n", text), path


def test_the_yaml_is_yaml(project):
    for path, text in tree(project).items():
        if path.endswith((".yml", ".yaml")):
            yaml.safe_load(text)


def test_a_run_requires_nothing_but_what_it_uses(combination, project):
    text = (project / "requirements.txt").read_text(encoding="utf-8")
    names = re.findall(r"^[a-z_-]+", text, re.MULTILINE)

    needed = {
        "example": ["kedro-datasets", "matplotlib", "numpy", "pandas"],
        "expectations": ["great_expectations", "pandas", "narwhals"],
        "node_stats": ["narwhals", "psutil"],
        "slack": ["slack_sdk"],
        "steel_toes": ["xxhash"],
        "skip_unchanged": ["xxhash"],
    }
    expected = [name for key in needed if combination[key] for name in needed[key]]
    assert names == ["kedro", *dict.fromkeys(expected)]


def test_git_sees_all_but_the_local_configuration(project):
    run("git", "add", "--all", cwd=project)
    seen = run("git", "ls-files", cwd=project).stdout.split()

    assert set(tree(project)) - set(seen) == {"conf/local/credentials.yml"}

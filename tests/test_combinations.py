"""Every combination of switches gives exactly the project that it should."""

import itertools
import re
from pathlib import Path

import pytest
import yaml
from helpers import SWITCHES, generate, run, tree

COMBINATIONS = [
    dict(zip(SWITCHES, answers, strict=True))
    for answers in itertools.product([True, False], repeat=len(SWITCHES))
]

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

GUARDS = ["steel_toes", "path_rules", "great_expectations"]
WITH_COMMANDS = ["steel_toes", "great_expectations"]

# The files that every guard needs.
GROUND = [
    "conf/base/ops.yml",
    "src/toe_test/ops/__init__.py",
    "src/toe_test/ops/branch.py",
    "src/toe_test/ops/errors.py",
    "src/toe_test/ops/options.py",
    "src/toe_test/ops/places.py",
    "src/toe_test/ops/repository.py",
    "tests/ops/__init__.py",
    "tests/ops/test_branch.py",
    "tests/ops/test_options.py",
    "tests/ops/test_places.py",
    "tests/ops/test_repository.py",
]

# The files that every guard with commands needs.
COMMANDS = [
    "src/toe_test/cli.py",
    "src/toe_test/ops/commands/__init__.py",
    "src/toe_test/ops/commands/_report.py",
    "tests/ops/commands/__init__.py",
    "tests/test_cli.py",
]

# The files that come with a switch.
ADDED = {
    "steel_toes": [
        "src/toe_test/ops/branched_catalog.py",
        "src/toe_test/ops/branched_dataset.py",
        "src/toe_test/ops/branches.py",
        "src/toe_test/ops/cleaning.py",
        "src/toe_test/ops/commands/branches.py",
        "src/toe_test/ops/comparison.py",
        "src/toe_test/ops/files.py",
        "src/toe_test/ops/fingerprint.py",
        "src/toe_test/ops/location.py",
        "src/toe_test/ops/manifest.py",
        "src/toe_test/ops/overview.py",
        "src/toe_test/ops/promotion.py",
        "src/toe_test/ops/promotion_plan.py",
        "src/toe_test/ops/protected_dataset.py",
        "src/toe_test/ops/recorder.py",
        "src/toe_test/ops/steel_toes.py",
        "src/toe_test/ops/storage.py",
        "src/toe_test/ops/store.py",
        "src/toe_test/ops/stored.py",
        "src/toe_test/ops/summary.py",
        "src/toe_test/ops/tables.py",
        "tests/ops/commands/test_branches.py",
        "tests/ops/conftest.py",
        "tests/ops/test_branched_dataset.py",
        "tests/ops/test_branches.py",
        "tests/ops/test_cleaning.py",
        "tests/ops/test_comparison.py",
        "tests/ops/test_files.py",
        "tests/ops/test_fingerprint.py",
        "tests/ops/test_location.py",
        "tests/ops/test_manifest.py",
        "tests/ops/test_overview.py",
        "tests/ops/test_promotion.py",
        "tests/ops/test_promotion_plan.py",
        "tests/ops/test_protected_dataset.py",
        "tests/ops/test_recorder.py",
        "tests/ops/test_steel_toes.py",
        "tests/ops/test_storage.py",
        "tests/ops/test_store.py",
        "tests/ops/test_stored.py",
        "tests/ops/test_summary.py",
        "tests/ops/test_tables.py",
    ],
    "path_rules": [
        "src/toe_test/ops/path_rule.py",
        "src/toe_test/ops/path_rules.py",
        "src/toe_test/ops/path_values.py",
        "tests/ops/test_path_rule.py",
        "tests/ops/test_path_rules.py",
        "tests/ops/test_path_values.py",
    ],
    "great_expectations": [
        "src/toe_test/ops/commands/expectations.py",
        "tests/ops/commands/test_expectations.py",
        "tests/ops/expectations_project.py",
        "src/toe_test/ops/across.py",
        "src/toe_test/ops/after_run.py",
        "src/toe_test/ops/attachments.py",
        "src/toe_test/ops/data_docs.py",
        "src/toe_test/ops/expectation_plan.py",
        "src/toe_test/ops/expectations.py",
        "src/toe_test/ops/first_suite.py",
        "src/toe_test/ops/frames.py",
        "src/toe_test/ops/suites.py",
        "src/toe_test/ops/validation.py",
        "src/toe_test/ops/verdicts.py",
        "tests/ops/test_across.py",
        "tests/ops/test_after_run.py",
        "tests/ops/test_attachments.py",
        "tests/ops/test_data_docs.py",
        "tests/ops/test_expectation_plan.py",
        "tests/ops/test_expectations.py",
        "tests/ops/test_first_suite.py",
        "tests/ops/test_frames.py",
        "tests/ops/test_suites.py",
        "tests/ops/test_validation.py",
        "tests/ops/test_verdicts.py",
    ],
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
    ("example", "great_expectations"): [
        "conf/base/expectations/penguins_cleaned.yml",
        "conf/base/expectations/penguins_split.yml",
        "conf/defect/catalog.yml",
        "data/01_raw/defect.csv",
    ],
}

# Words that would give a part away where it is switched off.
TRACES = {
    # The variable that names the branch has kept its name, whoever asks for the branch.
    "steel_toes": r"steel.?toes(?!_BRANCH)|branched|xxhash",
    "path_rules": r"path.?(rule|value)",
    "great_expectations": r"expectation|narwhals|polars>|\bdefect\b",
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


def has_guards(combination: dict[str, bool]) -> bool:
    return any(combination[guard] for guard in GUARDS)


def has_commands(combination: dict[str, bool]) -> bool:
    return any(combination[guard] for guard in WITH_COMMANDS)


def test_the_tree_is_exact(combination, project):
    added = [path for switch in on(combination) for path in ADDED[switch]]
    added += COMMANDS if has_commands(combination) else []
    for switches, files in TOGETHER.items():
        added += files if {*switches} <= {*on(combination)} else []
    ground = GROUND if has_guards(combination) else []

    assert sorted(tree(project)) == sorted([*ALWAYS, *ground, *added])


def test_no_empty_folder_is_left(project):
    folders = (path for path in project.rglob("*") if path.is_dir())
    empty = [path for path in folders if not any(path.iterdir())]

    assert [path for path in empty if ".git" not in path.parts] == []


def test_commands_are_there_with_the_guards_that_have_them(combination, project):
    # Without byte code: the other tests read every file of the project.
    env = {"PYTHONDONTWRITEBYTECODE": "1"}
    said = run("kedro", "--help", cwd=project, env=env).stdout

    commands = re.findall(r"^  ([a-z]+)", said, re.MULTILINE)
    assert ("branches" in commands) is combination["steel_toes"]
    assert ("expectations" in commands) is combination["great_expectations"]


def test_what_is_off_leaves_no_trace(combination, project):
    for switch in SWITCHES:
        if not combination[switch]:
            for path, text in tree(project).items():
                found = re.search(TRACES[switch], f"{path}\n{text}", re.IGNORECASE)
                assert not found, f"{path} has a trace of {switch}: {found[0]}"


def test_without_guards_there_is_no_trace_of_what_they_share(combination, project):
    files = {} if has_guards(combination) else tree(project)

    for path, text in files.items():
        assert not re.search(r"\bops\b|branch", f"{path}\n{text}", re.IGNORECASE), path


def test_the_traces_are_words_of_what_is_on(combination, project):
    everything = "\n".join(tree(project).values())

    for switch in on(combination):
        assert re.search(TRACES[switch], everything, re.IGNORECASE)


def test_ruff_finds_nothing_to_change(project):
    run("ruff", "check", "--no-cache", cwd=project)
    run("ruff", "format", "--no-cache", "--check", cwd=project)


def test_no_template_code_is_left(project):
    for path, text in tree(project).items():
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
        "great_expectations": ["great_expectations", "narwhals", "pandas"],
        "steel_toes": ["xxhash"],
    }
    expected = [name for key in needed if combination[key] for name in needed[key]]
    assert names == ["kedro", *dict.fromkeys(expected)]


def test_git_sees_all_but_the_local_configuration(project):
    run("git", "add", "--all", cwd=project)
    seen = run("git", "ls-files", cwd=project).stdout.split()

    assert set(tree(project)) - set(seen) == {"conf/local/credentials.yml"}

"""Every combination of switches gives exactly the project that it should."""

import itertools
import re
from pathlib import Path

import pytest
import yaml
from helpers import (
    SWITCHES,
    generate,
    is_possible,
    run,
    tree,
    with_needs,
    without,
)

EVERY = [
    combination
    for answers in itertools.product([True, False], repeat=len(SWITCHES))
    if is_possible(combination := dict(zip(SWITCHES, answers, strict=True)))
]


def alone() -> list[dict[str, bool]]:
    """All on, all off, each alone."""
    off = dict.fromkeys(SWITCHES, False)
    all_on = dict.fromkeys(SWITCHES, True)
    return [all_on, off, *(off | with_needs(each) for each in SWITCHES)]


def but_one(switches: list[str]) -> list[dict[str, bool]]:
    """All on but one of these."""
    return [dict.fromkeys(SWITCHES, True) | without(each) for each in switches]


def telling() -> list[dict[str, bool]]:
    """All on, all off, each alone, all but one; and any three in all their ways.

    What three switches make of each other shows here; there are too many combinations
    to make a project of each.
    """
    chosen = [*alone(), *but_one(SWITCHES)]

    def triples(combination: dict[str, bool]) -> set[tuple[tuple[str, bool], ...]]:
        return set(itertools.combinations(combination.items(), 3))

    missing = set().union(*map(triples, EVERY)) - set().union(*map(triples, chosen))
    while missing:
        chosen.append(max(EVERY, key=lambda each: len(triples(each) & missing)))
        missing -= triples(chosen[-1])
    return chosen


COMBINATIONS = telling()

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

GUARDS = ["steel_toes", "path_rules", "preflight", "run_status", "great_expectations"]
GUARDS += ["skip_unchanged"]

# The files that every guard needs.
GROUND = [
    "conf/base/ops.yml",
    "src/toe_test/ops/__init__.py",
    "src/toe_test/ops/branch.py",
    "src/toe_test/ops/errors.py",
    "src/toe_test/ops/kedro_internals.py",
    "src/toe_test/ops/options.py",
    "src/toe_test/ops/places.py",
    "src/toe_test/ops/repository.py",
    "tests/ops/__init__.py",
    "tests/ops/test_branch.py",
    "tests/ops/test_kedro_internals.py",
    "tests/ops/test_options.py",
    "tests/ops/test_places.py",
    "tests/ops/test_repository.py",
]

# The files that each of several guards needs.
SHARED = {
    (
        *("steel_toes", "preflight", "run_status"),
        *("great_expectations", "skip_unchanged"),
    ): [
        "src/toe_test/cli.py",
        "src/toe_test/ops/commands/__init__.py",
        "src/toe_test/ops/commands/_report.py",
        "tests/test_cli.py",
        "tests/ops/commands/__init__.py",
    ],
    ("steel_toes", "path_rules", "run_status"): [
        "src/toe_test/ops/who.py",
        "tests/ops/test_who.py",
    ],
    ("preflight", "run_status", "great_expectations"): [
        "src/toe_test/ops/checks.py",
        "tests/ops/test_checks.py",
    ],
    ("slack", "email"): [
        "src/toe_test/ops/channel.py",
        "src/toe_test/ops/composing.py",
        "src/toe_test/ops/delivery.py",
        "src/toe_test/ops/desk.py",
        "src/toe_test/ops/message.py",
        "src/toe_test/ops/notification_options.py",
        "src/toe_test/ops/notification_rules.py",
        "src/toe_test/ops/notifications.py",
        "src/toe_test/ops/run_marks.py",
        "src/toe_test/ops/run_record.py",
        "src/toe_test/ops/services.py",
        "tests/ops/test_channel.py",
        "tests/ops/test_composing.py",
        "tests/ops/test_delivery.py",
        "tests/ops/test_desk.py",
        "tests/ops/test_message.py",
        "tests/ops/test_notification_options.py",
        "tests/ops/test_notification_rules.py",
        "tests/ops/test_notifications.py",
        "tests/ops/test_run_marks.py",
        "tests/ops/test_run_record.py",
        "tests/ops/test_services.py",
        "src/toe_test/ops/commands/notify.py",
        "tests/ops/commands/test_notify.py",
        "tests/ops/told_runs.py",
    ],
    ("preflight", "skip_unchanged"): [
        "src/toe_test/ops/commands/_run_options.py",
    ],
    ("steel_toes", "preflight"): [
        "src/toe_test/ops/store.py",
        "tests/ops/test_store.py",
    ],
    ("steel_toes", "preflight", "great_expectations", "skip_unchanged"): [
        "src/toe_test/ops/storage.py",
        "tests/ops/test_storage.py",
    ],
    ("steel_toes", "skip_unchanged"): [
        "src/toe_test/ops/log.py",
        "tests/ops/test_log.py",
        "src/toe_test/ops/files.py",
        "src/toe_test/ops/fingerprint.py",
        "src/toe_test/ops/stored.py",
        "src/toe_test/ops/tables.py",
        "tests/ops/test_files.py",
        "tests/ops/test_fingerprint.py",
        "tests/ops/test_stored.py",
        "tests/ops/test_tables.py",
    ],
    ("run_status", "skip_unchanged"): [
        "src/toe_test/ops/redaction.py",
        "src/toe_test/ops/skipped.py",
        "tests/ops/test_redaction.py",
        "tests/ops/test_skipped.py",
    ],
}

# The files that come with a switch.
ADDED = {
    "steel_toes": [
        "src/toe_test/ops/branched_catalog.py",
        "src/toe_test/ops/branched_dataset.py",
        "src/toe_test/ops/branched_run.py",
        "src/toe_test/ops/branches.py",
        "src/toe_test/ops/cleaning.py",
        "src/toe_test/ops/commands/branches.py",
        "src/toe_test/ops/comparison.py",
        "src/toe_test/ops/ledger.py",
        "src/toe_test/ops/location.py",
        "src/toe_test/ops/manifest.py",
        "src/toe_test/ops/overview.py",
        "src/toe_test/ops/promotion.py",
        "src/toe_test/ops/promotion_plan.py",
        "src/toe_test/ops/protected_dataset.py",
        "src/toe_test/ops/recorder.py",
        "src/toe_test/ops/steel_toes.py",
        "src/toe_test/ops/steel_toes_options.py",
        "src/toe_test/ops/summary.py",
        "tests/ops/commands/test_branches.py",
        "tests/ops/conftest.py",
        "tests/ops/test_branched_dataset.py",
        "tests/ops/test_branches.py",
        "tests/ops/test_cleaning.py",
        "tests/ops/test_comparison.py",
        "tests/ops/test_ledger.py",
        "tests/ops/test_location.py",
        "tests/ops/test_manifest.py",
        "tests/ops/test_overview.py",
        "tests/ops/test_promotion.py",
        "tests/ops/test_promotion_plan.py",
        "tests/ops/test_protected_dataset.py",
        "tests/ops/test_recorder.py",
        "tests/ops/test_steel_toes.py",
        "tests/ops/test_summary.py",
    ],
    "run_status": [
        "src/toe_test/ops/page/compare.js",
        "src/toe_test/ops/page/detail.js",
        "src/toe_test/ops/page/dom.js",
        "src/toe_test/ops/page/graph.js",
        "src/toe_test/ops/page/index.html",
        "src/toe_test/ops/page/live.js",
        "src/toe_test/ops/page/model.js",
        "src/toe_test/ops/page/nodes.js",
        "src/toe_test/ops/page/page.css",
        "src/toe_test/ops/page/page.js",
        "src/toe_test/ops/page/runs.js",
        "src/toe_test/ops/page/timeline.js",
        "src/toe_test/ops/page_data.py",
        "src/toe_test/ops/page_graph.py",
        "src/toe_test/ops/page_layout.py",
        "src/toe_test/ops/shown.py",
        "src/toe_test/ops/status_page.py",
        "tests/ops/some_runs.py",
        "tests/ops/test_page_data.py",
        "tests/ops/test_page_graph.py",
        "tests/ops/test_page_layout.py",
        "tests/ops/test_shown.py",
        "tests/ops/test_status_page.py",
        "src/toe_test/ops/commands/runs.py",
        "tests/ops/commands/test_runs.py",
        "src/toe_test/ops/history.py",
        "src/toe_test/ops/interruption.py",
        "src/toe_test/ops/journal.py",
        "src/toe_test/ops/liveness.py",
        "src/toe_test/ops/quietly.py",
        "src/toe_test/ops/resume.py",
        "src/toe_test/ops/run_page.py",
        "src/toe_test/ops/run_plan.py",
        "src/toe_test/ops/run_report.py",
        "src/toe_test/ops/run_status.py",
        "tests/ops/run_project.py",
        "src/toe_test/ops/run_store.py",
        "src/toe_test/ops/run_view.py",
        "src/toe_test/ops/runs.py",
        "src/toe_test/ops/session.py",
        "src/toe_test/ops/timeline.py",
        "src/toe_test/ops/uploads.py",
        "src/toe_test/ops/verdict.py",
        "src/toe_test/ops/viz_page.py",
        "src/toe_test/ops/watch.py",
        "tests/ops/test_history.py",
        "tests/ops/test_interruption.py",
        "tests/ops/test_journal.py",
        "tests/ops/test_liveness.py",
        "tests/ops/test_resume.py",
        "tests/ops/test_run_page.py",
        "tests/ops/test_run_plan.py",
        "tests/ops/test_run_report.py",
        "tests/ops/test_run_status.py",
        "tests/ops/test_run_store.py",
        "tests/ops/test_run_view.py",
        "tests/ops/test_session.py",
        "tests/ops/test_timeline.py",
        "tests/ops/test_uploads.py",
        "tests/ops/test_verdict.py",
        "tests/ops/test_viz_page.py",
        "tests/ops/test_watch.py",
    ],
    "node_stats": [
        "src/toe_test/ops/figures.py",
        "src/toe_test/ops/lineage.py",
        "src/toe_test/ops/lineage_events.py",
        "src/toe_test/ops/memory.py",
        "src/toe_test/ops/node_stats.py",
        "src/toe_test/ops/usual.py",
        "tests/ops/test_figures.py",
        "tests/ops/test_lineage.py",
        "tests/ops/test_lineage_events.py",
        "tests/ops/test_memory.py",
        "tests/ops/test_node_stats.py",
        "tests/ops/test_usual.py",
    ],
    "path_rules": [
        "src/toe_test/ops/path_rule.py",
        "src/toe_test/ops/path_rules.py",
        "src/toe_test/ops/path_rules_options.py",
        "src/toe_test/ops/path_values.py",
        "tests/ops/test_path_rule.py",
        "tests/ops/test_path_rules.py",
        "tests/ops/test_path_values.py",
    ],
    "preflight": [
        "src/toe_test/ops/commands/preflight.py",
        "src/toe_test/ops/catalog_lines.py",
        "src/toe_test/ops/code_hash.py",
        "src/toe_test/ops/dataset_type.py",
        "src/toe_test/ops/examination.py",
        "src/toe_test/ops/planned_run.py",
        "src/toe_test/ops/preflight.py",
        "src/toe_test/ops/preflight_catalog.py",
        "src/toe_test/ops/preflight_code.py",
        "src/toe_test/ops/preflight_data.py",
        "src/toe_test/ops/preflight_options.py",
        "src/toe_test/ops/preflight_outputs.py",
        "src/toe_test/ops/preflight_runner.py",
        "src/toe_test/ops/problem.py",
        "src/toe_test/ops/problems_table.py",
        "src/toe_test/ops/questions.py",
        "tests/ops/commands/test_preflight.py",
        "tests/ops/planned.py",
        "tests/ops/test_catalog_lines.py",
        "tests/ops/test_code_hash.py",
        "tests/ops/test_dataset_type.py",
        "tests/ops/test_examination.py",
        "tests/ops/test_planned_run.py",
        "tests/ops/test_preflight.py",
        "tests/ops/test_preflight_catalog.py",
        "tests/ops/test_preflight_code.py",
        "tests/ops/test_preflight_data.py",
        "tests/ops/test_preflight_options.py",
        "tests/ops/test_preflight_outputs.py",
        "tests/ops/test_preflight_runner.py",
        "tests/ops/test_problem.py",
        "tests/ops/test_problems_table.py",
        "tests/ops/test_questions.py",
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
        "src/toe_test/ops/gated.py",
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
        "tests/ops/test_gated.py",
        "tests/ops/test_suites.py",
        "tests/ops/test_validation.py",
        "tests/ops/test_verdicts.py",
    ],
    "slack": [
        "src/toe_test/ops/slack.py",
        "src/toe_test/ops/slack_blocks.py",
        "src/toe_test/ops/slack_client.py",
        "tests/ops/test_slack.py",
        "tests/ops/test_slack_blocks.py",
    ],
    "email": [
        "src/toe_test/ops/mail.py",
        "src/toe_test/ops/mail_page.py",
        "tests/ops/test_mail.py",
        "tests/ops/test_mail_page.py",
    ],
    "skip_unchanged": [
        "src/toe_test/ops/anatomy.py",
        "src/toe_test/ops/by_value.py",
        "src/toe_test/ops/data_print.py",
        "src/toe_test/ops/dataset_state.py",
        "src/toe_test/ops/insides.py",
        "src/toe_test/ops/made.py",
        "src/toe_test/ops/names.py",
        "src/toe_test/ops/node_code.py",
        "src/toe_test/ops/node_groups.py",
        "src/toe_test/ops/node_recipe.py",
        "src/toe_test/ops/object_code.py",
        "src/toe_test/ops/packages.py",
        "src/toe_test/ops/plan_view.py",
        "src/toe_test/ops/presets.py",
        "src/toe_test/ops/reach.py",
        "src/toe_test/ops/making.py",
        "src/toe_test/ops/skip_plan.py",
        "src/toe_test/ops/skip_reasons.py",
        "src/toe_test/ops/skip_run.py",
        "src/toe_test/ops/skip_unchanged.py",
        "src/toe_test/ops/skip_unchanged_options.py",
        "src/toe_test/ops/sources.py",
        "src/toe_test/ops/stat_cache.py",
        "src/toe_test/ops/statements.py",
        "src/toe_test/ops/syntax.py",
        "src/toe_test/ops/unimported.py",
        "src/toe_test/ops/value_print.py",
        "src/toe_test/ops/commands/plan.py",
        "tests/ops/code_edits.py",
        "tests/ops/skip_project.py",
        "tests/ops/commands/test_plan.py",
        "tests/ops/test_by_value.py",
        "tests/ops/test_object_code.py",
        "tests/ops/test_packages.py",
        "tests/ops/test_data_print.py",
        "tests/ops/test_dataset_state.py",
        "tests/ops/test_made.py",
        "tests/ops/test_node_code.py",
        "tests/ops/test_node_groups.py",
        "tests/ops/test_making.py",
        "tests/ops/test_skip_plan.py",
        "tests/ops/test_skip_unchanged.py",
        "tests/ops/test_skip_unchanged_options.py",
        "tests/ops/test_stat_cache.py",
        "tests/ops/test_value_print.py",
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
    "steel_toes": r"steel.?toes(?!_BRANCH)|branched",
    "path_rules": r"path.?(rule|value)",
    "preflight": r"preflight|interrogate|flake8",
    "node_stats": r"node.?stats|psutil|openlineage-python",
    "great_expectations": r"great.?expectation|\bdefect\b|\bsuites?\b",
    "run_status": r"run.?status|jsonl|kedro runs|\bstatus.?page",
    "slack": r"slack",
    "email": r"smtp|e-mail|mail\.Mail|mail_page",
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


def has_guards(combination: dict[str, bool]) -> bool:
    return any(combination[guard] for guard in GUARDS)


def test_the_tree_is_exact(combination, project):
    added = [path for switch in on(combination) for path in ADDED[switch]]
    ground = [*GROUND] if has_guards(combination) else []
    for guards, files in SHARED.items():
        if any(combination[guard] for guard in guards):
            ground += files
    for switches, files in TOGETHER.items():
        added += files if {*switches} <= {*on(combination)} else []

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
    assert ("preflight" in commands) is combination["preflight"]
    assert ("runs" in commands) is combination["run_status"]
    assert ("expectations" in commands) is combination["great_expectations"]
    assert ("notify" in commands) is (combination["slack"] or combination["email"])
    assert ("plan" in commands) is combination["skip_unchanged"]


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
        "great_expectations": ["great_expectations", "pandas", "narwhals"],
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

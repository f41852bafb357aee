"""Take out of the new project what is switched off, and start its git repository."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ANSWERS = dict(json.loads(r"""{{ cookiecutter.items() | list | tojson }}"""))
PACKAGE = f"src/{ANSWERS['python_package']}"

GUARDS = ["steel_toes", "path_rules", "preflight", "run_status", "great_expectations"]
GUARDS += ["skip_unchanged"]
WITH_COMMANDS = [guard for guard in GUARDS if guard != "path_rules"]

# The modules of ops/ that not every guard needs, and the guards that do.
MODULES = {
    "checks": ["preflight", "run_status", "great_expectations"],
    "across": ["great_expectations"],
    "after_run": ["great_expectations"],
    "attachments": ["great_expectations"],
    "data_docs": ["great_expectations"],
    "expectation_plan": ["great_expectations"],
    "expectations": ["great_expectations"],
    "first_suite": ["great_expectations"],
    "frames": ["great_expectations"],
    "gated": ["great_expectations"],
    "suites": ["great_expectations"],
    "validation": ["great_expectations"],
    "verdicts": ["great_expectations"],
    "who": ["steel_toes", "path_rules", "run_status"],
    "branched_catalog": ["steel_toes"],
    "branched_dataset": ["steel_toes"],
    "branched_run": ["steel_toes"],
    "branches": ["steel_toes"],
    "cleaning": ["steel_toes"],
    "comparison": ["steel_toes"],
    "files": ["steel_toes", "skip_unchanged"],
    "fingerprint": ["steel_toes", "skip_unchanged"],
    "ledger": ["steel_toes"],
    "location": ["steel_toes"],
    "log": ["steel_toes", "skip_unchanged"],
    "manifest": ["steel_toes"],
    "overview": ["steel_toes"],
    "promotion": ["steel_toes"],
    "promotion_plan": ["steel_toes"],
    "protected_dataset": ["steel_toes"],
    "recorder": ["steel_toes"],
    "steel_toes": ["steel_toes"],
    "steel_toes_options": ["steel_toes"],
    "storage": ["steel_toes", "preflight", "great_expectations", "skip_unchanged"],
    "store": ["steel_toes", "preflight"],
    "stored": ["steel_toes", "skip_unchanged"],
    "summary": ["steel_toes"],
    "channel": ["slack", "email"],
    "composing": ["slack", "email"],
    "delivery": ["slack", "email"],
    "desk": ["slack", "email"],
    "message": ["slack", "email"],
    "notification_options": ["slack", "email"],
    "notification_rules": ["slack", "email"],
    "notifications": ["slack", "email"],
    "run_marks": ["slack", "email"],
    "run_record": ["slack", "email"],
    "services": ["slack", "email"],
    "slack": ["slack"],
    "slack_blocks": ["slack"],
    "slack_client": ["slack"],
    "mail": ["email"],
    "mail_page": ["email"],
    "tables": ["steel_toes", "skip_unchanged"],
    "history": ["run_status"],
    "interruption": ["run_status"],
    "journal": ["run_status"],
    "liveness": ["run_status"],
    "redaction": ["run_status", "skip_unchanged"],
    "quietly": ["run_status"],
    "resume": ["run_status"],
    "run_page": ["run_status"],
    "run_plan": ["run_status"],
    "run_report": ["run_status"],
    "run_status": ["run_status"],
    "run_store": ["run_status"],
    "run_view": ["run_status"],
    "runs": ["run_status"],
    "session": ["run_status"],
    "timeline": ["run_status"],
    "uploads": ["run_status"],
    "verdict": ["run_status"],
    "viz_page": ["run_status"],
    "watch": ["run_status"],
    "figures": ["node_stats"],
    "lineage": ["node_stats"],
    "lineage_events": ["node_stats"],
    "memory": ["node_stats"],
    "node_stats": ["node_stats"],
    "usual": ["node_stats"],
    "page_data": ["run_status"],
    "page_graph": ["run_status"],
    "page_layout": ["run_status"],
    "shown": ["run_status"],
    "status_page": ["run_status"],
    "path_rule": ["path_rules"],
    "path_rules": ["path_rules"],
    "path_rules_options": ["path_rules"],
    "path_values": ["path_rules"],
    "catalog_lines": ["preflight"],
    "code_hash": ["preflight"],
    "dataset_type": ["preflight"],
    "examination": ["preflight"],
    "planned_run": ["preflight"],
    "preflight": ["preflight"],
    "preflight_catalog": ["preflight"],
    "preflight_code": ["preflight"],
    "preflight_data": ["preflight"],
    "preflight_options": ["preflight"],
    "preflight_outputs": ["preflight"],
    "preflight_runner": ["preflight"],
    "problem": ["preflight"],
    "problems_table": ["preflight"],
    "questions": ["preflight"],
    "data_print": ["skip_unchanged"],
    "dataset_state": ["skip_unchanged"],
    "made": ["skip_unchanged"],
    "anatomy": ["skip_unchanged"],
    "by_value": ["skip_unchanged"],
    "insides": ["skip_unchanged"],
    "names": ["skip_unchanged"],
    "packages": ["skip_unchanged"],
    "presets": ["skip_unchanged"],
    "reach": ["skip_unchanged"],
    "sources": ["skip_unchanged"],
    "statements": ["skip_unchanged"],
    "syntax": ["skip_unchanged"],
    "unimported": ["skip_unchanged"],
    "node_code": ["skip_unchanged"],
    "node_groups": ["skip_unchanged"],
    "node_recipe": ["skip_unchanged"],
    "plan_view": ["skip_unchanged"],
    "making": ["skip_unchanged"],
    "object_code": ["skip_unchanged"],
    "skip_plan": ["skip_unchanged"],
    "skip_reasons": ["skip_unchanged"],
    "skip_run": ["skip_unchanged"],
    "skip_unchanged": ["skip_unchanged"],
    "skip_unchanged_options": ["skip_unchanged"],
    "skipped": ["run_status", "skip_unchanged"],
    "stat_cache": ["skip_unchanged"],
    "value_print": ["skip_unchanged"],
}

# The commands in ops/commands/, and the guard that each belongs to.
COMMANDS = {
    "branches": "steel_toes",
    "expectations": "great_expectations",
    "plan": "skip_unchanged",
    "preflight": "preflight",
    "runs": "run_status",
}

# A path, and the switches that need it: it stays while one of them is on.
NEEDED_BY = {
    f"{PACKAGE}/ops": GUARDS,
    "tests/ops": GUARDS,
    "conf/base/ops.yml": GUARDS,
    f"{PACKAGE}/cli.py": WITH_COMMANDS,
    f"{PACKAGE}/ops/commands": WITH_COMMANDS,
    "tests/test_cli.py": WITH_COMMANDS,
    "tests/ops/commands": WITH_COMMANDS,
    "tests/ops/conftest.py": ["steel_toes"],
    "tests/ops/planned.py": ["preflight"],
    f"{PACKAGE}/ops/commands/_run_options.py": ["preflight", "skip_unchanged"],
    f"{PACKAGE}/ops/commands/notify.py": ["slack", "email"],
    "tests/ops/commands/test_notify.py": ["slack", "email"],
    "tests/ops/told_runs.py": ["slack", "email"],
    "tests/ops/code_edits.py": ["skip_unchanged"],
    "tests/ops/skip_project.py": ["skip_unchanged"],
    f"{PACKAGE}/ops/page": ["run_status"],
    "tests/ops/some_runs.py": ["run_status"],
    "tests/ops/run_project.py": ["run_status"],
    "tests/ops/expectations_project.py": ["great_expectations"],
    f"{PACKAGE}/pipelines/penguins": ["example"],
    "tests/pipelines/penguins": ["example"],
    "data/01_raw/penguins.csv": ["example"],
    "data/01_raw/README.md": ["example"],
    ".pre-commit-config.yaml": ["pre_commit"],
}
# A path, and the switches that it needs: it goes when one of them is off.
NEEDS_ALL = {
    "conf/base/expectations": ["example", "great_expectations"],
    "conf/defect": ["example", "great_expectations"],
    "data/01_raw/defect.csv": ["example", "great_expectations"],
}
for module, guards in MODULES.items():
    NEEDED_BY[f"{PACKAGE}/ops/{module}.py"] = guards
    NEEDED_BY[f"tests/ops/test_{module}.py"] = guards

for command, guard in COMMANDS.items():
    NEEDED_BY[f"{PACKAGE}/ops/commands/{command}.py"] = [guard]
    NEEDED_BY[f"tests/ops/commands/test_{command}.py"] = [guard]


def drop_what_is_off() -> None:
    for path, switches in NEEDED_BY.items():
        if not any(ANSWERS[switch] for switch in switches):
            remove(Path(path))
    for path, switches in NEEDS_ALL.items():
        if not all(ANSWERS[switch] for switch in switches):
            remove(Path(path))


def remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)  # not every module has tests of its own


def start_git_repository() -> None:
    """Like `cargo new`: a repository of its own, unless an outer one has the project."""
    if shutil.which("git") is None or in_a_repository() or is_for_comparison():
        return
    git("init", "--quiet")
    # `git init --initial-branch` is not known to every git that is still around.
    git("symbolic-ref", "HEAD", "refs/heads/main")


def in_a_repository() -> bool:
    """Whether an outer repository sees this folder: 1 is git's word for "not ignored"."""
    return git("check-ignore", "--quiet", ".").returncode == 1


def is_for_comparison() -> bool:
    """Whether cruft makes this project in a temporary folder, to look for differences.

    It would take those of .git for differences as well.
    """
    temporary = Path(tempfile.gettempdir()).resolve()
    return "_commit" in ANSWERS and temporary in Path.cwd().parents


def git(*arguments: str) -> subprocess.CompletedProcess[str]:
    # Set in a git hook: git would then work on the repository of that hook.
    hook_variables = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"}
    return subprocess.run(
        ["git", *arguments],
        env={key: os.environ[key] for key in os.environ.keys() - hook_variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        check=False,
    )


NO_COMMIT = """\
This starter came without a git commit (a zip file or a plain folder), so `cruft update` cannot follow it.
"""
NOT_ALL_COMMITTED = """\
The starter has changes that are not committed; `.cruft.json` names its last commit, which is without them.
"""
# What cookiecutter adds to the answers, and cruft does not keep.
OF_THIS_RUN = {"_output_dir", "_repo_dir", "_checkout"}


def link_to_template() -> None:
    """Write `.cruft.json` as cruft would, so that `cruft update` can be used at once."""
    starter = ANSWERS.pop("_starter", None)
    if starter is None:  # cruft is at work, and writes the file itself
        return
    at = ["-C", starter["folder"]]
    # Git does not know the last of them in a folder that is not in the commit.
    facts = ["HEAD", "--show-toplevel", "--show-prefix", "HEAD:./cookiecutter.json"]
    found = git(*at, "rev-parse", *facts) if shutil.which("git") else None
    if found is None or found.returncode:
        sys.stderr.write(NO_COMMIT)
        return
    commit, address, directory, _ = found.stdout.splitlines()
    checkout = None  # Cookiecutter takes the user's own folder as it is
    if not starter["is_own"]:
        checkout = ANSWERS["_checkout"]
        address = without_secrets(git(*at, "config", "remote.origin.url").stdout)
    elif git(*at, "status", "--porcelain", ".").stdout:
        sys.stderr.write(NOT_ALL_COMMITTED)
    answers = {key: ANSWERS[key] for key in ANSWERS if key not in OF_THIS_RUN}
    answers |= {"_template": address, "_commit": commit}
    link = {"template": address, "commit": commit, "checkout": checkout}
    link |= {"context": {"cookiecutter": answers}}
    link |= {"directory": directory.rstrip("/") or None}
    text = json.dumps(link, indent=2) + "\n"
    Path(".cruft.json").write_text(text, encoding="utf-8")


def without_secrets(address: str) -> str:
    """The address without a password, and without the user of a web address.

    Either may be a token. The user of an SSH address is a part of the address.
    """
    address = re.sub(r"^(https?://)[^/]*@", r"\1", address.strip())
    return re.sub(r"^(\w+://[^/:@]+):[^/]*@", r"\1@", address)


drop_what_is_off()
start_git_repository()
link_to_template()

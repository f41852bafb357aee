"""The kit: which room may use which, and what a guard of one's own takes."""

import ast
import re
import shutil
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from declarations import missing
from helpers import SWITCHES, TEMPLATE, clean_template, run

KIT = (
    TEMPLATE / "{{ cookiecutter.repo_name }}/src/{{ cookiecutter.python_package }}/ops"
)
MODULES = {
    ".".join(file.relative_to(KIT).with_suffix("").parts): ast.parse(file.read_text())
    for file in KIT.rglob("*.py")
}
# These stand on another guard; all others stand on the ground floor only.
STAND_ON = {"node_stats": {"run_status"}, "notifications": {"run_status"}}


def imports(module: str) -> Iterator[str]:
    """The modules of the kit that a module imports, also inside functions."""
    package = module.split(".")[:-1]
    for found in ast.walk(MODULES[module]):
        if isinstance(found, ast.ImportFrom) and found.level:
            base = package[: len(package) - found.level + 1]
            base += found.module.split(".") if found.module else []
            for alias in found.names:
                name = ".".join([*base, alias.name])
                yield name if name in MODULES else ".".join(base)


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_run_downwards_only(module: str) -> None:
    room = module.split(".", maxsplit=1)[0]
    allowed = {"core", room, *STAND_ON.get(room, ())}

    for name in imports(module):
        assert name.split(".")[0] in allowed, f"ops.{module} must not import ops.{name}"


def test_no_module_needs_one_that_needs_it() -> None:
    try:
        TopologicalSorter({name: set(imports(name)) for name in MODULES}).prepare()
    except CycleError as error:
        pytest.fail(" needs ".join(error.args[1]))


def test_a_name_of_a_class_is_one_class_in_the_whole_kit() -> None:
    names = [
        each.name
        for module in MODULES.values()
        for each in module.body
        if isinstance(each, ast.ClassDef) and not each.name.startswith("_")
    ]

    assert {name for name in names if names.count(name) > 1} == set()


@pytest.mark.parametrize("module", sorted({*MODULES} - {"core.kedro_internals"}))
def test_a_private_name_of_others_is_not_asked_for_as_text(module: str) -> None:
    """What ruff's SLF001 does not see."""
    for call in ast.walk(MODULES[module]):
        if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("attr"):
            names = [a.value for a in call.args[1:2] if isinstance(a, ast.Constant)]
            private = [name for name in names if re.match(r"_[^_]", name)]
            assert not private or ast.unparse(call.args[0]) == "self", ast.unparse(call)


def test_every_guard_is_declared_where_it_has_to_be() -> None:
    assert list(missing(TEMPLATE)) == []


# A guard of one's own: it refuses a run that no cost center pays for.

ROOM = {
    "__init__.py": '"""Cost center: every run says who pays for it."""\n',
    "hook.py": '''\
"""The hook."""

from __future__ import annotations

import os

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl

from ..core.errors import OpsError
from ..core.settings import is_guard_on, read_settings, settings_section


@settings_section("cost_center")
class CostCenterOptions:
    """``cost_center`` in ``ops.yml``."""

    enabled: bool = True


class CostCenter:
    """The hook."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Stop whatever names no cost center."""
        settings = read_settings(context.config_loader, CostCenterOptions)
        on = is_guard_on("cost_center", settings.enabled)
        if on and not os.environ.get("PAID_BY"):
            raise OpsError("No cost center: set PAID_BY.")
''',
}
PACKAGE = "{{ cookiecutter.repo_name }}/src/{{ cookiecutter.python_package }}"
PROMPT = """\

cost_center:
  title: "Cost Center"
  text: |
    Stop runs that name no cost center; it costs nothing.
  regex_validator: *yes_or_no
  error_message: *say_yes_or_no
"""
IMPORT = """\
{%- if cookiecutter.cost_center %}
from .ops.cost_center.hook import CostCenter
{%- endif %}
"""
LINE = """\
{%- if cookiecutter.cost_center %}
    CostCenter(),
{%- endif %}
"""
SETTINGS = """\
{%- if cookiecutter.cost_center %}

# Every run says who pays for it. COST_CENTER=off turns it off for one run.
cost_center:
  enabled: true
{%- endif %}
"""

# What is to be done, and what is said of it if it is not.
STEPS = {
    "room": "The switch cost_center has no room: add the folder ops/cost_center/.",
    "switch": 'ops/cost_center/ has no switch: add "cost_center": "yes" to '
    "cookiecutter.json.",
    "prompt": "prompts.yml does not ask for cost_center: add its question.",
    "example": "example-config.yml has no cost_center: add a line with its default.",
    "import": "hooks.py does not import the hook of ops/cost_center/hook.py: add a line.",
    "register": "hooks.py does not list CostCenter() in the REGISTER: add a line.",
    "settings": "conf/base/ops.yml has no cost_center: add it with its defaults.",
}


def insert(file: Path, text: str, before: str) -> None:
    """Put text in front of what is in a file, or at its end."""
    whole = file.read_text(encoding="utf-8")
    first, found, rest = whole.partition(before) if before else (whole, "", "")
    assert not before or found
    file.write_text(f"{first}{text}{found}{rest}", encoding="utf-8")


def add_guard(template: Path, but: str = "") -> None:
    """Do all the steps in a copy of the template, but one."""
    package = template / PACKAGE
    files = {
        "switch": (
            template / "cookiecutter.json",
            '"cost_center": "yes",\n    ',
            '"slack"',
        ),
        "prompt": (template / "prompts.yml", PROMPT, ""),
        "example": (template / "example-config.yml", "cost_center: true\n", "slack:"),
        "import": (package / "hooks.py", IMPORT, "{%- if cookiecutter.expectations"),
        "register": (package / "hooks.py", LINE, "    TeamHooks(),"),
        "settings": (package.parents[1] / "conf/base/ops.yml", SETTINGS, ""),
    }
    for step, (file, text, before) in files.items():
        if step != but:
            insert(file, text, before)
    if but != "room":
        (package / "ops" / "cost_center").mkdir()
        for name, text in ROOM.items():
            file = package / "ops" / "cost_center" / name
            file.write_text(text, encoding="utf-8")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return shutil.copytree(clean_template(), tmp_path / "template")


@pytest.mark.parametrize("step", STEPS)
def test_whoever_forgets_a_step_is_told_which(copy: Path, step: str) -> None:
    add_guard(copy, but=step)

    assert list(missing(copy)) == [STEPS[step]]


def test_a_guard_of_ones_own_takes_just_these_steps(copy: Path) -> None:
    add_guard(copy)

    assert list(missing(copy)) == []
    tests = ("tests/test_combinations.py", "tests/test_hook_order.py")
    # Alone and with all others; combinations of these are tested without it.
    chosen = f"cost_center and (not steel_toes or ({' and '.join(SWITCHES)}))"
    command = (sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider")
    run(*command, *tests, "-k", chosen, cwd=copy, timeout=900)

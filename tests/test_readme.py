"""The README says what is so: its tables, its commands, and the files it names."""

import itertools
import re
import runpy
from pathlib import Path

import pytest
import yaml
from helpers import SWITCHES, TEMPLATE, generate, run

PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    "docs/branches.md",
    "docs/expectations.md",
    "docs/notifications.md",
    "docs/fork.md",
    "docs/migrate.md",
    "docs/path_rules.md",
    "docs/preflight.md",
    "docs/progress.md",
    "docs/run_status.md",
    "docs/skip_unchanged.md",
    "docs/status_page.md",
    "docs/store.md",
    "docs/steel_toes.md",
    "docs/update.md",
    "benchmarks/README.md",
]
PROJECT_CODE = "src/*/ops/**/*.py"


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with everything on, also what is off by default."""
    folder = tmp_path_factory.mktemp("everything")
    return generate(folder, **dict.fromkeys(SWITCHES, True))


def text_of(page: str) -> str:
    return (TEMPLATE / page).read_text(encoding="utf-8")


def commands(page: str) -> list[str]:
    """The lines of the blocks that are for typing."""
    blocks = re.findall(r"^```bash\n(.*?)^```", text_of(page), re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in block.splitlines()]


def test_the_tables_are_up_to_date():
    made_anew = runpy.run_path(str(TEMPLATE / "readme.py"))["up_to_date"]

    assert made_anew(text_of("README.md")) == text_of("README.md"), "run `make readme`"


def test_every_option_is_in_the_table():
    for switch in SWITCHES:
        assert f"| `{switch}` | " in text_of("README.md")


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files(page):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", text_of(page)):
        assert (TEMPLATE / page).parent.joinpath(target).exists(), target


@pytest.mark.parametrize("page", PAGES)
def test_files_that_are_named_exist(page, generated):
    named = re.findall(
        r"`([\w.-]+/[\w./-]*|[\w-]+\.(?:py|yml|md|json|toml))`", text_of(page)
    )
    # Data comes with a run, demo/ with its command; feat/ begins a branch.
    kept = [path for path in named if not path.startswith(("data", "demo/", "feat/"))]
    for path in kept:
        here = (TEMPLATE / page).parent
        places = [TEMPLATE, here, generated, generated / "src" / "toe_test"]
        places.append(generated / "conf" / "base")
        assert any((place / path).exists() for place in places), path


@pytest.mark.parametrize("page", PAGES)
def test_make_knows_every_target(page):
    known = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))

    used = re.findall(r"(?:^|`)make ([a-z]+)", text_of(page), re.MULTILINE)
    assert set(used) <= known


def test_make_help_lists_every_target():
    listed = run("make", "help", cwd=TEMPLATE).stdout

    [declared] = re.findall(r"^\.PHONY: (.*)", text_of("Makefile"), re.MULTILINE)
    for target in declared.split():
        assert f"make {target} " in listed


@pytest.mark.parametrize("page", PAGES)
def test_commands_and_their_options_exist(page, generated):
    for command in commands(page):
        program, *words = command.split()
        if program in ("make", "pip", "cruft", "git"):
            continue
        name = [program, *itertools.takewhile(str.isalpha, words[:2])]
        helped = run(*name, "--help", cwd=generated).stdout
        for option in re.findall(r" (--[a-z-]+)", command):
            assert option in helped, command


def test_variables_are_read(generated):
    code = "".join(path.read_text("utf-8") for path in generated.glob(PROJECT_CODE))

    for page in PAGES:
        for variable in re.findall(
            r"\b(?:STEEL_TOES|RUN_STATUS)_[A-Z]+", text_of(page)
        ):
            assert f'"{variable}"' in code
        for guard in re.findall(r"\b(?!KEDRO_)([A-Z_]+)=off\b", text_of(page)):
            assert f'is_guard_on("{guard.lower()}"' in code, f"{page}: {guard}=off"


def test_the_settings_are_those_of_the_project(generated):
    page = text_of("docs/steel_toes.md")
    after = page[page.index("## Settings") :]
    [documented] = re.findall(r"^```yaml\n(.*?)^```", after, re.DOTALL | re.MULTILINE)
    written = (generated / "conf" / "base" / "ops.yml").read_text(encoding="utf-8")

    settings = yaml.safe_load(written)["steel_toes"]
    assert yaml.safe_load(documented) == {"steel_toes": settings}

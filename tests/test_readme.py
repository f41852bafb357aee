"""The README says what is so: its tables, its commands, and the files it names."""

import ast
import functools
import itertools
import re
import runpy
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from helpers import CHOICES, SWITCHES, TEMPLATE, generate, run

PAGES = [
    *("README.md", "CONTRIBUTING.md", "benchmarks/README.md"),
    *sorted(
        path.relative_to(TEMPLATE).as_posix() for path in TEMPLATE.glob("docs/*.md")
    ),
]
# What the pages call besides the commands of Kedro and of the project.
KNOWN_PROGRAMS = {
    "cd",
    "cookiecutter",
    "cruft",
    "docker",
    "git",
    "make",
    "pip",
    "pre-commit",
    "pytest",
    "python",
    "source",
}
PROJECT_CODE = "src/*/ops/**/*.py"


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with everything on, also what is off by default."""
    folder = tmp_path_factory.mktemp("everything")
    return generate(folder, **dict.fromkeys(SWITCHES, True), deploy="airflow")


def text_of(page: str) -> str:
    return (TEMPLATE / page).read_text(encoding="utf-8")


def blocks(page: str, language: str) -> list[str]:
    """The contents of the blocks in a language."""
    fenced = rf"^ *```{language}\n(.*?)^ *```"
    return re.findall(fenced, text_of(page), re.DOTALL | re.MULTILINE)


def commands(page: str) -> list[str]:
    """The lines of the blocks that are for typing."""
    text = "\n".join(blocks(page, "bash")).replace("\\\n", " ")
    lines = text.splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_the_tables_are_up_to_date(monkeypatch):
    monkeypatch.syspath_prepend(TEMPLATE)
    readme = runpy.run_path(str(TEMPLATE / "readme.py"))

    for page in readme["PAGES"]:
        made_anew = readme["up_to_date"](text_of(page))
        assert made_anew == text_of(page), f"{page}: run `make readme`"


def test_every_guard_with_settings_is_in_the_reference(generated):
    written = (generated / "conf" / "base" / "ops.yml").read_text(encoding="utf-8")

    for guard in yaml.safe_load(written):
        assert f"`{guard}`" in text_of("docs/settings.md")


def test_every_option_is_in_the_table():
    for option in [*SWITCHES, *CHOICES]:
        assert f"| `{option}` | " in text_of("README.md")


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files(page):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", text_of(page)):
        assert (TEMPLATE / page).parent.joinpath(target).exists(), target


@pytest.mark.parametrize("page", PAGES)
def test_files_that_are_named_exist(page, generated):
    named = re.findall(
        r"`([\w.-]+/[\w./-]*|[\w-]+\.(?:py|yml|md|json|toml))`", text_of(page)
    )
    # Data and logs come with a run, airflow_dags/, demo/ and site/ with their command;
    # feat/ begins a branch.
    later = ("airflow_dags/", "data", "demo/", "feat/", "logs/", "site/")
    kept = [path for path in named if not path.startswith(later)]
    for path in kept:
        here = (TEMPLATE / page).parent
        places = [TEMPLATE, here, generated, generated / "src" / "toe_test"]
        places += [
            generated / "conf" / "base",
            TEMPLATE / "{{ cookiecutter.repo_name }}",
        ]
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


@pytest.fixture(scope="module")
def help_of(generated: Path) -> Callable[..., str]:
    """What a command says of its options."""

    @functools.cache
    def helped(*command: str) -> str:
        return run(*command, "--help", cwd=generated).stdout

    return helped


@pytest.mark.parametrize("page", PAGES)
def test_commands_and_their_options_exist(page, help_of):
    for command in commands(page):
        words = command.split(" #")[0].split()
        while re.match(r"[A-Z_]+=", words[0]):  # a variable for this command only
            words.pop(0)
        if words[0] != "kedro":
            assert words[0] in KNOWN_PROGRAMS, command
            continue
        name = itertools.takewhile(re.compile(r"[a-z]+$").match, words[1:3])
        helped = help_of("kedro", *name)
        for option in re.findall(r" (--[a-z-]+)", command):
            assert option in helped, command


@pytest.mark.parametrize("page", PAGES)
def test_blocks_can_be_parsed(page):
    for block in blocks(page, "bash"):
        # What the reader has to fill in is no redirection.
        run("bash", "-n", cwd=TEMPLATE, stdin=re.sub(r"<[\w ]+>", "it", block))
    for block in blocks(page, "yaml"):
        for document in yaml.safe_load_all(block):
            assert isinstance(document, (dict, list)), block
    for block in blocks(page, "python"):
        ast.parse(block)


@pytest.mark.parametrize("page", PAGES)
def test_a_block_says_what_language_it_is_in(page):
    opened = re.findall(r"^ *```(.*)$", text_of(page), re.MULTILINE)[::2]

    assert set(opened) <= {"bash", "python", "text", "yaml"}


def test_the_site_has_every_page_and_no_broken_link(tmp_path):
    """With --strict, every warning is an error; mkdocs.yml says what is one."""
    run("mkdocs", "build", "--strict", "--site-dir", tmp_path / "site", cwd=TEMPLATE)

    for page in PAGES:
        folder = page.removesuffix(".md").removesuffix("README")
        assert (tmp_path / "site" / folder / "index.html").exists(), page


def test_a_new_projects_readme_takes_two_screens_and_names_what_is_on(generated):
    text = (generated / "README.md").read_text(encoding="utf-8")

    assert len(text.splitlines()) <= 120
    for switch in set(SWITCHES) - {"example", "pre_commit", "slack", "email"}:
        assert f"| `{switch.upper()}` |" in text


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

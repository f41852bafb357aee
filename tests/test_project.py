"""A generated project in an environment of its own, used as its README says."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import NEEDS, SWITCHES, commit, generate, run
from test_combinations import COMBINATIONS, name

# All on, all off, each alone, all but one: what parts need of each other shows here.
TELLING = COMBINATIONS[: 2 * len(SWITCHES) + 2 - len(NEEDS)]
ALL_ON = dict.fromkeys(SWITCHES, True)
PACKAGE = "toe_test"
RUNNERS = ["ThreadRunner", "ParallelRunner", f"{PACKAGE}.runners.ParallelRunner"]
RESULT = "data/08_reporting/penguin_metrics.json"


def make_environment(folder: Path, *requirements: str | Path) -> None:
    """Make folder/.venv and install into it, as `pip install` would."""
    run("uv", "venv", "--quiet", "--python", sys.executable, ".venv", cwd=folder)
    if requirements:
        command = ("uv", "pip", "install", "--quiet", "--python", folder / ".venv")
        run(*command, *requirements, cwd=folder)


def lend_environment(environment: Path, project: Path) -> None:
    """Give a project an environment with what it requires and nothing else.

    What is in it already stays, with its byte code: to compile all of it anew takes
    longer than to run the tests.
    """
    uv = ("uv", "pip", "--quiet")
    to = ("--python", environment)
    known = run(*uv, "compile", *to, "--extra=dev", "pyproject.toml", cwd=project)
    exactly = environment / "exactly.txt"
    exactly.write_text(f"{known.stdout}\n-e {project}\n", encoding="utf-8")
    run(*uv, "sync", *to, exactly, cwd=project)
    project.joinpath(".venv").symlink_to(environment)


def inside(
    folder: Path, *args: str | Path, **options: object
) -> subprocess.CompletedProcess[str]:
    """Run a command with folder/.venv active."""
    scripts = folder / ".venv" / ("Scripts" if os.name == "nt" else "bin")
    path = f"{scripts}{os.pathsep}{os.environ['PATH']}"
    env = {"PATH": path} | options.pop("env", {})
    return run(*args, cwd=folder, env=env, **options)


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment for one project after another."""
    folder = tmp_path_factory.mktemp("environment")
    make_environment(folder)
    return folder / ".venv"


@pytest.fixture(scope="session")
def known_types(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What mypy found in one project it needs not find in the next: 1 s, not 20."""
    return {"MYPY_CACHE_DIR": str(tmp_path_factory.mktemp("mypy"))}


@pytest.mark.parametrize("combination", TELLING, ids=name)
def test_a_project_installs_runs_and_passes_its_own_tests(
    combination: dict[str, bool],
    tmp_path: Path,
    environment: Path,
    known_types: dict[str, str],
) -> None:
    project = generate(tmp_path, **combination)
    lend_environment(environment, project)

    result = inside(project, "kedro", "run", check=combination["example"])
    # Coverage is measured once: it takes a third of the time and changes no result.
    inside(project, "pytest", "-q", *([] if combination == ALL_ON else ["--no-cov"]))
    inside(project, "mypy", env=known_types)

    assert (project / RESULT).exists() is combination["example"]
    if not combination["example"]:
        assert "Pipeline contains no nodes" in result.stdout + result.stderr
    seen = inside(project, "git", "status", "--short", "data", "conf").stdout
    assert "penguin_metrics" not in seen


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with everything on, committed, with its environment."""
    folder = generate(tmp_path_factory.mktemp("project"), **ALL_ON)
    make_environment(folder, "--editable", ".[dev]")
    commit(folder)
    return folder


all_on = pytest.mark.xdist_group("all-on")


@all_on
@pytest.mark.parametrize("runner", RUNNERS)
def test_every_runner_gives_the_same_result(project: Path, runner: str) -> None:
    inside(project, "kedro", "run")
    expected = (project / RESULT).read_text(encoding="utf-8")
    (project / RESULT).unlink()

    inside(project, "kedro", "run", f"--runner={runner}")

    assert (project / RESULT).read_text(encoding="utf-8") == expected


@all_on
def test_the_built_wheel_runs_without_the_project(
    project: Path, tmp_path: Path
) -> None:
    inside(project, "kedro", "package")
    [wheel] = (project / "dist").glob("*.whl")
    conf = project / "dist" / f"conf-{PACKAGE}.tar.gz"
    make_environment(tmp_path, wheel)
    raw = tmp_path / "data" / "01_raw"
    raw.mkdir(parents=True)
    raw.joinpath("penguins.csv").write_bytes(
        (project / "data" / "01_raw" / "penguins.csv").read_bytes()
    )

    command = ("python", "-m", PACKAGE, f"--conf-source={conf}")
    inside(tmp_path, *command, env={"STEEL_TOES_BRANCH": "main"})

    assert json.loads((tmp_path / RESULT).read_text(encoding="utf-8"))["r2"] > 0.7
    assert (tmp_path / "data" / ".ops" / "runs" / "index.html").exists()


@all_on
def test_a_run_needs_none_of_the_tools_for_development(
    project: Path, tmp_path: Path
) -> None:
    make_environment(tmp_path, "--requirements", project / "requirements.txt")

    installed = run("uv", "pip", "list", "--python", tmp_path / ".venv", cwd=tmp_path)

    for tool in ("ipython", "jupyterlab", "kedro-viz", "mypy", "pytest", "ruff"):
        assert f"\n{tool} " not in installed.stdout


@all_on
def test_ipython_has_the_catalog(project: Path) -> None:
    code = "print('rows:', len(catalog.load('penguins_raw')))\nexit()\n"

    result = inside(project, "kedro", "ipython", stdin=code)

    assert "rows: 344" in result.stdout


@all_on
@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("describe-datasets", "penguins_cleaned"),
        ("list-patterns", "penguins_{step}"),
        ("resolve-patterns", "penguins_features"),
    ],
)
def test_the_catalog_commands_know_the_datasets(
    project: Path, command: str, expected: str
) -> None:
    assert expected in inside(project, "kedro", "catalog", command).stdout


@all_on
def test_viz_builds_a_page(project: Path) -> None:
    inside(project, "kedro", "viz", "build")

    assert (project / "build" / "index.html").exists()


@all_on
def test_the_lint_commands_of_the_readme_pass(project: Path) -> None:
    inside(project, "ruff", "check")
    inside(project, "ruff", "format", "--check")


@all_on
def test_pre_commit_passes_and_refuses_bad_code(project: Path) -> None:
    commands = ("pre-commit", "run", "--all-files")
    inside(project, *commands)
    bad = project / "src" / PACKAGE / "bad.py"
    bad.write_text('def number() -> int:\n    return "one"\n', encoding="utf-8")
    inside(project, "git", "add", bad)

    result = inside(project, *commands, check=False)
    inside(project, "git", "rm", "--force", "--quiet", bad)

    assert result.returncode != 0
    assert "Incompatible return value type" in result.stdout

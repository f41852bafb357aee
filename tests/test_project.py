"""A generated project in an environment of its own, used as its README says."""

import compileall
import json
from pathlib import Path

import pytest
import yaml
from environments import ALL_ON, RESULT, inside, make_environment, use
from helpers import SWITCHES, commit, generate, run
from quick_kedro import quick_kedro
from test_combinations import alone, but_one, name

PACKAGE = "toe_test"
RUNNERS = [
    "SequentialRunner",
    "ThreadRunner",
    "ParallelRunner",
    f"{PACKAGE}.runners.ParallelRunner",
]
ALONE = {name(each): each for each in alone()[1:]}
# Without the example, which takes most of the time, but where its files may differ.
BUT_ONE = {
    name(each): each
    for each in (
        combination | {"example": not combination["expectations"]}
        for combination in but_one(SWITCHES)
    )
}


@pytest.mark.parametrize("combination", ALONE.values(), ids=ALONE)
def test_a_project_installs_runs_and_passes_its_own_tests(
    combination: dict[str, bool],
    tmp_path: Path,
    environment: Path,
    known_types: dict[str, str],
) -> None:
    use(combination, tmp_path, environment, known_types)


@pytest.mark.parametrize("combination", BUT_ONE.values(), ids=BUT_ONE)
def test_a_project_without_one_part_runs_and_passes_its_own_tests(
    combination: dict[str, bool], tmp_path: Path
) -> None:
    # With what this repository has installed: a part that is alone tells what it lacks.
    project = generate(tmp_path, **combination)
    compileall.compile_dir(project / "src", quiet=2)
    quick = quick_kedro("")
    # Great Expectations takes ten seconds to import.
    env = {"EXPECTATIONS": "off"}

    result = quick.run(["kedro", "run"], cwd=project, env=env)
    ini = ("--override-ini=addopts=", "--override-ini=pythonpath=src")
    tests = ["pytest", "-q", *ini, "-k=not suite"]
    tested = quick.run(tests, cwd=project, env=env)
    run("ruff", "check", cwd=project)

    assert (project / RESULT).exists() is combination["example"]
    assert result.returncode == (0 if combination["example"] else 1), result.stderr
    empty = "Pipeline contains no nodes" in result.stdout + result.stderr
    assert empty is not combination["example"]
    assert tested.returncode == 0, tested.stdout


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with everything on, committed, with its environment."""
    folder = generate(tmp_path_factory.mktemp("project"), **ALL_ON, ci="github")
    make_environment(folder, "--editable", ".[dev,viz]")
    commit(folder)
    return folder


all_on = pytest.mark.xdist_group("all-on")


@all_on
def test_every_runner_gives_the_same_result(project: Path) -> None:
    # Each run would import Great Expectations and draw the pipeline: 10 s.
    env = {"EXPECTATIONS": "off", "PREFLIGHT": "off", "RUN_STATUS": "off"}
    results = set()
    for runner in RUNNERS:
        inside(project, "kedro", "run", f"--runner={runner}", env=env)
        results.add((project / RESULT).read_text(encoding="utf-8"))
        (project / RESULT).unlink()

    assert len(results) == 1


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


def steps(project: Path, ci: str) -> list[str]:
    """The commands of the CI workflow, but for those that install."""
    if ci == "github":
        text = (project / ".github" / "workflows" / "ci.yml").read_text("utf-8")
        jobs = yaml.safe_load(text)["jobs"].values()
        lines = [step["run"] for job in jobs for step in job["steps"] if "run" in step]
    else:
        jobs = yaml.safe_load((project / ".gitlab-ci.yml").read_text("utf-8"))
        lines = [line for job in ("check", "run") for line in jobs[job]["script"]]
    return [line for line in lines if not line.startswith("pip install")]


@all_on
def test_every_step_of_the_ci_workflow_passes(project: Path) -> None:
    # Coverage is that of the example: the kit is left out.
    env = {"PYTEST_ADDOPTS": "--cov-fail-under=95"}

    for step in steps(project, "github"):
        inside(project, *step.split(), env=env)

    assert (project / RESULT).exists()
    seen = inside(project, "git", "status", "--short", "data", "conf").stdout
    assert "penguin_metrics" not in seen


def test_gitlab_runs_the_same_steps_as_github(tmp_path: Path) -> None:
    github = generate(tmp_path / "1", **ALL_ON, ci="github")
    gitlab = generate(tmp_path / "2", **ALL_ON, ci="gitlab")

    assert steps(github, "github") == steps(gitlab, "gitlab")


@pytest.mark.parametrize("preflight", [True, False])
def test_the_ci_files_are_valid_and_come_only_with_their_answer(
    preflight: bool, tmp_path: Path
) -> None:
    schemas = {
        "github": {
            ".github/workflows/ci.yml": "vendor.github-workflows",
            ".github/dependabot.yml": "vendor.dependabot",
        },
        "gitlab": {
            ".gitlab-ci.yml": "vendor.gitlab-ci",
            "renovate.json": "vendor.renovate",
        },
        "none": {},
    }
    for ci, expected in schemas.items():
        answers = {"ci": ci, "preflight": preflight, "run_status": preflight}
        project = generate(tmp_path / ci, **answers, node_stats=False)
        files = [file for known in schemas.values() for file in known]
        assert [file for file in files if (project / file).exists()] == [*expected]
        for file, schema in expected.items():
            run("check-jsonschema", "--builtin-schema", schema, file, cwd=project)


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

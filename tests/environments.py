"""Environments of generated projects, each with what its project asks for."""

import os
import subprocess
import sys
from pathlib import Path

from helpers import SWITCHES, generate, run

ALL_ON = dict.fromkeys(SWITCHES, True)
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


def use(
    combination: dict[str, bool],
    folder: Path,
    environment: Path,
    known_types: dict[str, str],
) -> None:
    """Generate a project, install it, run it, and run its own tests and mypy."""
    project = generate(folder, **combination)
    lend_environment(environment, project)

    # Great Expectations takes seconds to import; the project's own test runs with it.
    env = {"EXPECTATIONS": "off"}
    result = inside(project, "kedro", "run", check=combination["example"], env=env)
    inside(project, "pytest", "-q", "--no-cov")
    inside(project, "mypy", env=known_types)

    assert (project / RESULT).exists() is combination["example"]
    if not combination["example"]:
        assert "Pipeline contains no nodes" in result.stdout + result.stderr
    seen = inside(project, "git", "status", "--short", "data", "conf").stdout
    assert "penguin_metrics" not in seen

"""`make demo`: a new project, a run on main, a branch, a change, and a run there.

It ends with an error unless every file of main is, byte for byte, what it was.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from hashlib import sha256
from pathlib import Path

import click
import yaml
from helpers import CHOICES, SWITCHES, TEMPLATE, clean_template, environment
from rich.console import Console
from rich.table import Table

PROJECT = TEMPLATE / "demo"
# Inside .git, where it is no part of the project that it marks.
MARK = PROJECT / ".git" / "made-by-make-demo"
SCRIPTS = PROJECT / ".venv" / ("Scripts" if os.name == "nt" else "bin")

BRANCH = "feat/is-male"
PARAMETERS = "conf/base/parameters.yml"
CHANGE = ("features: [flipper_length_mm]", "features: [flipper_length_mm, is_male]")

console = Console(highlight=False, markup=False, soft_wrap=True)


@click.command(help=__doc__)
def main() -> None:
    # Cookiecutter leaves temporary folders behind.
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        demonstrate()


def demonstrate() -> None:
    say("1. A new project with every option on, and what it needs, in demo/")
    make_project()
    run("uv", "venv", "--python", Path(sys.executable), ".venv")
    run("uv", "pip", "install", "--requirements", "requirements.txt")

    say("2. The first commit, and a run on main")
    run("git", "add", "--all")
    run("git", "commit", "--message", "Start")
    run("kedro", "run", show="succeeded")
    mains = checksums()

    say("3. A branch that gives the model one more feature, and a run there")
    run("git", "switch", "--create", BRANCH)
    change_parameters()
    run("git", "commit", "--all", "--message", "Tell the model who is male")
    run("kedro", "run", show="Steel toes")
    now = checksums()
    changed = [path for path in mains if now.get(path) != mains[path]]
    if changed:
        raise click.ClickException(f"Files of main have changed: {', '.join(changed)}")

    say("4. The results, side by side")
    console.print(results())
    say("5. Raw data in which somebody has weighed in kilograms are refused")
    run("kedro", "run", "--env=defect", show="Error:", refused=True)
    say("6. Where the files are")
    for path in sorted(now):
        console.print(f"{'main' if path in mains else BRANCH:<14}{path}")
    say(f"main's {len(mains)} files are, byte for byte, what they were.")
    console.print(f"To go on: cd {PROJECT.name}; . .venv/bin/activate; kedro run")


def make_project() -> None:
    """Write the project to demo/, in the place of an earlier one."""
    if PROJECT.exists() and not MARK.exists():
        raise click.ClickException("demo/ is not from this command: move it away.")
    shutil.rmtree(PROJECT / ".venv", ignore_errors=True)  # slow, so before the mark
    shutil.rmtree(PROJECT, ignore_errors=True)
    folder = Path(tempfile.mkdtemp())
    names = {"project_name": "Demo", "repo_name": "demo", "python_package": "demo"}
    names |= dict.fromkeys(CHOICES, "none")
    config = folder / "config.yml"
    config.write_text(yaml.safe_dump(names | dict.fromkeys(SWITCHES, True)), "utf-8")
    starter = clean_template()
    run("kedro", "new", "--starter", starter, "--config", config, cwd=folder)
    # Moved only with its mark: what Ctrl-C leaves, the next demo can replace.
    made = folder / PROJECT.name
    (made / MARK.relative_to(PROJECT)).touch()
    shutil.move(made, PROJECT)


def say(text: str) -> None:
    console.print(f"\n{text}", style="bold")


def run(
    *args: str | Path, cwd: Path = PROJECT, show: str = "", refused: bool = False
) -> None:
    """Run a command as in a terminal of its own, with demo/.venv active.

    Args:
        args: the command; of a path, only the name is shown.
        cwd: where to run it.
        show: which message of its log is shown: the one with this text.
        refused: whether it has to end with an error.
    """
    shown = (arg.name if isinstance(arg, Path) else arg for arg in args)
    command = " ".join(shown)
    console.print(f"$ {command}", style="cyan")
    env = environment()
    env["PATH"] = f"{SCRIPTS}{os.pathsep}{env['PATH']}"
    result = subprocess.run(
        [str(arg) for arg in args],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    if bool(result.returncode) is not refused:
        raise click.ClickException(
            f"`{command}` ended with {result.returncode}.\n{result.stdout}"
        )
    # A line of Kedro's log is in columns: time and level, message, module.
    for text in re.split(r"\s{2,}|\n", result.stdout):
        if show and show in text:
            console.print(text)


def change_parameters() -> None:
    file = PROJECT / PARAMETERS
    text = file.read_text(encoding="utf-8")
    if CHANGE[0] not in text:
        raise click.ClickException(f"{PARAMETERS} does not say `{CHANGE[0]}`.")
    file.write_text(text.replace(*CHANGE), encoding="utf-8")
    console.print(f"In {PARAMETERS}:\n- {CHANGE[0]}\n+ {CHANGE[1]}")


def checksums() -> dict[str, str]:
    """Every file with data, and the checksum of its contents."""
    # In data/.ops are the records of the runs, which all branches share.
    folders = (PROJECT / "data").glob("[!.]*")
    files = [path for each in folders for path in each.rglob("*.*") if path.is_file()]
    return {
        path.relative_to(PROJECT).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in files
        if path.name not in {".gitkeep", "README.md"}
    }


def results() -> Table:
    """The metrics of main and of the branch."""
    folder = PROJECT / "data" / "08_reporting"
    [branchs_file] = folder.glob("penguin_metrics_*.json")
    main, branch = (
        json.loads(file.read_text(encoding="utf-8"))
        for file in (folder / "penguin_metrics.json", branchs_file)
    )
    table = Table("", "main", BRANCH)
    for name in main:
        table.add_row(name, cell(main[name]), cell(branch[name]))
    return table


def cell(value: object) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)


if __name__ == "__main__":
    main()

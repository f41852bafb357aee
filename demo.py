"""`make demo`: a new project, a run on main, a branch, a change, and a run there.

It ends with an error unless every file of main is, byte for byte, what it was.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import yaml
from helpers import SWITCHES, TEMPLATE, clean_template, environment
from rich.console import Console
from rich.table import Table

PROJECT = TEMPLATE / "demo"
# Inside .git, where it is no part of the project that it marks.
MARK = PROJECT / ".git" / "made-by-make-demo"

BRANCH = "feat/is-male"
PARAMETERS = PROJECT / "conf" / "base" / "parameters.yml"
BEFORE = "features: [flipper_length_mm]"
AFTER = "features: [flipper_length_mm, is_male]"
METRICS = "data/08_reporting/penguin_metrics.json"

SCRIPTS = PROJECT / ".venv" / ("Scripts" if os.name == "nt" else "bin")
IDENTITY = {
    "GIT_AUTHOR_NAME": "make demo",
    "GIT_AUTHOR_EMAIL": "demo@example.com",
    "GIT_COMMITTER_NAME": "make demo",
    "GIT_COMMITTER_EMAIL": "demo@example.com",
}

console = Console(highlight=False, soft_wrap=True)


@click.command(help=__doc__)
def main() -> None:
    say("A new project, with every option on")
    make_project()
    say("What it needs to run, in an environment of its own")
    command("uv", "venv", "--python", sys.executable, ".venv")
    command("uv", "pip", "install", "--requirements", "requirements.txt")

    say("The first commit, and a run on main")
    command("git", "add", "--all")
    command("git", "commit", "--message", "Start")
    kedro_run()
    mains = checksums()

    say("A branch on which the model gets one more feature")
    command("git", "switch", "--create", BRANCH)
    change_parameters()
    command("git", "commit", "--all", "--message", "Tell the model who is male")
    kedro_run()
    now = checksums()

    say("The results, side by side")
    console.print(comparison())
    say("Where the files are")
    for path in sorted(now, key=lambda path: (dataset(path), path not in mains)):
        console.print(f"  {'main' if path in mains else BRANCH:<12}  {path}")
    say("Whether main still has what it had")
    refuse_changes(mains, now)
    console.print(f"main's {len(mains)} files are the same, byte for byte.")
    console.print(f"\nGo on in {PROJECT.name}/: . .venv/bin/activate; kedro run")


def make_project() -> None:
    """Write the project to demo/, in the place of an earlier one."""
    if PROJECT.exists() and not MARK.exists():
        raise click.ClickException(
            f"{PROJECT.name}/ was not made by this command: move it away first."
        )
    shutil.rmtree(PROJECT, ignore_errors=True)
    # Made elsewhere and moved when it has its mark: what is interrupted leaves nothing
    # behind that the next demo would refuse to replace.
    with template() as starter, tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "config.yml")
        answers = {
            "project_name": "Demo",
            "repo_name": PROJECT.name,
            "python_package": "demo",
            **dict.fromkeys(SWITCHES, True),
        }
        config.write_text(yaml.safe_dump(answers), encoding="utf-8")
        command("kedro", "new", "--starter", starter, "--config", config, cwd=folder)
        made = Path(folder, PROJECT.name)
        (made / MARK.relative_to(PROJECT)).touch()
        shutil.move(made, PROJECT)


@contextmanager
def template() -> Iterator[Path]:
    """The template without the environments that it was used with."""
    yield clean_template()
    shutil.rmtree(clean_template().parent)


def say(text: str) -> None:
    console.print(f"\n[bold]{text}[/bold]")


def command(*args: str | Path, cwd: str | Path = PROJECT) -> str:
    """Show a command and run it as in a new shell; return what it said."""
    shown = [arg if isinstance(arg, str) else arg.name for arg in args]
    console.print(f"[dim]$ {' '.join(shown)}[/dim]")
    env = environment() | IDENTITY
    env |= {"PATH": f"{SCRIPTS}{os.pathsep}{env['PATH']}", "VIRTUAL_ENV": ".venv"}
    result = subprocess.run(
        [str(arg) for arg in args],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if result.returncode:
        raise click.ClickException(f"`{' '.join(shown)}` failed:\n{result.stdout}")
    return result.stdout


def kedro_run() -> None:
    """Run the pipeline, and show what the run says about branches."""
    for line in command("kedro", "run").splitlines():
        if "Steel toes:" in line or "completed" in line:
            console.print(line)


def change_parameters() -> None:
    text = PARAMETERS.read_text(encoding="utf-8")
    if BEFORE not in text:
        raise click.ClickException(f"{PARAMETERS.name} does not say {BEFORE!r}.")
    PARAMETERS.write_text(text.replace(BEFORE, AFTER), encoding="utf-8")
    console.print(f"{PARAMETERS.relative_to(PROJECT)}: {AFTER}", markup=False)


def checksums() -> dict[str, str]:
    """Every file that has data, with the checksum of its contents."""
    return {
        path.relative_to(PROJECT).as_posix(): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in sorted((PROJECT / "data").rglob("*"))
        if path.is_file() and path.name not in (".gitkeep", "README.md")
    }


def on_main(path: str) -> str:
    """The file of main that a branch's file stands for.

    data/06_models/model_<branch>.json -> data/06_models/model.json
    """
    return re.sub(r"_feat-is-male-[0-9a-f]{8}(?=\.)", "", path)


def comparison(mains: str, branches: str) -> Table:
    """The metrics of main and of the branch."""
    main, branch = (
        json.loads((PROJECT / path).read_text(encoding="utf-8"))
        for path in (mains, branches)
    )
    table = Table("", "main", BRANCH)
    for key in main:
        table.add_row(key, *(format_value(each[key]) for each in (main, branch)))
    return table


def format_value(value: object) -> str:
    return "\n".join(value) if isinstance(value, list) else str(value)


def refuse_changes(before: dict[str, str], now: dict[str, str]) -> None:
    changed = [path for path, checksum in before.items() if now.get(path) != checksum]
    if changed:
        raise click.ClickException(f"Files of main have changed: {', '.join(changed)}")


if __name__ == "__main__":
    main()

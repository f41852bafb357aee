"""The same fan of copies for other tools: each copies ``in_<i>.txt`` to ``out_<i>.txt``.

Each tool is brought to where it has nothing to do, and then says so by command.
"""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import yaml
from helpers import run

HOURGLASS = 600.0  # seconds for what a tool does the first time
# What would call home, or keep things where the user's are.
ENVIRONMENT = {
    "DVC_NO_ANALYTICS": "1",
    "HAMILTON_TELEMETRY_ENABLED": "false",
}


class Tool(NamedTuple):
    """How a tool is told of the copies, and what it is started with."""

    name: str
    package: str  # empty: it has to be on this machine
    tell: Callable[[Path, int], None]
    words: list[str]


class Ready(NamedTuple):
    """A tool that has nothing to do."""

    folder: Path
    command: list[str | Path]
    version: str


def ready(tool: Tool, folder: Path, nodes: int) -> Ready:
    """Install a tool and have it make everything once."""
    folder.mkdir(parents=True)
    version = install(tool, folder)
    work = folder / "work"
    work.mkdir()
    for i in range(nodes):
        (work / f"in_{i}.txt").write_text(f"text {i}\n" * 10, encoding="utf-8")
    tool.tell(work, nodes)
    found = Ready(work, command_in(folder, tool.words), version)
    run(*found.command, cwd=work, timeout=HOURGLASS)
    if len(when(work)) != nodes:
        raise AssertionError("it did not make all of the files")
    return found


def install(tool: Tool, folder: Path) -> str:
    """Give a tool an environment of its own; return its version."""
    if not tool.package:
        if shutil.which(tool.name) is None:
            raise AssertionError("it is not on this machine")
        return run(tool.name, "--version", cwd=folder).stdout.splitlines()[0]
    run("uv", "venv", "--quiet", "--python", sys.executable, ".venv", cwd=folder)
    run("uv", "pip", "install", "--quiet", tool.package, cwd=folder)
    listed = run("uv", "pip", "list", "--format=json", cwd=folder).stdout
    versions = {each["name"]: each["version"] for each in json.loads(listed)}
    return f"{tool.package} {versions[tool.package]}"


def command_in(folder: Path, words: list[str]) -> list[str | Path]:
    """A command with the program of that environment, if it has it."""
    program = folder / ".venv" / "bin" / words[0]
    return [program if program.exists() else words[0], *words[1:]]


def when(work: Path) -> dict[str, int]:
    """When each output was written."""
    return {path.name: path.stat().st_mtime_ns for path in work.glob("out_*.txt")}


def tell_make(work: Path, nodes: int) -> None:
    targets = " ".join(f"out_{i}.txt" for i in range(nodes))
    text = f"all: {targets}\nout_%.txt: in_%.txt\n\tcp $< $@\n"
    (work / "Makefile").write_text(text, encoding="utf-8")


def tell_doit(work: Path, nodes: int) -> None:
    text = (
        "def task_copy():\n"
        f"    for i in range({nodes}):\n"
        "        yield {'name': str(i), 'actions': [f'cp in_{i}.txt out_{i}.txt'],\n"
        "               'file_dep': [f'in_{i}.txt'], 'targets': [f'out_{i}.txt']}\n"
    )
    (work / "dodo.py").write_text(text, encoding="utf-8")


def tell_hamilton(work: Path, nodes: int) -> None:
    """It knows no files: an input is read in each run, an output is what was returned."""
    functions = (
        f"def in_{i}() -> str:\n    return Path('in_{i}.txt').read_text()\n\n"
        f"def out_{i}(in_{i}: str) -> str:\n"
        f"    Path('out_{i}.txt').write_text(in_{i})\n    return in_{i}\n\n"
        for i in range(nodes)
    )
    text = "from pathlib import Path\n\n" + "".join(functions)
    (work / "copies.py").write_text(text, encoding="utf-8")
    text = (
        "import copies\nfrom hamilton import driver\n"
        f"numbers = range({nodes})\n"
        "driver.Builder().with_modules(copies).with_cache(\n"
        "    recompute=[f'in_{i}' for i in numbers]\n"
        ").build().execute([f'out_{i}' for i in numbers])\n"
    )
    (work / "all.py").write_text(text, encoding="utf-8")


def tell_redun(work: Path, nodes: int) -> None:
    text = (
        "from redun import File, task\n\nredun_namespace = 'bench'\n\n"
        "@task()\ndef copy(source: File, target: str) -> File:\n"
        "    made = File(target)\n    made.write(source.read())\n    return made\n\n"
        "@task()\ndef main() -> list:\n"
        f"    numbers = range({nodes})\n"
        "    return [copy(File(f'in_{i}.txt'), f'out_{i}.txt') for i in numbers]\n"
    )
    (work / "workflow.py").write_text(text, encoding="utf-8")


def tell_snakemake(work: Path, nodes: int) -> None:
    text = (
        f"rule all:\n    input: expand('out_{{i}}.txt', i=range({nodes}))\n"
        "rule copy:\n    input: 'in_{i}.txt'\n    output: 'out_{i}.txt'\n"
        "    shell: 'cp {input} {output}'\n"
    )
    (work / "Snakefile").write_text(text, encoding="utf-8")


def tell_dvc(work: Path, nodes: int) -> None:
    """With the copies, the lock and the cache that ``dvc repro`` would have made.

    DVC reads and writes the whole lock for each stage: 60 of them took 22 seconds.
    """
    subprocess.run(
        [*command_in(work.parent, ["dvc"]), "init", "--no-scm", "--quiet"],
        cwd=work,
        check=True,
        capture_output=True,
    )
    stages, locks = {}, {}
    for i in range(nodes):
        source, target = f"in_{i}.txt", f"out_{i}.txt"
        told = {"cmd": f"cp {source} {target}"}
        content = (work / source).read_bytes()
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
        known = {"hash": "md5", "md5": md5, "size": len(content)}
        stages[f"copy_{i}"] = {**told, "deps": [source], "outs": [target]}
        locks[f"copy_{i}"] = {
            **told,
            "deps": [{"path": source, **known}],
            "outs": [{"path": target, **known}],
        }
        shutil.copyfile(work / source, work / target)
        cached = work / ".dvc/cache/files/md5" / md5[:2] / md5[2:]
        cached.parent.mkdir(parents=True, exist_ok=True)
        cached.write_bytes(content)
        cached.chmod(0o444)
    for name, text in (
        ("dvc.yaml", {"stages": stages}),
        ("dvc.lock", {"schema": "2.0", "stages": locks}),
    ):
        (work / name).write_text(yaml.safe_dump(text), encoding="utf-8")


MAKE = ["make", "--silent"]
DOIT = ["doit", "-v0"]
HAMILTON = ["python", "all.py"]
REDUN = ["redun", "run", "workflow.py", "main"]
SNAKEMAKE = ["snakemake", "--cores=1", "--quiet"]
DVC = ["dvc", "repro", "--quiet"]
TOOLS = {
    tool.name: tool
    for tool in (
        Tool("make", "", tell_make, MAKE),
        Tool("doit", "doit", tell_doit, DOIT),
        Tool("hamilton", "sf-hamilton", tell_hamilton, HAMILTON),
        Tool("snakemake", "snakemake", tell_snakemake, SNAKEMAKE),
        Tool("redun", "redun", tell_redun, REDUN),
        Tool("dvc", "dvc", tell_dvc, DVC),
    )
}

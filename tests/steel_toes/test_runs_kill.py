"""Runs that are killed, and runs at the same time, leave and see whole files only."""

import subprocess
import sys

import pytest
from helpers import environment
from steel_toes_helpers import Workshop

pytest_plugins = ["steel_toes_fixtures"]

BIG = 8_000_000
BASE_NAMES = {"raw.txt", "mid.txt", "out.txt", "big.txt"}
# Saves one letter, BIG times, over and over; each save is another letter.
SAVES = f"""
import itertools, os
from pathlib import Path
from kedro.pipeline import Node, Pipeline

def letters(raw):
    for number in range(int(os.environ.get("SAVES", "100000"))):
        yield chr(ord("a") + number % 26) * {BIG}
        Path("saving").touch()

def check(big):
    assert len(big) == {BIG}, len(big)
    assert big == big[0] * {BIG}
    return big[0]

def create_pipeline():
    readers = [Node(check, "big", f"read_{{n}}", name=f"read_{{n}}") for n in range(40)]
    return Pipeline([Node(letters, "raw", "big", name="save"), *readers])
"""
CATALOG = """
raw: {type: text.TextDataset, filepath: data/raw.txt}
big: {type: text.TextDataset, filepath: data/big.txt}
"""
# Starts `kedro run` again and again from one process that has imported all it needs,
# and kills each run at a random moment after its first save.
KILLER = """
import os, random, signal, sys, time
from pathlib import Path
from kedro.framework.cli import main

kills, size = int(sys.argv[1]), int(sys.argv[2])
sys.argv = ["kedro", "run", "--nodes=save"]
saving, big = Path("saving"), Path("data/big_dev.txt")
from kedro.framework.startup import bootstrap_project
import kedro.framework.session, kedro.config, kedro_datasets.text  # noqa
bootstrap_project(Path.cwd())
for _ in range(kills):
    saving.unlink(missing_ok=True)
    child = os.fork()
    if not child:
        log = os.open("log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(log, 1)
        os.dup2(log, 2)
        main()
        os._exit(1)
    deadline = time.monotonic() + 60
    while not saving.exists():
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            sys.exit(Path("log").read_text())
        time.sleep(0.001)
    time.sleep(random.uniform(0, 0.1))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    text = big.read_text()
    if text != text[:1] * size:
        sys.exit(f"torn: {len(text)} letters, of {sorted(set(text))}")
"""


@pytest.fixture
def big(workshop: Workshop) -> Workshop:
    workshop.catalog(CATALOG)
    workshop.pipeline(SAVES)
    workshop.write({"data/big.txt": "BASE-WRONG", "data/big_dev.txt": "z" * BIG})
    return workshop


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork and SIGKILL")
def test_a_killed_run_leaves_the_whole_old_file_or_the_whole_new_one(
    big: Workshop,
) -> None:
    data = big.path / "data"

    result = subprocess.run(
        [sys.executable, "-c", KILLER, "15", str(BIG)],
        cwd=big.path,
        env=environment() | {"PYTHONPATH": str(big.without)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert result.returncode == 0, result.stderr
    assert (data / "big.txt").read_text(encoding="utf-8") == "BASE-WRONG"
    names = {file.name for file in data.iterdir() if file.is_file()}
    assert names == {*BASE_NAMES, "big_dev.txt"}
    # What the killed runs left half written is in no later run's way.
    big.kedro("run", SAVES="1")


def start(workshop: Workshop, *args: str, **env: str) -> subprocess.Popen[str]:
    env = {"PYTHONPATH": str(workshop.without), **env}
    return subprocess.Popen(
        ["kedro", "run", *args],
        cwd=workshop.path,
        env=environment() | env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_runs_at_the_same_time_read_whole_files_of_their_own_branch(
    big: Workshop,
) -> None:
    """Two save to dev while one reads it; on another branch one reads and saves."""
    readers = "--from-nodes=" + ",".join(f"read_{n}" for n in range(40))
    other = {"STEEL_TOES_BRANCH": "other", "SAVES": "30"}

    before = big.read("data/big.txt")
    runs = [
        start(big, "--nodes=save", SAVES="60"),
        start(big, "--nodes=save", SAVES="60"),
        start(big, readers),
        start(big, **other),
    ]
    said = [run.communicate(timeout=120)[0] for run in runs]

    assert [run.returncode for run in runs] == [0, 0, 0, 0], "\n".join(said)
    assert big.read("data/big.txt") == before
    letters = {name: big.read(f"data/big_{name}.txt") for name in ("dev", "other")}
    assert letters == {"dev": "h" * BIG, "other": "d" * BIG}
    files = {file.name for file in (big.path / "data").iterdir() if file.is_file()}
    assert files == {*BASE_NAMES, "big_dev.txt", "big_other.txt"}

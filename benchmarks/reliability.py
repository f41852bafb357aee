"""What a store, users, clocks and sizes that are not as they should be cost a run.

Prints the fault table of docs/reliability.md. Each experiment stands alone:

    PYTHONPATH=tests python benchmarks/reliability.py stores users clock size rename

``users`` needs root and a Python that other users may start (``--python``), ``clock``
needs libfaketime (``apt-get install libfaketime``, else ``--faketime``).
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest import mock

import click
from faulty_store import FaultyS3
from helpers import SWITCHES, commit, environment, generate
from kit import ops
from rich.console import Console
from rich.table import Table

FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
OFF = {"example", "expectations", "slack", "email", "pre_commit"}
CATALOG = """
raw: {type: text.TextDataset, filepath: data/raw.txt}
mid: {type: text.TextDataset, filepath: data/mid.txt}
out: {type: text.TextDataset, filepath: data/out.txt}
"""
PIPELINE = """
import os
from pathlib import Path
from kedro.pipeline import Node, Pipeline

def clean(raw):
    if clock := os.environ.get("CLOCK_GOES_BACK"):
        Path(clock).write_text("-3600")
    return f"clean({raw})"

def total(mid):
    return f"total({mid})"

def create_pipeline():
    return Pipeline([
        Node(clean, "raw", "mid", name="clean"),
        Node(total, "mid", "out", name="total"),
    ])
"""
PARTS = """
raw: {type: text.TextDataset, filepath: data/raw.txt}
parts: {type: partitions.PartitionedDataset, path: data/parts, dataset: text.TextDataset}
out: {type: text.TextDataset, filepath: data/out.txt}
"""
PARTS_PIPELINE = """
from kedro.pipeline import Node, Pipeline

def split(raw, count):
    return {f"part-{number:05}": raw for number in range(count)}

def total(parts):
    return str(sum(len(load()) for load in parts.values()))

def create_pipeline():
    return Pipeline([
        Node(split, ["raw", "params:count"], "parts", name="split"),
        Node(total, "parts", "out", name="total"),
    ])
"""
TIMES = 3  # runs with each fault of the store
WRITES = 500
Row = tuple[str, str, str, str]  # what was done, how often, what was lost, seconds


class Project:
    """A project on branch dev, and the commands that are run in it."""

    def __init__(self, folder: Path, python: str = sys.executable) -> None:
        switches = {switch: switch not in OFF for switch in SWITCHES}
        self.path, self.python = generate(folder, **switches), python
        self.write("conf/base/catalog.yml", CATALOG)
        self.write("src/toe_test/pipelines/toes/__init__.py", PIPELINE)
        self.write("data/raw.txt", "raw")
        # As where pandas is not installed, so that all runs are quicker.
        self.write(
            "without/sitecustomize.py", "import sys\nsys.modules['pandas'] = None\n"
        )
        commit(self.path)
        subprocess.run(["git", "switch", "-qc", "dev"], cwd=self.path, check=True)

    def write(self, name: str, text: str) -> None:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def reach(self, url: str) -> None:
        """Say where the store is."""
        keys = {"key": "a", "secret": "b", "endpoint_url": url}
        self.write("conf/local/credentials.yml", json.dumps({"team": keys}))

    def kedro(
        self, *args: str, before: Iterable[str] = (), **env: str
    ) -> tuple[int, str, float]:
        """Run a command; return its exit code, what it said, and how long it took."""
        spec = find_spec("kedro")
        assert spec and spec.origin
        packages = Path(spec.origin).parents[1]
        paths = f"{self.path / 'without'}{os.pathsep}{packages}"
        env = (
            environment() | {"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"} | env
        )
        began = time.monotonic()
        done = subprocess.run(
            [*before, self.python, "-m", "kedro", *args],
            cwd=self.path, env=env, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr, time.monotonic() - began

    def rows(self, *args: str, **how: Any) -> list[dict[str, Any]]:
        """The rows of a command that lists something; none if it fails."""
        code, said, _ = self.kedro(*args, "--json", **how)
        lines = [line for line in said.splitlines() if line.startswith("[")]
        return json.loads(lines[-1]) if code == 0 and lines else []


def faults_of(code: int, said: str) -> list[str]:
    """What is wrong with the end of a command and what it said."""
    found = [f"exit code {code}"] if code else []
    found += ["a traceback"] if "Traceback" in said else []
    lines = [line for line in said.splitlines() if "WARNING" in line]
    lines = [line for line in lines if "dataset statistics" not in line]  # Kedro-Viz
    return found + ([f"{len(lines)} warnings"] if lines else [])


# (a) A store on S3


STORE_FAULTS = {
    "": "answers at once",
    "slow": "takes 2 s for each request",
    "some 503": "answers 503 to every tenth request",
    "503": "answers 503 to every request",
    "cuts": "closes every third connection without an answer",
    "breaks": "closes every connection after twelve requests",
    "gone": "is gone: nobody listens",
    "hangs": "accepts requests and never answers",
}


def stores(folder: Path, python: str, faketime: str) -> Iterable[Row]:
    """Runs whose store is on S3."""
    server, project = FaultyS3(), Project(folder)
    project.write(
        "conf/base/ops.yml", "store: {url: 's3://team/ops', credentials: team}\n"
    )
    healthy = known = 0.0
    for fault, what in STORE_FAULTS.items():
        seconds, losses = [], []
        for _ in range(TIMES):
            raw = f"{fault} {time.time()}"
            project.write("data/raw.txt", raw)
            project.reach("http://127.0.0.1:9" if fault == "gone" else server.url)
            server.begin(fault)
            code, said, took = project.kedro("run")
            if os.environ.get("SHOW"):
                print(fault, took, said)
            server.begin("")
            project.reach(server.url)
            seconds.append(took)
            found = faults_of(code, said)
            out = project.path / "data/out_dev.txt"
            if not out.exists() or out.read_text() != f"total(clean({raw}))":
                found.append("result lost")
            runs = project.rows("runs", "list", "--last=1000")
            states = [run["state"] for run in runs[: len(runs) - int(known)]]
            found.append(f"record {states[0]}" if states else "record lost")
            known = len(runs)
            losses.append(", ".join(found))
        mean = sum(seconds) / TIMES
        healthy = healthy or mean
        lost = "; ".join(
            f"{losses.count(each)} x {each}" for each in dict.fromkeys(losses)
        )
        late = f"{mean:.1f} (+{mean - healthy:.1f}), at most {max(seconds):.1f}"
        yield f"The store {what}", f"{TIMES} runs", lost, late


# (b) Two users in one folder


def users(folder: Path, python: str, faketime: str) -> Iterable[Row]:
    """Two users of a group who share a project's folder; the first one runs first."""
    for first, second in (
        ("022", "022"),
        ("002", "002"),
        ("077", "077"),
        ("077", "002"),
        ("002", "077"),
    ):
        project = Project(folder / f"{first}-{second}", python)
        subprocess.run(["chgrp", "-R", "3000", project.path], check=True)
        subprocess.run(["chmod", "-R", "u=rwX,g=rwXs,o=rX", project.path], check=True)
        project.write("data/raw.txt", "raw")
        seen = []
        for uid, umask in (("2001", first), ("2002", second), ("2001", first)):
            shell = f'umask {umask}; exec setpriv --reuid={uid} --regid=3000 --clear-groups "$@"'
            home = folder / f"home-{uid}"
            home.mkdir(exist_ok=True)
            home.chmod(0o777)
            how: dict[str, Any] = {
                "before": ("sh", "-c", shell, "sh"),
                "HOME": str(home),
            }
            how |= {
                "GIT_CONFIG_COUNT": "1",
                "GIT_CONFIG_KEY_0": "safe.directory",
                "GIT_CONFIG_VALUE_0": "*",
            }
            (project.path / "data/raw.txt").write_text(f"raw {len(seen)}")
            code, said, _ = project.kedro("run", **how)
            if os.environ.get("SHOW"):
                print(first, second, uid, said)
            runs = len(project.rows("runs", "list", **how))
            branches = len(project.rows("branches", "list", **how))
            out = project.path / "data/out_dev.txt"
            right = out.exists() and out.read_text() == f"total(clean(raw {len(seen)}))"
            found = [
                *faults_of(code, said),
                "result right" if right else "no new result",
            ]
            seen.append(f"{', '.join(found)}, sees {runs} runs and {branches} branches")
        names = ("first user", "second user", "first user again")
        lost = "; ".join(
            f"{name}: {each}" for name, each in zip(names, seen, strict=True)
        )
        yield (
            f"Two users share a folder, umask {first} and {second}",
            "3 runs",
            lost,
            "",
        )


# (c) The clock


def clock(folder: Path, python: str, faketime: str) -> Iterable[Row]:
    """The clock goes back an hour between two runs, and within a run."""
    project = Project(folder)
    file = folder / "clock"
    how = {
        "LD_PRELOAD": faketime, "FAKETIME_TIMESTAMP_FILE": str(file), "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1",
    }  # fmt: skip
    for what, at_start, env in (
        ("before a run", "-3600", {}),
        ("within a run", "+0", {"CLOCK_GOES_BACK": str(file)}),
    ):
        found = []
        for number, (shift, extra) in enumerate(
            [("+0", {}), (at_start, env), (at_start, {})]
        ):
            file.write_text(shift)
            if number < 2:  # noqa: PLR2004
                project.write("data/raw.txt", f"{what} {number}")
            code, said, _ = project.kedro("run", **how, **extra)
            if os.environ.get("SHOW"):
                print(said)
            found += faults_of(code, said)
            out = (project.path / "data/out_dev.txt").read_text()
            found += [] if f"{what} {min(number, 1)}" in out else ["result wrong"]
        if "2 of 2 nodes skipped" not in said:
            found.append("the third run, with nothing changed, skips less than all")
        runs = project.rows("runs", "list")
        order = [str(run["run"])[-8:] for run in runs]
        took = [run.get("took") for run in runs]
        branches = project.rows("branches", "list")
        lost = f"{', '.join(found) or 'nothing'}; runs {order} took {took}; branch {branches}"
        yield f"The clock goes back an hour {what}", "3 runs", lost, ""
        shutil.rmtree(project.path / "data/.ops")


# (d) Many runs and partitions


def size(folder: Path, python: str, faketime: str) -> Iterable[Row]:
    """Commands and runs with 500 runs in the store and 10,000 partitions."""
    for runs, parts in ((1, 1), (500, 10_000)):
        project = Project(folder / str(runs))
        project.write("conf/base/ops.yml", "run_status: {keep: 1000}\n")
        project.write("conf/base/catalog.yml", PARTS)
        project.write("conf/base/parameters.yml", f"count: {parts}\n")
        project.write("src/toe_test/pipelines/toes/__init__.py", PARTS_PIPELINE)
        text = f"{runs:,} runs, {parts:,} partitions: "
        times = {"first run": project.kedro("run")}
        copy_runs(project, runs)
        times["run with nothing changed"] = project.kedro("run")
        project.write("data/raw.txt", "other")
        times["run with all changed"] = project.kedro("run")
        times["kedro runs list"] = project.kedro("runs", "list")
        times["kedro runs list --last 1000"] = project.kedro(
            "runs", "list", "--last", "1000"
        )
        times["kedro runs page"] = project.kedro(
            "runs", "page", "-o", str(folder / "page")
        )
        times["kedro branches list"] = project.kedro("branches", "list")
        project.write("conf/base/ops.yml", "run_status: {keep: 50}\n")
        times["run that removes all but 50 runs"] = project.kedro("run")
        for what, (code, said, took) in times.items():
            yield (
                text + what,
                "once",
                ", ".join(faults_of(code, said)) or "nothing",
                f"{took:.1f}",
            )
        left = len(project.rows("runs", "list", "--last=1000"))
        yield text + "runs left", "once", str(left), ""


def copy_runs(project: Project, count: int) -> None:
    """Repeat the journal of the only run under other keys and times."""
    runs = project.path / "data/.ops/runs"
    [journal] = runs.glob("*/*.jsonl")
    for number in range(1, count):
        key = f"2026-01-{1 + number // 24:02}T{number % 24:02}.00.00.000Z"
        text = journal.read_text().replace(journal.parent.name, key)
        name = f"2026{1 + number // 672:02}{1 + number // 24 % 28:02}T{number % 24:02}0000-vm-{number}.jsonl"
        (runs / key).mkdir()
        (runs / key / name).write_text(text)


# (e) No rename


def rename(folder: Path, python: str, faketime: str) -> Iterable[Row]:
    """A journal that grows while others read it, on stores where no rename is atomic."""
    for url in (f"norename://{folder}/plain", "memory://ops", str(folder / "smb")):
        yield read_while_written(url)


def read_while_written(url: str) -> Row:
    store = ops("core.store").Store(url)
    own = ops("core.store").OwnFile(store, "runs/r")
    over, seen, errors = threading.Event(), [0], set()

    def read() -> None:
        while not over.is_set():
            try:
                text = store.read(own.name) or b""
                lines = text[: text.rfind(b"\n") + 1].splitlines()
                errors.update(
                    "line damaged" for line in lines if json.loads(line)["n"] < 0
                )
                seen[0] += 1
                store.read("index.html")
            except Exception as error:
                errors.add(f"{type(error).__name__}: {error}")

    reader = threading.Thread(target=read)
    reader.start()
    replace, busy = os.replace, [0]

    def replace_unless_open(*paths: Any) -> None:
        busy[0] += 1
        if busy[0] % 2:  # a reader has the file open
            raise PermissionError(13, "The process cannot access the file")
        replace(*paths)

    lost = 0
    with mock.patch("os.replace", replace_unless_open):
        for number in range(WRITES):
            own.append(b'{"n": %d}\n' % number)
            own.flush()
            try:
                store.write("index.html", b"%d" % number * 2000)
            except OSError:
                lost += 1
    over.set()
    reader.join()
    lines = (store.read(own.name) or b"").splitlines()
    found = [
        f"{WRITES - len(lines)} lines of the journal, {lost} writes of the page",
        *errors,
    ]
    kind = (
        url.partition(":")[0]
        if "://" in url
        else "a folder whose every second rename is refused"
    )
    return (
        f"A reader during each write on {kind}",
        f"{WRITES} writes, {seen[0]} reads",
        ", ".join(found),
        "",
    )


@click.command()
@click.argument("experiments", nargs=-1)
@click.option("--python", default=sys.executable, help="That the other users start.")
@click.option("--faketime", default=FAKETIME, help="Where libfaketime is.")
def main(experiments: tuple[str, ...], python: str, faketime: str) -> None:
    """Do the experiments and print the table."""
    known: dict[str, Callable[..., Iterable[Row]]] = {
        each.__name__: each for each in (stores, users, clock, size, rename)
    }
    table = Table("What was done", "How often", "What was lost", "Seconds")
    console = Console(width=200)
    for name in experiments or known:
        folder = Path(tempfile.mkdtemp(prefix=f"reliability-{name}-"))
        folder.chmod(0o755)
        for row in known[name](folder, python, faketime):
            console.print(*row, sep=" | ")
            table.add_row(*row)
        shutil.rmtree(folder)
    console.print(table)


if __name__ == "__main__":
    main()

"""What stores, users, clocks and sizes out of the ordinary cost a run.

Prints the fault table of docs/reliability.md. Each experiment can be run alone:

    PYTHONPATH=tests python benchmarks/reliability.py stores users clock size rename

``users`` needs root and a Python that other users may start (``--python``), ``clock``
needs libfaketime (``apt-get install libfaketime``, or ``--faketime``).
"""

import json
import os
import shutil
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
from helpers import SWITCHES, commit, generate, run
from kit import ops
from rich.console import Console
from steel_toes_helpers import BASE, CATALOG, PIPELINE, Workshop

FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
OFF = {"example", "expectations", "slack", "email", "pre_commit"}
TIMES = 3  # runs with each fault of the store
WRITES, PAGE = 500, 20_000  # bytes
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
TURN_CLOCK = """def clean(raw):
    import os, pathlib
    if clock := os.environ.get("TURN_CLOCK"):
        pathlib.Path(clock).write_text("-3600")
"""
Row = tuple[str, str, str, str]  # what was done, how often, what happened, seconds


class Project(Workshop):
    """A project on branch dev. Its runs are new processes."""

    def __init__(self, folder: Path, python: str = sys.executable) -> None:
        path = generate(folder, **{name: name not in OFF for name in SWITCHES})
        super().__init__(path, path / "without")
        self.python = python
        commit(path)
        self.switch("dev")
        self.catalog(CATALOG)
        self.pipeline(PIPELINE.replace("def clean(raw):\n", TURN_CLOCK))
        # As where pandas is not installed, so that all runs are quicker. And libfaketime
        # does not know the clock by which Python sleeps.
        site = "import select, sys, time\nsys.modules['pandas'] = None\n"
        site += "time.sleep = lambda s: select.select([], [], [], s)\n"
        self.write(BASE | {"without/sitecustomize.py": site})

    def timed(
        self, *args: str, before: Iterable[str] = (), **env: str
    ) -> tuple[list[str], str, float]:
        """Run a command; return its faults, what it said, and how long it took."""
        spec = find_spec("kedro")
        assert spec and spec.origin
        paths = [str(self.without), str(Path(spec.origin).parents[1])]
        env = {"PYTHONPATH": os.pathsep.join(paths)} | env
        command = [*before, self.python, "-m", "kedro", *args]
        began = time.monotonic()
        done = run(*command, cwd=self.path, env=env, check=False, timeout=3600)
        seconds, said = time.monotonic() - began, done.stdout + done.stderr
        faults = [f"exit code {done.returncode}"] if done.returncode else []
        faults += ["a traceback"] if "Traceback" in said else []
        lines = [each for each in said.splitlines() if "WARNING" in each]
        lines = [each for each in lines if "dataset statistics" not in each]  # Viz
        return faults + ([f"{len(lines)} warnings"] if lines else []), said, seconds

    def rows(self, *args: str, **how: Any) -> list[dict[str, Any]]:
        """The rows of a command that lists something; none if it fails."""
        _, said, _ = self.timed(*args, "--json", **how)
        lines = [line for line in said.splitlines() if line.startswith("[{")]
        return json.loads(lines[-1]) if lines else []

    def result(self) -> str:
        """What the last run has computed."""
        return self.read("data/out_dev.txt") if self.has("data/out_dev.txt") else ""


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
    server, project, healthy, known = FaultyS3(), Project(folder), 0.0, 0
    project.settings("store: {url: 's3://team/ops', credentials: team}")

    def reach(url: str) -> None:
        keys = {"key": "a", "secret": "b", "endpoint_url": url}
        project.write({"conf/local/credentials.yml": json.dumps({"team": keys})})

    for fault, what in STORE_FAULTS.items():
        seconds, endings = [], []
        for _ in range(TIMES):
            raw = f"{fault} {time.time()}"
            project.write({"data/raw.txt": raw})
            reach("http://127.0.0.1:9" if fault == "gone" else server.url)
            server.begin(fault)
            found, _, took = project.timed("run")
            server.begin("")
            reach(server.url)
            seconds.append(took)
            right = project.result() == f"total(clean({raw}))"
            found.append("right result" if right else "result lost")
            runs = project.rows("runs", "list", "--last=1000")
            found.append(f"record {runs[0]['state'] if len(runs) > known else 'lost'}")
            known = len(runs)
            endings.append(", ".join(found))
        mean = sum(seconds) / TIMES
        healthy = healthy or mean
        each = [f"{endings.count(text)} x {text}" for text in dict.fromkeys(endings)]
        late = f"{mean:.1f} (+{mean - healthy:.1f}), at most {max(seconds):.1f}"
        yield f"The store {what}", f"{TIMES} runs", "; ".join(each), late


def users(folder: Path, python: str, faketime: str) -> Iterable[Row]:
    """Two users of a group who share a project's folder; the first one runs first."""
    git = {
        f"GIT_CONFIG_{k}": v
        for k, v in (("COUNT", "1"), ("KEY_0", "safe.directory"), ("VALUE_0", "*"))
    }
    for masks in ("022 022", "002 002", "077 077", "077 002", "002 077"):
        first, second = masks.split()
        project = Project(folder / masks.replace(" ", "-"), python)
        run("chgrp", "-R", "3000", project.path, cwd=folder)
        run("chmod", "-R", "u=rwX,g=rwXs,o=rX", project.path, cwd=folder)
        seen: list[str] = []
        for uid, umask in (("2001", first), ("2002", second), ("2001", first)):
            raw = f"raw {len(seen)}"
            (project.path / "data/raw.txt").write_text(raw)
            user = f'umask {umask}; exec setpriv --reuid={uid} --regid=3000 --clear-groups "$@"'
            how: dict[str, Any] = {
                "before": ("sh", "-c", user, "sh"),
                "HOME": "/nowhere",
                **git,
            }
            found, _, _ = project.timed("run", **how)
            right = project.result() == f"total(clean({raw}))"
            found.append("right result" if right else "result lost")
            counts = [
                len(project.rows(each, "list", **how)) for each in ("runs", "branches")
            ]
            found.append("sees {} runs and {} branches".format(*counts))
            seen.append(", ".join(found))
        names = ("first user", "second user", "first user again")
        lost = "; ".join(
            f"{name}: {each}" for name, each in zip(names, seen, strict=True)
        )
        yield f"Two users share a folder, umask {masks}", "3 runs", lost, ""


def clock(folder: Path, python: str, faketime: str) -> Iterable[Row]:
    """The clock goes back an hour between two runs, and within a run."""
    file = str(folder / "clock")
    how = {"LD_PRELOAD": faketime, "FAKETIME_TIMESTAMP_FILE": file, "NO_FAKE_STAT": "1"}
    how |= {"FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    for what, second in (
        ("between two runs", "-3600"),
        ("within the second run", "+0"),
    ):
        project = Project(folder / what.replace(" ", "-"))
        found, keys = [], []
        for number, shift in enumerate(("+0", second, "-3600")):
            raw = f"raw {min(number, 1)}"  # the third run has nothing to do
            project.write({"data/raw.txt": raw})
            Path(file).write_text(shift)
            turn = {"TURN_CLOCK": file} if (number, second) == (1, "+0") else {}
            faults, said, _ = project.timed("run", **how, **turn)
            found += faults
            found += (
                [] if project.result() == f"total(clean({raw}))" else ["result lost"]
            )
            runs = project.rows("runs", "list")
            keys += [each["run"] for each in runs if each["run"] not in keys]
        found += [] if "2 of 2 nodes skipped" in said else ["third run not skipped"]
        order = [str(keys.index(each["run"]) + 1) for each in runs]
        seconds = [f"{each['seconds']:.1f}" for each in runs]
        found.append(
            f"runs listed as {', '.join(order)}, which took {', '.join(seconds)} s"
        )
        [branch] = project.rows("branches", "list")
        found.append(
            f"branch saved at {branch['last_save']}, {branch['datasets']} datasets"
        )
        yield f"The clock goes back an hour {what}", "3 runs", "; ".join(found), ""


def size(folder: Path, python: str, faketime: str) -> Iterable[Row]:
    """Commands and runs with 500 runs in the store and 10,000 partitions."""
    for count, parts in ((1, 1), (500, 10_000)):
        project = Project(folder / str(count))
        project.settings("run_status: {keep: 1000}")
        project.catalog(PARTS)
        project.pipeline(PARTS_PIPELINE)
        project.write({"conf/base/parameters.yml": f"count: {parts}"})
        times = {"the first run": project.timed("run")}
        _repeat_run(project.path / "data/.ops/runs", count)
        times["a run with nothing changed"] = project.timed("run")
        project.write({"data/raw.txt": "other"})
        times["a run with all changed"] = project.timed("run")
        page = ("runs", "page", "-o", str(folder / "page"))
        for args in (
            ("runs", "list"),
            ("runs", "list", "--last=1000"),
            page,
            ("branches", "list"),
        ):
            times[f"kedro {' '.join(args[:3])}"] = project.timed(*args)
        project.settings("run_status: {keep: 50, keep_days: 0}")
        times["a run that keeps 50 runs"] = project.timed("run")
        left = len(project.rows("runs", "list", "--last=1000"))
        times["a run that keeps 50 runs"][0].append(f"{left} runs left")
        for what, (found, _, took) in times.items():
            yield (
                f"{count} runs, {parts} partitions: {what}",
                "once",
                ", ".join(found),
                f"{took:.1f}",
            )


def _repeat_run(runs: Path, count: int) -> None:
    """Copy the journal of the only run to other keys and times."""
    [journal] = runs.glob("*/*.jsonl")
    for number in range(1, count):
        day, hour = number // 24 + 1, number % 24
        key = f"2026-01-{day:02}T{hour:02}.00.00.000Z"
        (runs / key).mkdir()
        file = runs / key / f"202601{day:02}T{hour:02}0000-vm-{number}.jsonl"
        file.write_text(journal.read_text().replace(journal.parent.name, key))


def rename(folder: Path, python: str, faketime: str) -> Iterable[Row]:
    """A journal and a page that others read while they are written."""
    for url in (f"norename://{folder}/plain", "memory://ops", str(folder / "smb")):
        store = ops("core.store").Store(url)
        own = ops("core.store").OwnFile(store, "runs/r")
        over, reads, lost = threading.Event(), [0, 0], 0

        def read(
            store: Any = store, own: Any = own, over: Any = over, reads: Any = reads
        ) -> None:
            while not over.is_set():
                text = store.read(own.name) or b""
                numbers = [*map(json.loads, text[: text.rfind(b"\n") + 1].splitlines())]
                assert numbers == [*range(len(numbers))]
                page = store.read("index.html") or b""
                reads[0] += 1
                reads[1] += 0 < len(page) < PAGE

        reader = threading.Thread(target=read)
        reader.start()
        with mock.patch("os.replace", _every_second(os.replace)):
            for number in range(WRITES):
                own.append(b"%d\n" % number)
                own.flush()
                try:
                    store.write("index.html", b"x" * PAGE)
                except OSError:
                    lost += 1
        over.set()
        reader.join()
        lines = len((store.read(own.name) or b"").splitlines())
        found = f"{WRITES - lines} lines lost, {lost} pages not written, {reads[1]} read in part"
        kind = (
            url.partition(":")[0]
            if "://" in url
            else "SMB: every second rename is refused"
        )
        yield (
            f"Reads during writes, {kind}",
            f"{WRITES} writes, {reads[0]} reads",
            found,
            "",
        )


def _every_second(replace: Callable[..., None]) -> Callable[..., None]:
    calls = [0]

    def refuse(*paths: Any) -> None:
        calls[0] += 1
        if calls[0] % 2:  # a reader has the file open
            raise PermissionError(13, "The process cannot access the file")
        replace(*paths)

    return refuse


@click.command()
@click.argument("experiments", nargs=-1)
@click.option("--python", default=sys.executable, help="That the other users start.")
@click.option("--faketime", default=FAKETIME, help="Where libfaketime is.")
@click.option("--fault", multiple=True, help="Of the store: only these.")
def main(experiments: list[str], python: str, faketime: str, fault: list[str]) -> None:
    """Do the experiments and print the rows of the table."""
    for each in STORE_FAULTS.keys() - {"", *fault} if fault else ():
        del STORE_FAULTS[each]
    known: dict[str, Callable[..., Iterable[Row]]] = {
        each.__name__: each for each in (stores, users, clock, size, rename)
    }
    for name in experiments or known:
        folder = Path(tempfile.mkdtemp(prefix="reliability-"))
        folder.chmod(0o755)
        for row in known[name](folder, python, faketime):
            Console(width=1000).print("", *row, "", sep=" | ")
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()

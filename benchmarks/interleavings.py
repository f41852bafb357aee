"""Three clones and a CI user on one bucket: does one command spoil what another promised?

A team has one small project. Its data and its store are in a bucket on loopback. In each
interleaving, the clones start three to five commands at random offsets: runs (with new
code or new raw data), runs that are killed, promotions, cleans and lists. Then the data,
the history and two more runs on each branch are checked. Five interleavings share a bucket.

    PYTHONPATH=tests python benchmarks/interleavings.py --teams 40
    PYTHONPATH=tests python benchmarks/interleavings.py --first 17 --teams 1   # again
"""

import json
import random
import re
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import click
from attrs import define
from faulty_store import FaultyS3
from helpers import SWITCHES, commit, generate, pack, run
from quick_kedro import QuickKedro
from rich.console import Console
from steel_toes_helpers import PACKAGE, Workshop

ROUNDS, AT_ONCE = 5, 4  # interleavings of a team; commands that go on at once
KEEP = 30  # runs
ON = {"steel_toes", "run_status", "skip_unchanged"}
SIGNALS = [signal.SIGKILL, signal.SIGTERM, signal.SIGINT]
WEIGHTS = {"run": 9, "kill": 6, "promote": 3, "clean": 3, "list": 2}
DATA, NODES = ("mid", "out"), ("clean", "total")
CATALOG = '{0}: {{type: text.TextDataset, filepath: "s3://team/{1}/data/{0}.txt", credentials: team}}\n'
SETTINGS = """store: {{url: "s3://team/{0}/ops", credentials: team}}
steel_toes: {{protect_trunk: true}}
run_status: {{keep: %d, keep_days: 0}}
"""
# How often: new code of a node of a clone, new raw data, a promotion by force.
NEW_CODE, NEW_RAW, FORCE = 0.3, 0.4, 0.5
# Says s3fs, if a save or a clean came between its two requests.
LOST = re.compile("no longer exists|specified key does not exist")
PIPELINE = """import time
from kedro.pipeline import Node, Pipeline

def clean(raw):
    time.sleep(0.1)
    return "{0}(" + raw + ")"

def total(mid):
    time.sleep(0.1)
    return "{1}(" + mid + ")"

def create_pipeline():
    return Pipeline([
        Node(clean, "raw", "mid", name="clean"),
        Node(total, "mid", "out", name="total"),
    ])
"""


class Bucket(FaultyS3):
    """An S3 server that does one request at a time, each a random moment late."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        super().__init__()
        self.keys = {"key": "a", "secret": "b", "endpoint_url": self.url}

    def __call__(
        self, environ: dict[str, Any], start: Callable[..., Any]
    ) -> Iterable[bytes]:
        time.sleep(random.uniform(0, 0.02))
        with self.lock:
            return [b"".join(super().__call__(environ, start))]

    def read(self, folder: str) -> dict[str, str]:
        """What is in a folder."""
        listed = self.s3.list_objects_v2(Bucket="team", Prefix=folder)
        keys = [each["Key"] for each in listed.get("Contents", [])]
        objects = [self.s3.get_object(Bucket="team", Key=key) for key in keys]
        texts = [each["Body"].read().decode() for each in objects]
        return {k.removeprefix(folder): t for k, t in zip(keys, texts, strict=True)}


class Clone(Workshop):
    """A clone of the project, with code of its own."""

    branch, env, code = "", dict[str, str](), ("", "")

    def edit(self, *code: str) -> None:
        self.code = code[0], code[1]
        self.pipeline(PIPELINE.format(*code))


@define
class Command:
    """One command: what it was to do, and how it ended."""

    kind: str
    clone: Clone
    args: tuple[str, ...] = ("run",)
    branch: str = ""  # that it promotes or cleans
    delay: float = 0.0
    kill: tuple[str, float, int] | None = None
    user: str = ""  # by which the history knows it
    code: int = 0
    said: str = ""
    seconds: float = 0.0

    def ended_well(self, branch: str) -> bool:
        return self.kind == "run" and not self.code and self.clone.branch == branch

    @property
    def lost(self) -> bool:
        """A run whose data was replaced by another command while it was read."""
        return (
            self.kind in {"run", "kill"}
            and self.code == 1
            and bool(LOST.search(self.said))
        )


class Team:
    """Three clones and a CI user with a bucket."""

    def __init__(
        self, seed: int, bucket: Bucket, clones: list[Clone], pool: "SimpleQueue[Any]"
    ) -> None:
        self.random, self.seed, self.bucket = random.Random(seed), seed, bucket
        self.clones, self.pool, self.number = clones, pool, 0
        self.found: list[str] = []
        self.took = 2.0  # seconds, of a run
        self.counts: Counter[str] = Counter()
        self.unknown: set[tuple[str, str]] = set()
        self.write_raw()
        for clone in clones:
            clone.catalog("".join(CATALOG.format(n, seed) for n in ("raw", *DATA)))
            clone.settings(SETTINGS.format(seed) % KEEP)
            clone.edit("start", "start")

    def write_raw(self) -> None:
        self.number += 1
        self.raw = f"raw{self.number}"
        key = f"{self.seed}/data/raw.txt"
        self.bucket.s3.put_object(Bucket="team", Key=key, Body=self.raw.encode())

    def data(self) -> dict[tuple[str, str], str]:
        """All data by branch (main, a, b) and dataset; of raw, none."""
        found = self.bucket.read(f"{self.seed}/data/")
        names = {k.removesuffix(".txt"): text for k, text in found.items()}
        return {
            (branch or "main", name): text
            for (name, _, branch), text in (
                (k.partition("_"), t) for k, t in names.items()
            )
            if name != "raw"
        }

    def start(self, *commands: Command) -> list[Command]:
        """Do some commands at once; return them when all have ended."""

        def do(command: Command) -> None:
            self.number += 1
            time.sleep(command.delay)
            quick, began = self.pool.get(), time.monotonic()
            env = {"LOGNAME": command.user, **command.clone.env}
            args = ["kedro", *command.args]
            done = quick.run(args, cwd=command.clone.path, env=env, kill=command.kill)
            self.pool.put(quick)
            command.seconds = time.monotonic() - began
            command.code, command.said = done.returncode, done.stdout + done.stderr

        for each in commands:
            self.number += 1
            each.user = f"user{self.number}"
        with ThreadPoolExecutor(len(commands)) as threads:
            [*threads.map(do, commands)]
        for each in commands:
            self.check_ending(each)
        return [*commands]

    def choose(self) -> Iterator[Command]:
        """Three to five commands, at least one of them a run."""
        rest = self.random.choices(
            [*WEIGHTS], [*WEIGHTS.values()], k=self.random.randint(2, 4)
        )
        for kind in ["run", *rest]:
            command = Command(kind, self.random.choice(self.clones))
            command.delay = self.random.uniform(0, 1.5)
            command.branch = self.random.choice(["a", "b"])
            if kind == "kill":
                when, how = self.random.uniform(0.2, 1.1), self.random.choice(SIGNALS)
                when *= self.took
                command.kill = (str(command.clone.path / "conf"), when, how)
            if kind in {"promote", "clean"}:
                command.args = ("branches", kind, command.branch, "--yes")
                force = kind == "promote" and self.random.random() < FORCE
                command.args += ("--force",) if force else ()
            if kind == "list":
                what = self.random.choice(["runs", "branches"])
                command.args = (what, "list", "--json")
            yield command

    def interleave(self) -> None:
        """Do one interleaving, and check everything."""
        for clone in self.clones:
            for part in (0, 1):
                if self.random.random() < NEW_CODE:
                    self.number += 1
                    code = [*clone.code]
                    code[part] = f"{clone.branch}{self.number}"
                    clone.edit(*code)
        commands, before, raws = [*self.choose()], self.data(), [self.raw]
        timer = threading.Timer(self.random.uniform(0, 2), self.write_raw)
        if self.random.random() < NEW_RAW:
            timer.start()
        self.start(*commands)
        if timer.ident:
            timer.join()
            raws.append(self.raw)
        self.check_data(commands, before, self.data(), raws)
        main, *branches = self.clones
        other = self.random.choice(branches)
        last = self.start(Command("last", main))
        self.took = last[0].seconds
        last += self.start(Command("last", other))
        self.check_result(main, other)
        again = self.random.choice((main, other))
        last += self.start(Command("last", again))
        if f"{len(NODES)} of {len(NODES)} nodes skipped" not in last[-1].said:
            self.fail(f"not skipped on {again.branch}", last[-1].said)
        self.check_history([*commands, *last])
        self.check_manifest(any(each.kill for each in commands))
        for each in [*commands, *last]:
            lost = ", its data was replaced" if each.lost else ""
            self.counts[f"{each.kind}: {each.code}{lost}"] += 1
        self.counts["interleavings"] += 1
        Console().print(end=".")

    def fail(self, what: str, said: str = "") -> None:
        self.found.append(what)
        Console(stderr=True, width=200).print(
            f"Team {self.seed}: {what}\n{said}", markup=False
        )

    def check_ending(self, command: Command) -> None:
        """Exit codes and tracebacks."""
        early = command.kill and command.said.rstrip().endswith("KeyboardInterrupt")
        if command.lost or early:  # Ctrl-C before Kedro began
            return
        known = {"kill": {0, 1, -9, -15}, "promote": {0, 1}, "clean": {0, 1}}
        if command.code not in known.get(command.kind, {0}):
            self.fail(f"{command.args} ended with {command.code}", command.said)
        elif "Traceback" in command.said or "damaged" in command.said:
            self.fail(f"{command.args} said", command.said)

    def check_data(
        self,
        commands: list[Command],
        before: dict[tuple[str, str], str],
        now: dict[tuple[str, str], str],
        raws: list[str],
    ) -> None:
        """Main's data and those of each branch are what a command can have written."""
        can: dict[tuple[str, str], set[str]] = {}
        promoted = {each.branch for each in commands if each.kind == "promote"}
        for name, part in (("mid", 0), ("out", 1)):
            for branch in ("a", "b", "main"):
                here = [c for c in commands if c.clone.branch == branch]
                codes = {c.clone.code[part] for c in here if c.args[0] == "run"}
                read = (
                    raws if name == "mid" else can[branch, "mid"] | can["main", "mid"]
                )
                can[branch, name] = {
                    f"{code}({each})" for code in codes for each in read
                }
                sure = branch == "main" and any(c.ended_well("main") for c in here)
                can[branch, name] |= set() if sure else {before.get((branch, name), "")}
            for each in promoted:
                can["main", name] |= can[each, name]
        cleaned = {each.branch for each in commands if each.kind == "clean"}
        for place, values in can.items():
            found = now.get(place, "")
            if found not in values and not (not found and place[0] in cleaned):
                self.fail(f"{place} is {found!r}, can be {sorted(values)}")

    def check_result(self, *clones: Clone) -> None:
        """What a run on each branch must have computed."""
        data = self.data()
        for clone in clones:
            mid = f"{clone.code[0]}({self.raw})"
            right = {"mid": mid, "out": f"{clone.code[1]}({mid})"}
            for name, value in right.items():
                found = data.get((clone.branch, name), data.get(("main", name)))
                if found != value:
                    self.fail(f"{name} of {clone.branch} is {found}, not {value}")

    def rows(self) -> list[dict[str, Any]]:
        """The last runs, as ``kedro runs list --json`` has them."""
        history = import_module(f"{PACKAGE}.ops.run_status.history")
        row = import_module(f"{PACKAGE}.ops.run_status.terminal").row_as_data
        store = import_module(f"{PACKAGE}.ops.core.store").Store
        runs = store(f"s3://team/{self.seed}/ops/runs", self.bucket.keys)
        return [*map(row, islice(history.History(runs), KEEP))]

    def finish(self) -> None:
        """At last, the commands that list the runs and the branches list the same."""
        args = ("runs", "list", f"--last={KEEP}", "--json")
        [listed] = self.start(Command("list", self.clones[0], args))
        [line] = [each for each in listed.said.splitlines() if each.startswith("[{")]
        if json.loads(line) != self.rows():
            self.fail("kedro runs list", listed.said)
        names = Command("list", self.clones[0], ("branches", "list", "--json"))
        [listed] = self.start(names)
        [line] = [each for each in listed.said.splitlines() if each.startswith("[")]
        held = Counter(
            branch for (branch, _), there in self.recorded().items() if there
        )
        if {each["branch"]: each["datasets"] for each in json.loads(line)} != held:
            self.fail(f"kedro branches list, not {held}", listed.said)

    def check_history(self, commands: list[Command]) -> None:
        """Every run is in the history, whole."""
        rows = self.rows()
        for command in commands:
            if command.args[0] != "run":
                continue
            found = [each for each in rows if each["user"] == command.user]
            state = found[0]["state"] if found else "no record"
            nodes = Counter(found[0]["nodes"]) if found else Counter[str]()
            done = nodes["succeeded"] + nodes["skipped"] == len(NODES)
            right = state == ("failed" if command.lost else "succeeded")
            right &= done or command.lost
            if command.kill:
                how = signal.Signals(command.kill[2]).name
                if not found and "Running node" in command.said:
                    state = "no record, though a node had begun"
                self.counts[f"{how}, ended with {command.code}: {state}"] += 1
                right |= state == "interrupted" and nodes.total() == len(NODES)
                right |= not found and command.code != 0
            if not right:
                self.fail(
                    f"{command.user} ({command.kind}, {command.code}): {found}",
                    command.said,
                )

    def recorded(self) -> dict[tuple[str, str], bool]:
        """Which data of which branch the manifest has, or had."""
        files = self.bucket.read(f"{self.seed}/ops/manifest/")
        texts = [text for name, text in files.items() if name.endswith(".jsonl")]
        lines = [json.loads(line) for text in texts for line in text.splitlines()]
        return {
            (each["branch"], each["dataset"]): not each.get("gone")
            for each in sorted(lines, key=lambda each: float(each["at"]))
            if not each.get("closed")
        }

    def check_manifest(self, killed: bool) -> None:
        """The manifest has what the branches have."""
        known = self.recorded()
        for place in self.data():
            if place[0] != "main" and not known.get(place):
                self.counts["no record in the manifest"] += 1
                if not (killed or place in self.unknown):
                    self.fail(f"{place} is not in the manifest")
                self.unknown.add(place)


def make_clones(folder: Path, keys: dict[str, str]) -> Iterator[Clone]:
    """A CI user on main, one clone on branch a, and two on b."""
    first = generate(folder, **{name: name in ON for name in SWITCHES})
    commit(first)
    for number, branch in enumerate(("main", "a", "b", "b")):
        path = folder / f"clone{number}"
        run("git", "clone", "--quiet", first, path, cwd=folder)
        pack(path)
        clone = Clone(path, "")
        clone.branch, clone.env = branch, {"CI": "true"} if branch == "main" else {}
        clone.switch(branch)
        clone.write({"conf/local/credentials.yml": json.dumps({"team": keys})})
        yield clone


@click.command(help=__doc__)
@click.option("--first", default=1, help="Seed of the first team.")
@click.option(
    "--teams", default=40, help=f"Number of teams, with {ROUNDS} interleavings each."
)
def main(first: int, teams: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        bucket = Bucket()
        text = "import sys\nsys.modules['pandas'] = sys.modules['ibis'] = None\n"
        Path(name, "sitecustomize.py").write_text(text)
        pool: SimpleQueue[Any] = SimpleQueue()
        for _ in range(AT_ONCE):
            pool.put(QuickKedro(name))
        clones = [*make_clones(Path(name), bucket.keys)]
        sys.path.insert(0, str(clones[0].path / "src"))
        counts: Counter[str] = Counter()
        for seed in range(first, first + teams):
            began, team = time.monotonic(), Team(seed, bucket, clones, pool)
            for _ in range(ROUNDS):
                team.interleave()
            team.finish()
            counts += team.counts + Counter(team.found)
            Console().print(
                seed, f"{time.monotonic() - began:.0f} s", dict(team.counts), team.found
            )
        Console().print(*sorted(counts.items()), sep="\n")


if __name__ == "__main__":
    main()

"""Edits a project at random, runs it after each edit, and compares with a full run.

Run in a generated project that has `skip_unchanged`: `python random_edits.py SEED EDITS`.
After each edit the same command is run twice from the same data, once skipping and once
not: every byte that they leave must be the same. Each pair of runs is a fork of this
process, which has imported all that they need.

With `kill` as a third argument a run of the edited project is killed first, at a random
moment, by a random signal, alone or with its workers.
"""

import contextlib
import filecmp
import io
import json
import logging
import os
import random
import re
import shutil
import signal
import sys
import time
import traceback
from collections import Counter
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from kedro.framework.project import settings
from kedro.framework.startup import bootstrap_project
from kedro.io import MemoryDataset
from kedro.runner import ParallelRunner, SequentialRunner, ThreadRunner

# Python takes a file of the same size and second for the one that it has compiled.
sys.dont_write_bytecode = True

HERE = Path.cwd()
DATA, BEFORE, SKIPPED = HERE / "data", HERE / "data_before", HERE / "data_skipped"
PACKAGE = "toe_test"
PIPELINE = HERE / "src" / PACKAGE / "pipelines" / "toes"
RAWS = ["raw_a", "raw_b", "raw_parts"]
KINDS = ["text", "text", "text", "json", "memory", "parts", "versioned"]
SIGNALS = [signal.SIGKILL, signal.SIGTERM, signal.SIGINT]
SHAPES = ["all", "all", "all", "lossy", "helper", "constant", "dispatch"]

HELPERS = """
WORD = {word!r}

def mark(text):
    return f"{first}{{text}}"

def other(text):
    return f"{second}{{text}}"

WAYS = {{"one": mark, "two": other}}
"""
HEAD = """
import os
import time
from hashlib import blake2b
from kedro.pipeline import Node, Pipeline
from . import helpers
from .helpers import mark

CONSTANT = {constant!r}

def plain(*given):
    parts = []
    for each in given:
        if isinstance(each, dict):
            each = sorted((k, v() if callable(v) else v) for k, v in each.items())
        parts.append(repr(each))
    return blake2b("|".join(parts).encode(), digest_size=4).hexdigest()
"""
NODE = """
def {name}({arguments}):
    time.sleep(float(os.environ.get("PAUSE", 0)))
    if os.environ.get("FAIL") == "{name}":
        raise ValueError("as asked")
    text = plain({arguments}, {salt!r})
    {body}
    return {result}
"""
BODIES = {
    "all": "pass",
    "lossy": "text = str(int(text, 16) % 2)",
    "helper": "text = mark(text)",
    "constant": "text = text + CONSTANT",
    "dispatch": 'text = helpers.WAYS["two"](text)',
}
RESULTS = {"json": "{'text': text}", "parts": "{'p1': text, 'p2': text[:1]}"}
ENTRIES = {
    "text": "{{type: text.TextDataset, filepath: data/{name}.txt}}",
    "json": "{{type: json.JSONDataset, filepath: data/{name}.json, "
    "save_args: {{indent: {indent}}}}}",
    "versioned": "{{type: text.TextDataset, filepath: data/{name}.v, versioned: true}}",
    "parts": "{{type: partitions.PartitionedDataset, path: data/{name}, "
    "dataset: text.TextDataset, filename_suffix: .txt}}",
}


class Project:
    """What the sources of the project say, and how they come to say something else."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.word, self.first, self.second = "w", "f", "s"
        self.constant, self.indent, self.comment = "c", 2, 0
        self.parameters: dict[str, Any] = {"p": 1, "q": {"deep": 2}}
        self.nodes: list[dict[str, Any]] = []
        for number in range(chance.randint(4, 9)):
            self.nodes.append(self._node(number))

    def _node(self, number: int) -> dict[str, Any]:
        known = RAWS + [node["name"] for node in self.nodes]
        known += ["params:p", "params:q"]
        count = self.chance.randint(1, 3)
        return {
            "name": f"n{number}",
            "inputs": sorted(self.chance.sample(known, count)),
            "kind": self.chance.choice(KINDS),
            "shape": self.chance.choice(SHAPES),
            "salt": 0,
        }

    def write(self) -> None:
        code = [HEAD.format(constant=self.constant), f"# {self.comment}\n"]
        lines = []
        for node in self.nodes:
            arguments = ", ".join(f"x{i}" for i in range(len(node["inputs"])))
            code.append(
                NODE.format(
                    name=node["name"],
                    arguments=arguments,
                    salt=node["salt"],
                    body=BODIES[node["shape"]],
                    result=RESULTS.get(node["kind"], "text"),
                )
            )
            lines.append(
                f"Node({node['name']}, {node['inputs']}, {node['name']!r}, "
                f"name={node['name']!r})"
            )
        nodes = ",\n    ".join(lines)
        code.append(
            f"\ndef create_pipeline():\n    return Pipeline([\n    {nodes}\n    ])\n"
        )
        PIPELINE.mkdir(exist_ok=True)
        (PIPELINE / "__init__.py").write_text("".join(code))
        text = HELPERS.format(word=self.word, first=self.first, second=self.second)
        (PIPELINE / "helpers.py").write_text(text)
        entries = ["raw_a: " + ENTRIES["text"], "raw_b: " + ENTRIES["text"]]
        entries.append("raw_parts: " + ENTRIES["parts"])
        names = RAWS.copy()
        for node in self.nodes:
            if node["kind"] != "memory":
                entries.append(f"{node['name']}: " + ENTRIES[node["kind"]])
                names.append(node["name"])
        catalog = "\n".join(
            entry.format(name=name, indent=self.indent)
            for entry, name in zip(entries, names, strict=True)
        )
        (HERE / "conf/base/catalog.yml").write_text(f"{catalog}\n")
        (HERE / "conf/base/parameters.yml").write_text(json.dumps(self.parameters))

    # Edits of the sources.

    def edit_constant(self) -> None:
        self.constant = self.chance.choice("cde")

    def edit_helper(self) -> None:
        which = self.chance.choice(["word", "first", "second"])
        setattr(self, which, self.chance.choice("fgh"))

    def edit_comment(self) -> None:
        self.comment += 1

    def edit_function(self) -> None:
        self.chance.choice(self.nodes)["salt"] = self.chance.randint(0, 3)

    def edit_shape(self) -> None:
        self.chance.choice(self.nodes)["shape"] = self.chance.choice(SHAPES)

    def edit_kind(self) -> None:
        self.chance.choice(self.nodes)["kind"] = self.chance.choice(KINDS)

    def edit_inputs(self) -> None:
        number = self.chance.randrange(len(self.nodes))
        rest, self.nodes = self.nodes[number:], self.nodes[:number]
        rest[0]["inputs"] = self._node(number)["inputs"]
        self.nodes += rest

    def edit_parameter(self) -> None:
        self.parameters["p"] = self.chance.choice([1, 1.0, True, "1", [1, 2], [2, 1]])

    def edit_deep_parameter(self) -> None:
        self.parameters["q"] = {"deep": self.chance.choice([2, 2.0, 3])}

    def edit_save_args(self) -> None:
        self.indent = self.chance.choice([1, 2, 4])

    def edit_nothing(self) -> None:
        pass


def edit_raw(chance: random.Random) -> None:
    file = DATA / f"{chance.choice(RAWS[:2])}.txt"
    before = file.stat()
    file.write_text(chance.choice(["one", "two", "six"]))  # of one size
    if chance.random() < 0.5:
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def edit_partition(chance: random.Random) -> None:
    folder = DATA / "raw_parts"
    files = sorted(folder.iterdir())
    way = chance.choice(["add", "remove", "rename"])
    if way == "add" or len(files) < 2:
        (folder / f"r{chance.randint(0, 9)}.txt").write_text(chance.choice("xyz"))
    elif way == "remove":
        chance.choice(files).unlink()
    else:
        chance.choice(files).rename(folder / f"r{chance.randint(10, 19)}.txt")


def edit_output(chance: random.Random) -> None:
    files = [
        file
        for file in sorted(DATA.rglob("*"))
        if file.is_file() and ".ops" not in file.parts and "raw_" not in str(file)
    ]
    if not files:
        return
    file = chance.choice(files)
    way = chance.choice(["remove", "edit", "touch", "same"])
    if way == "remove":
        file.unlink()
    elif way == "edit":
        file.write_text('{"text": "edited"}' if file.suffix == ".json" else "edited")
    elif way == "touch":
        file.touch()
    else:
        text = file.read_bytes()
        file.unlink()
        file.write_bytes(text)


def session(
    env: dict[str, str], runner: Any, **select: Any
) -> tuple[str, dict[str, Any]]:
    """Run the project; return how it failed, if it did, and its outputs in memory."""
    os.environ.update(env)
    try:
        with settings.SESSION_CLASS.create(project_path=HERE) as run:
            found = run.run(runner=runner(), **select)
        memory = {n: each for n, each in found.items() if type(each) is MemoryDataset}
        return "", {name: dataset.load() for name, dataset in memory.items()}
    except Exception as error:
        return f"{type(error).__name__}: {error}", {}
    finally:
        for name in env:
            del os.environ[name]


def kill_a_run(
    runner: Any, select: dict[str, Any], kill: dict[str, Any]
) -> tuple[int, bool]:
    """Start a run and kill it after some time; its id, and whether it had not ended."""
    child = os.fork()
    if not child:
        os.setpgid(0, 0)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            session({"PAUSE": "0.01"}, runner, **select)
        finally:
            os._exit(0)
    time.sleep(kill["after"])
    goes_on = os.waitpid(child, os.WNOHANG)[0] == 0
    if goes_on:
        (os.killpg if kill["workers"] else os.kill)(child, kill["signal"])
        os.waitpid(child, 0)
    return child, goes_on


def both(
    runner: Any, select: dict[str, Any], fail: str, kill: dict[str, Any]
) -> dict[str, Any]:
    """A skipping run and one that does not skip, from the same data."""
    logging.disable(logging.CRITICAL)
    from kedro.framework.project import pipelines  # noqa: PLC0415
    from toe_test.ops.core import findings  # type: ignore  # noqa: PLC0415

    names: list[str] = []
    findings.listen_to_skipped_nodes(lambda node, reason: names.append(node))
    shutil.copytree(DATA, BEFORE, symlinks=True)
    child, killed = kill_a_run(runner, select, kill) if kill else (0, False)
    failed, given = session({"FAIL": fail}, runner, **select)
    if killed:  # its workers may have gone on until now
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
    os.rename(DATA, SKIPPED)
    os.rename(BEFORE, DATA)
    error, expected = session({"SKIP_UNCHANGED": "off", "FAIL": fail}, runner, **select)
    difference = "" if error or failed else compare(SKIPPED, DATA)
    # What ParallelRunner returns cannot be loaded after the run.
    in_memory = not (error or failed) and runner is not ParallelRunner
    if in_memory and not difference and given != expected:
        difference = f"{given} is not {expected}"
    shutil.rmtree(DATA)
    os.rename(SKIPPED, DATA)
    if bool(error) != bool(failed) and not (error and fail):
        difference = f"skipping: {failed!r}; not skipping: {error!r}"
    count = len(pipelines["__default__"].nodes)
    found = {"skipped": len(names), "nodes": count, "killed": killed, "names": names}
    return {"difference": difference, **found}


def compare(one: Path, other: Path) -> str:
    names = contents(one), contents(other)
    for name in sorted(names[0].keys() | names[1].keys()):
        files = [each.get(name) for each in names]
        if not all(files) or not filecmp.cmp(*files, shallow=False):
            texts = [file.read_text() if file else "(nothing)" for file in files]
            return f"{name}: {texts[0]!r} is not {texts[1]!r}"
    return ""


def contents(folder: Path) -> dict[str, Path]:
    """The files by name; of versions, the last one."""
    found = {}
    for file in sorted(folder.rglob("*")):
        # A save that was killed may leave its scratch file.
        scratch = re.match(r"\.[0-9a-f]{32}_", file.name)
        if file.is_file() and not scratch and ".ops" not in file.parts:
            name = file.relative_to(folder)
            key = name.parts[0] if name.parts[0].endswith(".v") else str(name)
            found[key] = file
    return found


def in_a_fork(*arguments: Any) -> dict[str, Any]:
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        answer: dict[str, Any] = {}
        with contextlib.redirect_stdout(io.StringIO()):
            try:
                answer = both(*arguments)
            except BaseException:
                answer = {"difference": traceback.format_exc()}
        os.write(writer, json.dumps(answer).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as stream:
        text = stream.read()
    os.waitpid(child, 0)
    return json.loads(text or '{"difference": "it died"}')  # type: ignore[no-any-return]


def trial(chance: random.Random, edits: int, kills: bool) -> Counter[str]:
    """One project and its edits."""
    for folder in (DATA, BEFORE, SKIPPED):
        shutil.rmtree(folder, ignore_errors=True)
    (DATA / "raw_parts").mkdir(parents=True)
    for name in ("raw_a.txt", "raw_b.txt", "raw_parts/r1.txt"):
        (DATA / name).write_text("one")
    project = Project(chance)
    sources = [name for name in dir(Project) if name.startswith("edit_")]
    said: list[str] = []
    counts: Counter[str] = Counter()
    for _ in range(edits):
        for _ in range(chance.choice([1, 1, 1, 2])):
            edit = chance.choice([*sources, edit_raw, edit_partition, edit_output])
            said.append(edit if isinstance(edit, str) else edit.__name__)
            getattr(project, edit)() if isinstance(edit, str) else edit(chance)
        project.write()
        select: dict[str, Any] = {}
        name = chance.choice(project.nodes)["name"]
        if chance.random() < 0.2:
            way = chance.choice(["from_nodes", "to_nodes", "node_names"])
            select = {way: [name]}
        fail = chance.choice(project.nodes)["name"] if chance.random() < 0.1 else ""
        runner = chance.choice([SequentialRunner, SequentialRunner, ThreadRunner])
        kill: dict[str, Any] = {}
        if kills:
            fail = ""
            runner = chance.choice([SequentialRunner, ThreadRunner, ParallelRunner])
            kill = {
                "signal": chance.choice(SIGNALS),
                "after": chance.uniform(0.02, 0.3),
            }
            kill["workers"] = chance.random() < 0.5
        said[-1] += f" {select or ''} {fail} {runner.__name__} {kill or ''}"
        answer = in_a_fork(runner, select, fail, kill)
        if answer["difference"]:
            catalog = (HERE / "conf/base/catalog.yml").read_text()
            code = (PIPELINE / "__init__.py").read_text()
            print("\n".join([*said, code, catalog, str(answer)]))  # noqa: T201
            sys.exit(answer["difference"])
        counts["edits"] += 1
        counts["nodes"] += answer["nodes"]
        counts["skipped"] += answer["skipped"]
        counts["killed"] += answer["killed"]
    return counts


def main(seed: int, edits: int, kills: bool) -> None:
    bootstrap_project(HERE)
    for entry in entry_points(group="kedro.hooks"):
        entry.load()
    import numpy  # noqa
    import kedro.framework.session.session as kedro_session  # noqa
    import toe_test.ops.skip_unchanged.run  # type: ignore  # noqa

    kedro_session._describe_git = lambda path: {}  # two processes for each run
    import kedro_datasets.json.json_dataset  # noqa
    import kedro_datasets.partitions.partitioned_dataset  # noqa
    import kedro_datasets.text.text_dataset  # noqa

    counts: Counter[str] = Counter()
    start = time.monotonic()
    while counts["edits"] < edits:
        seed += 1
        try:
            counts += trial(
                random.Random(seed), min(20, edits - counts["edits"]), kills
            )
        except SystemExit:
            print(f"seed {seed}")  # noqa: T201
            raise
    print(json.dumps({**counts, "seconds": round(time.monotonic() - start)}))  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), "kill" in sys.argv)

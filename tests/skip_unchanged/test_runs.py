"""Nodes run if what they are made of changed, and only then."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from helpers import environment, run
from steel_toes_helpers import PACKAGE, Workshop

from .skip_helpers import ALL, CATALOG, PIPELINE, Bench

pytest_plugins = ["steel_toes_fixtures", "skip_unchanged.skip_helpers"]
GUARDS = ["skip_unchanged"]
METHODS = ["spawn"] if sys.platform == "win32" else ["fork", "forkserver", "spawn"]
# From other code, parameters, configuration and data, all nodes that read `raw` ran.
OF_RAW = {"clean", "total", "measure"}


def test_nothing_runs_twice(bench: Bench) -> None:
    before = bench.files()

    assert bench.run() == set()
    assert bench.files() == before


# Code. The kinds of edits are tested where the code is followed; here, that it is asked.


def test_a_function_that_changed_runs_again(bench: Bench) -> None:
    bench.edit("raw.strip()", "raw.strip().upper()")

    assert bench.run() == {"clean", "total"}


def test_a_comment_and_a_docstring_run_nothing(bench: Bench) -> None:
    bench.edit("def clean(raw):\n", 'def clean(raw):\n    """Clean it."""  # so\n\n')

    assert bench.run() == set()


def test_a_helper_runs_what_uses_it(bench: Bench) -> None:
    bench.edit('return f"{size} letters"', "return words(size)")
    bench.edit(
        "def tell(", 'def words(size):\n    return f"{size} letters"\n\ndef tell('
    )
    assert bench.run() == {"tell"}
    bench.edit('    return f"{size} letters"', '    return f"{size} of them"')

    assert bench.run() == {"tell"}


MODEL = """
class Model:
    def words(self):
        return "one"
"""
OF_A_MODEL = f"""
from {PACKAGE}.models import Model
from kedro.pipeline import Node, Pipeline

def fit(raw):
    return Model()

def tell(model):
    return model.words()

def create_pipeline():
    return Pipeline([Node(fit, "raw", "model"), Node(tell, "model", "report")])
"""


def test_the_code_of_an_object_in_a_pickle_runs_who_reads_it(fresh: Bench) -> None:
    models = f"src/{PACKAGE}/models.py"
    entry = "model: {type: pickle.PickleDataset, filepath: data/model.pkl}\n"
    fresh.workshop.catalog(CATALOG + entry)
    fresh.workshop.pipeline(OF_A_MODEL)
    fresh.workshop.write({models: MODEL})
    assert fresh.said("run")[0] == 0
    assert {row["action"] for row in fresh.plan().values()} == {"skip"}

    fresh.edit("one", "two", models)
    assert fresh.said("run")[0] == 0
    assert fresh.files()["report.txt"] == b"two"
    assert {row["action"] for row in fresh.plan().values()} == {"skip"}


def test_another_argument_order_runs_the_node(bench: Bench) -> None:
    bench.edit('["mid", "params:size"]', '["params:size", "mid"]')

    assert bench.run() == {"total"}


def test_the_source_of_the_projects_dataset_class_is_part_of_the_code(
    bench: Bench,
) -> None:
    own = f"src/{PACKAGE}/own.py"
    text = (
        "from kedro_datasets.text import TextDataset\n\n"
        "class Loud(TextDataset):\n"
        "    def load(self):\n        return super().load().upper()\n"
    )
    bench.workshop.write({own: text})
    bench.edit("mid: {type: text.TextDataset", f"mid: {{type: {PACKAGE}.own.Loud", CAT)
    assert bench.run() == {"clean", "total"}
    assert bench.run() == set()
    bench.edit("upper", "lower", own)

    assert bench.run() == {"clean", "total"}


def test_what_cannot_be_followed_runs_always_and_says_so(bench: Bench) -> None:
    bench.edit(
        "def tell(size):",
        "import threading\n\nLOCK = threading.Lock()\n\ndef tell(size):",
    )
    bench.edit('return f"{size} letters"', 'return f"{size} {bool(LOCK)}"')
    assert bench.run() == {"tell"}

    assert bench.run() == {"tell"}
    assert "cannot be" in bench.why("tell")


# Parameters.

CAT, PARAMS = "conf/base/catalog.yml", "conf/base/parameters.yml"


@pytest.mark.parametrize("value", ["2", "1.0", "true", '"1"', "[1]"])
def test_a_parameter_counts_by_value_and_type(bench: Bench, value: str) -> None:
    bench.edit("size: 1", f"size: {value}", PARAMS)

    assert bench.run() == {"total"}


def test_a_parameter_that_is_put_back_is_known(bench: Bench) -> None:
    bench.edit("size: 1", "size: 2", PARAMS)
    assert "`params:size` 1 → 2" in bench.why("total")
    bench.edit("size: 2", "size: 1", PARAMS)

    assert bench.run() == set()


def test_a_parameter_that_nobody_reads_runs_nothing(bench: Bench) -> None:
    bench.edit("nobody: 1", "nobody: 2", PARAMS)

    assert bench.run() == set()


def test_a_secret_parameter_is_in_no_record(bench: Bench) -> None:
    bench.workshop.write({PARAMS: "size: {password: hunter2}\n"})
    bench.run()

    records = (bench.workshop.path / "data" / ".ops").rglob("*")
    texts = [file.read_text() for file in records if file.is_file()]
    assert texts and not any("hunter2" in text for text in texts)


# Data.


def test_an_input_that_changed_runs_what_reads_it(bench: Bench) -> None:
    bench.workshop.write({"data/raw.txt": "two and more"})

    assert bench.run() == ALL - {"join"}


def test_same_bytes_wake_nobody(bench: Bench) -> None:
    bench.workshop.write({"data/raw.txt": "two"})  # as long as before

    assert bench.run() == OF_RAW


def test_an_input_that_was_touched_or_replaced_by_the_same_runs_nothing(
    bench: Bench,
) -> None:
    raw = bench.workshop.path / "data" / "raw.txt"
    os.utime(raw, (1, 1))
    assert bench.run() == set()
    raw.unlink()
    raw.write_text("one")

    assert bench.run() == set()


def test_a_change_with_size_and_time_put_back_is_seen(bench: Bench) -> None:
    raw = bench.workshop.path / "data" / "raw.txt"
    os.utime(raw, (1, 1))
    assert bench.run() == set()
    raw.write_text("two")
    os.utime(raw, (1, 1))

    assert bench.run() == OF_RAW


@pytest.mark.parametrize("change", ["add", "remove", "rename", "edit"])
def test_a_partition_is_data_with_its_name(bench: Bench, change: str) -> None:
    parts = bench.workshop.path / "data" / "parts"
    if change == "add":
        (parts / "c").write_text("3")
    elif change == "remove":
        (parts / "b").unlink()
    elif change == "rename":
        (parts / "b").rename(parts / "c")
    else:
        (parts / "b").write_text("3")

    assert bench.run() == {"join"}


@pytest.mark.parametrize("change", ["delete", "edit"])
def test_an_output_that_is_not_what_was_written_is_made_again(
    bench: Bench, change: str
) -> None:
    before = bench.files()
    out = bench.workshop.path / "data" / "out.json"
    out.unlink() if change == "delete" else out.write_text("[]")
    words = "is not there" if change == "delete" else "edited by hand"
    assert words in bench.why("total")

    assert bench.run() == {"total"}
    assert bench.files() == before


def test_an_output_that_was_touched_is_the_same(bench: Bench) -> None:
    (bench.workshop.path / "data" / "out.json").touch()

    assert bench.run() == set()


def test_a_newer_version_of_an_input_is_other_data(fresh: Bench) -> None:
    fresh.edit("data/raw.txt}", "data/raw.txt, versioned: true}", CAT)
    (fresh.workshop.path / "data" / "raw.txt").unlink()
    place = "data/raw.txt/2000-01-0{}T00.00.00.000Z/raw.txt"
    fresh.workshop.write({place.format(1): "one"})
    assert fresh.run() == ALL
    assert fresh.run() == set()
    fresh.workshop.write({place.format(2): "two"})

    assert fresh.run() == OF_RAW
    old = "--load-versions=raw:2000-01-01T00.00.00.000Z"
    assert fresh.run(old) == {"clean", "total"}  # measured the same


def test_a_versioned_output_is_not_made_again(fresh: Bench) -> None:
    fresh.edit("data/mid.txt}", "data/mid.txt, versioned: true}", CAT)
    assert fresh.run() == ALL

    assert fresh.run() == set()
    fresh.edit("raw.strip()", "raw.strip().upper()")
    assert fresh.run() == {"clean", "total"}
    assert fresh.run() == set()


# Configuration.


def test_a_run_that_loads_an_old_version_of_its_output_is_no_record_of_it(
    fresh: Bench,
) -> None:
    fresh.edit("data/mid.txt}", "data/mid.txt, versioned: true}", CAT)
    fresh.run()
    [old] = (fresh.workshop.path / "data/mid.txt").iterdir()
    fresh.edit("raw.strip()", "raw.upper()")
    fresh.run(f"--load-versions=mid:{old.name}")
    fresh.edit("raw.upper()", "raw.strip()")
    assert "clean" in fresh.run()
    fresh.edit("raw.strip()", "raw.upper()")

    assert "clean" in fresh.run()


def test_save_args_run_the_nodes_that_write_or_read(bench: Bench) -> None:
    bench.edit("indent: 1", "indent: 2", CAT)

    assert "`out: save_args` changed" in bench.why("total")
    assert bench.run() == {"total"}


def test_metadata_and_credentials_run_nothing(bench: Bench) -> None:
    bench.edit("data/raw.txt}", "data/raw.txt, metadata: {a: 1}, credentials: c}", CAT)
    bench.workshop.write({"conf/local/credentials.yml": "c: {}\n"})

    assert bench.run() == set()


def test_another_place_with_the_same_data_runs_nothing(bench: Bench) -> None:
    data = bench.workshop.path / "data"
    (data / "there").mkdir()
    for name in ("raw.txt", "mid.txt"):
        (data / name).rename(data / "there" / name)
        bench.edit(f"data/{name}", f"data/there/{name}", CAT)

    assert bench.run() == set()


def test_a_project_that_was_copied_elsewhere_runs_nothing(
    bench: Bench, tmp_path: Path
) -> None:
    copy = tmp_path / "elsewhere" / "copy"
    shutil.copytree(bench.workshop.path, copy, symlinks=True)
    there = Bench(Workshop(copy, bench.workshop.without), bench.kedro)

    assert there.run() == set()


def test_switching_branches_in_git_and_back_runs_nothing(bench: Bench) -> None:
    path = bench.workshop.path
    raw = f"{path}/data/raw.txt"
    run("git", "add", "--force", "src", "conf", raw, cwd=path)
    run("git", "commit", "--quiet", "--message", "one", cwd=path)
    run("git", "switch", "--quiet", "--create", "other", cwd=path)
    bench.edit("raw.strip()", "raw.upper()")
    bench.workshop.write({"data/raw.txt": "two"})
    run("git", "commit", "--quiet", "--all", "--message", "two", cwd=path)
    run("git", "switch", "--quiet", "main", cwd=path)

    assert bench.run() == set()


# Which nodes run together, always, or for one run.


def test_nodes_that_share_data_in_memory_run_together(fresh: Bench) -> None:
    fresh.edit("mid: {type: text.TextDataset, filepath: data/mid.txt}\n", "", CAT)
    assert fresh.run() == ALL
    assert fresh.run() == set()
    fresh.edit("size: 1", "size: 2", PARAMS)

    assert fresh.run() == {"clean", "total"}


def test_a_cached_dataset_is_compared_by_the_data_inside(fresh: Bench) -> None:
    cached = "type: CachedDataset, dataset: {type: text.TextDataset, filepath: data"
    for name in ("raw", "mid", "report"):
        old = f"{name}: {{type: text.TextDataset, filepath: data/{name}.txt}}"
        fresh.edit(old, f"{name}: {{{cached}/{name}.txt}}}}", CAT)
    assert fresh.run() == ALL
    assert fresh.run() == set()

    fresh.workshop.write({"data/report.txt": "by hand"})
    assert fresh.run() == {"tell"}
    fresh.workshop.switch("dev")
    fresh.workshop.write({"data/raw.txt": "longer"})
    assert fresh.run() == ALL - {"join"}
    fresh.workshop.write({"data/raw.txt": "one"})
    assert fresh.run() == set()
    assert fresh.workshop.read("data/report_dev.txt") == "3 letters"


def test_nodes_without_outputs_and_those_tagged_always_run_always(
    fresh: Bench,
) -> None:
    fresh.edit('"report", name="tell"', 'None, name="tell"')
    fresh.edit('"joined", name="join"', '"joined", name="join", tags=["always"]')
    fresh.run()

    assert fresh.run() == {"tell", "join"}


def test_it_is_switched_off_and_forced_for_one_run(bench: Bench) -> None:
    assert bench.run(SKIP_UNCHANGED="off") == ALL
    assert bench.run(SKIP_UNCHANGED_FORCE="all") == ALL
    assert bench.run(SKIP_UNCHANGED_FORCE="join,tell") == {"join", "tell"}
    code, said = bench.said("run", SKIP_UNCHANGED_FORCE="jion")
    assert (
        code == 1 and "'jion', which is not a node" in said and "Traceback" not in said
    )

    assert bench.run() == set()


def test_a_partial_run_and_then_all(fresh: Bench) -> None:
    assert fresh.run("--to-nodes=clean") == {"clean"}
    assert fresh.run("--nodes=measure") == {"measure"}

    assert fresh.run() == ALL - {"clean", "measure"}
    assert fresh.run("--from-nodes=measure") == set()


def test_what_was_built_on_old_data_is_said_and_mended(bench: Bench) -> None:
    bench.edit("raw.strip()", "raw.strip().upper()")
    bench.edit("size: 1", "size: 2", PARAMS)
    [said] = bench.plan("--nodes=total")["total"]["built_on_old"]
    assert said == "`mid` is old: clean would run, but is not selected"
    assert bench.run("--nodes=total") == {"total"}

    assert bench.run() == {"clean", "total"}


# How runs end.


def test_a_failed_run_keeps_what_was_completed(fresh: Bench) -> None:
    ran = fresh.run("--runner=SequentialRunner", code=1, HOW="fail")
    assert {"clean", "total"} <= ran

    assert fresh.run() == ALL - ran | {"total"}
    assert fresh.run() == set()


def test_a_killed_run_keeps_what_was_completed(fresh: Bench) -> None:
    fresh.ran.write_text("")
    waiting = str(fresh.workshop.path / "waiting")
    env = {"PWD": str(fresh.workshop.path), "HOW": "wait", "RAN": str(fresh.ran)}
    code, said = fresh.kedro("run", env=env, kill=(waiting, 0.05))
    assert code == -9, said
    ran = set(fresh.ran.read_text().split())

    assert fresh.run() == ALL - ran | {"total"}
    assert fresh.run() == set()


@pytest.mark.parametrize("damage", ["cut", "noise", "gone", "version"])
def test_a_bad_or_missing_record_means_run(bench: Bench, damage: str) -> None:
    [file] = (bench.workshop.path / "data/.ops/made/main").glob("*.jsonl")
    text = file.read_text()
    if damage == "cut":
        file.write_text(text[: len(text) // 2])
    elif damage == "noise":
        file.write_bytes(b'\xff\x00 \n{}\n{"at": 1e400}\n')
    elif damage == "gone":
        file.unlink()
    else:
        file.write_text(text.replace('"how"', '"how_else"'))

    ran = bench.run()
    assert ran == ALL or (damage == "cut" and ran and ran < ALL)
    assert bench.run() == set()


def test_a_bad_cache_of_fingerprints_is_no_harm(bench: Bench) -> None:
    cache = bench.workshop.path / "data/.ops/stats.json"
    assert bench.run() == set()
    cache.write_text('{"data/raw.txt": "so", "data/mid.txt": [1, 2, 3]}')
    assert bench.run() == set()
    cache.write_text("{")

    assert bench.run() == set()


def test_two_runs_at_once_leave_no_stale_record(bench: Bench) -> None:
    """Both write `out`; whose bytes are there in the end, is made anew for the other."""
    bench.edit(
        '    if os.environ.get("HOW") == "fail":',
        '    import time; time.sleep(0.3)\n    if os.environ.get("HOW") == "fail":',
    )
    path = bench.workshop.path
    env = environment() | {"PYTHONPATH": str(bench.workshop.without)}

    def start(size: int) -> None:
        command = ["kedro", "run", f"--params=size={size}"]
        subprocess.run(command, cwd=path, env=env, check=True, capture_output=True)

    threads = [threading.Thread(target=start, args=(size,)) for size in (2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    for size in (2, 3, 2):
        bench.run(f"--params=size={size}")
        assert json.loads(bench.workshop.read("data/out.json")) == ["one", size]


def test_what_two_runs_write_at_a_time_is_not_remembered(bench: Bench) -> None:
    claims = bench.workshop.path / "data/.ops/claims"
    claims.mkdir(exist_ok=True)
    claim = {"at": time.time(), "run": "other", "machine": "other", "pid": 1}

    def say(**more: object) -> None:
        text = json.dumps({**claim, "places": ["*"], **more})
        (claims / "other.jsonl").write_text(f"{text}\n")

    say()
    bench.edit("size: 1", "size: 2", PARAMS)
    assert bench.run() == {"total"}
    assert bench.run() == {"total"}
    say(gone=True)

    assert bench.run() == {"total"}
    assert bench.run() == set()


# Runners.


@pytest.mark.parametrize("runner", ["SequentialRunner", "ThreadRunner"])
@pytest.mark.parametrize("options", [[], ["--async"]], ids=["sync", "async"])
def test_runners_in_one_process_skip(
    fresh: Bench, runner: str, options: list[str]
) -> None:
    assert fresh.run(f"--runner={runner}", *options) == ALL
    assert fresh.run(f"--runner={runner}", *options) == set()
    fresh.workshop.write({"data/raw.txt": "two"})

    assert fresh.run(f"--runner={runner}", *options) == OF_RAW


@pytest.mark.parametrize("method", METHODS)
def test_workers_skip_whatever_way_they_are_started(bench: Bench, method: str) -> None:
    ours = f"--runner={PACKAGE}.runners.ParallelRunner"
    bench.workshop.write({"data/raw.txt": "two"})

    assert bench.run(ours, KEDRO_MP_CONTEXT=method) == OF_RAW
    assert bench.run() == set()


def test_workers_of_kedro_skip(fresh: Bench) -> None:
    assert fresh.run("--runner=ParallelRunner") == ALL
    assert fresh.run() == set()


def test_a_runner_that_the_team_wrote_skips(fresh: Bench) -> None:
    text = (
        "from kedro.runner import SequentialRunner\n\n"
        "class Loud(SequentialRunner):\n"
        "    def __init__(self, is_async=False, word=''):\n"
        "        super().__init__(is_async)\n"
        "        self.word = word\n\n"
        "    def _run(self, *args, **kwargs):\n"
        "        print(self.word, type(self).__name__)\n"
        "        super()._run(*args, **kwargs)\n"
    )
    fresh.workshop.write({f"src/{PACKAGE}/loud.py": text})
    how = (f"--runner={PACKAGE}.loud.Loud", "--runner-params=word=hey")
    code, said = fresh.said("run", *how)
    assert code == 0 and "hey Loud" in said

    assert fresh.run(*how) == set()


# Branches.


def test_a_branch_runs_what_it_changed_and_reads_the_rest_from_trunk(
    bench: Bench,
) -> None:
    trunk = bench.files()
    bench.workshop.switch("dev")
    assert "unchanged since main" in bench.why("total")
    assert bench.run() == set()
    bench.edit("size: 1", "size: 2", PARAMS)
    assert bench.plan()["total"]["writes"] == {"out": "data/out_dev.json"}

    assert bench.run() == {"total"}
    assert bench.run() == set()
    now = bench.files()
    assert {name: now[name] for name in trunk} == trunk
    assert now.keys() - trunk.keys() == {"out_dev.json"}
    assert json.loads(now["out_dev.json"]) == ["one", 2]


HOOK = """

class Notes:
    @hook_impl
    def before_node_run(self, node):
        print(node.name)


HOOKS = (*HOOKS, Notes())
"""


def test_a_branch_reads_the_rest_from_trunk_with_a_hook_of_your_own(
    fresh: Bench,
) -> None:
    [hooks] = (fresh.workshop.path / "src").glob("*/hooks.py")
    with hooks.open("a") as file:
        file.write(f"\nfrom kedro.framework.hooks import hook_impl\n{HOOK}")
    fresh.run()
    fresh.workshop.switch("dev")

    assert fresh.run() == set()


def test_what_another_branch_has_made_is_copied(bench: Bench) -> None:
    bench.edit("size: 1", "size: 2", PARAMS)
    bench.workshop.switch("dev")
    assert bench.run() == {"total"}
    bench.workshop.switch("other")
    said = "'dev' made the same: its data is copied"
    assert bench.why("total") == said

    assert bench.run() == set()
    files = bench.files()
    assert files["out_other.json"] == files["out_dev.json"]
    assert "out_other.json" in bench.said("branches", "path", "out")[1]
    bench.said("branches", "clean", "dev", "--yes")
    assert bench.run() == set()
    assert bench.why("total") == "unchanged"


INCREMENTAL = """
from kedro.pipeline import Node, Pipeline

def join(days):
    return ",".join(sorted(days))

def done(joined):
    return joined

def create_pipeline():
    return Pipeline([
        Node(join, "days", "joined"), Node(done, "joined", "size", confirms="days"),
    ])
"""
DAYS = """
days:
  type: partitions.IncrementalDataset
  path: data/days
  dataset: text.TextDataset
  filename_suffix: .txt
"""


def test_a_branch_that_has_its_own_checkpoint_reads_main_s_new_partitions(
    bench: Bench,
) -> None:
    """The node that confirms runs always: what the other skipped would be lost."""
    bench.workshop.catalog(CATALOG + DAYS)
    bench.workshop.pipeline(INCREMENTAL)
    bench.workshop.write({"data/days/1.txt": "1"})
    bench.workshop.switch("dev")
    for _ in range(3):
        bench.run()
    assert bench.files()["joined_dev.txt"] == b""
    bench.workshop.write({"data/days/2.txt": "2"})

    bench.run()
    assert bench.files()["joined_dev.txt"] == b"2"


def test_a_change_that_is_taken_back_takes_main_s_data_back(bench: Bench) -> None:
    bench.workshop.switch("dev")
    bench.edit("size: 1", "size: 2", PARAMS)
    assert bench.run() == {"total"}
    bench.edit("size: 2", "size: 1", PARAMS)

    assert bench.run() == set()
    files = bench.files()
    assert files["out_dev.json"] == files["out.json"]


def test_data_of_another_branch_that_was_changed_by_hand_is_not_copied(
    bench: Bench,
) -> None:
    bench.edit("size: 1", "size: 2", PARAMS)
    bench.workshop.switch("dev")
    bench.run()
    bench.workshop.write({"data/out_dev.json": "[]"})
    bench.workshop.switch("other")

    assert bench.run() == {"total"}
    assert json.loads(bench.workshop.read("data/out_other.json")) == ["one", 2]


def test_a_copy_does_not_mislead_a_run_that_writes_at_the_same_time(
    fresh: Bench,
) -> None:
    workshop, size = fresh.workshop, "--params=size=2"
    workshop.pipeline(
        PIPELINE.replace('"raw", "size"', '["raw", "wait"], "size"')
        .replace("def measure(raw)", "def measure(raw, wait)")
        .replace("return [mid, size]", "return [mid, size], 1")
        .replace('"params:size"], "out"', '"params:size"], ["out", "wait"]')
        .replace('note("measure")', 'note("measure"); import time; time.sleep(3)')
    )
    fresh.run()
    workshop.switch("dev")
    env = environment() | {"PYTHONPATH": str(workshop.without)}
    with subprocess.Popen(["kedro", "run", size], cwd=workshop.path, env=env):
        while not workshop.has("data/out_dev.json"):
            time.sleep(0.01)
        # Its group goes on, and this run takes the change back.
        assert fresh.run() == set()

    fresh.run(size)
    assert json.loads(workshop.read("data/out_dev.json")) == ["one", 2]


def test_what_was_promoted_is_known_on_trunk(bench: Bench) -> None:
    bench.workshop.switch("dev")
    bench.edit("size: 1", "size: 2", PARAMS)
    bench.run()
    bench.workshop.switch("main")
    assert set(bench.plan()) == ALL
    code, said = bench.said("branches", "promote", "dev", "--yes")
    assert code == 0, said

    assert bench.run() == set()
    assert json.loads(bench.workshop.read("data/out.json")) == ["one", 2]


# The plan.


def test_a_plan_says_what_a_run_would_do_and_a_run_does_that(bench: Bench) -> None:
    bench.workshop.write({"data/raw.txt": "two"})
    rows = bench.plan()

    assert {name: row["action"] for name, row in rows.items()} == {
        "clean": "run",
        "measure": "run",
        "total": "maybe",
        "tell": "maybe",
        "join": "skip",
    }
    assert rows["clean"]["reasons"] == ["`raw` has new content"]
    assert rows["tell"]["reasons"] == ["only if `size` really changes"]
    assert rows["clean"]["seconds"] > 0
    assert rows["clean"]["writes"] == {"mid": "data/mid.txt"}
    assert bench.run() == OF_RAW
    assert bench.plan(code=0)["tell"]["action"] == "skip"


def test_a_plan_names_the_code_that_changed(bench: Bench) -> None:
    bench.edit("raw.strip()", "raw.strip().upper()")

    assert "toes/__init__.py: clean()` changed" in bench.why("clean")


def test_a_plan_of_a_first_run(fresh: Bench) -> None:
    assert fresh.plan()["join"]["reasons"][-1] == "never ran"


def test_a_plan_takes_the_options_of_a_run(bench: Bench) -> None:
    bench.edit("size: 1", "size: 2", PARAMS)

    assert list(bench.plan("--nodes=clean")) == ["clean"]
    assert bench.plan("--params=size=1", code=0)["total"]["action"] == "skip"
    code, said = bench.said("plan", "--nodes=claen")
    assert code == 1 and "Traceback" not in said and "Error: " in said


def test_a_plan_explains_a_node_item_by_item(bench: Bench) -> None:
    bench.edit("size: 1", "size: 2", PARAMS)
    code, said = bench.said("plan", "--explain=total", "--json")
    rows = {row["item"]: row for row in json.loads(said.splitlines()[-1])}

    assert code == 0
    assert rows["params:size"]["state"] == "changed"
    assert (rows["params:size"]["then"], rows["params:size"]["now"]) == ("1", "2")
    assert rows["input mid"]["state"] == rows["output out"]["state"] == "same"
    code, said = bench.said("plan", "--explain=total")
    assert "params:size" in said and "│ 1 " in said


def test_the_summary_says_what_was_saved(bench: Bench) -> None:
    _, said = bench.said("run")

    assert "Skip unchanged: 5 of 5 nodes skipped, which saved " in said


def test_data_of_other_kinds_is_told_as_the_team_says(fresh: Bench) -> None:
    text = "def age(name, dataset):\n    return open('age').read()\n"
    fresh.workshop.write({f"src/{PACKAGE}/ages.py": text, "age": "1"})
    way = f"skip_unchanged: {{fingerprints: {{raw: {PACKAGE}.ages.age}}}}\n"
    fresh.workshop.settings(way)
    fresh.run()
    fresh.workshop.write({"data/raw.txt": "two"})
    assert fresh.run() == set()
    fresh.workshop.write({"age": "2"})
    assert fresh.run() == OF_RAW
    fresh.workshop.settings("skip_unchanged: {fingerprints: {raw: run}}\n")

    assert fresh.run() == {"clean", "measure"}
    assert fresh.run() == {"clean", "measure"}


def test_data_that_cannot_be_compared_is_not_blamed_on_another_run(
    fresh: Bench,
) -> None:
    fresh.workshop.settings("skip_unchanged: {fingerprints: {mid: run}}\n")

    code, said = fresh.said("run")

    assert code == 0
    assert "another run" not in said
    assert {"clean", "total"} <= fresh.run()

"""Runs at a terminal of 80 columns, and in a pipe."""

import re
import shutil
import signal

import pytest
from helpers import SWITCHES, generate, run

from .terminal import COLUMNS, Terminal

SWITCHED_ON = {"progress": True, "run_status": True}
CATALOG = "raw: {type: text.TextDataset, filepath: data/raw.txt}\n"
# `how` says what the last node does.
PIPELINE = """
import logging, os, sys, time
from kedro.pipeline import Node, Pipeline

def first(raw):
    time.sleep(2.5)
    print("printed in a node")
    logging.getLogger(__name__).info("info of the team")
    logging.getLogger(__name__).warning("warning of the team")
    return raw

def last(data, how):
    if how == "fail":
        raise ValueError("no such number")
    if how == "die":
        os._exit(9)
    if how == "wait":
        print("it waits now", end="", flush=True)
        time.sleep(60)
    return data

def create_pipeline():
    nodes = [Node(first, "raw", "data", name="first")]
    return Pipeline([*nodes, Node(last, ["data", "params:how"], "out", name="last")])
"""
ENDS = ("succeeded", "failed", "interrupted")
PARALLEL = "--runner=toe_test.runners.ParallelRunner"


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    switches = dict.fromkeys(SWITCHES, False) | SWITCHED_ON
    project = generate(tmp_path_factory.mktemp("runs"), **switches)
    (project / "conf/base/catalog.yml").write_text(CATALOG, encoding="utf-8")
    (project / "conf/base/parameters.yml").write_text("how: well", encoding="utf-8")
    (project / "data/raw.txt").write_text("raw", encoding="utf-8")
    folder = project / "src/toe_test/pipelines/toes"
    folder.mkdir()
    (folder / "__init__.py").write_text(PIPELINE, encoding="utf-8")
    quick = "import sys\nsys.modules['pandas'] = sys.modules['ibis'] = None\n"
    (project / "src/sitecustomize.py").write_text(quick, encoding="utf-8")
    return project


@pytest.fixture
def project(generated, tmp_path):
    return shutil.copytree(generated, tmp_path / "project", symlinks=True)


def start(project, *args, **env):
    env = {"PYTHONPATH": str(project / "src"), **env}
    return Terminal("kedro", "run", *args, cwd=project, env=env)


def last_lines(screen):
    """The names of the lines at the end, and their texts."""
    assert screen[-1] == ""
    lines = [re.split(r"\s{2,}", line, maxsplit=1) for line in screen[:-1]]
    names = [line[0] for line in lines]
    ends = [names.index(name) for name in ENDS if name in names]
    assert len(ends) == 1, "\n".join(screen)
    return dict(lines[ends[0] :])


def test_at_a_terminal_there_is_a_bar_and_the_log_is_in_a_file(project):
    terminal = start(project)
    assert terminal.read_all() == 0

    screen = terminal.screen()
    assert any("0 of 2" in bar and "first" in bar for bar in terminal.bars())
    assert all(len(bar) < COLUMNS for bar in terminal.bars() if " of 2" in bar)
    assert not any("Loading data" in line or " of 2  " in line for line in screen)
    assert "printed in a node" in screen
    assert any(line.endswith("INFO     info of the team") for line in screen)
    assert any(line.endswith("WARNING  warning of the team") for line in screen)
    said = last_lines(screen)
    assert re.fullmatch(r"2 of 2 nodes in \d+\.\d s", said.pop("succeeded"))
    assert said == {"page": "data/.ops/runs/index.html", "log": "logs/kedro.log"}
    log = (project / "logs/kedro.log").read_text(encoding="utf-8")
    for text in ("Loading data from raw", "Completed 2 out of 2", "info of the team"):
        assert text in log
    assert "logs" not in run("git", "status", "--porcelain", cwd=project).stdout


@pytest.mark.parametrize("runner", ["ThreadRunner", "toe_test.runners.ParallelRunner"])
def test_after_a_failure_the_last_lines_say_what_matters(project, runner):
    terminal = start(project, f"--runner={runner}", "--params=how=fail")
    assert terminal.read_all() == 1

    said = last_lines(terminal.screen())
    assert said.pop("failed").startswith("node last, after 1 of 2 nodes in ")
    place = "src/toe_test/pipelines/toes/__init__.py"
    line = PIPELINE.splitlines().index('        raise ValueError("no such number")') + 1
    assert said == {
        "error": "ValueError: no such number",
        "at": f"{place}:{line} in last",
        "resume": f"kedro run --runner={runner} --from-nodes=first",
        "page": "data/.ops/runs/index.html",
        "log": "logs/kedro.log",
    }
    text = "\n".join(terminal.screen())
    assert "site-packages/kedro" not in text
    assert "Traceback" in (project / "logs/kedro.log").read_text(encoding="utf-8")
    assert any("first" in bar for bar in terminal.bars())


@pytest.mark.parametrize(
    ("number", "reason", "code"),
    [
        (signal.SIGINT, "after ", 1),
        (signal.SIGTERM, "by SIGTERM, after ", -signal.SIGTERM),
    ],
)
def test_an_interrupted_run_says_so_in_its_last_lines(project, number, reason, code):
    terminal = start(project, "--params=how=wait")
    terminal.read_until("it waits now")
    terminal.send(number)
    assert terminal.read_all() == code

    said = last_lines(terminal.screen())
    assert said.pop("interrupted").startswith(reason + "1 of 2 nodes in ")
    assert said.keys() == {"resume", "page", "log"}
    assert said["resume"] == "kedro run --from-nodes=first"
    assert "\x1b[?25l" not in terminal.output


def test_a_worker_that_is_killed_is_a_failure(project):
    terminal = start(project, PARALLEL, "--params=how=die")
    assert terminal.read_all() == 1

    said = last_lines(terminal.screen())
    assert said["failed"].startswith("1 of 2 nodes in ")
    assert said["error"].startswith("BrokenProcessPool: ")
    assert said["resume"]


def test_in_a_pipe_there_is_a_line_for_each_node_and_no_file(project):
    env = {"PYTHONPATH": str(project / "src")}
    said = run("kedro", "run", PARALLEL, cwd=project, env=env)

    assert said.stdout == "printed in a node\n"
    lines = said.stderr.splitlines()
    assert [line.split()[-1] for line in lines if " of 2: " in line] == [
        "first",
        "last",
    ]
    assert "Loading data" not in said.stderr
    assert "register_new_resolver" not in said.stderr
    assert lines[-2].startswith("succeeded  2 of 2 nodes in ")
    assert lines[-1] == "page       data/.ops/runs/index.html"
    assert said.stderr.count("ucce") == 1
    assert not (project / "logs").exists()


def test_off_shows_kedros_own_lines(project):
    terminal = start(project, PROGRESS="off", COLUMNS="200")
    assert terminal.read_all() == 0

    text = "\n".join(terminal.screen())
    assert "Loading data from raw" in text
    assert "Pipeline execution completed successfully" in text
    assert "\nsucceeded  " not in text
    assert not (project / "logs").exists()


def test_a_log_that_cannot_be_written_fails_no_run(project):
    (project / "logs").write_text("a file", encoding="utf-8")
    terminal = start(project)
    assert terminal.read_all() == 0

    assert "log" not in last_lines(terminal.screen())

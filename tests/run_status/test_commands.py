"""``kedro runs``: what it prints, and its exit codes."""

import json
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from kit import ops

from .test_replay import ENDED, main, text

module = ops("run_status.commands")


@pytest.fixture
def store(tmp_path, monkeypatch):
    store = ops("core.store").Store(str(tmp_path / "store/runs"))
    told = main(ENDED)
    told[0] |= {"key": "2026-a"}
    store.write("2026-a/vm-1.jsonl", text(told))
    context = SimpleNamespace()
    monkeypatch.setattr(module, "load_context", lambda env: context)
    monkeypatch.setattr(ops("run_status.history"), "open_runs", lambda it: store)
    monkeypatch.setenv("COLUMNS", "200")
    return store


def run(*arguments):
    result = CliRunner().invoke(module.command, arguments)
    return result.exit_code, result.output


def test_runs_are_listed(store):
    code, said = run("list")

    assert code == 0
    assert "succeeded" in said


def test_a_list_can_be_json(store):
    code, said = run("list", "--json", "--last", "1")

    [row] = json.loads(said)
    assert (code, row["run"], row["state"], row["branch"]) == (
        0,
        "2026-a",
        "succeeded",
        "dev",
    )


def test_a_run_is_shown_by_the_start_of_its_key(store):
    code, said = run("show", "2026")

    assert code == 0
    assert "clean" in said
    assert json.loads(run("show", "--json")[1])["nodes"]["clean"]["inputs"] == ["raw"]


def test_a_run_that_is_not_there_is_one_line(store):
    assert run("show", "x") == (
        1,
        "Error: Run 'x' does not exist. See kedro runs list.\n",
    )


def test_a_run_that_has_ended_is_watched_for_a_moment(store):
    code, said = run("watch")

    assert code == 0
    assert "succeeded" in said


def test_the_page_is_written_to_a_folder(store, tmp_path):
    code, said = run("page", "--output", str(tmp_path / "page"))

    assert code == 0
    assert (tmp_path / "page" / "index.html").exists()
    assert (tmp_path / "page" / "2026-a" / "run.js").exists()
    assert "index.html" in said


@pytest.mark.parametrize("command", [["list"], ["show", "last"], ["watch"]])
def test_what_a_command_finds_dead_is_shown_so_on_the_page(store, command):
    killed = main()
    killed[0] |= {"key": "2026-b", "born": 1}
    store.write("2026-b/vm-1.jsonl", text(killed))
    lines = [{"key": "2026-b", "state": "running"}]
    store.write("runs.json", json.dumps({"format": 3, "runs": lines}).encode())

    assert run(*command)[0] == 0
    assert b'"state":"interrupted"' in store.read("index.html")
    assert b'"state":"interrupted"' in store.read("2026-b/run.js")


def test_the_page_is_opened(store, monkeypatch):
    opened = []
    monkeypatch.setattr(module.click, "launch", opened.append)
    code, _ = run("open")

    assert code == 0
    [address] = opened
    assert address.startswith("file://")
    assert address.endswith("/runs/index.html")

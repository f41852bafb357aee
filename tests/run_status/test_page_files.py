"""The page as files: what is in them, when they are written, at what cost."""

import base64
import hashlib
import json
import os
import re
import time

import pytest
from kit import ops

from .some_runs import START, failed, run, wide
from .test_replay import ENDED, main, text

page = ops("run_status.page")
replay = ops("run_status.replay")


def data(index):
    """The data in the text of index.html."""
    [found] = re.findall(
        r'<script type="application/json" id="data">(.*?)</script>', index, re.DOTALL
    )
    return json.loads(found)


def written(*runs):
    """The files of a page, by name."""
    files = {}
    page.write(lambda name, content: files.update({name: content.decode()}), runs)
    return files


def told(files, key):
    """What a run.js tells."""
    text = files[f"{key}/run.js"]
    return json.loads(text.removeprefix("opsRun(").removesuffix(");\n"))


def test_the_page_is_a_list_and_a_file_for_each_run(tmp_path):
    store = ops("core.store").Store(str(tmp_path / "new"))
    page.write(store.write, [run("a"), run("b")])

    files = [each.relative_to(tmp_path / "new") for each in tmp_path.rglob("*.*")]
    names = ["a/run.js", "b/run.js", "index.html", "runs.json"]
    assert sorted(map(str, files)) == names


def test_the_list_needs_nothing_but_files_of_its_own():
    index = written(run())["index.html"]

    assert not re.search(r'(src|href)="(?!data:|#)', index)
    assert "http://" not in index.replace("http://www.w3.org/2000/svg", "")


def test_the_list_has_a_line_for_each_run_the_newest_first():
    files = written(run("old"), run("new", at=START + 60))

    assert [each["key"] for each in data(files["index.html"])["runs"]] == ["new", "old"]
    assert json.loads(files["runs.json"]) == data(files["index.html"])


def test_a_run_is_told_with_named_keys_a_line_for_each_node():
    files = written(failed())

    assert [node["name"] for node in told(files, "r2")["nodes"]] == [
        "clean",
        "split",
        "fit",
        "score",
    ]
    [line] = [
        each for each in files["r2/run.js"].splitlines() if '"name":"fit"' in each
    ]
    assert "no such column" in line


def test_only_what_the_policy_names_may_run():
    index = written(run())["index.html"]
    [policy] = re.findall(r'Content-Security-Policy" content="([^"]+)"', index)

    for tag in ("style", "script"):
        [inline] = re.findall(rf"<{tag}>(.*?)</{tag}>", index, re.DOTALL)
        digest = hashlib.sha256(inline.encode()).digest()
        assert f"'sha256-{base64.b64encode(digest).decode()}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"\son\w+=|style=|javascript:", index.partition("<style>")[0])


def test_a_store_without_runs_has_a_page():
    assert data(written()["index.html"])["runs"] == []


def test_hostile_names_end_no_script():
    evil = "</script><script>alert(1)</script>"
    files = written(failed(message=evil, branch=evil))

    assert all("alert(1)</script>" not in content for content in files.values())
    assert told(files, "r2")["run"]["failure"]["message"] == evil
    assert data(files["index.html"])["runs"][0]["branch"] == evil


def test_a_large_run_is_written_quickly():
    large = run(steps=wide(1000))
    written(run())

    start = time.process_time()
    written(large)
    assert time.process_time() - start < 1  # about a twentieth on a machine at rest


@pytest.fixture
def store(tmp_path):
    """Of three runs; run-3 has not ended, and its process is gone."""
    store = ops("core.store").Store(str(tmp_path))
    for age, key in enumerate(["run-3", "run-2", "run-1"]):
        events = main() if key == "run-3" else main(ENDED)
        events[0] |= {"key": key, "born": 1}
        store.write(f"{key}/2026010{9 - age}T000000-vm-1.jsonl", text(events))
    return store


def states(store):
    """The states of the runs on the page, by key."""
    known = data(store.read("index.html").decode())["runs"]
    return {line["key"]: line["state"] for line in known}


def going_on(key):
    return run(key, state=ops("run_status.model").State.RUNNING, ended=None)


def journals_read(monkeypatch):
    """The keys of the runs that are read in their journals."""
    read, keys = replay.read, []
    monkeypatch.setattr(
        replay, "read", lambda store, key: keys.append(key) or read(store, key)
    )
    return keys


def test_the_page_has_a_run_that_goes_on_and_the_others(store):
    shown = page.StatusPage(store)
    shown.update(lambda: going_on("run-3"))

    assert states(store)["run-3"] == "running"
    assert list(states(store)) == ["run-3", "run-2", "run-1"]
    assert b'"state":"running"' in store.read("run-3/run.js")
    assert all(store.read(f"run-{number}/run.js") for number in (1, 2))
    assert shown.place == f"{store.url}/index.html"

    shown.finish(run("run-3"))
    assert states(store)["run-3"] == "succeeded"
    assert b'"state":"running"' not in store.read("run-3/run.js")


def test_without_time_it_is_written_in_the_end_only(store, monkeypatch):
    monkeypatch.setattr(page, "_ANYWAY", 0)
    monkeypatch.setattr(page, "_SHARE", 0)
    shown = page.StatusPage(store)
    shown.update(lambda: going_on("run-3"))
    assert store.read("index.html") is None

    shown.finish(run("run-3"))
    assert "run-3" in states(store)


def test_runs_that_are_on_the_page_are_not_read_again(store, monkeypatch):
    page.StatusPage(store).finish(run("run-3"))
    keys = journals_read(monkeypatch)

    page.StatusPage(store).finish(run("run-3"))

    assert list(states(store)) == ["run-3", "run-2", "run-1"]
    assert keys == []


def test_few_runs_are_read_at_a_time(store, monkeypatch):
    monkeypatch.setattr(page, "_AT_ONCE", 1)
    for expected in (["run-3", "run-2"], ["run-3", "run-2", "run-1"]):
        page.StatusPage(store).finish(run("run-3"))
        assert list(states(store)) == expected


def test_a_run_that_was_removed_is_not_on_the_page(store):
    page.StatusPage(store).finish(run("run-3"))
    store.remove("run-1")
    page.StatusPage(store).finish(run("run-3"))

    assert list(states(store)) == ["run-3", "run-2"]


@pytest.mark.parametrize("by", ["a run", "a command"])
def test_a_run_that_was_killed_is_shown_so_once_it_is_found_dead(store, by):
    page.StatusPage(store).update(lambda: going_on("run-3"))
    order = ops("run_status.history").run_keys(store)

    if by == "a run":
        page.StatusPage(store).finish(run("run-2"))
    else:
        page.StatusPage(store).refresh()

    assert states(store)["run-3"] == "interrupted"
    assert b'"state":"interrupted"' in store.read("run-3/run.js")
    assert (
        ops("run_status.history").run_keys(store) == order
    )  # what is written later makes no run the last one


def test_a_run_whose_file_is_missing_gets_it_again(store):
    page.StatusPage(store).finish(run("run-3"))
    os.unlink(f"{store.url}/run-1/run.js")

    page.StatusPage(store).refresh()
    assert store.read("run-1/run.js")


def test_a_run_is_on_the_page_before_its_journal_is_in_the_store(store):
    page.StatusPage(store).update(lambda: going_on("run-4"))

    assert states(store)["run-4"] == "running"


def test_a_page_without_news_is_not_written_again(store):
    page.StatusPage(store).finish(run("run-3"))
    index = store.read("index.html")
    store.write("index.html", b"as it was")
    page.StatusPage(store).refresh()

    assert index
    assert store.read("index.html") == b"as it was"


def test_where_there_is_no_page_none_is_made(store):
    page.StatusPage(store).refresh()

    assert store.read("index.html") is None


@pytest.mark.parametrize("content", [b"", b"{", b'{"format": 0, "runs": [{}]}'])
def test_a_list_that_cannot_be_used_is_made_anew(store, content):
    store.write("runs.json", content)
    page.StatusPage(store).finish(run("run-3"))

    assert list(states(store)) == ["run-3", "run-2", "run-1"]


def test_a_page_that_cannot_be_written_stops_no_command(store, monkeypatch):
    page.StatusPage(store).update(lambda: going_on("run-3"))

    def full(*args):
        raise OSError("No space left on device")

    monkeypatch.setattr(ops("core.store").os, "replace", full)
    page.StatusPage(store).refresh()
    assert states(store)["run-3"] == "running"

"""The run store: files of runs in a folder, or behind a URL."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from kit import ops

module = ops("run_status.run_store")


@pytest.fixture(params=["folder", "url"])
def store(request, tmp_path):
    if request.param == "folder":
        yield module.RunStore(str(tmp_path))
        return
    memory = module.RunStore("memory://team/ops")
    yield memory
    filesystem, path = memory._open()
    if filesystem.exists(path):
        filesystem.rm(path, recursive=True)


def test_an_empty_store_has_no_runs(store):
    assert store.keys() == []
    assert store.read("a") == {}
    assert store.get("a/figures.json") is None


def test_what_was_put_is_read(store):
    store.put("b/vm-1.jsonl", b"one\n")
    store.put("b/vm-2.jsonl", b"two\n")
    store.put("b/figures.json", b"{}")
    store.put("index.html", b"page")

    assert store.keys() == ["b"]
    assert store.read("b") == {"vm-1.jsonl": b"one\n", "vm-2.jsonl": b"two\n"}
    assert store.read("b", {"vm-1.jsonl": 2})["vm-1.jsonl"] == b"e\n"
    assert store.get("b/figures.json") == b"{}"

    store.remove("b")
    assert store.keys() == []


def test_the_oldest_run_comes_first(tmp_path):
    store = module.RunStore(str(tmp_path))
    for age, key in enumerate(["new", "a-old", "older"]):
        store.put(f"{key}/vm-1.jsonl", b"")
        os.utime(tmp_path / "runs" / key, (1000 - age, 1000 - age))

    assert store.keys() == ["older", "a-old", "new"]


def test_what_cannot_be_put_leaves_nothing(tmp_path):
    store = module.RunStore(str(tmp_path))
    (tmp_path / "runs" / "a").mkdir(parents=True)

    with pytest.raises(OSError):
        store.put("a", b"a folder is there")
    assert os.listdir(tmp_path / "runs") == ["a"]


def test_of_many_who_create_a_file_one_is_told_so(store):
    store.put("a/vm-1.jsonl", b"")
    store.put("b/vm-1.jsonl", b"")
    with ThreadPoolExecutor(8) as threads:
        texts = [b"%d" % number for number in range(8)]
        told = list(threads.map(lambda text: store.create("a/note.json", text), texts))

    assert sorted(told) == [False] * 7 + [True]
    assert store.get("a/note.json") == texts[told.index(True)]
    assert store.without("note.json") == ["b"]


@pytest.mark.parametrize("write", ["create", "put"])
def test_a_file_that_is_written_leaves_the_order_of_runs(tmp_path, write):
    store = module.RunStore(str(tmp_path))
    for age, key in enumerate(["new", "old"]):
        store.put(f"{key}/vm-1.jsonl", b"")
        os.utime(tmp_path / "runs" / key, (1000 - age, 1000 - age))
    getattr(store, write)("old/note.json", b"{}")

    assert store.keys() == ["old", "new"]

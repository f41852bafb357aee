"""The run store: files of runs in a folder, or behind a URL."""

import os

import pytest

from . import ops

module = ops("run_store")


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

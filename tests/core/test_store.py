"""The folder of records, on a local and on another file system."""

import json
import os

import fsspec
import pytest
from kit import ops

module = ops("core.store")
OpsError = ops("core.errors").OpsError


@pytest.fixture
def memory():
    """A file system that is not the local one, and empty."""
    filesystem = fsspec.filesystem("memory")
    filesystem.store.clear()
    filesystem.pseudo_dirs[:] = [""]
    return filesystem


@pytest.fixture(params=["local", "memory"])
def store(request, tmp_path, memory):
    return module.Store(
        str(tmp_path / "s") if request.param == "local" else "memory://s"
    )


def test_a_record_comes_back_as_it_went(store):
    assert store.read("a/b.json") is None
    store.write("a/b.json", {"x": 1, "y": "größe\udcff"})
    store.write("a/b.json", {"x": 2})

    assert store.read("a/b.json") == {"x": 2}
    assert [*store.read_all("a")] == [("a/b.json", {"x": 2})]


def test_all_records_are_read_with_their_names_and_nothing_else(store):
    assert [*store.read_all("a")] == []
    for name in ("a/y/2.json", "a/1.json", "b/3.json"):
        store.write(name, {"name": name})
    filesystem, path = store._open("a/note.txt")
    filesystem.pipe_file(path, b"not a record")

    assert [*store.read_all("a")] == [
        (name, {"name": name}) for name in ("a/1.json", "a/y/2.json")
    ]


def test_a_record_can_be_removed_twice(store):
    store.write("a/b.json", {})
    store.remove("a/b.json")
    store.remove("a/b.json")

    assert store.read("a/b.json") is None


def test_what_a_killed_write_has_left_goes_with_the_record(tmp_path):
    store = module.Store(str(tmp_path))
    store.write("a/b.json", {})
    (tmp_path / "a" / "b.json.0123").write_text("{")

    assert [*store.read_all("a")] == [("a/b.json", {})]
    store.remove("a/b.json")
    assert os.listdir(tmp_path / "a") == []


def test_a_write_that_fails_leaves_nothing(tmp_path):
    store = module.Store(str(tmp_path))
    (tmp_path / "a" / "b.json").mkdir(parents=True)

    with pytest.raises(OSError, match="b.json"):
        store.write("a/b.json", {})
    assert os.listdir(tmp_path / "a") == ["b.json"]


@pytest.mark.parametrize("text", ["{", "", "[]", "3"])
def test_a_damaged_record_is_an_error_that_names_it(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    store = module.Store(str(tmp_path))

    for read in (lambda: store.read("a.json"), lambda: [*store.read_all("")]):
        with pytest.raises(OpsError, match="a.json is damaged.*delete it"):
            read()


@pytest.mark.parametrize("record", [{"format": 2}, {"format": "1"}, {}])
def test_a_format_that_is_not_known_asks_for_an_upgrade(tmp_path, record):
    (tmp_path / "a.json").write_text(json.dumps(record))

    with pytest.raises(OpsError, match="does not know: upgrade"):
        module.Store(str(tmp_path)).read("a.json")


def test_a_record_that_cannot_be_read_is_no_absent_one(tmp_path):
    (tmp_path / "a.json").mkdir()

    with pytest.raises(IsADirectoryError):
        module.Store(str(tmp_path)).read("a.json")


def test_a_record_that_goes_while_all_are_read_is_left_out(memory, monkeypatch):
    store = module.Store("memory://s")
    for name in ("a/1.json", "a/2.json"):
        store.write(name, {})
    answers = {"/s/a/1.json": FileNotFoundError(), "/s/a/2.json": b'{"format": 1}'}
    monkeypatch.setattr(memory, "cat", lambda *_, **__: answers)
    assert [*store.read_all("a")] == [("a/2.json", {})]

    answers["/s/a/1.json"] = PermissionError("no")
    with pytest.raises(PermissionError):
        [*store.read_all("a")]

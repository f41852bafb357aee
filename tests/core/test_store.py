"""The store: files in a folder on this machine, or behind a URL."""

import os
import platform
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fsspec
import pytest
from kit import PROJECT, ops

module = ops("core.store")


@pytest.fixture(params=["folder", "url"])
def store(request, tmp_path):
    local = request.param == "folder"
    url = str(tmp_path / "s") if local else f"memory://store-{tmp_path.name}"
    return module.Store(url)


def test_an_empty_store_has_no_files(store):
    assert store.files("") == store.files("a") == {}
    assert store.read("a/b.json") is None
    assert store.read_many({"a/b.json": 0}) == {}
    store.remove("a/b.json")
    store.remove()


def test_a_file_comes_back_as_it_went(store):
    store.write("a/b.json", b"one")
    store.write("a/b.json", "größe".encode())

    assert store.read("a/b.json") == "größe".encode()


def test_many_files_are_read_at_once_each_from_its_position(store):
    store.write("a/1.jsonl", b"one\n")
    store.write("a/2.jsonl", b"two\n")

    found = store.read_many({"a/1.jsonl": 0, "a/2.jsonl": 2, "a/3.jsonl": 0})
    assert found == {"a/1.jsonl": b"one\n", "a/2.jsonl": b"o\n"}


def test_files_are_listed_with_their_sizes_in_order(store):
    for name in ("b/1.jsonl", "a/y/2.jsonl", "a/1.jsonl", "a/note.txt"):
        store.write(name, name.encode())

    assert store.files("a") == {"a/1.jsonl": 9, "a/y/2.jsonl": 11}
    assert [*store.files("", (".txt", "/2.jsonl"))] == ["a/note.txt", "a/y/2.jsonl"]


def test_files_and_folders_are_removed(store):
    for name in ("a/1.jsonl", "a/2.jsonl", "b/c/3.jsonl", "d.jsonl"):
        store.write(name, b"x")
    store.remove("a/1.jsonl", "b")

    assert [*store.files("")] == ["a/2.jsonl", "d.jsonl"]


def test_of_many_who_create_a_file_one_gets_true(store):
    texts = [b"%d" % number for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(lambda text: store.create("a/note.json", text), texts))

    assert sorted(told) == [False] * 7 + [True]
    assert store.read("a/note.json") == texts[told.index(True)]


def test_a_write_that_fails_leaves_nothing(tmp_path):
    store = module.Store(str(tmp_path))
    (tmp_path / "a" / "b.json").mkdir(parents=True)

    with pytest.raises(OSError, match="b.json"):
        store.write("a/b.json", b"")
    assert os.listdir(tmp_path / "a") == ["b.json"]


def spoil_with_a_folder(path):
    path.mkdir()


def spoil_with_a_link(path):
    path.symlink_to(path)


def spoil_with_a_pipe(path):
    os.mkfifo(path)


def spoil_with_a_device(path):
    path.symlink_to("/dev/zero")


def spoil_with_a_huge_file(path):
    path.touch()
    os.truncate(path, 2**40)


@pytest.mark.skipif(sys.platform == "win32", reason="no such files")
@pytest.mark.parametrize(
    "spoil",
    [
        spoil_with_a_folder,
        spoil_with_a_link,
        spoil_with_a_pipe,
        spoil_with_a_device,
        spoil_with_a_huge_file,
    ],
)
def test_what_is_no_file_is_skipped_with_one_warning(tmp_path, caplog, spoil):
    store = module.Store(str(tmp_path))
    store.write("a/1.jsonl", b"one")
    spoil(tmp_path / "a" / "2.jsonl")

    for _ in range(2):
        names = dict.fromkeys(["a/2.jsonl", *store.files("a")], 0)
        assert store.read_many(names) == {"a/1.jsonl": b"one", "a/2.jsonl": b""}
        assert store.read("a/2.jsonl") is None
    [message] = caplog.messages
    assert "2.jsonl" in message


def test_a_folder_that_is_a_file_is_empty(tmp_path):
    (tmp_path / "a").write_text("no folder")

    assert module.Store(str(tmp_path / "a")).files("b") == {}


def test_an_object_that_cannot_be_read_is_an_error(monkeypatch):
    filesystem = fsspec.filesystem("memory")
    answers = [FileNotFoundError(), b"two"]
    monkeypatch.setattr(filesystem, "cat_ranges", lambda *_: answers)
    names = {"1.jsonl": 0, "2.jsonl": 0}
    assert module.Store("memory://s").read_many(names) == {"2.jsonl": b"two"}

    answers[0] = PermissionError("no")
    with pytest.raises(PermissionError):
        module.Store("memory://s").read_many(names)


def test_lines_are_added_to_a_file_that_says_who_writes(store):
    own = module.OwnFile(store, "a")
    own.append(b"one\n")
    own.append("größe\n".encode())
    own.flush()
    own.close()
    own.append(b"after the end\n")

    assert store.read(own.name) == "one\ngröße\n".encode()
    assert f"-{os.getpid()}-" in own.name
    assert own.name.startswith("a/20")


def test_no_two_files_of_one_process_share_a_name(store, monkeypatch):
    monkeypatch.setattr(platform, "node", lambda: "pod/1")
    monkeypatch.setattr(os, "getpid", lambda: 1)
    files = [module.OwnFile(store, "a") for _ in range(50)]
    for number, own in enumerate(files):
        own.append(b"%d" % number)
        own.flush()
        own.close()

    assert {store.read(own.name) for own in files} == {b"%d" % n for n in range(50)}


def test_a_file_with_the_name_of_an_own_file_is_never_written_to(tmp_path, monkeypatch):
    store = module.Store(str(tmp_path))
    same = type("Same", (), {"hex": "0123456789abcdef"})
    monkeypatch.setattr(module, "uuid4", same)
    monkeypatch.setattr(module.time, "strftime", lambda *_: "20260101T000000")
    own = module.OwnFile(store, "a")
    own.append(b"mine\n")
    with pytest.raises(FileExistsError):
        module.OwnFile(store, "a")
    own.close()

    assert store.read(own.name) == b"mine\n"


def test_a_line_that_was_torn_costs_no_other(tmp_path, monkeypatch):
    store = module.Store(str(tmp_path))
    own = module.OwnFile(store, "a")
    write = os.write
    monkeypatch.setattr(module.os, "write", lambda file, line: write(file, line[:2]))
    with pytest.raises(OSError, match="space"):
        own.append(b"torn\n")
    monkeypatch.undo()
    own.append(b"whole\n")
    own.close()

    assert store.read(own.name) == b"to\nwhole\n"


def test_behind_a_url_lines_wait_for_a_flush_and_are_written_whole():
    store = module.Store("memory://own-file")
    own = module.OwnFile(store, "a")
    own.append(b"one\n")
    assert store.read(own.name) is None
    own.flush()
    own.append(b"two\n")
    assert store.read(own.name) == b"one\n"
    own.flush()

    assert store.read(own.name) == b"one\ntwo\n"


def test_a_folder_needs_no_fsspec():
    code = (
        "import sys; from shop.ops.core.store import Store, OwnFile; s = Store(sys.argv[1])\n"
        "s.write('a/b.jsonl', b'x'); s.files(''); s.read('a/b.jsonl'); s.remove('a')\n"
        "sys.exit('fsspec' in sys.modules)"
    )
    package = ops("core.store").__name__.partition(".")[0]
    subprocess.run(
        [sys.executable, "-c", code.replace("shop", package), str(Path(PROJECT, "x"))],
        cwd=PROJECT / "src",
        check=True,
    )

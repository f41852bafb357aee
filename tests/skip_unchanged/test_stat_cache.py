"""Files are read again when they may have changed, and only then."""

import os

import pytest
from fsspec.implementations.local import LocalFileSystem
from kit import ops


@pytest.fixture
def cache(tmp_path):
    return ops("skip_unchanged.stat_cache").StatCache(
        str(tmp_path / "ops"), str(tmp_path)
    )


@pytest.fixture
def reads(monkeypatch):
    found = []
    real = ops("core.checksum").of_local_file
    monkeypatch.setattr(
        ops("core.checksum"),
        "of_local_file",
        lambda path: found.append(path) or real(path),
    )
    return found


def test_it_is_the_fingerprint_of_the_content(cache, tmp_path):
    (tmp_path / "folder/in").mkdir(parents=True)
    (tmp_path / "folder/a").write_text("1")
    (tmp_path / "folder/in/b").write_text("2")
    for name in ("folder", "folder/a"):
        path = str(tmp_path / name)
        known = ops("core.dataset_io").Files(LocalFileSystem(), path, path)
        assert cache.look(path)[0] == known.fingerprint()
    assert cache.look(str(tmp_path / "nothing")) == (None, ())


def test_a_file_that_was_just_written_is_read_again(cache, reads, tmp_path):
    file = tmp_path / "a"
    file.write_text("1")
    cache.look(str(file))
    cache.look(str(file))

    assert len(reads) == 2


def test_a_file_that_was_not_touched_is_not_read_again(
    cache, reads, tmp_path, monkeypatch
):
    file = tmp_path / "a"
    file.write_text("1")
    monkeypatch.setattr(ops("skip_unchanged.stat_cache"), "_FRESH", -1)
    cache.look(str(file))
    cache.save()
    again = ops("skip_unchanged.stat_cache").StatCache(
        str(tmp_path / "ops"), str(tmp_path)
    )

    assert again.look(str(file)) == cache.look(str(file))
    assert len(reads) == 1
    before = file.stat()
    file.write_text("2")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    again.look(str(file))
    assert len(reads) == 2


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": "x"}', '{"a": [1]}'])
def test_a_damaged_cache_is_as_none(tmp_path, text):
    (tmp_path / "stats.json").write_text(text)
    (tmp_path / "a").write_text("1")
    cache = ops("skip_unchanged.stat_cache").StatCache(str(tmp_path), str(tmp_path))

    assert cache.look(str(tmp_path / "a"))[0].startswith("xxh3:")


def test_a_folder_that_contains_itself_has_an_end(cache, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/a").write_text("1")
    (tmp_path / "folder/again").symlink_to(tmp_path / "folder")

    assert cache.look(str(tmp_path / "folder"))[0]

"""Fingerprints: the same for the same content, and for no other."""

import fsspec
import pytest
from kit import ops

fingerprint = ops("core.checksum")
local = fsspec.filesystem("file")


def of(path):
    return fingerprint.of_path(local, path.as_posix())


def test_a_file_is_known_by_its_bytes(tmp_path):
    for name, text in (("a", "x"), ("b", "x"), ("c", "y")):
        (tmp_path / name).write_text(text)

    assert of(tmp_path / "a") == of(tmp_path / "b") != of(tmp_path / "c")
    assert of(tmp_path / "a").startswith("xxh3:")


@pytest.mark.parametrize("name", ["nothing", "file/below"])
def test_nothing_has_no_fingerprint(tmp_path, name):
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").mkdir()

    assert of(tmp_path / name) is None
    assert of(tmp_path / "empty") is None


def test_a_folder_is_known_by_names_and_contents(tmp_path):
    for folder, name in (("1", "a"), ("2", "a"), ("3", "b"), ("4", "x/a")):
        (tmp_path / folder / name).parent.mkdir(parents=True)
        (tmp_path / folder / name).write_text("x")

    prints = [of(tmp_path / folder) for folder in "1234"]
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


def test_an_object_is_known_by_its_store_s_checksum():
    assert fingerprint._of_file(None, "x", {"ETag": '"abc"'}) == "etag:abc"
    assert fingerprint._of_file(None, "x", {"md5Hash": "abc"}) == "md5hash:abc"


def test_a_table_has_no_order_and_counts_what_is_there_twice():
    columns = ["a", "b"]
    rows = [(1, "x"), (2, None), (2, None)]

    of_rows = fingerprint.of_rows
    assert of_rows(columns, rows) == of_rows(columns, rows[::-1])
    assert of_rows(columns, rows) != of_rows(columns, rows[:2])
    assert of_rows(columns, rows) != of_rows(["a", "c"], rows)
    assert of_rows(columns, []) != of_rows(["a"], [])

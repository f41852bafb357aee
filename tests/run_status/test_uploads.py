"""Uploads: a file that grows is brought to its store."""

import time

import pytest
from kit import ops

module = ops("run_status.uploads")


class Store:
    """Keeps what is put, and when."""

    def __init__(self):
        self.put_at = []
        self.text = b""

    def put(self, name, text):
        self.put_at.append(time.monotonic())
        self.name, self.text = name, text


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool" / "vm-1.jsonl").write_bytes(b"one\n")
    return tmp_path / "spool"


def test_it_is_brought_at_most_once_a_second_and_at_the_end(folder):
    store, failures = Store(), []
    upload = module.Upload(store, "key/vm-1.jsonl", str(folder), failures.append)
    for _ in range(30):
        upload.there_is_more()
        time.sleep(0.05)
    (folder / "vm-1.jsonl").write_bytes(b"one\ntwo\n")
    upload.there_is_more()
    upload.finish(5)

    assert store.text == b"one\ntwo\n"
    assert store.name == "key/vm-1.jsonl"
    assert len(store.put_at) <= 4
    assert failures == []
    assert not folder.exists()


def test_a_store_that_is_slow_is_not_waited_for(folder):
    class Slow(Store):
        def put(self, name, text):
            time.sleep(3)

    upload = module.Upload(Slow(), "a", str(folder), print)
    upload.there_is_more()
    began = time.monotonic()
    upload.finish(0.2)

    assert time.monotonic() - began < 1


def test_what_goes_wrong_is_told(folder):
    class Broken(Store):
        def put(self, name, text):
            raise ValueError("no")

    failures = []
    upload = module.Upload(Broken(), "a", str(folder), failures.append)
    upload.finish(5)

    assert [str(each) for each in failures] == ["no"]

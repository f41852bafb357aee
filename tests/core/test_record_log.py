"""Logs: files of lines that only grow, here and on another file system."""

import os

import pytest
from kit import ops

module = ops("core.record_log")


@pytest.fixture(params=["local", "memory"])
def url(request, tmp_path):
    if request.param == "local":
        return str(tmp_path / "a" / "b")
    return f"memory://log-{tmp_path.name}/b"


@pytest.fixture
def logs(url):
    return module.Logs(url)


def test_nothing_is_there_at_first(logs):
    assert logs.names() == logs.folders() == []
    logs.remove("1.log")
    with pytest.raises(FileNotFoundError):
        logs.read("1.log")


def test_lines_are_added_at_the_end(logs):
    logs.add("1.log", "one\n")
    logs.add("1.log", "größe\n", before="one\n")

    assert logs.read("1.log").decode() == "one\ngröße\n"
    assert logs.read("1.log", 4).decode() == "größe\n"


def test_names_are_those_of_logs_sorted(logs):
    for name in ("2.log", "1.log", "3.txt"):
        logs.add(name, "x\n")
    logs.remove("2.log")

    assert logs.names() == ["1.log"]


def test_later_logs_have_later_names():
    names = [module.new_name() for _ in range(3)]

    assert names == sorted(set(names))


def test_folders_are_known_those_that_changed_last_at_the_end(logs, url):
    for number, name in enumerate("cab"):
        module.Logs(f"{url}/{name}").add("1.log", "x\n")
        if logs.is_local:
            os.utime(os.path.join(url, name), (number, number))

    assert logs.folders() == (["c", "a", "b"] if logs.is_local else ["a", "b", "c"])


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no disk that is full")
def test_a_disk_that_is_full_is_an_error(tmp_path):
    (tmp_path / "1.log").symlink_to("/dev/full")

    with pytest.raises(OSError, match="space"):
        module.Logs(str(tmp_path)).add("1.log", "x\n")

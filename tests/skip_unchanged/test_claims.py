"""Runs at the same time know of each other."""

import json
import subprocess
import sys
import time

import pytest
from kit import ops

module = ops("skip_unchanged.claims")
process = ops("core.process")
Store = ops("core.store").Store


@pytest.fixture(params=["local", "memory"])
def url(request, tmp_path):
    local = request.param == "local"
    return str(tmp_path) if local else f"memory://m-{tmp_path.name}"


@pytest.fixture
def mark(url):
    return lambda: module.RunMark(url, {})


def alone(run, places):
    """Whether it is, as far as it can see now."""
    run.look()
    return run.alone_at(places)


def begun(mark, *places):
    mark.begin(places)
    return mark


@pytest.fixture
def killed():
    """The identity of a process that was killed."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    who = process.identity() | {"pid": child.pid, "born": process._born(child.pid)}
    child.kill()
    child.communicate()
    return who


def claim(url, who, age=0.0, **more):
    """A claim of another process, from some seconds ago."""
    line = {"at": time.time() - age, "run": "other", **who, "places": ["a"], **more}
    text = f"{json.dumps(line)}\n".encode()
    Store(url).write("claims/other.jsonl", text)


def test_a_run_of_its_own_is_alone(mark):
    assert alone(begun(mark(), "a"), ["a"])


def test_before_it_begins_nothing_is_known(mark):
    assert not alone(mark(), ["a"])


def test_a_claim_that_cannot_be_written_is_none(mark, monkeypatch):
    one = mark()

    def refuse(*args):
        raise OSError("disk full")

    monkeypatch.setattr(ops("core.store").OwnFile, "append", refuse)
    with pytest.raises(OSError, match="full"):
        one.begin("a")
    assert not alone(one, ["a"])
    one.end()


def test_another_run_counts_where_both_write(mark):
    one, other = begun(mark(), "a", "b"), begun(mark(), "b", "c")

    assert not alone(one, ["b"]) and not alone(other, ["b"])
    assert alone(one, ["a"]) and alone(other, ["c"])


def test_another_run_counts_when_it_has_ended_meanwhile(mark):
    one = begun(mark(), "a")
    begun(mark(), "a").end()

    assert not alone(one, ["a"])


def test_a_run_that_was_over_before_does_not_count(mark):
    begun(mark(), "a").end()

    assert alone(begun(mark(), "a"), ["a"])


@pytest.mark.parametrize("places", [["*"], "a", None])
def test_a_run_that_does_not_say_where_it_writes_counts_everywhere(mark, url, places):
    one = begun(mark(), "a")
    claim(url, process.identity(), places=places)

    assert not alone(one, ["a"])


def test_a_run_that_was_killed_here_does_not_count(mark, url, killed):
    claim(url, killed)

    assert alone(begun(mark(), "a"), ["a"])


def test_a_run_that_was_killed_elsewhere_counts_for_five_minutes(mark, url, killed):
    """A pod, say: from here nobody sees whether its process is alive."""
    elsewhere = killed | {"machine": "another one"}
    claim(url, elsewhere, age=process.LOST - 30)
    first = begun(mark(), "a")
    assert not alone(first, ["a"])
    first.end()
    claim(url, elsewhere, age=process.LOST + 30)

    assert alone(begun(mark(), "a"), ["a"])


def test_a_process_id_that_is_used_again_does_not_count(mark, url):
    """With the same host name, too: the process 1 of a container."""
    claim(url, process.identity() | {"born": 1})

    assert alone(begun(mark(), "a"), ["a"])


def test_a_run_says_again_and_again_that_it_goes_on(mark, url, monkeypatch):
    monkeypatch.setattr(module, "_BEAT", 0.01)
    one = begun(mark(), "a")
    [name] = Store(url).files("claims")
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and Store(url).read(name).count(b"\n") < 3:
        time.sleep(0.01)
    lines = [json.loads(each) for each in Store(url).read(name).splitlines()]
    one.end()

    assert len(lines) >= 3
    assert lines[-1]["at"] > lines[0]["at"]
    assert lines[-1]["places"] == ["a"]


def test_nothing_is_left_when_the_last_run_has_ended(mark, url):
    one, other = begun(mark(), "a"), begun(mark(), "a")
    one.end()
    assert not alone(other, ["a"])
    other.end()
    begun(mark(), "a").end()

    assert all(map(Store(url).read, Store(url).files("claims")))


def test_a_claim_of_today_stays_when_old_files_are_put_together(mark, url, monkeypatch):
    for number in range(10):
        one = mark()
        one._records.append(run=str(number), places=["a"], gone=True)
        one._records.close()
    later = time.time() + 4 * 3600
    monkeypatch.setattr(ops("core.records").time, "time", lambda: later)
    begun(mark(), "a")  # it goes on, so its file is left
    begun(mark(), "b").end()

    assert len(Store(url).files("claims")) == 2
    one = mark()
    one._records.look()
    assert len(one._records.latest) == 10 + 2

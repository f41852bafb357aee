"""Records in JSON lines: whole after any kill, whoever else writes."""

import json
import multiprocessing
import os
import random
import sys
import threading
import time

import pytest
from kit import ops

module = ops("core.records")
store_module = ops("core.store")


@pytest.fixture(params=["folder", "url"])
def store(request, tmp_path):
    local = request.param == "folder"
    url = str(tmp_path) if local else f"memory://records-{tmp_path.name}"
    return store_module.Store(url)


@pytest.fixture
def local(tmp_path):
    return store_module.Store(str(tmp_path))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "m" / "dev").mkdir(parents=True)
    return tmp_path / "m" / "dev"


def opened(store, **more):
    """The records as a process sees them that has just begun."""
    records = module.Records(store, "m/dev", ("name",), **more)
    records.look()
    return records


def add(store, name, x, is_killed=True, **more):
    """Add a record as another process would, which is then killed or ends."""
    records = opened(store)
    records.append(name=name, x=x, **more)
    records.flush() if is_killed else records.close()


def found(records):
    records.look()
    return {record["name"]: record["x"] for record in records.all()}


def make_old(monkeypatch, hours=4):
    """Let all files be as old as that: their names say when they were begun."""
    later = time.time() + hours * 3600
    monkeypatch.setattr(module.time, "time", lambda: later)


def test_what_is_added_while_a_record_is_removed_stays(store):
    first = opened(store)
    first.append(name="a", x=1)
    first.close()
    cleaner, other = opened(store), opened(store)
    other.append(name="a", x=2)  # behind a URL, nobody sees it yet
    cleaner.remove({"name": "a"})
    other.flush()

    assert [record["x"] for record in opened(store).all()] == [2]


def test_the_last_record_with_a_key_counts(store):
    assert found(opened(store)) == {}
    records = opened(store)
    for number in range(3):
        records.append(name="größe\udcff\n", x=number)
    records.flush()

    assert found(records) == found(opened(store)) == {"größe\udcff\n": 2}


def test_records_are_plain_json_lines(local, folder):
    add(local, "a", 1)
    [file] = folder.iterdir()
    record = json.loads(file.read_text())

    assert record.pop("at") == pytest.approx(time.time(), abs=60)
    assert record == {"name": "a", "x": 1}


def test_all_records_come_in_the_order_of_their_times(store):
    for number, name in enumerate("cab"):
        add(store, name, number)

    assert [record["x"] for record in opened(store).all()] == [0, 1, 2]


def test_a_process_has_one_file_and_adds_to_no_other(store):
    records = opened(store)
    records.append(name="a", x=1)
    records.flush()
    add(store, "a", 2)
    before = {name: store.read(name) for name in store.files("m/dev")}
    records.append(name="b", x=3)
    records.flush()

    [own] = [n for n, text in before.items() if store.read(n) != text]
    assert len(before) == len(store.files("m/dev")) == 2
    assert store.read(own).startswith(before[own])


def test_what_another_process_adds_is_seen_at_the_next_look(store):
    records = opened(store)
    add(store, "a", 1)
    assert found(records) == {"a": 1}
    add(store, "a", 2)
    records.look(fresh=60)
    assert [record["x"] for record in records.all()] == [1]
    assert found(records) == {"a": 2}


def test_a_record_that_is_gone_stays_gone(store):
    add(store, "a", 1)
    add(store, "b", 1)
    records = opened(store)
    records.remove({"name": "a"})

    assert found(records) == found(opened(store)) == {"b": 1}
    add(store, "a", 2)
    assert found(records) == {"a": 2, "b": 1}


def test_a_clock_that_goes_back_an_hour_does_not_hide_a_later_record(
    store, monkeypatch
):
    add(store, "a", 1)
    earlier = time.time() - 3600
    with monkeypatch.context() as patch:
        patch.setattr(module.time, "time", lambda: earlier)
        add(store, "a", 2)

    assert found(opened(store)) == {"a": 2}


@pytest.mark.parametrize("torn", ['{"at": 9', "", '{"at": 9e9, "name": "a"}', "\0\0"])
def test_a_line_without_an_end_is_none(local, folder, torn):
    add(local, "a", 1)
    (folder / "torn.jsonl").write_text(torn)

    assert found(opened(local)) == {"a": 1}
    add(local, "a", 3)
    assert found(opened(local)) == {"a": 3}


def test_a_line_is_seen_once_it_has_its_end(local, folder):
    records = opened(local)
    (folder / "1.jsonl").write_text('{"at": 5, "name": "a",')
    assert found(records) == {}
    (folder / "1.jsonl").write_text('{"at": 5, "name": "a", "x": 1}\n')
    assert found(records) == {"a": 1}


BAD = [
    "x",
    "[]",
    "3",
    "null",
    "{",
    "{}",
    '{"at": 1e400, "name": "a"}',
    '{"at": -1, "name": "a"}',
    '{"at": NaN, "name": "a"}',
    '{"at": "1", "name": "a"}',
    f'{{"at": {"9" * 5000}}}',
    "[" * 100_000,
    "\udcff",
]


@pytest.mark.parametrize("line", BAD)
def test_a_damaged_line_is_skipped_with_one_warning(local, folder, caplog, line):
    good = '{"at": 5, "name": "a", "x": 1}'
    file = folder / "1.jsonl"
    file.write_bytes(f"{line}\n{good}\n{line}\n".encode(errors="surrogateescape"))

    for _ in range(2):
        assert found(opened(local)) == {"a": 1}
    [message] = caplog.messages
    assert message.startswith(f"{file}: skipped damaged lines (2)")


def test_a_record_from_the_future_hides_no_other(local, folder):
    add(local, "a", 1)
    (folder / "1.jsonl").write_text('{"at": 4000000000, "name": "a", "x": 2}\n')

    assert found(opened(local)) == {"a": 1}


def test_any_bytes_in_a_file_are_skipped(local, folder):
    add(local, "a", 1)
    random.seed(7)
    for number in range(200):
        (folder / "1.jsonl").write_bytes(random.randbytes(number * 7) + b"\n")
        assert found(opened(local)) == {"a": 1}


def test_many_old_files_become_one(store, monkeypatch):
    for number in range(12):
        add(store, str(number % 4), number)
    records = opened(store)
    records.remove({"name": "3"})
    make_old(monkeypatch)
    add(store, "0", 12, is_killed=False)

    assert len(store.files("m/dev")) == 1
    assert found(opened(store)) == {"0": 12, "1": 9, "2": 10}


def test_a_record_that_is_gone_is_not_repeated_for_ever(local, monkeypatch):
    for number in range(9):
        add(local, "a", number)
    opened(local).remove({"name": "a"})
    add(local, "b", 1)
    make_old(monkeypatch, hours=48)
    add(local, "b", 2, is_killed=False)

    [text] = map(local.read, local.files("m/dev"))
    assert b'"a"' not in text
    assert found(opened(local)) == {"b": 2}


def test_files_that_may_be_in_use_stay(store):
    for number in range(12):
        add(store, "a", number)

    assert len(store.files("m/dev")) == 12


def test_files_of_processes_that_have_ended_become_one_soon(store):
    most = 0
    for number in range(30):
        add(store, str(number), number, is_killed=False)
        most = max(most, len(store.files("m/dev")))

    assert most == (
        9 if store.is_local else 2
    )  # in a bucket, each of them is a request
    assert found(opened(store)) == {str(number): number for number in range(30)}


def test_what_was_removed_meanwhile_is_not_written_again(store):
    for number in range(9):
        add(store, str(number), number, is_killed=False)
    running = opened(store)
    cleaner = opened(store)
    cleaner.remove(*({"name": str(number)} for number in range(9)))
    running.append(name="new", x=1)
    running.close()

    assert found(opened(store)) == {"new": 1}


def test_a_file_says_that_its_process_writes_no_more(local):
    add(local, "a", 1, is_killed=False)
    [text] = map(local.read, local.files("m/dev"))

    assert json.loads(text.splitlines()[-1])["closed"]


def test_a_process_begins_another_file_after_an_hour(store, monkeypatch):
    records = opened(store)
    records.append(name="a", x=1)
    make_old(monkeypatch, hours=1.1)
    records.append(name="a", x=2)
    records.flush()

    assert len(store.files("m/dev")) == 2
    assert found(opened(store)) == found(records) == {"a": 2}


def test_a_process_begins_another_file_when_one_is_large(store):
    records = opened(store)
    for number in range(6):
        records.append(name=str(number), x="long" * 25_000)
    records.close()

    assert len(store.files("m/dev")) == 2
    assert len(found(opened(store))) == 6


def test_two_processes_that_put_files_together_lose_nothing(store, monkeypatch):
    """The other one does it between this one's look and its own removing."""
    for number in range(12):
        add(store, str(number), number)
    make_old(monkeypatch)
    remove, others = store_module.Store.remove, []

    def slow(self, *names):
        if not others:
            others.append(opened(store))
            others[0].append(name="other", x=1)
            others[0].flush()
        remove(self, *names)

    monkeypatch.setattr(store_module.Store, "remove", slow)
    add(store, "one", 1, is_killed=False)

    expected = {str(number): number for number in range(12)} | {"one": 1, "other": 1}
    assert others
    assert found(opened(store)) == expected


def test_what_is_put_together_while_it_is_read_is_read_where_it_went(
    store, monkeypatch
):
    for number in range(12):
        add(store, str(number), number)
    make_old(monkeypatch)
    files, seen = store_module.Store.files, []

    def slow(self, folder):
        found = files(self, folder)
        if not seen:
            seen.append(found)
            add(store, "new", 1, is_killed=False)
        return found

    monkeypatch.setattr(store_module.Store, "files", slow)
    records = module.Records(store, "m/dev", ("name",))

    assert found(records) == {str(n): n for n in range(12)} | {"new": 1}
    assert len(files(store, "m/dev")) == 1


def test_who_puts_together_may_choose_what_stays(local, monkeypatch):
    for number in range(12):
        add(local, str(number), number)
    make_old(monkeypatch)
    records = opened(local, keep=lambda old: old[-2:])
    records.append(name="new", x=1)
    records.close()

    assert found(opened(local)) == {"11": 11, "new": 1}


def test_no_file_is_left_when_the_last_record_goes(store, monkeypatch):
    records = opened(store)
    for name in "ab":
        records.append(name=name, x=1)
    records.remove({"name": "a"})
    assert store.files("m/dev")
    records.remove({"name": "b"})
    assert not store.files("m/dev")

    add(store, "a", 1, is_killed=False)
    opened(store).remove({"name": "a"})
    assert not store.files("m/dev")

    add(store, "a", 1)
    opened(store).remove({"name": "a"})
    assert len(store.files("m/dev")) == 2  # another process may still write
    make_old(monkeypatch)
    opened(store).remove({"name": "a"})
    assert not store.files("m/dev")


def write_many(records, name):
    for number in range(50):
        records.append(name=name, x=number)
        records.append(name="all", x=number, by=name)


def write_in_a_fork(store, name):
    write_many(opened(store), name)


def write_on(store):
    records, number = opened(store), 0
    while True:
        number += 1
        records.append(name="a", x=number, y="long" * 5000)


@pytest.mark.skipif(sys.platform == "win32", reason="no fork")
@pytest.mark.parametrize("moment", [0.01, 0.02, 0.04, 0.08])
def test_a_process_that_was_killed_leaves_whole_records(local, moment):
    worker = multiprocessing.get_context("fork").Process(target=write_on, args=(local,))
    worker.start()
    while not found(opened(local)):
        time.sleep(0.001)
    time.sleep(moment)
    worker.kill()
    worker.join(60)

    [record] = opened(local).all()
    assert record["x"] > 0
    assert record["y"] == "long" * 5000


@pytest.mark.skipif(sys.platform == "win32", reason="no fork")
def test_processes_share_no_file(local):
    fork = multiprocessing.get_context("fork")
    workers = [
        fork.Process(target=write_in_a_fork, args=(local, name)) for name in "bcd"
    ]
    for each in workers:
        each.start()
    write_many(opened(local), "a")
    for each in workers:
        each.join(60)

    assert [each.exitcode for each in workers] == [0, 0, 0]
    assert len(local.files("m/dev")) == 4
    assert found(opened(local)) == dict.fromkeys(["a", "b", "c", "d", "all"], 49)


def test_threads_share_a_file(local):
    records = opened(local)
    threads = [
        threading.Thread(target=write_many, args=(records, name)) for name in "abcd"
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)

    assert len(local.files("m/dev")) == 1
    assert found(opened(local)) == dict.fromkeys(["a", "b", "c", "d", "all"], 49)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no disk that is full")
def test_a_record_that_cannot_be_written_is_an_error(local, monkeypatch):
    monkeypatch.setattr(
        store_module, "_create", lambda path: os.open("/dev/full", os.O_WRONLY)
    )
    records = opened(local)

    with pytest.raises(OSError, match="space"):
        records.append(name="a", x=1)
    assert found(records) == {}

"""Records in logs: whole after any kill, whoever else writes."""

import multiprocessing
import os
import sys
import threading
import time

import pytest
from kit import ops

module = ops("steel_toes.manifest_log")
OpsError = ops("core.errors").OpsError


@pytest.fixture
def ledger(tmp_path):
    return module.Ledger(str(tmp_path))


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "m" / "dev"


@pytest.fixture
def other(ledger, monkeypatch):
    """Acts as another process would, which knows nothing but what was written."""

    def act(method, *arguments):
        with monkeypatch.context() as patch:
            patch.setattr(module, "_FOLDERS", {})
            return getattr(ledger, method)(*arguments)

    return act


def logs(folder):
    return sorted(folder.glob("*.log"))


def make_old(*paths):
    for path in paths:
        os.utime(path, (time.time() - 9000,) * 2)


def test_the_last_record_of_a_name_counts(ledger, other):
    assert ledger.read("m/dev/a.json") is None
    for number in range(3):
        ledger.write("m/dev/a.json", {"x": number, "y": "größe\udcff\n"})

    expected = {"x": 2, "y": "größe\udcff\n"}
    for read in (lambda *a: getattr(ledger, a[0])(*a[1:]), other):
        assert read("read", "m/dev/a.json") == expected
    assert [*other("read_all", "m")] == [("m/dev/a.json", expected)]
    assert [*ledger.read_all("nowhere")] == []


def test_what_is_no_log_is_left_alone(ledger, folder):
    ledger.write("m/dev/a.json", {})
    (folder / "notes.txt").write_text("mine")
    (folder.parent / "notes.txt").write_text("mine")

    assert [*ledger.read_all("m")] == [("m/dev/a.json", {})]
    assert [*ledger.read_all("m/notes.txt")] == []


def test_a_process_has_one_log_and_adds_to_no_other(ledger, other, folder):
    ledger.write("m/dev/a.json", {})
    (first,) = logs(folder)
    text = first.read_text()
    other("write", "m/dev/a.json", {"by": "another"})
    assert len(logs(folder)) == 2
    assert first.read_text() == text

    ledger.write("m/dev/b.json", {})
    assert len(logs(folder)) == 2
    assert first.read_text().startswith(text)


def test_what_another_has_written_is_seen(ledger, other, monkeypatch):
    other("write", "m/dev/new.json", {"x": 1})
    assert ledger.read("m/dev/new.json") == {"x": 1}  # no record: looked up at once
    other("write", "m/dev/new.json", {"x": 2})
    assert ledger.read("m/dev/new.json") == {"x": 1}
    monkeypatch.setattr(module, "_FRESH", 0)
    assert ledger.read("m/dev/new.json") == {"x": 2}
    other("remove", "m/dev/new.json")
    assert ledger.read("m/dev/new.json") is None


def test_a_clock_that_goes_wrong_does_not_hide_a_later_record(
    ledger, other, monkeypatch
):
    ledger.write("m/dev/a.json", {"x": 1})
    with monkeypatch.context() as patch:
        patch.setattr(time, "time_ns", lambda: 1)
        other("write", "m/dev/a.json", {"x": 2})

    assert other("read", "m/dev/a.json") == {"x": 2}


@pytest.mark.parametrize("torn", ["{}\n9", "", '1 a {"format": 1, "x": 2}', "\0\0"])
def test_a_line_without_an_end_is_none(ledger, other, folder, torn):
    ledger.write("m/dev/a.json", {"x": 1})
    (log,) = logs(folder)
    with log.open("a") as file:
        file.write(torn.partition("\n")[2] or torn)
    (folder / "0.log").write_text(torn.rpartition("\n")[2])

    assert other("read", "m/dev/a.json") == {"x": 1}
    other("write", "m/dev/a.json", {"x": 3})
    assert other("read", "m/dev/a.json") == {"x": 3}


def test_a_line_is_seen_once_it_has_its_end(ledger, folder):
    folder.mkdir(parents=True)
    log = folder / "1.log"
    log.write_text('5 a {"format"')
    assert ledger.read("m/dev/a.json") is None
    log.write_text('5 a {"format": 1}\n')
    assert ledger.read("m/dev/a.json") == {}


@pytest.mark.parametrize("line", ["x", "x a {}", "1 a", "", "1 a {", "1 a []"])
def test_a_damaged_line_is_an_error_that_names_its_place(ledger, folder, line):
    folder.mkdir(parents=True)
    (folder / "1.log").write_text(f"{line}\n")

    for read in (lambda: ledger.read("m/dev/a.json"), lambda: [*ledger.read_all("m")]):
        with pytest.raises(OpsError, match=r"dev.*damaged.*delete it"):
            read()


def test_a_line_of_another_format_asks_for_an_upgrade(ledger, folder):
    ledger.write("m/dev/b.json", {})
    (folder / "1.log").write_text('1 a {"format": 2}\n')

    with pytest.raises(OpsError, match="does not know: upgrade"):
        ledger.read("m/dev/a.json")
    assert ledger.read("m/dev/b.json") == {}


def test_a_log_that_could_not_be_written_is_left(ledger, other, folder, monkeypatch):
    ledger.write("m/dev/a.json", {"x": 1})
    with monkeypatch.context() as patch:

        def torn(self, path, text):
            with open(path, "ab") as file:
                file.write(text[:9])
            raise OSError("the disk is full")

        patch.setattr(ops("core.record_log").Logs, "_append", torn)
        with pytest.raises(OSError, match="full"):
            ledger.write("m/dev/a.json", {"x": 2})
    assert other("read", "m/dev/a.json") == {"x": 1}

    ledger.write("m/dev/a.json", {"x": 3})
    assert len(logs(folder)) == 2
    assert other("read", "m/dev/a.json") == {"x": 3}


def test_many_logs_become_one_but_those_that_are_in_use(ledger, other, folder):
    for number in range(12):
        other("write", f"m/dev/{number % 4}.json", {"x": number})
    other("remove", "m/dev/3.json")
    in_use, *old = logs(folder)
    make_old(*old)
    expected = [(f"m/dev/{n}.json", {"x": n + 8}) for n in range(3)]
    ledger.write("m/dev/0.json", {"x": 8})

    assert len(logs(folder)) == 2
    assert in_use in logs(folder)
    assert [*ledger.read_all("m")] == [*other("read_all", "m")] == expected


def test_a_process_that_was_idle_begins_another_log(ledger, folder, monkeypatch):
    ledger.write("m/dev/a.json", {})
    later = time.monotonic() + 2000
    monkeypatch.setattr(time, "monotonic", lambda: later)
    ledger.write("m/dev/a.json", {})

    assert len(logs(folder)) == 2


def test_what_was_put_together_by_another_is_read_anew(
    ledger, other, folder, monkeypatch
):
    monkeypatch.setattr(module, "_FRESH", 0)
    monkeypatch.setattr(module, "_MANY", 0)
    for name in "ab":
        ledger.write(f"m/dev/{name}.json", {"x": name})
    make_old(*logs(folder))
    other("write", "m/dev/b.json", {"x": "c"})
    assert len(logs(folder)) == 1

    assert ledger.read("m/dev/a.json") == {"x": "a"}
    assert ledger.read("m/dev/b.json") == {"x": "c"}
    ledger.write("m/dev/a.json", {"x": "d"})
    assert other("read", "m/dev/a.json") == {"x": "d"}


def test_a_log_that_goes_while_it_is_read_is_read_where_it_went(
    ledger, other, monkeypatch
):
    Logs = ops("core.record_log").Logs
    other("write", "m/dev/a.json", {"x": 1})
    read, goes = Logs.read, iter([True, True])

    def gone(self, *arguments):
        if next(goes, False):
            raise FileNotFoundError
        return read(self, *arguments)

    monkeypatch.setattr(Logs, "read", gone)
    assert ledger.read("m/dev/a.json") == {"x": 1}
    monkeypatch.setattr(module, "_FRESH", -1)
    monkeypatch.setattr(Logs, "names", lambda self: ["that-never-is.log"])
    with pytest.raises(FileNotFoundError):
        ledger.read("m/dev/a.json")


def test_no_log_is_left_when_the_last_record_goes(ledger, folder):
    for name in "ab":
        ledger.write(f"m/dev/{name}.json", {})
    ledger.remove("m/dev/a.json")
    assert ledger.read("m/dev/a.json") is None
    assert logs(folder)
    ledger.remove("m/dev/b.json")
    ledger.remove("m/dev/b.json")

    assert not logs(folder)
    assert [*ledger.read_all("m")] == []


def test_logs_that_may_be_in_use_go_later(ledger, other, folder):
    other("write", "m/dev/a.json", {})
    ledger.remove("m/dev/a.json")
    assert len(logs(folder)) == 2
    assert [*other("read_all", "m")] == []
    make_old(*logs(folder))
    assert [*other("read_all", "m")] == []
    assert not logs(folder)


def test_a_record_that_was_removed_stays_removed(ledger, other, folder):
    for number in range(10):
        other("write", "m/dev/a.json", {"x": number})
    in_use, *old = logs(folder)
    other("remove", "m/dev/a.json")
    make_old(*set(logs(folder)) - {in_use})
    ledger.write("m/dev/b.json", {})

    assert other("read", "m/dev/a.json") is None
    assert len(logs(folder)) == 2


def write_many(ledger, name):
    for number in range(50):
        ledger.write(f"m/dev/{name}.json", {"x": number})
        ledger.write("m/dev/all.json", {"by": name, "x": number})


def write_on(ledger):
    number = 0
    while True:
        number += 1
        ledger.write("m/dev/a.json", {"x": number, "y": "long" * 5000})


@pytest.mark.skipif(sys.platform == "win32", reason="no fork")
@pytest.mark.parametrize("moment", [0.01, 0.02, 0.04, 0.08])
def test_a_process_that_was_killed_leaves_whole_records(ledger, folder, moment):
    worker = multiprocessing.get_context("fork").Process(
        target=write_on, args=(ledger,)
    )
    worker.start()
    while not logs(folder) or not ledger.read("m/dev/a.json"):
        time.sleep(0.001)
    time.sleep(moment)
    worker.kill()
    worker.join(60)

    ((_, record),) = ledger.read_all("m")
    assert record["x"] > 0
    assert record["y"] == "long" * 5000


@pytest.mark.skipif(sys.platform == "win32", reason="no fork")
def test_processes_that_were_forked_share_no_log(ledger, other, folder):
    ledger.write("m/dev/a.json", {"x": 1})
    fork = multiprocessing.get_context("fork")
    workers = [fork.Process(target=write_many, args=(ledger, n)) for n in "bcd"]
    for each in workers:
        each.start()
    write_many(ledger, "a")
    for each in workers:
        each.join(60)

    assert [each.exitcode for each in workers] == [0, 0, 0]
    assert len(logs(folder)) == 4
    assert all(other("read", f"m/dev/{name}.json") == {"x": 49} for name in "abcd")
    assert other("read", "m/dev/all.json")["x"] == 49
    assert [*other("read_all", "m")] == [*ledger.read_all("m")]


def test_threads_share_a_log(ledger, other, folder):
    threads = [threading.Thread(target=write_many, args=(ledger, n)) for n in "abcd"]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)

    assert len(logs(folder)) == 1
    assert all(other("read", f"m/dev/{name}.json") == {"x": 49} for name in "abcd")

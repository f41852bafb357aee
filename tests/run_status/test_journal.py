"""The journal: events of a run, written by each process to a file of its own."""

import errno
import json
import logging
import os
import platform
import threading
import time

import pytest
from kit import ops

from .run_project import read_journals

module = ops("run_status.journal")
Store = ops("core.store").Store
run_keys = ops("run_status.history").run_keys


@pytest.fixture(autouse=True)
def _nothing_open():
    yield
    for journal in list(module._OPEN.values()):
        module.end(journal)


@pytest.fixture
def ticket(tmp_path):
    return module.Ticket(Store(str(tmp_path / "runs")), "key", "run-1", "/project")


def in_a_fork(action):
    """Act in a process that is forked from this one; return its id."""
    child = os.fork()
    if not child:
        action()
        os._exit(0)
    os.waitpid(child, 0)
    return child


def by_process(tmp_path):
    """The names of the events of each process."""
    return {
        process["pid"]: [each["event"] for each in rest]
        for process, *rest in events(tmp_path)
    }


def events(tmp_path):
    """The events of each process."""
    files = sorted((tmp_path / "runs" / "key").glob("*.jsonl"))
    return [list(map(json.loads, file.read_text().splitlines())) for file in files]


def test_outside_a_run_nothing_is_entered():
    module.enter("check", guard="a")

    assert module.current() is None


def test_events_are_lines_after_one_that_says_who_writes(ticket, tmp_path):
    module.start(ticket, object())
    module.enter("check", guard="a", message='"\n\u2028\ud800')
    module.enter("other")

    [[process, check, other]] = events(tmp_path)
    assert process["event"] == "process"
    assert (process["key"], process["run_id"]) == ("key", "run-1")
    assert (process["pid"], process["joined"]) == (os.getpid(), "")
    assert process["format"] == module.FORMAT
    assert check["message"] == '"\n\u2028\ud800'
    assert process["at"] <= check["at"] <= other["at"]


def test_a_run_that_has_ended_takes_no_more(ticket, tmp_path):
    journal = module.start(ticket, object())
    module.enter("one")
    module.end(journal)
    module.enter("two")

    assert [each["event"] for each in events(tmp_path)[0]] == ["process", "one"]


def test_two_sessions_of_a_process_have_a_file_each(ticket, tmp_path):
    for _ in range(2):
        journal = module.start(ticket, object())
        journal.enter("one")
        module.end(journal)

    assert [len(each) for each in events(tmp_path)] == [2, 2]


def test_a_fork_has_a_file_of_its_own_and_says_whom_it_joined(ticket, tmp_path):
    module.start(ticket, object())
    module.enter("one")
    child = in_a_fork(lambda: module.enter("two"))
    module.enter("three")

    assert by_process(tmp_path) == {os.getpid(): ["one", "three"], child: ["two"]}
    joined = {process["joined"] for process, *_ in events(tmp_path)}
    assert joined == {"", module.current().name}


def test_another_process_joins_by_a_ticket(ticket, tmp_path):
    journal = module.start(ticket, object())
    journal.enter("one")
    told = journal.ticket_for_others()
    module.join(told)
    module.enter("two")

    assert [each.ticket for each in list(module._OPEN.values())] == [told]
    assert {process["joined"] for process, *_ in events(tmp_path)} == {"", journal.name}


def test_threads_write_whole_lines(ticket, tmp_path):
    journal = module.start(ticket, object())

    def write(number):
        for i in range(200):
            journal.enter("one", number=number, i=i, text="x" * 300)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    [[_, *found]] = events(tmp_path)
    assert len({(each["number"], each["i"]) for each in found}) == 8 * 200


def test_in_another_thread_the_only_run_is_meant(ticket):
    journal = module.start(ticket, object())
    found = []
    thread = threading.Thread(target=lambda: found.append(module.current()))
    thread.start()
    thread.join()

    assert found == [journal]


def test_of_two_runs_another_thread_knows_its_own_by_its_caller(ticket):
    catalogs = [object(), object()]
    journals = [module.start(ticket, each) for each in catalogs]
    # Stands for kedro/runner/task.py, which calls hooks on datasets.
    task = {"__name__": "kedro.runner.task", "module": module, "found": []}
    exec("def load(catalog):\n    found.append(module.current())", task)
    threads = [threading.Thread(target=task["load"], args=(c,)) for c in catalogs]
    threads.append(threading.Thread(target=task["load"], args=(None,)))
    for thread in threads:
        thread.start()
        thread.join()

    assert task["found"] == [*journals, None]


def test_a_run_is_found_by_its_catalog_or_else_its_id(ticket):
    catalogs = [object(), object()]
    one = module.start(ticket, catalogs[0])
    two = module.start(module.evolve(ticket, run_id="run-2"), catalogs[1])

    assert module.journal_of_catalog(catalogs[0], "run-2") is one
    assert module.journal_of_catalog(object(), "run-2") is two
    assert module.journal_of_catalog(object(), "run-3") is two  # that of this thread


def test_a_line_that_was_torn_costs_no_other(ticket, tmp_path, monkeypatch, caplog):
    module.start(ticket, object())
    module.enter("one")
    write = os.write
    monkeypatch.setattr(module.os, "write", lambda file, line: write(file, line[:9]))
    module.enter("two")
    module.enter("three")
    monkeypatch.undo()
    module.enter("four")

    text = next((tmp_path / "runs" / "key").iterdir()).read_bytes()
    found = [each["event"] for each in ops("core.records").json_lines(text)]
    assert found == ["process", "one", "four"]
    assert [each.levelname for each in caplog.records] == ["WARNING"]


def test_a_disk_that_is_full_is_one_warning(ticket, monkeypatch, caplog):
    def refuse(file, line):
        raise OSError(errno.ENOSPC, "No space left on device")

    module.start(ticket, object())
    monkeypatch.setattr(module.os, "write", refuse)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            module.enter("one")

    [record] = caplog.records
    assert "No space left on device" in record.getMessage()


def test_a_folder_that_cannot_be_made_is_one_warning(ticket, tmp_path, caplog):
    (tmp_path / "runs").write_text("no folder")
    journal = module.start(ticket, object())
    for _ in range(3):
        module.enter("one")

    assert len(caplog.records) == 1
    assert journal.name == ""


def memory_store(tmp_path):
    return Store(f"memory://{tmp_path.name}")


@pytest.fixture(params=["folder", "url"])
def store(request, tmp_path):
    return (
        Store(str(tmp_path / "runs"))
        if request.param == "folder"
        else memory_store(tmp_path)
    )


def run_in(store, *found, key="key"):
    """What one session of this process enters, and brings to the store."""
    journal = module.start(module.Ticket(store, key, "run-1", "/p"), object())
    for event in found:
        journal.enter(event)
    journal.flush(10)
    module.end(journal)
    return journal


def events_in(store):
    """The events of each file, but for the first."""
    files = read_journals(store, "key").values()
    lines = [list(map(json.loads, text.splitlines())) for text in files]
    return sorted([each["event"] for each in rest] for _, *rest in lines)


def test_behind_a_url_the_file_is_there_in_the_end(tmp_path):
    store = memory_store(tmp_path)
    run_in(store, *["one"] * 100)

    assert events_in(store) == [["one"] * 100]


def test_a_second_journal_of_a_process_keeps_that_of_the_first(store):
    """As when a notification is sent: it is entered when the run's own is closed."""
    first = run_in(store, "run_started", "run_ended")
    after = module.Journal(first.ticket_for_others())
    after.enter("postscript")
    after.flush(10)
    after.close()
    run_in(store, "run_started", "run_failed")

    assert events_in(store) == [
        ["postscript"],
        ["run_started", "run_ended"],
        ["run_started", "run_failed"],
    ]


def test_containers_with_one_host_name_and_process_id_share_no_file(store, monkeypatch):
    monkeypatch.setattr(platform, "node", lambda: "pod")
    monkeypatch.setattr(os, "getpid", lambda: 1)
    monkeypatch.setattr(time, "gmtime", lambda _: time.struct_time([2026] + [1] * 8))
    for task in ("one", "two", "three"):
        run_in(store, task)

    assert events_in(store) == [["one"], ["three"], ["two"]]


def test_a_file_is_uploaded_at_most_once_a_second_and_at_the_end(tmp_path, monkeypatch):
    store, write, put_at = memory_store(tmp_path), ops("core.store").Store.write, []

    def note(self, name, text):
        put_at.append(time.monotonic())
        write(self, name, text)

    monkeypatch.setattr(ops("core.store").Store, "write", note)
    journal = module.start(module.Ticket(store, "key", "run-1", "/p"), object())
    for _ in range(30):
        journal.enter("one")
        time.sleep(0.05)
    journal.enter("last")
    journal.flush(5)

    assert events_in(store) == [["one"] * 30 + ["last"]]
    assert len(put_at) <= 4


def test_a_store_that_is_slow_is_not_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(
        ops("core.store").Store, "write", lambda self, name, text: time.sleep(3)
    )
    ticket = module.Ticket(memory_store(tmp_path), "key", "run-1", "/p")
    journal = module.start(ticket, object())
    journal.enter("one")
    began = time.monotonic()
    journal.flush(0.2)

    assert time.monotonic() - began < 1


def test_a_store_that_does_not_answer_is_one_warning(tmp_path, monkeypatch, caplog):
    def refuse(self, name, text):
        raise ValueError("no")

    monkeypatch.setattr(ops("core.store").Store, "write", refuse)
    run_in(memory_store(tmp_path), "one", "two")

    [message] = caplog.messages
    assert "is incomplete" in message


def test_an_empty_store_has_no_runs(store):
    assert run_keys(store) == []
    assert read_journals(store, "a") == {}
    assert store.read("a/figures.json") is None


def test_what_was_put_is_read(store):
    store.write("b/vm-1.jsonl", b"one\n")
    store.write("b/vm-2.jsonl", b"two\n")
    store.write("b/figures.json", b"{}")
    store.write("index.html", b"page")

    assert run_keys(store) == ["b"]
    assert read_journals(store, "b") == {
        "vm-1.jsonl": b"one\n",
        "vm-2.jsonl": b"two\n",
    }
    assert store.read("b/figures.json") == b"{}"

    store.remove("b")
    assert run_keys(store) == []


def test_runs_are_in_the_order_in_which_they_began(store):
    for key, first, last in [("b", 3, 9), ("c", 1, 5), ("a", 2, 2), ("z", "", "")]:
        for day in {first, last}:
            name = f"2026010{day}T000000-vm.jsonl" if day else "vm-1.jsonl"
            store.write(f"{key}/{name}", b"")

    assert run_keys(store) == [
        "z",
        "c",
        "a",
        "b",
    ]  # z is of an earlier version


def test_of_many_who_create_a_file_one_gets_true(store):
    for key in ("a", "b"):
        store.write(f"{key}/vm-1.jsonl", b"")

    assert store.create("a/note.json", b"first")
    assert not store.create("a/note.json", b"second")
    assert store.read("a/note.json") == b"first"


def test_a_journal_that_is_no_file_is_skipped_with_one_warning(tmp_path, caplog):
    store = Store(str(tmp_path / "runs"))
    run_in(store, "one")
    (tmp_path / "runs" / "key" / "b.jsonl").mkdir()
    (tmp_path / "runs" / "c.jsonl").mkdir()
    (tmp_path / "runs" / "key" / "d.jsonl").write_text('{"at": 1e400}\nx\n')

    run = ops("run_status.replay").read(store, "key")
    assert run.key == "key"
    assert run_keys(store) == ["key"]
    said = "".join(caplog.messages)
    assert len(caplog.messages) == 2
    assert "b.jsonl: skipped" in said
    assert "d.jsonl: skipped damaged lines (2)" in said

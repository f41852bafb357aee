"""The page of a run: up to date, at little cost."""

import os

import pytest
from kit import ops

from .test_replay import ENDED, main, text

module = ops("run_status.live_page")
replay = ops("run_status.replay")


@pytest.fixture
def store(tmp_path):
    store = ops("run_status.run_store").RunStore(str(tmp_path))
    for age, key in enumerate(["run-3", "run-2", "run-1"]):
        told = main() if key == "run-3" else main(ENDED)
        told[0] |= {"key": key}
        store.put(f"{key}/vm-1.jsonl", text(told))
        os.utime(tmp_path / "runs" / key, (1000 - age, 1000 - age))
    return store


def shown(store):
    """The keys of the runs on the page."""
    page = store.get("index.html").decode()
    return [key for key in ("run-3", "run-2", "run-1") if f'"{key}"' in page]


def test_the_page_has_this_run_and_then_the_others(store):
    page = module.RunPage(store, "run-3")
    page.update(lambda: replay.read(store, "run-3"))
    assert shown(store) == ["run-3"]
    assert store.get("run-3/status.js") is None

    page.update(lambda: replay.read(store, "run-3"))
    assert b"opsStatus(" in store.get("run-3/status.js")

    page.finish(replay.read(store, "run-3"))
    assert shown(store) == ["run-3", "run-2", "run-1"]
    assert page.place == f"{store.path}/index.html"


def test_without_time_it_is_written_in_the_end_only(store, monkeypatch):
    monkeypatch.setattr(module, "_ANYWAY", 0)
    monkeypatch.setattr(module, "_SHARE", 0)
    page = module.RunPage(store, "run-3")
    page.update(lambda: replay.read(store, "run-3"))
    assert store.get("index.html") is None

    page.finish(replay.read(store, "run-3"))
    assert shown(store) == ["run-3"]


def finished(store, key):
    page = module.RunPage(store, key)
    page.finish(replay.read(store, key))


def journals_read(monkeypatch):
    """The keys of the runs that are read in their journals."""
    read, keys = replay.read, []
    monkeypatch.setattr(
        ops("run_status.history").replay,
        "read",
        lambda store, key: keys.append(key) or read(store, key),
    )
    return keys


def test_runs_that_are_on_the_page_are_not_read_again(store, monkeypatch):
    run = replay.read(store, "run-3")
    finished(store, "run-1")
    keys = journals_read(monkeypatch)

    # Without time for any other: the journals of run-3 tell that it goes on.
    monkeypatch.setattr(module, "_ANYWAY", 0)
    module.RunPage(store, "run-3").finish(run)

    assert shown(store) == ["run-3", "run-2", "run-1"]
    assert keys == []


def test_what_has_come_since_the_page_was_written_is_read(store, monkeypatch):
    finished(store, "run-1")
    more = store.get("run-2/vm-1.jsonl") + text([{"at": 9, "event": "postscript"}])
    store.put("run-2/vm-1.jsonl", more)
    store.remove("run-1")
    run = replay.read(store, "run-3")
    keys = journals_read(monkeypatch)

    module.RunPage(store, "run-3").finish(run)

    assert shown(store) == ["run-3", "run-2"]
    assert keys == ["run-2"]


def test_a_run_that_went_on_when_the_page_was_written_is_read(store, monkeypatch):
    finished(store, "run-1")
    run = replay.read(store, "run-2")
    keys = journals_read(monkeypatch)

    module.RunPage(store, "run-2").finish(run)

    assert keys == ["run-3"]

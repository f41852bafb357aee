"""The overview of the branches: right, whatever others do, and read by few requests."""

import json

import pytest
from kit import ops

module = ops("steel_toes.manifest")
Store = ops("core.store").Store


@pytest.fixture
def store(tmp_path):
    return Store(f"memory://overview-{tmp_path.name}")


@pytest.fixture
def another(monkeypatch):
    """Makes this process forget what it knows, as if it were another one."""

    def act():
        monkeypatch.setattr(module, "_OPEN", {})

    return act


def save(store, branch, dataset, time="2026-01-01T00:00:00+00:00", **more):
    record = module.Record(branch, dataset, "somewhere", time, **more)
    module.Manifest(store).write(record)


def found(store):
    return [
        (each.branch, each.datasets, each.bytes, each.last_save, each.by)
        for each in module.Manifest(store).overview()
    ]


def reads(monkeypatch, store):
    names, plain = [], type(store).read_many
    monkeypatch.setattr(
        type(store),
        "read_many",
        lambda self, these: names.extend(these) or plain(self, these),
    )
    return names


def test_each_branch_has_a_summary(store, another):
    save(store, "dev", "a", bytes=1, user="Ada")
    save(store, "dev", "b", "2026-01-02T00:00:00+00:00", bytes=2, user="Bob")
    save(store, "old", "a")
    module.flush(last=True)

    expected = [
        ("dev", 2, 3, "2026-01-02T00:00:00+00:00", "Bob"),
        ("old", 1, None, "2026-01-01T00:00:00+00:00", None),
    ]
    assert found(store) == expected
    another()
    assert found(store) == expected


def test_what_runs_have_written_is_not_read_again(store, another, monkeypatch):
    for number in range(5):
        save(store, f"b{number}", "a")
        module.flush(last=True)
        another()
    names = reads(monkeypatch, store)

    assert len(found(store)) == 5
    assert names == ["manifest/overview.json"]


@pytest.mark.parametrize(
    "damage", [b"", b"[1]", b"{", b'{"dev": {"files": 3}}', b"\xff"]
)
def test_without_an_overview_the_manifests_are_read_and_it_is_written(
    store, another, damage, monkeypatch
):
    save(store, "dev", "a")
    module.flush(last=True)
    store.write("manifest/overview.json", damage)
    another()

    assert [row[0] for row in found(store)] == ["dev"]
    another()
    names = reads(monkeypatch, store)
    assert [row[0] for row in found(store)] == ["dev"]
    assert names == ["manifest/overview.json"]


def test_a_run_whose_update_was_lost_is_seen_all_the_same(store, another):
    save(store, "dev", "a")
    module.flush(last=True)
    before = store.read("manifest/overview.json")
    another()
    save(store, "dev", "b")
    save(store, "new", "a")
    module.flush(last=True)
    store.write("manifest/overview.json", before)  # another run was later
    another()

    assert [row[:2] for row in found(store)] == [("dev", 2), ("new", 1)]


def test_a_branch_that_was_cleaned_goes(store, another):
    save(store, "dev", "a")
    save(store, "new", "a")
    module.flush(last=True)
    another()
    manifest = module.Manifest(store)
    manifest.remove(manifest.read("dev", "a"))
    another()

    assert [row[0] for row in found(store)] == ["new"]
    assert [*json.loads(store.read("manifest/overview.json"))] == ["new"]


def test_on_this_machine_nothing_is_kept(tmp_path):
    store = Store(str(tmp_path))
    save(store, "dev", "a")
    module.flush(last=True)

    assert [row[0] for row in found(store)] == ["dev"]
    assert store.read("manifest/overview.json") is None

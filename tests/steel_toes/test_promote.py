"""Promoting: all or nothing, whatever goes wrong."""

import contextlib
import os
import platform
import subprocess
import sys

import pytest
from attrs import evolve
from kit import ops

module = ops("steel_toes.promote")
files = ops("core.stored_files")
recover = ops("steel_toes.promotion_plan").recover
OpsError = ops("core.errors").OpsError
Promotion, Intent = module.Promotion, module.Intent

NAMES = ["a", "b", "c"]


def text(name, **more):
    return {"type": "text.TextDataset", "filepath": f"data/{name}.txt", **more}


@pytest.fixture
def promoting(project):
    """Branch dev has new data of a, b and c; the base has a and b."""
    project.catalog({name: text(name) for name in NAMES})
    project.save_base(a="old a", b="old b")
    project.save("dev", a="new a", b="new b", c="new c")
    return project


def base(project):
    names = [name for name in NAMES if (project.path / "data" / f"{name}.txt").exists()]
    return {name: project.load_base(name) for name in names}


OLD = {"a": "old a", "b": "old b"}
NEW = {"a": "new a", "b": "new b", "c": "new c"}


def left_over(project):
    found = [
        path.name for path in (project.path / "data").rglob(".*") if path.is_file()
    ]
    return found + [i.name for i in module.under_way(project.branches.manifest.store)]


def test_the_branch_s_data_become_the_base_and_its_fork_point(promoting):
    Promotion.of(promoting.branches, "dev", NAMES).run()

    assert base(promoting) == NEW
    assert left_over(promoting) == []
    record = promoting.record("dev", "a")
    assert record.base == record.fingerprint


class Broken(Exception):
    pass


@pytest.mark.parametrize("step", range(1, 30))
def test_a_failure_at_any_step_leaves_the_base_as_it_was(promoting, monkeypatch, step):
    """Every copy, rename and record counts as a step; a later one never comes."""
    steps = iter(range(1, 1000))

    def failing(function):
        def act(*arguments, **options):
            if next(steps) == step:
                raise Broken
            return function(*arguments, **options)

        return act

    for name in ("copy_from", "take"):
        monkeypatch.setattr(files.Files, name, failing(getattr(files.Files, name)))
    for owner in (ops("core.store").Store, ops("steel_toes.manifest").Manifest):
        monkeypatch.setattr(owner, "write", failing(owner.write))
    promotion = Promotion.of(promoting.branches, "dev", NAMES)
    with contextlib.suppress(Broken):
        promotion.run()

    monkeypatch.undo()
    if base(promoting) == OLD:
        assert left_over(promoting) == []
    else:  # it broke after the last swap, if at all
        assert base(promoting) == NEW
        recover(
            promoting.branches, "dev", finish=bool(left_over(promoting)), undo=False
        )
        assert left_over(promoting) == []


def test_a_directory_in_the_place_of_a_file_stops_all(promoting):
    (promoting.path / "data" / "b_dev.txt").unlink()
    (promoting.path / "data" / "b_dev.txt").mkdir()
    (promoting.path / "data" / "b_dev.txt" / "loop").symlink_to("loop")

    with pytest.raises(OSError, match="loop"):
        Promotion.of(promoting.branches, "dev", NAMES).run()
    assert base(promoting) == OLD
    assert left_over(promoting) == []


class Killed(BaseException):
    pass


@pytest.fixture
def killed(promoting, monkeypatch):
    """Makes a promotion that was killed after so many datasets were swapped."""

    def make(swapped, phase="swapping"):
        swaps = iter(range(100))
        take = files.Files.take

        def act(self, *arguments):
            if next(swaps) == swapped:
                raise Killed
            take(self, *arguments)

        promotion = Promotion.of(promoting.branches, "dev", NAMES)
        with monkeypatch.context() as patch:
            patch.setattr(files.Files, "take", act)
            patch.setattr(Promotion, "undo", lambda self: None)
            with pytest.raises(Killed):
                promotion.run()
        (intent,) = module.under_way(promoting.branches.manifest.store)
        assert intent.phase == phase
        return Promotion(promoting.branches, intent)

    return make


@pytest.mark.parametrize("swapped", [0, 1, 2])
@pytest.mark.parametrize("act", ["finish", "undo"])
def test_one_that_was_killed_can_be_finished_or_undone(promoting, killed, swapped, act):
    getattr(killed(swapped), act)()

    assert base(promoting) == (NEW if act == "finish" else OLD)
    assert left_over(promoting) == []


def test_an_undoing_that_was_killed_can_be_undone_again(promoting, killed, monkeypatch):
    promotion = killed(2)
    with monkeypatch.context() as patch:
        patch.setattr(files.Files, "take", lambda *_: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            promotion.undo()
    (intent,) = module.under_way(promoting.branches.manifest.store)
    assert intent.phase == "undoing"
    Promotion(promoting.branches, intent).undo()

    assert base(promoting) == OLD
    assert left_over(promoting) == []


def test_two_that_begin_at_the_same_moment_both_withdraw(promoting):
    other = Promotion.of(promoting.branches, "other", [])
    other._write("copying")

    with pytest.raises(OpsError, match="'other' has begun at the same moment"):
        Promotion.of(promoting.branches, "dev", NAMES).run()
    assert base(promoting) == OLD
    assert left_over(promoting) == [other.intent.name]


def test_a_promoted_version_is_the_one_that_is_read(project):
    project.catalog({"a": text("a", versioned=True)})
    project.save("dev", a="new")
    project.catalog({"a": text("a", versioned=True)})
    project.save_base(a="old, and later")
    Promotion.of(project.branches, "dev", ["a"]).run()

    assert project.load_base("a") == "new"
    assert len(os.listdir(project.path / "data" / "a.txt")) == 2


def test_a_first_version_is_taken_over_by_its_name(project):
    project.catalog({"a": text("a", versioned=True)})
    project.save("dev", a="new")
    Promotion.of(project.branches, "dev", ["a"]).run()

    names = [
        os.listdir(project.path / "data" / name) for name in ("a.txt", "a_dev.txt")
    ]
    assert names[0] == names[1]


def test_a_folder_of_partitions_is_replaced_as_a_whole(project):
    parts = {"type": "partitions.PartitionedDataset", "dataset": "text.TextDataset"}
    project.catalog({"a": {**parts, "path": "data/parts"}})
    project.save_base(a={"1": "old", "2": "old"})
    project.save("dev", a={"2": "new", "3": "new"})
    Promotion.of(project.branches, "dev", ["a"]).run()

    assert sorted(project.load_base("a")) == ["2", "3"]


def test_what_cannot_be_copied_is_refused(project):
    project.catalog({"a": text("a")})
    with pytest.raises(OpsError, match="catalog has no 'b'"):
        Promotion.of(project.branches, "dev", ["b"])

    project.branches.dataset("a", "dev")
    branches = project.branches
    branches.dataset("a", "dev").target._fs = None
    with pytest.raises(OpsError, match="'a' is of a kind that only its own class"):
        Promotion.of(branches, "dev", ["a"])


def test_whether_one_is_running_is_known_on_its_own_machine():
    mine = Intent("dev", {}, [])
    assert mine.is_running() is False  # this process has begun none
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=-1) as process:
        other = evolve(mine, pid=process.pid)
        assert other.is_running() is True
        process.communicate(b"\n")
    assert other.is_running() is False
    assert evolve(mine, host=f"not-{platform.node()}").is_running() is None


def test_a_process_of_somebody_else_is_running(monkeypatch):
    def kill(pid, signal):
        raise PermissionError

    monkeypatch.setattr(os, "kill", kill)
    assert Intent("dev", {}, [], pid=1).is_running() is True


def test_a_damaged_intent_is_one_line(promoting):
    store = promoting.branches.manifest.store
    store.write("promotions/x.json", {"nonsense": 1})

    with pytest.raises(OpsError, match="promotions/x.json is damaged"):
        module.under_way(store)

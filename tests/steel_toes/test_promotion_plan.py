"""What a promotion would do, and what an earlier one has left undone."""

import platform

import pytest
from attrs import asdict
from kit import ops

module = ops("steel_toes.promotion_plan")
promotion = ops("steel_toes.promote")
OpsError = ops("core.errors").OpsError

CARS = {"type": "text.TextDataset", "filepath": "data/cars.txt"}


@pytest.fixture
def cars(project):
    project.catalog({"cars": CARS})
    project.save_base(cars="base")
    project.save("dev", cars="dev")
    return project


def plan(project, *datasets, force=False):
    rows = module.plan(project.branches, "dev", datasets, force)
    return {row["dataset"]: row["action"] for row in rows}


def test_data_are_copied_where_only_the_branch_has_changed(cars):
    assert plan(cars) == {"cars": "copy"}
    cars.save_base(cars="moved")
    assert "base has moved" in plan(cars)["cars"]
    assert plan(cars, force=True) == {"cars": "copy (forced: behind)"}
    cars.save_base(cars="dev")
    assert plan(cars, force=True) == {"cars": "nothing: the base has the same"}


def test_what_is_there_counts_and_not_what_was_recorded(cars):
    cars.save_base(cars="dev")
    (cars.path / "data" / "cars_dev.txt").write_text("changed by hand")
    assert "base has moved" in plan(cars)["cars"]
    (cars.path / "data" / "cars_dev.txt").unlink()
    assert plan(cars, force=True) == {"cars": "refused: its data are gone"}


def test_an_unknown_fork_point_needs_force(cars):
    (cars.path / "data" / "bikes_dev.txt").write_text("from before")
    cars.catalog({"bikes": {**CARS, "filepath": "data/bikes.txt"}, "cars": CARS})
    cars.save("dev", bikes="new")

    assert "not known" in plan(cars, "bikes")["bikes"]
    assert plan(cars, "bikes", force=True) == {"bikes": "copy (forced: unknown)"}


def test_what_the_catalog_does_not_have_is_refused(cars):
    cars.catalog({})

    assert "catalog does not have it" in plan(cars, force=True)["cars"]


def test_a_view_is_made_anew_by_a_run(cars, monkeypatch):
    monkeypatch.setattr(ops("core.stored_files").Files, "is_view", True)

    assert plan(cars)["cars"].startswith("nothing: it is a view")


def test_names_without_data_are_refused(cars):
    with pytest.raises(OpsError, match="knows no data of branch 'none'"):
        module.plan(cars.branches, "none", (), False)
    with pytest.raises(OpsError, match="knows no 'bikes' of branch 'dev'"):
        plan(cars, "bikes")


def recover(project, branch="dev", finish=False, undo=False):
    return module.recover(project.branches, branch, finish, undo)


def leave(project, phase, **changes):
    """An intent as a process that is gone has left it."""
    intent = promotion.Promotion.of(project.branches, "dev", ["cars"]).intent
    gone = {"pid": 2**22 + 1, "phase": phase}  # beyond what a process can have
    text = {**asdict(intent), **gone, **changes}
    project.branches.manifest.store.write(intent.name, text)


def test_without_an_interrupted_one_there_is_nothing_to_recover(cars):
    assert recover(cars) == []
    for choice in ({"finish": True}, {"undo": True}):
        with pytest.raises(OpsError, match="No promotion of 'dev' was interrupted"):
            recover(cars, **choice)


@pytest.mark.parametrize("phase", ["copying", "done"])
def test_one_that_has_changed_nothing_is_put_away(cars, phase):
    leave(cars, phase)

    assert recover(cars, "another") == []
    assert promotion.under_way(cars.branches.manifest.store) == []


@pytest.mark.parametrize("phase", ["swapping", "undoing"])
def test_one_in_the_middle_needs_a_decision(cars, phase):
    leave(cars, phase)

    for branch in ("dev", "another"):
        with pytest.raises(OpsError, match="promote dev --finish .or --undo"):
            recover(cars, branch)


@pytest.mark.parametrize(
    ("phase", "choice", "done"),
    [
        ("copying", "undo", "undone"),
        ("swapping", "undo", "undone"),
        ("undoing", "undo", "undone"),
        ("swapping", "finish", "finished"),
        ("done", "finish", "finished"),
        ("done", "undo", "finished"),
    ],
)
def test_a_decision_is_carried_out_and_told(cars, phase, choice, done):
    leave(cars, phase)

    assert recover(cars, **{choice: True}) == [{"dataset": "cars", "action": done}]
    assert promotion.under_way(cars.branches.manifest.store) == []


@pytest.mark.parametrize(
    ("phase", "why"), [("copying", "has not changed"), ("undoing", "is half undone")]
)
def test_what_has_not_begun_or_is_half_undone_cannot_be_finished(cars, phase, why):
    leave(cars, phase)

    with pytest.raises(OpsError, match=f"{why}.*--undo it"):
        recover(cars, finish=True)


@pytest.mark.parametrize("phase", ["copying", "swapping", "undoing", "done"])
def test_one_of_another_machine_may_still_be_under_way(cars, phase):
    leave(cars, phase, host="elsewhere")

    with pytest.raises(OpsError, match="still under way, on elsewhere"):
        recover(cars)
    assert recover(cars, undo=True)


def test_one_that_is_running_is_left_alone(cars):
    leave(cars, "copying", pid=1, host=platform.node())

    for choice in ({}, {"undo": True}, {"finish": True}):
        with pytest.raises(OpsError, match="is under way .process 1."):
            recover(cars, **choice)

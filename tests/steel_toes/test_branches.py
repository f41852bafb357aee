"""The data of all branches, by the manifest and the catalog."""

import pytest
from kit import ops

state_of = ops("steel_toes.branches").state

OpsError = ops("core.errors").OpsError

CARS = {"type": "text.TextDataset", "filepath": "data/cars.txt"}


def test_each_branch_has_its_own_dataset_whichever_is_checked_out(project):
    cached = {"type": "CachedDataset", "dataset": {**CARS, "filepath": "data/c.txt"}}
    entries = {
        "cars": CARS,
        "cached": cached,
        "{x}_p": {**CARS, "filepath": "data/{x}"},
    }
    project.catalog(entries)

    for name, file in (("cars", "cars_b.txt"), ("cached", "c_b.txt"), ("a_p", "a_b")):
        dataset = project.branches.dataset(name, "b")
        assert str(dataset._filepath).endswith(f"data/{file}")
    assert str(project.context.catalog["cars"]._filepath).endswith("cars_dev.txt")


@pytest.mark.parametrize("name", ["nothing", "memory", "kept", "kept_p", "broken"])
def test_what_is_not_branched_or_cannot_be_made_is_none(project, name):
    entries = {
        "memory": {"type": "MemoryDataset"},
        "kept": CARS,
        "{x}_p": {**CARS, "filepath": "data/{x}.txt"},
        "broken": {**CARS, "nonsense": 1},
    }
    project.catalog(entries, ignore={"names": ["kept*"]})

    assert project.branches.dataset(name, "b") is None


def test_the_bases_are_those_of_entries_and_of_patterns(project):
    pattern = {**CARS, "filepath": "data/{x}.txt"}
    project.catalog({"cars": CARS, "{x}_p": pattern}, ignore={"names": ["kept_p"]})
    project.save("dev", bikes_p="x")
    branches = project.branches
    manifest = ops("steel_toes.manifest")
    for name in ("kept_p", "gone"):
        record = manifest.Record(branch="dev", dataset=name, location="", time="")
        branches.manifest.write(record)

    owners = branches.owners("dev")
    for name, file in (("cars", "cars"), ("bikes_p", "bikes"), ("kept_p", "kept")):
        place = {f"file:{project.path}/data/{file}.txt"}
        assert owners.owner_of(place, saved=True) == name


def test_records_are_those_of_all_or_of_one(project):
    project.catalog({"cars": CARS})
    project.save("a", cars="1")
    project.save("b", cars="2")

    assert [r.branch for r in project.branches.records()] == ["a", "b"]
    assert [r.branch for r in project.branches.records("b")] == ["b"]


def test_the_state_of_a_branch_is_told_by_its_fork_point(project):
    project.catalog({"cars": CARS})
    project.save_base(cars="base")

    def state(ours=None):
        record = project.record("dev", "cars")
        base = project.branches.holding(record).base
        return state_of(record, ours or record.fingerprint, base.fingerprint())

    project.save("dev", cars="ours")
    assert state() == "ahead"
    project.save_base(cars="theirs")
    assert state() == "behind"
    project.save("dev", cars="theirs")
    assert state() == "same"


def test_what_is_not_known_is_no_guess(project):
    project.catalog({"cars": CARS})
    (project.path / "data" / "cars_dev.txt").write_text("from before")
    project.save("dev", cars="ours")
    record = project.record("dev", "cars")
    now = project.branches.holding(record).base.fingerprint() or "nothing"
    assert state_of(record, record.fingerprint, now) == "unknown"
    assert state_of(record, None, now) == "unknown"
    assert state_of(record, record.fingerprint, None) == "unknown"

    project.catalog({})
    holding = project.branches.holding(record)
    assert (holding.target, holding.base) == (None, None)


def test_data_that_the_catalog_has_elsewhere_now_are_not_the_record_s(project):
    project.catalog({"cars": CARS})
    project.save("dev", cars="ours")
    record = project.record("dev", "cars")
    project.catalog({"cars": {**CARS, "filepath": "data/moved.txt"}})

    assert project.branches.holding(record).target is None


def test_credentials_of_the_store_that_are_not_there_are_one_line(project):
    project.store = {"url": "memory:///s", "credentials": "team"}
    (project.path / "conf/local/credentials.yml").write_text("team: {use_listings: 1}")
    project.catalog({})
    assert project.branches.manifest.store.options == {"use_listings": 1}

    (project.path / "conf/local/credentials.yml").write_text("other: {}")
    with pytest.raises(OpsError, match="'team', which is not in credentials.yml"):
        project.catalog({})
        _ = project.branches

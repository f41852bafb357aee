"""The manifest: a record for each branch and dataset."""

import getpass
import json
import os

import pytest
from kit import ops

module = ops("steel_toes.manifest")
Store = ops("core.store").Store
OpsError = ops("core.errors").OpsError


@pytest.fixture
def manifest(tmp_path):
    return module.Manifest(Store(str(tmp_path)))


def record(branch="dev", dataset="cars", **more):
    return module.Record(
        branch=branch, dataset=dataset, location="x", time=module.now(), **more
    )


def test_a_record_comes_back_whole(manifest):
    entry = record(rows=3, schema={"a": "int64"}, commit="abc", dirty=True)
    manifest.write(entry)

    assert manifest.read("dev", "cars") == entry
    assert manifest.read("dev", "bikes") is None
    assert [*manifest] == [entry]


def test_the_file_says_what_is_in_it_and_in_which_format(manifest, tmp_path):
    manifest.write(record("feat/x"))
    (folder,) = (tmp_path / "manifest").iterdir()
    (log,) = folder.iterdir()
    time, name, line = log.read_text().split(" ", 2)
    text = json.loads(line)

    assert int(time) > 0
    assert name == "cars"
    assert text["format"] == 1
    assert text["branch"] == "feat/x"
    assert folder.name.startswith("feat-x-")


def test_no_two_names_share_a_record(manifest):
    names = [
        "a",
        "A",
        "a/b",
        "a-b",
        "../a",
        "",
        "größe",
        "a@b",
        "a.b",
        "params:a",
        "\n",
    ]
    entries = [record(branch, dataset) for branch in names for dataset in names]
    for entry in entries:
        manifest.write(entry)

    assert len([*manifest]) == len(entries)
    assert all(manifest.read(e.branch, e.dataset) == e for e in entries)


def test_in_a_bucket_each_record_is_an_object():
    manifest = module.Manifest(Store("memory://manifest-objects"))
    entry = record()
    manifest.write(entry)

    assert manifest.store.read("manifest/dev/cars.json")["branch"] == "dev"
    assert [manifest.read("dev", "cars"), *manifest] == [entry, entry]
    manifest.remove(entry)
    assert [*manifest] == []


def test_a_record_can_be_forgotten(manifest):
    manifest.write(record())
    manifest.remove(record())
    manifest.remove(record())

    assert [*manifest] == []


def test_fields_of_a_later_version_are_left_out(manifest, tmp_path):
    manifest._kept.write("manifest/dev/cars.json", {**vars_of(record()), "new": 1})

    assert manifest.read("dev", "cars").dataset == "cars"


def vars_of(entry):
    return {
        "branch": entry.branch,
        "dataset": entry.dataset,
        "location": "x",
        "time": "",
    }


@pytest.mark.parametrize("key", ["branch", "dataset", "location", "time"])
@pytest.mark.parametrize("value", [None, 3])
def test_a_record_without_what_it_is_about_is_damaged(manifest, key, value):
    manifest._kept.write("manifest/dev/cars.json", {**vars_of(record()), key: value})

    with pytest.raises(OpsError, match=f"damaged.*no {key}"):
        list(manifest)


def test_a_user_without_a_name_is_not_known(monkeypatch):
    author = module.author.__wrapped__  # asked anew, as in another process
    assert author()["user"] == getpass.getuser()
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(variable, raising=False)
    if hasattr(os, "getuid"):
        monkeypatch.setattr(os, "getuid", lambda: 987654)

        assert author()["user"] is None


def test_only_a_table_in_memory_has_a_shape():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"a": [1, 2], 0: ["x", "y"]})

    shape = module.shape(table)
    assert shape["rows"] == 2
    assert shape["schema"].keys() == {"a", "0"}
    for other in ("text", {"a": 1}, table["a"], table.to_numpy(), None):
        assert module.shape(other) == {}

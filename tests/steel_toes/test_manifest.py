"""The manifest: a record for each branch and dataset, which a save enters."""

import getpass
import json
import logging
import os
import time

import pytest
from counted_store import CountingS3
from kedro_datasets.text import TextDataset
from kit import ops

module = ops("steel_toes.manifest")
Store = ops("core.store").Store


@pytest.fixture
def manifest(tmp_path):
    return module.Manifest(Store(str(tmp_path)))


def logs(tmp_path, branch="dev"):
    return sorted((tmp_path / "manifest" / branch).iterdir())


def record(branch="dev", dataset="cars", **more):
    return module.Record(
        branch=branch, dataset=dataset, location="x", time=module.now(), **more
    )


def test_a_record_comes_back_whole(manifest):
    entry = record(rows=3, schema={"a": "int64"}, commit="abc", dirty=True)
    manifest.write(entry)

    assert manifest.read("dev", "cars") == entry
    assert manifest.read("dev", "bikes") is None
    assert [*manifest.records()] == [entry]


def test_a_file_holds_plain_json_lines(manifest, tmp_path):
    manifest.write(record("feat/x"))
    (folder,) = (tmp_path / "manifest").iterdir()
    (file,) = folder.iterdir()
    entry = json.loads(file.read_text())

    assert entry["at"] > 0
    assert (entry["branch"], entry["dataset"]) == ("feat/x", "cars")
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

    assert len([*manifest.records()]) == len(entries)
    assert all(manifest.read(e.branch, e.dataset) == e for e in entries)


def test_a_bucket_holds_the_same(tmp_path):
    manifest = module.Manifest(Store(f"memory://manifest-{tmp_path.name}"))
    entry = record()
    manifest.write(entry)

    assert len(manifest.store.files("manifest/dev")) == 1
    assert [manifest.read("dev", "cars"), *manifest.records()] == [entry, entry]
    manifest.remove(entry)
    assert [*manifest.records()] == []


def test_a_record_can_be_forgotten(manifest):
    manifest.write(record())
    manifest.remove(record())
    manifest.remove(record())

    assert [*manifest.records()] == []


def add_line(tmp_path, line):
    """Add a line as another process would."""
    folder = tmp_path / "manifest" / "dev"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "1.jsonl").write_text(f"{line}\n")


def test_fields_of_a_later_version_are_left_out(manifest, tmp_path):
    add_line(tmp_path, json.dumps({**record()._asdict(), "at": 1, "new": 1}))

    assert manifest.read("dev", "cars").dataset == "cars"


WRONG = [(name, value) for name in record()._asdict() for value in ([], 1e400)]
WRONG += [(name, None) for name in ("branch", "dataset", "location", "time")]
WRONG += [("bytes", "1"), ("schema", "a"), ("base", 3)]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_record_with_a_wrong_value_is_skipped_with_one_warning(
    manifest, tmp_path, caplog, name, value
):
    ops("core.store")._WARNED.clear()
    manifest.write(record(dataset="bikes"))
    line = {**record(dataset="cars")._asdict(), "at": time.time(), name: value}
    add_line(tmp_path, json.dumps(line))

    for _ in range(2):
        assert [each.dataset for each in manifest.records()] == ["bikes"]
    assert manifest.read("dev", "cars") is None
    assert len(caplog.messages) == 1
    assert f"a record whose '{name}' is damaged" in caplog.messages[0]


def test_folders_inside_the_folder_of_a_branch_are_ignored(manifest, tmp_path):
    manifest.write(record())
    inside = tmp_path / "manifest" / "dev" / "more"
    inside.mkdir()
    (inside / "1.jsonl").write_text(logs(tmp_path)[0].read_text())
    (tmp_path / "manifest" / "1.jsonl").write_text("x")

    assert len([*manifest.records()]) == 1


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


@pytest.fixture
def target(tmp_path):
    return TextDataset(filepath=str(tmp_path / "cars_dev.txt"))


@pytest.fixture
def base(tmp_path):
    return TextDataset(filepath=str(tmp_path / "cars.txt"))


@pytest.fixture
def recorder(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_FRESH", 0)
    module._WARNED.clear()
    store = module.Store(str(tmp_path / "store"))
    return module.Recorder(module.Manifest(store), "dev", "cars")


@pytest.fixture
def save(recorder, target, base):
    def act(text, made_by=None):
        with (made_by or recorder).record(target, lambda: base, text):
            target.save(text)
        return recorder.manifest.read("dev", "cars")

    return act


def test_a_save_is_entered_with_what_is_known(save, base, recorder):
    base.save("base")
    told = module.Recorder(recorder.manifest, "dev", "cars", {"run": "r", "node": "n"})
    record = save("12345", told)

    assert (record.branch, record.dataset) == ("dev", "cars")
    assert record.location.endswith("cars_dev.txt")
    assert (record.run, record.node, record.commit) == ("r", "n", None)
    assert record.bytes == 5
    assert record.fingerprint.startswith("xxh3:")
    assert record.base.startswith("xxh3:")
    assert (record.rows, record.schema) == (None, None)
    assert record.time.endswith("+00:00")
    assert record.host


def test_the_fork_point_is_that_of_the_first_save(save, base):
    base.save("base")
    first = save("one")
    base.save("moved")
    second = save("two")

    assert second.base == first.base
    assert second.fingerprint != first.fingerprint


def test_a_base_that_is_not_there_is_known_as_such(save):
    assert save("one").base == module.NOTHING


def test_data_from_before_the_first_record_have_no_fork_point(save, target):
    target.save("from an earlier version")

    assert save("one").base is None


def test_a_dataset_that_only_its_class_understands_is_entered_all_the_same(recorder):
    class Own:
        def __str__(self):
            return "somewhere"

    with recorder.record(Own(), Own, None):
        pass

    record = recorder.manifest.read("dev", "cars")
    assert record.location == "somewhere"
    assert (record.bytes, record.fingerprint, record.base) == (None, None, None)
    assert not recorder.hides(Own(), Own())


def test_a_store_that_cannot_be_written_is_one_warning(
    recorder, tmp_path, target, base, caplog
):
    (tmp_path / "store").write_text("a file in the place of the folder")
    with caplog.at_level(logging.WARNING):
        for text in ("one", "two"):
            with recorder.record(target, lambda: base, text):
                target.save(text)

    assert target.load() == "two"
    (message,) = caplog.messages
    assert "is not written" in message


def test_a_store_that_cannot_be_read_keeps_the_fork_point(
    save, recorder, base, monkeypatch
):
    base.save("base")
    before = save("one")

    def refuse(*args):
        raise OSError("it does not answer")

    with monkeypatch.context() as patch:
        patch.setattr(Store, "files", refuse)
        with recorder.record(None, None, "two"):
            pass

    assert recorder.manifest.read("dev", "cars") == before


def test_a_damaged_line_stops_no_record(save, recorder, tmp_path, caplog):
    save("one")
    add_line(tmp_path / "store", '{"garbage')
    record = save("two")

    assert record.bytes == 3
    assert [*recorder.manifest.records()] == [record]
    assert "damaged lines (1)" in caplog.messages[0]


def test_a_save_that_fails_enters_nothing(recorder, target, base):
    failing = recorder.record(target, lambda: base, "x")
    with pytest.raises(ValueError, match="disk"), failing:
        raise ValueError("disk is full")

    assert recorder.manifest.read("dev", "cars") is None


def later(dataset):
    os.utime(dataset._filepath, (time.time() + 9, time.time() + 9))


def test_a_branch_hides_a_base_that_came_later(save, recorder, target, base):
    base.save("base")
    assert not recorder.hides(target, base)  # there is no record
    save("one")
    assert not recorder.hides(target, base)
    later(base)
    assert not recorder.hides(target, base)  # it was only touched
    base.save("newer")
    later(base)
    assert recorder.hides(target, base)
    base.save("one")
    later(base)
    assert not recorder.hides(target, base)  # it has become the same
    os.remove(base._filepath)
    assert not recorder.hides(target, base)


@pytest.mark.parametrize("in_a_run", [True, False])
def test_a_run_forks_from_what_main_had_when_it_began(manifest, in_a_run):
    """Its guards have looked then. A notebook forks when it saves."""
    server, io = CountingS3(), ops("core.file_info")
    keys = {"key": "a", "secret": "b", "endpoint_url": server.url}
    base, target = (
        TextDataset(filepath=f"s3://team/{in_a_run}/{name}.txt", credentials=keys)
        for name in ("cars", "cars_dev")
    )
    server.put(f"{in_a_run}/cars.txt", b"early")
    io.forget()
    with io.at_start():
        early = ops("core.dataset_io").stored_data(base).fingerprint()
    server.put(f"{in_a_run}/cars.txt", b"late")
    origin = {"node": "n"} if in_a_run else {}
    with module.Recorder(manifest, "dev", "cars", origin).record(
        target, lambda: base, "1"
    ):
        target.save("1")
    late = ops("core.dataset_io").stored_data(base).fingerprint()
    server.close()

    assert early != late
    assert manifest.read("dev", "cars").base == (early if in_a_run else late)

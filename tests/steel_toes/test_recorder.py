"""The recorder: what a branch saves is entered in the manifest."""

import json
import logging
import os
import time
from contextlib import suppress
from pathlib import Path

import pytest
from kedro_datasets.text import TextDataset
from kit import ops

module = ops("steel_toes.recorder")
NOTHING = ops("steel_toes.manifest").NOTHING


@pytest.fixture
def target(tmp_path):
    return TextDataset(filepath=str(tmp_path / "cars_dev.txt"))


@pytest.fixture
def base(tmp_path):
    return TextDataset(filepath=str(tmp_path / "cars.txt"))


@pytest.fixture
def recorder(tmp_path, monkeypatch):
    monkeypatch.setattr(ops("steel_toes.manifest_log"), "_FRESH", 0)
    module._WARNED.clear()
    return module.Recorder.of({"url": str(tmp_path / "store")}, "dev", "cars", {})


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
    assert save("one").base == NOTHING


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


def test_a_store_that_cannot_be_written_is_one_warning(save, tmp_path, target, caplog):
    (tmp_path / "store").write_text("a file in the place of the folder")
    with caplog.at_level(logging.WARNING):
        for text in ("one", "two"):
            with suppress(NotADirectoryError):  # of the helper's reading at its end
                save(text)

    assert target.load() == "two"
    (message,) = caplog.messages
    assert "is not written" in message


@pytest.mark.parametrize("text", ["{", json.dumps({"format": 99})])
def test_a_record_that_cannot_be_read_is_not_replaced(
    save, recorder, target, caplog, text
):
    save("one")
    folder = Path(recorder.manifest.store.url, "manifest", "dev")
    (log,) = folder.iterdir()
    before = log.read_text()
    (folder / "another.log").write_text(f"{time.time_ns()} cars {text}\n")
    with pytest.raises(ops("core.errors").OpsError):
        save("two")

    assert target.load() == "two"
    assert log.read_text() == before
    assert len(caplog.messages) == 1


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


def test_what_cannot_be_asked_hides_nothing(recorder, tmp_path, target, base, caplog):
    (tmp_path / "store").write_text("a file in the place of the folder")

    assert recorder.hides(target, base) is False
    assert len(caplog.messages) == 1

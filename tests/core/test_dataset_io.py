"""Stored data: whether it is there, and replacing it in one step."""

import os

import fsspec
import pytest
from kedro.io import AbstractDataset, DatasetError, Version
from kedro_datasets.partitions import PartitionedDataset
from kedro_datasets.text import TextDataset
from kit import ops

storage = ops("core.dataset_io")


class Unreachable(fsspec.AbstractFileSystem):
    """A file system that answers no question."""

    cachable = False

    def info(self, path, **kwargs):
        raise PermissionError(path)


def text(path, **kwargs):
    return TextDataset(filepath=path.as_posix(), **kwargs)


def test_a_file_is_there_once_it_is_saved(tmp_path):
    dataset = text(tmp_path / "folder" / "a.txt")

    assert not storage.is_there(dataset)
    storage.save(dataset, "x")
    assert storage.is_there(dataset)


def test_nothing_is_there_below_a_file(tmp_path):
    (tmp_path / "a").write_text("x")

    assert not storage.is_there(text(tmp_path / "a" / "b.txt"))


def test_a_link_that_leads_nowhere_is_not_an_absence(tmp_path):
    (tmp_path / "a.txt").symlink_to(tmp_path / "nowhere")

    assert storage.is_there(text(tmp_path / "a.txt"))


def test_a_version_is_asked_for_by_its_name(tmp_path):
    first = text(tmp_path / "a.txt", version=Version(None, "1"))
    assert not storage.is_there(first)
    storage.save(first, "x")

    assert storage.is_there(first)
    assert storage.is_there(text(tmp_path / "a.txt", version=Version("1", "2")))
    assert not storage.is_there(text(tmp_path / "a.txt", version=Version("2", "3")))


def test_partitions_are_looked_up_anew(tmp_path):
    parts = PartitionedDataset(
        path=str(tmp_path / "parts"), dataset="text.TextDataset", filename_suffix=".txt"
    )
    assert not storage.is_there(parts)
    (tmp_path / "parts").mkdir()
    assert not storage.is_there(parts)
    (tmp_path / "parts" / "a.txt").write_text("x")  # by another process, say

    assert storage.is_there(parts)


def test_a_dataset_without_a_file_system_is_asked_itself():
    class Table(AbstractDataset):
        def load(self):
            return 1

        def save(self, data):
            raise NotImplementedError

        def _describe(self):
            return {}

        def _exists(self):
            return True

    assert storage.is_there(Table())


def test_a_failure_is_not_taken_for_an_absence(tmp_path):
    dataset = text(tmp_path / "a.txt")
    dataset._fs = Unreachable()

    assert not dataset._fs.exists("a.txt")  # as fsspec puts it
    with pytest.raises(PermissionError):
        storage.is_there(dataset)


def test_a_save_leaves_the_file_and_nothing_else(tmp_path):
    dataset = text(tmp_path / "a.txt")
    storage.save(dataset, "old")
    storage.save(dataset, "new")

    assert (tmp_path / "a.txt").read_text() == "new"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_class_that_passes_its_file_on_sees_the_file_s_own_name(tmp_path):
    """As that of MLflow does, which logs the file as an artefact."""
    seen = []

    class Passed(TextDataset):
        def save(self, data):
            super().save(data)
            seen.append(self._filepath.name)

    storage.save(Passed(filepath=(tmp_path / "a.txt").as_posix()), "new")

    assert seen == ["a.txt"]


def test_a_save_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    dataset = text(tmp_path / "a.txt")
    storage.save(dataset, "old")

    with pytest.raises(DatasetError):
        storage.save(dataset, b"not text")

    assert (tmp_path / "a.txt").read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


class Killed(TextDataset):
    """Is killed in the middle of its second save."""

    saves = 0

    def save(self, data):
        Killed.saves += 1
        super().save(data)
        if Killed.saves == 2:
            raise KeyboardInterrupt


def partitions(tmp_path, kind):
    return PartitionedDataset(
        path=(tmp_path / "parts").as_posix(), dataset=kind, filename_suffix=".txt"
    )


def test_a_partition_is_saved_whole_or_not_at_all(tmp_path):
    storage.save(partitions(tmp_path, TextDataset), {"a": "old a", "sub/b": "old b"})
    dataset = partitions(tmp_path, Killed)

    with pytest.raises(KeyboardInterrupt):
        storage.save(dataset, {"a": "new a", "sub/b": lambda: "new", "sub/c": "c"})

    loaded = {name: load() for name, load in dataset.load().items()}
    assert loaded == {"a": "new a", "sub/b": "old b"}
    assert os.listdir(tmp_path) == ["parts"]


def test_partitions_are_seen_as_soon_as_they_are_saved(tmp_path):
    dataset = partitions(tmp_path, TextDataset)

    assert not dataset.exists()
    storage.save(dataset, {"a": "a"})
    assert dataset.exists()
    with pytest.raises(DatasetError, match=r"TextDataset.*\n.*str"):
        storage.save(dataset, {"a": b"no text"})
    assert {name: load() for name, load in dataset.load().items()} == {"a": "a"}


def test_what_a_killed_save_has_left_is_removed_once_it_is_old(tmp_path):
    old, new = (tmp_path / f".{digit * 32}" for digit in "ab")
    own = tmp_path / ".git"
    for folder in (old, new, own):
        folder.mkdir()
        (folder / "a.txt").write_text("x")
        os.utime(folder, (0, 0))
    for folder in (old, own):
        os.utime(folder / "a.txt", (0, 0))

    copies = [tmp_path / f".{digit * 32}_parts" for digit in "cd"]
    copies[0].mkdir()
    copies[1].write_text("x")
    for copy in copies:
        os.utime(copy, (0, 0))

    storage.remove_leftovers(str(tmp_path))
    storage.remove_leftovers(str(tmp_path / "absent"))

    assert {*tmp_path.iterdir()} == {new, own}


def test_a_save_keeps_the_permissions_and_follows_a_link(tmp_path):
    (tmp_path / "shared").mkdir()
    file, link = tmp_path / "shared" / "a.txt", tmp_path / "a.txt"
    file.write_text("old")
    file.chmod(0o660)
    link.symlink_to(file)

    storage.save(text(link), "new")

    assert link.is_symlink()
    assert file.read_text() == "new"
    assert file.stat().st_mode & 0o777 == 0o660


def test_a_save_makes_a_new_version_each_time(tmp_path):
    dataset = text(tmp_path / "a.txt", version=Version(None, "1"))
    storage.save(dataset, "x")

    assert dataset.load() == "x"
    with pytest.raises(DatasetError, match="must not exist"):
        storage.save(dataset, "y")


def test_a_dataset_that_appends_still_appends(tmp_path):
    dataset = text(tmp_path / "a.txt", fs_args={"open_args_save": {"mode": "a"}})
    storage.save(dataset, "x")
    storage.save(dataset, "y")

    assert (tmp_path / "a.txt").read_text() == "xy"


class Folder(TextDataset):
    """Writes a folder where others write a file."""

    def save(self, data):
        for name in data:
            with self._fs.open(f"{self._get_save_path()}/{name}", "w") as file:
                file.write(name)


def test_a_dataset_that_writes_a_folder_merges_as_it_likes(tmp_path):
    dataset = Folder(filepath=str(tmp_path / "pictures"))
    storage.save(dataset, ["a"])
    storage.save(dataset, ["b"])

    assert sorted(os.listdir(tmp_path / "pictures")) == ["a", "b"]


class Stubborn(TextDataset):
    """Writes to the path that it was made with, whatever it is told later."""

    def __init__(self, filepath):
        super().__init__(filepath=filepath)
        self.path = filepath

    def save(self, data):
        with open(self.path, "w") as file:
            file.write(data)


def test_a_dataset_that_keeps_its_own_path_is_left_to_itself(tmp_path):
    storage.save(Stubborn(str(tmp_path / "a.txt")), "x")

    assert (tmp_path / "a.txt").read_text() == "x"


def test_a_file_in_memory_is_saved_in_place():
    dataset = TextDataset(filepath="memory://storage/a.txt")
    storage.save(dataset, "x")

    assert dataset.load() == "x"

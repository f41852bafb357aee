"""Data in files: told apart, measured, deleted, copied and replaced."""

import os

import pytest
from fsspec.implementations.memory import MemoryFileSystem
from kedro.io import MemoryDataset, Version
from kedro_datasets.partitions import PartitionedDataset
from kedro_datasets.text import TextDataset
from kit import ops

Files = ops("core.dataset_io").Files


def text(path, version=None):
    return TextDataset(filepath=str(path), version=version)


def files(path):
    return Files.from_dataset(text(path))


def tree(folder):
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text() for path in found}


@pytest.fixture(params=["local", "memory"])
def root(request, tmp_path):
    """A folder on a file system, as a URL: a new one for each test."""
    local = request.param == "local"
    return str(tmp_path / "root") if local else f"memory://{tmp_path}/root"


def test_a_file_has_a_place_a_size_and_a_time(root):
    data = files(f"{root}/a.txt")
    assert (data.fingerprint(), data.modified(), data.is_view) == (None, None, False)
    text(f"{root}/a.txt").save("12345")

    assert data.location.endswith("root/a.txt")
    assert "://" in data.location
    assert data.size() == 5
    assert data.modified() is not None
    assert data.fingerprint() is not None
    assert data.version is None
    data.remove()
    data.remove()
    assert data.fingerprint() is None


def test_a_dataset_without_files_has_none():
    assert Files.from_dataset(object()) is None


def test_versions_are_counted_together_and_the_last_is_read(tmp_path):
    path = tmp_path / "a.txt"
    assert Files.from_dataset(text(path, Version(None, "1"))).version is None
    text(path, Version(None, "1")).save("one")
    text(path, Version(None, "2")).save("two!")
    data = Files.from_dataset(text(path, Version(None, "3")))

    assert data.version == "2"
    assert data.size() == 7
    assert data.fingerprint() == files(path / "2" / "a.txt").fingerprint()
    assert data.at("9").path == f"{path}/9/a.txt"
    assert data.at(None) is data
    data.remove()
    assert os.listdir(tmp_path) == []


def test_a_link_is_deleted_and_not_what_it_leads_to(tmp_path):
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "x").write_text("base")
    (tmp_path / "a").symlink_to(tmp_path / "base")
    files(tmp_path / "a").remove()

    assert tree(tmp_path) == {"base/x": "base"}
    assert not (tmp_path / "a").is_symlink()


def test_a_copy_is_made_of_a_file_or_a_folder(root):
    text(f"{root}/a/1.txt").save("one")
    text(f"{root}/a/sub/2.txt").save("two")
    text(f"{root}/b/old.txt").save("old")
    for name in ("/1.txt", ""):
        target = files(f"{root}/b{name}")
        target.copy_from(files(f"{root}/a{name}"))
        assert target.fingerprint() == files(f"{root}/a{name}").fingerprint()

    assert not text(f"{root}/b/old.txt").exists()
    with pytest.raises(FileNotFoundError):
        files(f"{root}/b/1.txt").copy_from(files(f"{root}/nothing"))


@pytest.mark.parametrize("name", ["/1.txt", ""], ids=["a file", "a folder"])
@pytest.mark.parametrize("exists", [True, False], ids=["over another", "as the first"])
def test_data_take_the_place_of_others_and_can_do_so_twice(root, name, exists):
    if exists:
        text(f"{root}/a{name or '/old.txt'}").save("old")
    text(f"{root}/b{name or '/sub/new.txt'}").save("new")
    base = files(f"{root}/a{name}")
    copy, away = base.beside("new-1"), base.beside("out-1")
    copy.copy_from(files(f"{root}/b{name}"))
    expected = copy.fingerprint()

    for _ in range(2):
        base.take(copy, away)

        assert base.fingerprint() == expected
    copy.remove()
    assert away.fingerprint() is None
    base.take(copy, away)  # whose data are gone
    assert base.fingerprint() == expected


@pytest.mark.parametrize("name", ["/1.txt", ""], ids=["an object", "a folder"])
def test_no_reader_in_a_bucket_misses_data_while_others_take_their_place(
    tmp_path, monkeypatch, name
):
    top = f"memory://{tmp_path}"
    for folder in ("base", "new"):
        text(f"{top}/{folder}{name or '/1.txt'}").save(folder)
    text(f"{top}/base/2.txt").save("old")
    copy_file, seen = MemoryFileSystem.cp_file, []

    def copy(filesystem, *paths, **options):
        seen.append(text(f"{top}/base/1.txt").load())
        copy_file(filesystem, *paths, **options)

    monkeypatch.setattr(MemoryFileSystem, "cp_file", copy)
    base = files(f"{top}/base{name}")
    base.take(files(f"{top}/new{name}"), base.beside("out"))

    assert seen == ["base"]
    assert text(f"{top}/base/1.txt").load() == "new"
    assert text(f"{top}/base/2.txt").exists() == bool(name)


def test_the_permissions_of_the_place_stay(tmp_path):
    base = files(tmp_path / "a")
    (tmp_path / "a").write_text("old")
    (tmp_path / "a").chmod(0o640)
    copy = base.beside("new")
    text(copy.path).save("new")
    base.take(copy, base.beside("out"))

    assert tree(tmp_path) == {"a": "new"}
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640


def test_a_base_that_is_a_link_stays_one(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "real").write_text("old")
    (tmp_path / "a").symlink_to(tmp_path / "disk" / "real")
    base = files(tmp_path / "a")
    copy = base.beside("new")
    assert copy.path.startswith(f"{tmp_path}/disk/")
    text(copy.path).save("new")
    base.take(copy, base.beside("out"))

    assert (tmp_path / "a").is_symlink()
    assert tree(tmp_path) == {"a": "new", "disk/real": "new"}


def test_a_folder_that_was_moved_away_before_a_kill_is_put_away(tmp_path):
    base = files(tmp_path / "a")
    copy, away = base.beside("new"), base.beside("out")
    for place, content in ((base, "base"), (copy, "new"), (away, "left")):
        text(f"{place.path}/x").save(content)
    base.take(copy, away)

    assert tree(tmp_path) == {"a/x": "new"}


def test_a_failure_is_not_taken_for_an_absence(tmp_path, monkeypatch):
    base = files(tmp_path / "a")

    def info(path):
        raise PermissionError(path)

    monkeypatch.setattr(base.filesystem, "info", info, raising=False)
    for act in (base.remove, lambda: base.take(base, base)):
        with pytest.raises(PermissionError):
            act()


def test_partitions_are_a_folder(tmp_path):
    parts = PartitionedDataset(path=str(tmp_path / "p"), dataset="text.TextDataset")
    parts.save({"a": "1", "b": "22"})
    data = Files.from_dataset(parts)

    assert data.size() == 3
    assert data.fingerprint() == files(tmp_path / "p").fingerprint()


@pytest.mark.parametrize("name", ["nothing", "file/below", "empty"])
def test_nothing_has_no_fingerprint(tmp_path, name):
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").mkdir()

    assert files(tmp_path / name).fingerprint() is None


def test_a_folder_is_known_by_names_and_contents(tmp_path):
    for folder, name in (("1", "a"), ("2", "a"), ("3", "b"), ("4", "x/a")):
        (tmp_path / folder / name).parent.mkdir(parents=True)
        (tmp_path / folder / name).write_text("x")

    prints = [files(tmp_path / folder).fingerprint() for folder in "1234"]
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


@pytest.mark.parametrize(
    ("told", "known"),
    [({"ETag": '"abc"'}, "etag:abc"), ({"md5Hash": "abc"}, "md5hash:abc")],
)
def test_an_object_is_known_by_its_stores_checksum(monkeypatch, told, known):
    data = files("memory:///checksum/a.txt")
    text("memory:///checksum/a.txt").save("x")
    real = MemoryFileSystem.info

    def info(self, path, **kwargs):
        return {**real(self, path, **kwargs), **told}

    assert data.fingerprint().startswith("xxh3:")
    monkeypatch.setattr(MemoryFileSystem, "info", info)
    assert data.fingerprint() == known


def test_memory_stores_nothing():
    assert ops("core.dataset_io").stored_data(MemoryDataset()) is None
    assert ops("core.dataset_io").stored_data(None) is None


def test_all_kinds_of_data_can_do_the_same():
    tables = ops("core.tables")
    asked = {name for name in vars(Files) if not name.startswith("_")}
    asked -= {"from_dataset", "filesystem", "path", "current"}
    for kind in (tables.SqlTable, tables.IbisTable):
        assert asked <= set(dir(kind))

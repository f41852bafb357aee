"""What is asked of a bucket: rarely, and never answered from too long ago."""

import fsspec
import pytest
from counted_store import CountingS3
from kedro.io import DataCatalog
from kit import ops

file_info = ops("core.file_info")
TEXT = "text.TextDataset"


@pytest.fixture(scope="module")
def server():
    server = CountingS3()
    yield server
    server.close()


@pytest.fixture
def bucket(server):
    """Asks for a path; each test has a new file system, and has seen nothing yet."""
    file_info.forget()
    options = {"key": "a", "secret": "b", "endpoint_url": server.url}
    filesystem = fsspec.filesystem("s3", skip_instance_cache=True, **options)
    for name in ("here.txt", "here.txt.bak", "parts.parquet/1", "short", "many.d/a"):
        server.put(f"look/{name}", b"12345")
    server.log.clear()
    return filesystem


def ask(filesystem, name):
    return file_info.info(filesystem, f"team/look/{name}")


@pytest.mark.parametrize(
    "name, kind",
    [("here.txt", "file"), ("parts.parquet", "directory"), ("gone.txt", None)],
)
def test_one_request_tells_what_is_there(server, bucket, name, kind):
    found = ask(bucket, name)

    assert (found and found["type"]) == kind
    assert len(server.log) == 1
    if kind == "file":
        plain = bucket.info(f"team/look/{name}", refresh=True)
        same = ("ETag", "size", "name", "LastModified")
        assert [found[each] for each in same] == [plain[each] for each in same]


@pytest.mark.parametrize(
    "name", ["a b.txt", "a+b.txt", "a%20b.txt", "ä#1.txt", "*.txt"]
)
def test_a_name_may_have_any_letters(server, bucket, name):
    server.put(f"look/{name}", b"123")
    server.put(f"look/{name}.d/more", b"")

    assert ask(bucket, name)["size"] == 3
    assert ask(bucket, f"{name}.d")["type"] == "directory"
    assert ask(bucket, f"{name}.e") is None


def test_a_name_with_which_many_may_begin_is_not_listed(server, bucket):
    assert ask(bucket, "short")["size"] == 5
    assert [each.split()[0] for each in server.log] == ["HEAD"]


def test_what_may_be_read_but_not_listed_is_found(server, bucket, monkeypatch):
    def refuse(method, *args, **kwargs):
        raise PermissionError(method)

    monkeypatch.setattr(bucket, "call_s3", refuse)

    assert ask(bucket, "here.txt")["size"] == 5


def test_what_is_not_on_the_first_page_is_asked_for(server, bucket, monkeypatch):
    plain = bucket.call_s3
    monkeypatch.setattr(
        bucket,
        "call_s3",
        lambda *args, **kwargs: plain(*args, **kwargs, MaxKeys=1),
    )
    server.put("look/many.d!", b"")

    assert ask(bucket, "many.d")["type"] == "directory"


def test_all_guards_that_plan_a_run_share_one_look(server, bucket):
    for _ in range(3):
        with file_info.at_start():
            assert ask(bucket, "here.txt")["size"] == 5
            assert ask(bucket, "gone.txt") is None
    assert len(server.log) == 2

    server.put("look/here.txt", b"1")
    assert ask(bucket, "here.txt")["size"] == 1  # while nodes run, nothing is old
    with file_info.at_start():
        assert ask(bucket, "here.txt")["size"] == 5
    file_info.forget()
    with file_info.at_start():
        assert ask(bucket, "here.txt")["size"] == 1


def test_a_failure_is_not_remembered(bucket, monkeypatch):
    def fail(*args, **kwargs):
        raise OSError("no network")

    with file_info.at_start():
        with monkeypatch.context() as patch:
            patch.setattr(bucket, "call_s3", fail)
            with pytest.raises(OSError, match="no network"):
                ask(bucket, "here.txt")
        assert ask(bucket, "here.txt")["size"] == 5


def test_a_look_right_after_a_save_serves_once_and_not_for_long(
    server, bucket, monkeypatch
):
    path = "team/look/here.txt"
    saved = file_info.objects(bucket, path)
    server.put("look/here.txt", b"another")

    def look():
        with file_info.after_save():
            return file_info.objects(bucket, path)[""]["size"]

    file_info.remember_save(bucket, path, saved)
    assert (look(), look()) == (5, 7)
    file_info.remember_save(bucket, path, saved)
    monkeypatch.setattr(file_info, "_JUST_NOW", 0.0)
    assert look() == 7


def test_a_file_on_this_machine_is_never_remembered(tmp_path):
    filesystem, path = fsspec.filesystem("file"), str(tmp_path / "a.txt")
    with file_info.at_start():
        assert file_info.info(filesystem, path) is None
        (tmp_path / "a.txt").write_text("1")
        assert file_info.info(filesystem, path)["size"] == 1


def test_many_datasets_are_asked_for_at_once(server, bucket):
    names = [f"{number}.txt" for number in range(20)] + ["here.txt"]
    options = {"key": "a", "secret": "b", "endpoint_url": server.url}
    catalog = DataCatalog.from_config(
        {
            name.replace(".", "_"): {
                "type": TEXT,
                "filepath": f"s3://team/look/{name}",
                "credentials": options,
            }
            for name in names
        }
    )
    io = ops("core.dataset_io")
    datasets = [catalog.get(name) for name in catalog.keys()]
    server.log.clear()
    io.look_ahead([*datasets, object()])

    assert len(server.log) == len(names)
    with file_info.at_start():
        assert [io.is_there(each) for each in datasets] == [False] * 20 + [True]
    assert len(server.log) == len(names)


def test_a_version_that_is_named_is_not_the_last_one(server):
    file_info.forget()
    on = {"Status": "Enabled"}
    server.s3.create_bucket(Bucket="versions")
    server.s3.put_bucket_versioning(Bucket="versions", VersioningConfiguration=on)
    for text in (b"1", b"22"):
        server.s3.put_object(Bucket="versions", Key="a.txt", Body=text)
    found = server.s3.list_object_versions(Bucket="versions")
    [old] = [each for each in found["Versions"] if not each["IsLatest"]]
    options = {"key": "a", "secret": "b", "endpoint_url": server.url}
    filesystem = fsspec.filesystem("s3", version_aware=True, **options)
    path = "versions/a.txt"

    assert file_info.info(filesystem, path)["size"] == 2
    assert (
        file_info.info(filesystem, f"{path}?versionId={old['VersionId']}")["size"] == 1
    )

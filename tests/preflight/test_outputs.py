"""Whether what is saved can be saved."""

import os

import fsspec
from kedro.io import DataCatalog, Version
from kedro_datasets.text import TextDataset
from kit import ops

from .planned import text

pytest_plugins = ["preflight.planned"]
module = ops("preflight.outputs")
checks = ops("preflight.checks")


def problems(run):
    found = module.check(run, 5)
    return [*checks.check_all([("outputs", "error", each) for each in found])]


def of(planner, dataset):
    catalog = DataCatalog({"y": dataset})
    return problems(planner.run({}, ("x", "y"), catalog=catalog))


def test_a_folder_that_is_there_or_can_be_made(planner):
    entries = {"a": text("data/a.txt"), "b": text("data/x/y/b.txt")}
    before = sorted(planner.path.rglob("*"))

    assert problems(planner.run(entries, ("x", "a"), ("x", "b"))) == []
    assert [path for path in sorted(planner.path.rglob("*")) if "conf" not in str(path)]
    assert not (planner.path / "data" / "x").exists()
    assert before


def test_a_file_in_the_place_of_a_folder(planner):
    planner.write("data/file", "x")

    [problem] = problems(planner.run({"a": text("data/file/x/a.txt")}, ("x", "a")))

    assert problem.message.endswith("data/file is a file, but must be a folder")


def test_a_file_in_the_place_of_versions(planner):
    planner.write("data/a.txt", "x")
    entries = {"a": text("data/a.txt", versioned=True)}

    [problem] = problems(planner.run(entries, ("x", "a")))

    assert "but versions need a folder" in problem.message


def test_a_folder_that_is_not_ours(planner, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)

    [problem] = problems(planner.run({"a": text("data/a.txt")}, ("x", "a")))

    assert problem.message.startswith("you have no permission to write to")


class Bucket(fsspec.AbstractFileSystem):
    """Like s3fs, with a bucket that takes some keys."""

    protocol = "s3"
    cachable = False
    s3_additional_kwargs = {"SSE": "yes"}  # noqa: RUF012

    def __init__(self):
        super().__init__()
        self.open = []

    def split_path(self, path):
        return (*path.split("/", 1), None)

    def call_s3(self, method, *args, Key, **kwargs):
        if "denied" in Key:
            raise PermissionError("Access Denied")
        if method == "create_multipart_upload":
            assert args == (self.s3_additional_kwargs,)
            self.open.append(Key)
            return {"UploadId": Key}
        self.open.remove(kwargs["UploadId"])
        return {}


def in_bucket(path, **more):
    dataset = TextDataset(filepath=f"memory://{path}", **more)
    dataset._fs, dataset._protocol = Bucket(), "s3"
    return dataset


def test_a_bucket_is_asked_by_an_upload_that_is_called_off(planner):
    dataset = in_bucket("b/x/a.txt", version=Version(None, None))

    assert of(planner, dataset) == []
    assert dataset._fs.open == []


def test_a_bucket_that_refuses_and_one_that_is_silent(planner):
    [problem] = of(planner, in_bucket("b/denied/a.txt"))
    assert problem.message.endswith("refuses data: PermissionError: Access Denied")

    run = planner.run({}, ("x", "y"), catalog=DataCatalog({"y": in_bucket("b/a.txt")}))
    [question] = module.check(run, 5)
    [problem] = question.findings(checks.NoAnswer())
    assert problem.message.startswith("no answer within 5 s from s3://")


def test_any_other_store_cannot_be_told(planner):
    [problem] = of(planner, TextDataset(filepath="memory://b/a.txt"))

    assert problem.level == "note"
    assert "cannot tell without writing" in problem.message

"""The project's code behind the objects that a dataset holds."""

import gzip
import pickle
import sys
from types import ModuleType

import pytest
from kit import PACKAGE, ops

PICKLE = {"type": "pickle.PickleDataset"}


@pytest.fixture
def model(tmp_path, monkeypatch):
    """Write a module of the project's with a class; return an object of that."""

    def write(text):
        name = f"{PACKAGE}.some_models"
        module = ModuleType(name)
        file = tmp_path / "some_models.py"
        file.write_text(text)
        module.__file__ = str(file)
        monkeypatch.setitem(sys.modules, name, module)
        exec(compile(text, str(file), "exec"), vars(module))
        return module.Model()

    return write


@pytest.fixture
def code(tmp_path):
    """The digest for what a file holds."""

    def ask(content, entry=None):
        (tmp_path / "file").write_bytes(content)
        codes = ops("skip_unchanged.code_version").CodeVersions(tmp_path)
        found = ops("skip_unchanged.object_code").ObjectCode(codes)
        return found.of(entry or PICKLE, str(tmp_path / "file"))

    return ask


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_the_class_of_an_object_belongs_to_it(model, code, protocol):
    first = pickle.dumps(model("class Model:\n    def f(self): return 1"), protocol)
    one = code(first)
    second = pickle.dumps(model("class Model:\n    def f(self): return 2"), protocol)
    two = code(second)

    assert first == second
    assert one
    assert two
    assert one != two


def test_objects_of_libraries_need_no_code_of_the_project(code):
    assert code(pickle.dumps({"a": [1, 2.0]})) == ""


def test_tables_and_texts_hold_no_objects_whatever_is_in_them(code):
    content = f"{PACKAGE}.some_models".encode()

    for kind in ("pandas.CSVDataset", "kedro_datasets.text.TextDataset"):
        assert code(content, {"type": kind}) == ""


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "pandas.GenericDataset", "file_format": "pickle"},
        {"type": "partitions.PartitionedDataset", "dataset": "pickle.PickleDataset"},
        {"type": "our.own.Dataset"},
    ],
)
def test_what_may_hold_objects_is_looked_at(model, code, entry):
    assert code(pickle.dumps(model("class Model: pass")), entry)


def test_all_code_counts_where_the_names_cannot_be_seen(code, tmp_path):
    packed = code(gzip.compress(pickle.dumps(1)))
    codes = ops("skip_unchanged.code_version").CodeVersions(tmp_path)
    elsewhere = (
        ops("skip_unchanged.object_code")
        .ObjectCode(codes)
        .of(PICKLE, "s3://bucket/model")
    )

    assert packed
    assert packed == elsewhere


def test_a_name_that_is_cut_by_the_end_of_a_block_is_seen(model, code, monkeypatch):
    content = pickle.dumps(["a" * 90, model("class Model: pass")])
    whole = code(content)
    monkeypatch.setattr(ops("skip_unchanged.object_code"), "_BLOCK", 100)

    assert code(content) == whole != ""


def test_code_that_cannot_be_told_from_other_code_is_no_answer(model, code):
    text = "lock = __import__('threading').Lock()\nclass Model:\n    def f(self): lock"

    assert code(pickle.dumps(model(text))) is None

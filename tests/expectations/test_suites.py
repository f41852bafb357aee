"""Suites as they are written: what is read, and every mistake with its line."""

import tarfile
import zipfile

import pytest
from kit import ops

suites = ops("expectations.suites")
OpsError = ops("core.errors").OpsError

TEXT = """\
# a comment
expectations:
  - type: expect_a
    kwargs: {column: id}

  - {type: expect_b, severity: warning, meta: {why: because}}
"""


def write(conf, path, text=TEXT):
    file = conf / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_a_suite_knows_the_line_of_each_expectation():
    suite = suites.parsed("cars", TEXT, "conf/base/expectations/cars.yml")

    first, second = suite.expectations
    assert (first.type, first.kwargs, first.severity) == (
        "expect_a",
        {"column": "id"},
        "critical",
    )
    assert first.place == "conf/base/expectations/cars.yml, line 3"
    assert (second.severity, second.kwargs) == ("warning", {})
    assert second.more == {"meta": {"why": "because"}}
    assert second.place.endswith("line 6")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must have one key"),
        ("- a", "must have one key"),
        ("expectations: []\nmore: 1", "must have one key"),
        ("expectations:", "the list of expectations is empty"),
        ("expectations: []", "the list of expectations is empty"),
        ("expectations: {a: 1}", "the list of expectations is empty"),
        ("across: [{type: a}]", "must have one key"),
        ("expectations: [", "cannot be read"),
        ("expectations: [a]", "line 1: an expectation needs a 'type'"),
        ("expectations:\n- kwargs: {}", "line 2: an expectation needs a 'type'"),
        ("expectations:\n- {type: a, column: b}", "line 2: 'column' is not a key"),
        (
            "expectations:\n- {type: a, kwargs: [b]}",
            "line 2: 'kwargs' must be a mapping",
        ),
        (
            "expectations:\n- {type: a, severity: high}",
            "the severity 'high' is not one",
        ),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(text, message):
    with pytest.raises(OpsError, match="cars.yml") as caught:
        suites.parsed("cars", text, "cars.yml")

    assert message in caught.value.message
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("name", ["catalog_of_cars", "parameters", "credentials_x"])
def test_a_suite_has_no_name_that_kedro_takes_for_another_file(name):
    with pytest.raises(OpsError, match="Give the suite another name"):
        suites.parsed(name, TEXT, f"{name}.yml")


def test_what_an_environment_has_stands_before_the_base(tmp_path):
    write(tmp_path, "base/expectations/cars.yml")
    write(tmp_path, "base/expectations/bikes.yaml")
    write(tmp_path, "prod/expectations/cars.yml", "expectations: [{type: a}]")
    folder = suites.SuiteFolder(str(tmp_path), ("base", "prod"))

    assert folder.names() == ["bikes", "cars"]
    assert folder.read("cars").place == "conf/prod/expectations/cars.yml"
    assert folder.read("cars").expectations[0].type == "a"
    assert folder.read("bikes").place == "conf/base/expectations/bikes.yaml"
    base = suites.SuiteFolder(str(tmp_path), ("base",))
    assert base.read("cars").expectations[0].type == "expect_a"


def test_a_suite_that_is_not_there_is_an_error_with_a_hint(tmp_path):
    write(tmp_path, "base/expectations/cars.yml")
    folder = suites.SuiteFolder(str(tmp_path), ("base",))

    with pytest.raises(
        OpsError, match="suite 'car' does not exist.* Did you mean 'cars'"
    ):
        folder.read("car")
    with pytest.raises(OpsError, match=r"Write conf/base/expectations/trains\.yml"):
        folder.read("trains")
    assert suites.SuiteFolder(str(tmp_path / "none"), ("base",)).names() == []


def test_suites_are_read_from_the_archive_of_a_packaged_project(tmp_path):
    write(tmp_path, "conf/base/expectations/cars.yml")
    with tarfile.open(tmp_path / "conf.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "conf", "conf")
    with zipfile.ZipFile(tmp_path / "conf.zip", "w") as archive:
        archive.write(
            tmp_path / "conf/base/expectations/cars.yml",
            "conf/base/expectations/cars.yml",
        )

    for name in ("conf.tar.gz", "conf.zip"):
        folder = suites.SuiteFolder(str(tmp_path / name), ("base", "local"))
        assert folder.names() == ["cars"]
        assert len(folder.read("cars").expectations) == 2

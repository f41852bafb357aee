"""Whose code a module is."""

import sys

import pytest
from kit import PACKAGE, ops

modules = ops("skip_unchanged.source_code")


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder of installed packages."""
    folder = tmp_path / "lib" / "site-packages"
    folder.mkdir(parents=True)
    monkeypatch.setattr(sys, "path", [*sys.path, str(folder)])
    forget()
    yield folder
    forget()


def forget():
    modules.installed.cache_clear()


def install(folder, name, version, *files, notes="RECORD", suffix="dist-info"):
    info = folder / f"{name}-{version}.{suffix}"
    info.mkdir()
    (info / notes).write_text("\n".join(files))


def versions(module):
    return [
        each for one in modules.library(module) for each in modules.versions(one.name)
    ]


def test_a_package_is_found_by_its_module(site):
    install(site, "tinylib", "1.0", "tinylib/__init__.py,,")
    install(site, "other_lib", "2.0", "other/__init__.py,,", "tinylib2/__init__.py,,")
    install(site, "tinylib_stubs", "9.0", "tinylib-stubs/__init__.pyi,,")
    install(site, "single", "3.0", "notes.txt,,", "one_file.py,,")
    install(site, "Old", "4.0", "very_old", notes="top_level.txt", suffix="egg-info")

    assert versions("tinylib.inner") == ["tinylib 1.0"]
    assert versions("other") == ["other_lib 2.0"]
    assert versions("one_file") == ["single 3.0"]
    assert versions("very_old") == ["Old 4.0"]


def test_packages_that_share_a_module_count_all(site):
    install(site, "cloud_a", "1.0", "shared_cloud/a/__init__.py,,")
    install(site, "cloud_b", "2.0", "shared_cloud/b/__init__.py,,")

    assert versions("shared_cloud.a") == ["cloud_a 1.0", "cloud_b 2.0"]


def test_a_version_that_nobody_knows_is_said_to_be_unknown():
    assert versions("no_such_module") == ["no_such_module of no known version"]


@pytest.mark.parametrize("name", ["json", "builtins", "_cython_3", ""])
def test_python_itself_has_none(name):
    assert versions(name) == []


def test_what_is_not_installed_is_the_projects_own(tmp_path, monkeypatch, site):
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    (tmp_path / "beside.py").touch()
    (site / "installed.py").touch()
    (tmp_path / "vendored.py").touch()
    is_own = modules.Modules(PACKAGE).is_own

    assert is_own("beside")
    assert is_own(f"{PACKAGE}.pipelines")
    assert is_own("__main__")
    assert is_own("made.in.memory")
    assert not is_own("installed")
    assert not is_own("pytest")
    assert not is_own("json.decoder")
    # Pip was told to install into that folder.
    install(tmp_path, "vendored", "1.0", "vendored.py,,")
    assert not modules.Modules(PACKAGE).is_own("vendored")


def test_the_projects_package_is_left_out_of_titles():
    found = modules.Modules("toe_test")

    assert found.title("toe_test.pipelines.clean") == "pipelines/clean.py"
    assert found.title(f"{PACKAGE}.pipelines") == "pipelines/__init__.py"
    assert found.title("toe_tests.clean") == "toe_tests/clean.py"
    assert found.title("") == "code without a file"

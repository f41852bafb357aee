"""Whose code a module is."""

import sys

import pytest
from kit import PACKAGE, ops

packages = ops("skip_unchanged.code_packages")


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
    for each in (packages.distributions, packages._notes, packages._folders):
        each.cache_clear()


def install(folder, name, version, *files, notes="RECORD", suffix="dist-info"):
    info = folder / f"{name}-{version}.{suffix}"
    info.mkdir()
    (info / notes).write_text("\n".join(files))


def versions(module):
    return packages.Package.of(module).versions


def test_a_package_is_found_by_its_module(site):
    install(site, "tinylib", "1.0", "tinylib/__init__.py,,")
    install(site, "other_lib", "2.0", "other/__init__.py,,", "tinylib2/__init__.py,,")
    install(site, "single", "3.0", "notes.txt,,", "one_file.py,,")
    install(site, "Old", "4.0", "very_old", notes="top_level.txt", suffix="egg-info")

    assert versions("tinylib.inner") == ("tinylib 1.0",)
    assert versions("other") == ("other_lib 2.0",)
    assert versions("one_file") == ("single 3.0",)
    assert versions("very_old") == ("Old 4.0",)


def test_packages_that_share_a_module_count_all(site):
    install(site, "cloud_a", "1.0", "shared_cloud/a/__init__.py,,")
    install(site, "cloud_b", "2.0", "shared_cloud/b/__init__.py,,")

    assert versions("shared_cloud.a") == ("cloud_a 1.0", "cloud_b 2.0")


def test_a_version_that_nobody_knows_is_said_to_be_unknown():
    assert versions("no_such_module") == ("no_such_module of no known version",)


@pytest.mark.parametrize("name", ["json", "builtins", "_cython_3", ""])
def test_python_itself_has_none(name):
    assert versions(name) == ()


def test_what_is_not_installed_is_the_projects_own(tmp_path, monkeypatch, site):
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    (tmp_path / "beside.py").touch()
    (site / "installed.py").touch()
    (tmp_path / "vendored.py").touch()
    own = packages.Own(tmp_path, PACKAGE)

    assert own.has("beside")
    assert own.has(f"{PACKAGE}.pipelines")
    assert own.has("__main__")
    assert own.has("made.in.memory")
    assert not own.has("installed")
    assert not own.has("pytest")
    assert not own.has("json.decoder")
    # Pip was told to install into that folder.
    forget()
    packages._is_installed.cache_clear()
    install(tmp_path, "vendored", "1.0", "vendored.py,,")
    assert not own.has("vendored")


def test_the_projects_package_is_left_out_of_titles(tmp_path):
    own = packages.Own(tmp_path, "toe_test")

    assert own.title("toe_test.pipelines.clean") == "pipelines/clean.py"
    assert own.title("toe_test.pipelines", is_package=True) == "pipelines/__init__.py"
    assert own.title("toe_tests.clean") == "toe_tests/clean.py"
    assert own.title("") == "code without a file"


def test_a_path_in_the_project_goes_without_its_folder(tmp_path):
    own = packages.Own(tmp_path)

    assert own.relative(f"{tmp_path}/data/a.csv") == "/data/a.csv"
    assert own.relative(str(tmp_path)) == ""
    assert own.relative(f"{tmp_path}2/data") is None
    assert own.relative("data") is None


def test_a_module_is_found_without_importing_it(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    (tmp_path / "wrong").mkdir()
    (tmp_path / "wrong" / "__init__.py").write_text("1 / 0")
    (tmp_path / "wrong" / "inner.py").write_text("1 / 0")

    assert packages.find("wrong.inner").origin == str(tmp_path / "wrong" / "inner.py")
    assert packages.find("wrong.no") is None
    assert packages.find("wrong.inner.no") is None

"""Projects to test with."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest
from environments import make_environment
from helpers import commit, generate, pack


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the projects that are installed: at the end, one worker would wait."""
    items.sort(key=lambda item: item.path.name != "test_project.py")


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: many tests wait, for a browser or a time limit."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture(scope="session", autouse=True)
def _temporary_files_of_our_own() -> Iterator[None]:
    """What tests and their commands leave in the temporary folder goes with it."""
    with (
        tempfile.TemporaryDirectory(prefix="test-") as folder,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("TMPDIR", folder)
        patch.setattr(tempfile, "tempdir", folder)
        yield


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with everything on, committed on main. Do not write to it."""
    project = generate(tmp_path_factory.mktemp("generated"))
    commit(project)
    pack(project)
    return project


@pytest.fixture
def project(generated: Path, tmp_path: Path) -> Path:
    """A copy of the generated project for one test, with its git repository."""
    return shutil.copytree(generated, tmp_path / generated.name, symlinks=True)


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment for one project after another."""
    folder = tmp_path_factory.mktemp("environment")
    make_environment(folder)
    return folder / ".venv"


@pytest.fixture(scope="session")
def known_types(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What mypy found in one project it needs not find in the next: 1 s, not 20."""
    return {"MYPY_CACHE_DIR": str(tmp_path_factory.mktemp("mypy"))}


@pytest.fixture
def memory() -> Iterator[Any]:
    """A file system that is not the local one, and empty."""
    filesystem: Any = fsspec.filesystem("memory")
    filesystem.store.clear()
    filesystem.pseudo_dirs[:] = [""]
    yield filesystem
    filesystem.store.clear()

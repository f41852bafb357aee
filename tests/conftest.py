"""Projects to test with."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import clean_template, commit, generate


@pytest.fixture(scope="session", autouse=True)
def _remove_the_clean_template() -> Iterator[None]:
    yield
    if clean_template.cache_info().currsize:
        shutil.rmtree(clean_template().parent)


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with everything on, committed on main. Do not write to it."""
    project = generate(tmp_path_factory.mktemp("generated"))
    commit(project)
    return project


@pytest.fixture
def project(generated: Path, tmp_path: Path) -> Path:
    """A copy of the generated project for one test, with its git repository."""
    return shutil.copytree(generated, tmp_path / generated.name, symlinks=True)

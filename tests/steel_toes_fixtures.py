"""Fixtures of the tests of steel toes; a plugin for ``pytest_plugins``.

A module of tests says in ``GUARDS`` which guards its projects have beside these two.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import SWITCHES, commit, generate, pack
from steel_toes_helpers import (
    BASE,
    CATALOG,
    IN_A_CACHE,
    KINDS_BASE,
    KINDS_CATALOG,
    KINDS_PIPELINE,
    PIPELINE,
    Workshop,
)


@pytest.fixture(scope="module")
def empty_project(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A project without the example, committed on main. Do not write to it."""
    guards = ["steel_toes", "path_rules", *getattr(request.module, "GUARDS", [])]
    switches = {switch: switch in guards for switch in SWITCHES}
    project = generate(tmp_path_factory.mktemp("empty"), **switches)
    commit(project)
    pack(project)
    return project


@pytest.fixture(scope="session")
def without_pandas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What makes a run as quick as where pandas is not installed: twice as quick.

    Kedro imports both in every run if it can, to know how to copy data in memory.
    """
    folder = tmp_path_factory.mktemp("without")
    text = "import sys\nsys.modules['pandas'] = sys.modules['ibis'] = None\n"
    folder.joinpath("sitecustomize.py").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where an S3 server on loopback answers."""
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - few modules need it

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def workshop(empty_project: Path, without_pandas: Path, tmp_path: Path) -> Workshop:
    """A project on branch dev with the pipeline raw -> mid -> out."""
    path = tmp_path / "project"
    shutil.copytree(empty_project, path, symlinks=True)
    workshop = Workshop(path, without_pandas)
    workshop.switch("dev")
    workshop.catalog(CATALOG)
    workshop.pipeline(PIPELINE)
    workshop.write(BASE)
    return workshop


@pytest.fixture
def kinds(workshop: Workshop) -> Workshop:
    """The same with a dataset of each kind, for ``KINDS_RESULT``."""
    shutil.rmtree(workshop.path / "data")
    workshop.catalog(KINDS_CATALOG + IN_A_CACHE)
    workshop.pipeline(KINDS_PIPELINE)
    workshop.write(KINDS_BASE)
    return workshop

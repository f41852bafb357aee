"""Kedro-Viz of the project, built after a run."""

import logging
import subprocess
import sys
import time

import pytest
from kit import ops

from .run_project import RunProject

module = ops("run_status.kedro_viz")
Store = ops("core.store").Store


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project in which Kedro-Viz is as if installed, and builds itself at once."""
    monkeypatch.setattr(module, "find_spec", lambda name: True)
    project = tmp_path / "project"
    project.mkdir()

    def build(*_):
        for name in ("index.html", "assets/code.js", "api/deploy-viz-metadata"):
            file = project / "build" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{name} {time.monotonic()}")
        return ""

    monkeypatch.setattr(module, "_run", build)
    return project


def warning(caplog):
    [record] = [r for r in caplog.records if r.levelno >= logging.WARNING]
    return record.getMessage()


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_it_is_put_in_the_store_in_the_place_of_the_one_before(project):
    store = Store(str(project / "ops/runs"))
    place = module.build(project, store, "")
    before = (project / place).read_text()
    module.build(project, store, "")

    assert place == "ops/kedro-viz/index.html"
    assert (project / place).read_text() != before
    assert names(project / "ops" / "kedro-viz") == ["api", "assets", "index.html"]
    assert names(project / "ops") == ["kedro-viz"]
    assert not (project / "build").exists()


def test_without_a_folder_for_the_store_it_is_beside_the_data(project):
    place = module.build(project, Store("memory://ops/runs"), "")

    assert place == "data/.ops/kedro-viz/index.html"


def test_what_others_have_built_stays(project, caplog):
    (project / "build" / "lib").mkdir(parents=True)

    assert module.build(project, Store(str(project / "ops/runs")), "") == ""
    assert "a folder `build`, which exists" in warning(caplog)
    assert names(project / "build") == ["lib"]


@pytest.mark.parametrize("half", [True, False])
def test_what_is_not_built_is_one_warning(project, caplog, monkeypatch, half):
    def build(*_):
        (project / "build").mkdir()
        return "" if half else "it took more than 120 s"

    monkeypatch.setattr(module, "_run", build)

    assert module.build(project, Store(str(project / "ops/runs")), "") == ""
    reason = "`kedro viz build` shows why" if half else "it took more than 120 s"
    assert warning(caplog) == f"Kedro-Viz was not built ({reason})"
    assert not (project / "build").exists()


def test_ctrl_c_ends_the_build_and_not_the_run(project, caplog, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "_run", interrupted)

    assert module.build(project, Store(str(project / "ops/runs")), "") == ""
    assert "KeyboardInterrupt" in warning(caplog)


def test_where_it_is_not_installed_a_warning_says_how(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None)

    assert module.build(tmp_path, Store(str(tmp_path / "ops/runs")), "") == ""
    assert "`pip install kedro-viz`" in warning(caplog)


# In the place of Python: a program that starts another one, which keeps the pipe open.
SLOW = """#!/bin/sh
sleep 60 &
echo $! > other
wait
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no such programs")
def test_it_is_not_waited_for_longer_than_two_minutes(tmp_path, caplog, monkeypatch):
    pytest.importorskip("kedro_viz")
    program = tmp_path / "python"
    program.write_text(SLOW)
    program.chmod(0o755)
    monkeypatch.setattr(module.sys, "executable", str(program))
    monkeypatch.setattr(module, "_PATIENCE", 0.3)
    began = time.monotonic()

    assert module.build(tmp_path, Store(str(tmp_path / "ops/runs")), "prod") == ""
    assert "it took more than" in warning(caplog)
    assert time.monotonic() - began < 10
    other = int((tmp_path / "other").read_text())
    while is_running(other) and time.monotonic() - began < 10:
        time.sleep(0.01)
    assert not is_running(other)


def is_running(pid):
    with subprocess.Popen(["ps", "-o", "stat=", str(pid)], stdout=-1) as ps:
        return ps.stdout.read().strip()[:1] not in {b"", b"Z"}


@pytest.mark.parametrize("on", [True, False])
def test_a_run_links_to_it_where_it_is_wanted(tmp_path, monkeypatch, caplog, on):
    monkeypatch.setenv("STEEL_TOES_BRANCH", "dev")
    monkeypatch.delenv("RUN_STATUS", raising=False)
    caplog.set_level(logging.INFO)
    project = RunProject(tmp_path / "project", ops("run_status.hook").RunStatus())
    project.settings(run_status={"kedro_viz": on})
    monkeypatch.setattr(module, "build", lambda *_: "there/index.html")
    project.session()

    assert ("there/index.html" in caplog.text) is on
    assert project.run().state.value == "succeeded"

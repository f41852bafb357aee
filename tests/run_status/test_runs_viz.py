"""Kedro-Viz is built after a run: the real one."""

import json
import re
import subprocess

import pytest
from steel_toes_helpers import Workshop

from .run_status_helpers import prepare, read

pytest_plugins = ["steel_toes_fixtures"]
GUARDS = ["run_status"]

PANDAS = {"PYTHONPATH": ""}  # kedro-viz needs it
SETTINGS = "run_status: {kedro_viz: true}"


@pytest.fixture
def shop(workshop: Workshop) -> Workshop:
    prepare(workshop)
    workshop.settings(SETTINGS)
    return workshop


def test_a_complete_run_has_a_page_of_its_pipeline(shop: Workshop) -> None:
    said = shop.kedro("run", **PANDAS).stderr

    assert re.search(r"viz +data/.ops/kedro-viz/index.html", said)
    assert "<script" in shop.read("data/.ops/kedro-viz/index.html")
    assert not shop.has("build")
    api = shop.path / "data/.ops/kedro-viz/api"
    nodes = json.loads((api / "main").read_text(encoding="utf-8"))["nodes"]
    [mid] = [node for node in nodes if node["name"] == "mid"]
    details = json.loads((api / "nodes" / mid["id"]).read_text(encoding="utf-8"))
    assert details["filepath"].endswith("data/mid_dev.txt")
    assert read(shop).state.value == "succeeded"  # and it is the only run


def test_a_run_that_fails_is_not_kept_waiting(shop: Workshop) -> None:
    said = shop.kedro("run", "--params=how=raise", check=False, **PANDAS)

    assert said.returncode == 1
    assert not shop.has("data/.ops/kedro-viz")


def test_where_it_cannot_be_built_there_is_one_warning(shop: Workshop) -> None:
    shop.write({"build": "a file, where Kedro-Viz wants a folder"})
    said: subprocess.CompletedProcess[str] = shop.kedro("run", **PANDAS)

    assert said.stderr.count("Kedro-Viz was not built") == 1
    assert shop.read("build").startswith("a file")
    assert shop.has("data/last_dev.txt")

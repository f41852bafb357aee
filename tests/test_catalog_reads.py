"""The catalog's files are read once, whatever guards are on: OmegaConf takes long."""

from pathlib import Path

import pytest
import yaml
from helpers import SWITCHES, commit, generate, run, with_needs
from quick_kedro import quick_kedro

COUNTING_LOADER = """

from kedro.config import OmegaConfigLoader


class Counting(OmegaConfigLoader):
    def __getitem__(self, key):
        if key not in self:
            with open("reads.txt", "a") as file:
                file.write(f"{key}\\n")
        return super().__getitem__(key)


CONFIG_LOADER_CLASS = Counting
"""

PIPELINES = """\
from kedro.pipeline import Node, Pipeline


def copy(data):
    return data


def register_pipelines():
    return {"__default__": Pipeline([Node(copy, "given", "made")])}
"""

OFF = dict.fromkeys(SWITCHES, False)
ANSWERS = {each: OFF | with_needs(each) for each in SWITCHES if each != "example"}
ANSWERS["all guards"] = dict.fromkeys(SWITCHES, True) | {"example": False}


@pytest.mark.parametrize("which", ANSWERS)
def test_a_run_on_a_branch_reads_the_catalog_once(tmp_path: Path, which: str) -> None:
    project = generate(tmp_path, **ANSWERS[which])
    package = next((project / "src").iterdir())
    entries = {
        name: {"type": "json.JSONDataset", "filepath": f"data/{name}.json"}
        for name in ("given", "made")
    }
    (project / "conf/base/catalog.yml").write_text(yaml.safe_dump(entries))
    (project / "data/given.json").write_text("1")
    (package / "pipeline_registry.py").write_text(PIPELINES)
    with (package / "settings.py").open("a") as settings:
        settings.write(COUNTING_LOADER)
    commit(project)
    run("git", "switch", "-q", "-c", "feat/reads", cwd=project)

    quick_kedro("").run(["kedro", "run"], cwd=project)

    assert (project / "reads.txt").read_text().splitlines().count("catalog") == 1

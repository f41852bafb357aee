"""`kedro ipython` on a branch: what a notebook loads and saves."""

from steel_toes_helpers import WRONG, Workshop

pytest_plugins = ["steel_toes_fixtures"]

CELLS = """
print("raw:", catalog.load("raw"))
print("mid:", catalog.load("mid"))
catalog.save("mid", "of the notebook")
print("mid:", catalog.load("mid"))
import json; from pathlib import Path; from kedro.io import DataCatalog
print("same:", DataCatalog.from_config(*catalog.to_config()).load("mid"))
from kedro_datasets.text import TextDataset
print("is a text:", isinstance(catalog["mid"], TextDataset))
exit()
"""
VERSIONS = """
catalog.save("mid", "new")
print("new:", catalog.load("mid"))
print("base:", catalog.load("mid", version="1000"))
print("branch:", catalog.load("mid", version="1001"))
exit()
"""
PROTECTED = """
print("mid:", catalog.load("mid"))
catalog.save("mid", "of the notebook")
exit()
"""


def test_a_notebook_saves_to_the_branch_and_loads_it_again(workshop: Workshop) -> None:
    with workshop.base_untouched():
        said = workshop.kedro("ipython", "--no-banner", stdin=CELLS).stdout

    assert "raw: raw" in said
    assert f"mid: {WRONG}" in said  # the base's, until the branch has its own
    assert "mid: of the notebook" in said
    assert "same: of the notebook" in said
    assert "is a text: True" in said
    assert workshop.read("data/mid_dev.txt") == "of the notebook"


def test_a_notebook_loads_versions_of_the_branch_and_of_the_base(
    workshop: Workshop,
) -> None:
    (workshop.path / "data" / "mid.txt").unlink()
    workshop.catalog(
        "mid: {type: text.TextDataset, filepath: data/mid.txt, versioned: true}"
    )
    workshop.write(
        {
            "data/mid.txt/1000/mid.txt": "1",
            "data/mid.txt/2999/mid.txt": WRONG,
            "data/mid_dev.txt/1001/mid_dev.txt": "2",
        }
    )

    with workshop.base_untouched():
        said = workshop.kedro("ipython", "--no-banner", stdin=VERSIONS).stdout

    assert "base: 1" in said
    assert "branch: 2" in said


def test_a_notebook_cannot_save_to_a_protected_trunk(workshop: Workshop) -> None:
    workshop.settings("steel_toes: {protect_trunk: true}")
    workshop.switch("main")
    before = workshop.files()

    result = workshop.kedro("ipython", "--no-banner", stdin=PROTECTED)

    assert f"mid: {WRONG}" in result.stdout
    said = result.stdout + result.stderr
    assert "'mid' is not saved: steel toes protect 'main'" in said
    assert workshop.files() == before

"""Promotions and runs that are killed at random moments."""

import os
import random
import sys

import pytest
from branches_helpers import Kedro, records
from steel_toes_helpers import Workshop

pytest_plugins = ["steel_toes_fixtures", "branches_helpers"]
pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no fork and no SIGKILL"
)

NAMES = [f"data_{number}" for number in range(12)]
SIZE = 1_500_000
# Within how many seconds a kill comes, to begin with: how quick a machine is, each
# test finds out.
WINDOW = 0.15
BEGUN = "data/.new-dev_*"  # the first copy
CATALOG = """
raw: {type: text.TextDataset, filepath: data/raw.txt}
"{name}_parts":
  type: partitions.PartitionedDataset
  path: data/{name}_parts
  dataset: text.TextDataset
"data_{number}": {type: text.TextDataset, filepath: "data/data_{number}.txt"}
"""
# Saves LETTER in every dataset, SIZE times, with a folder among them.
PIPELINE = f"""
import os
from pathlib import Path
from kedro.pipeline import Node, Pipeline

def save(raw):
    Path("saving").touch()
    letter = os.environ["LETTER"]
    return [letter * {SIZE}] * {len(NAMES)} + [dict.fromkeys("abc", letter * {SIZE})]

def create_pipeline():
    return Pipeline([Node(save, "raw", {[*NAMES, "x_parts"]}, name="save")])
"""


@pytest.fixture
def big(workshop: Workshop) -> Workshop:
    workshop.catalog(CATALOG)
    workshop.pipeline(PIPELINE)
    return workshop


def letters(workshop: Workshop, suffix: str = "") -> set[str]:
    """The letters that the files of the base or a branch hold; each is whole."""
    data = workshop.path / "data"
    files = [data / f"{name}{suffix}.txt" for name in NAMES]
    parts = sorted((data / f"x_parts{suffix}").iterdir())
    assert [part.name for part in parts] == ["a", "b", "c"]
    found = set()
    for file in [*files, *parts]:
        text = file.read_text(encoding="utf-8")
        assert text == text[0] * SIZE, file
        found.add(text[0])
    return found


def test_a_killed_promotion_is_finished_by_the_same_command(
    big: Workshop, kedro: Kedro
) -> None:
    """Whenever it is killed, each dataset is wholly old or new, and then all are new."""
    data = big.path / "data"
    kedro.run(LETTER="a", STEEL_TOES_BRANCH="main")
    killed, tree, window = 0, set(), WINDOW
    for number in range(12):
        letter = "bcdefghijk"[number % 10]
        kedro.run(LETTER=letter)
        tree = tree or set(os.listdir(data))
        promote = ("branches", "promote", "dev", "--yes", "--force")
        moment = (BEGUN, random.uniform(0, window))
        code, said = kedro(*promote, kill=moment)
        assert code in {0, -9}, said
        killed += code == -9
        window *= 1 if code else 0.8  # that kill came too late
        assert records(big).keys() == {*NAMES, "x_parts"}

        code, said = kedro(*promote)
        assert code == 0, said
        assert letters(big) == letters(big, "_dev") == {letter}
        assert set(os.listdir(data)) == tree
    assert killed > 3


def test_a_killed_run_leaves_whole_records(big: Workshop, kedro: Kedro) -> None:
    kedro.run(LETTER="a")
    killed, window, saving = 0, WINDOW, big.path / "saving"
    for number in range(10):
        letter = "bcde"[number % 4]
        env = {"LETTER": letter}
        saving.unlink(missing_ok=True)
        moment = (str(saving), random.uniform(0, window))
        code, said = kedro("run", env=env, kill=moment)
        assert code in {0, -9}, said
        killed += code == -9
        window *= 1 if code else 0.8

        assert records(big).keys() == {*NAMES, "x_parts"}
        (row,) = kedro.ask("list")
        assert row["datasets"] == len(NAMES) + 1
    assert killed > 3
    for name, record in records(big).items():
        assert record["node"] == "save", name

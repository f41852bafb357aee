"""Promotions and runs that are killed at random moments."""

import json
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
INTENT = "data/.ops/promotions/*.json"
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


def test_a_killed_promotion_is_finished_or_undone(big: Workshop, kedro: Kedro) -> None:
    """Whenever it is killed, the base becomes wholly new or wholly old again."""
    data = big.path / "data"
    kedro.run(LETTER="a", STEEL_TOES_BRANCH="main")
    killed, seen, tree, window = 0, set(), set(), WINDOW
    for number in range(25):
        letter = "bcdefghijk"[number % 10]
        (old,) = letters(big)
        kedro.run(LETTER=letter)
        tree = tree or set(os.listdir(data))
        promote = ("branches", "promote", "dev", "--yes", "--force")
        moment = (INTENT, random.uniform(0, window))
        code, said = kedro(*promote, kill=moment)
        assert code in {0, -9}, said
        killed += code == -9
        window *= 1 if code else 0.8  # that kill came too late
        assert records(big).keys() == {*NAMES, "x_parts"}

        way = random.choice(["finish", "undo"])
        code, said = kedro("branches", "promote", "dev", f"--{way}")
        if code and "has not changed the base" in said:
            code, said = kedro("branches", "promote", "dev", "--undo")
        seen.add("finished" if "finished" in said else "undone" if not code else "done")
        assert code == 0 or "No promotion of 'dev' was interrupted" in said, said

        (now,) = letters(big)  # one letter: all of them, or none
        assert now in {old, letter}
        if "finished" in said:
            assert now == letter
        if "undone" in said:
            assert now == old
        assert letters(big, "_dev") == {letter}
        assert set(os.listdir(data)) == tree
        assert [*(data / ".ops").rglob("promotions/*")] == []
    assert killed > 5
    assert seen & {"undone", "finished"}


def test_a_promotion_that_is_under_way_is_left_alone(
    big: Workshop, kedro: Kedro
) -> None:
    kedro.run(LETTER="a", STEEL_TOES_BRANCH="main")
    kedro.run(LETTER="b")
    intent = {"branch": "dev", "versions": dict.fromkeys(NAMES), "new": []}
    intent |= {"mark": "0", "phase": "copying", "host": os.uname().nodename}
    file = big.path / "data" / ".ops" / "promotions" / "dev-0.json"
    for pid, phase, host in (
        (os.getpid(), "copying", intent["host"]),
        (os.getpid(), "swapping", intent["host"]),
        (1, "copying", "elsewhere"),
    ):
        text = {**intent, "format": 1, "pid": pid, "phase": phase, "host": host}
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(text), encoding="utf-8")

        assert "under way" in kedro.refuse("promote", "dev", "--yes")
        assert letters(big) == {"a"}


def test_a_killed_run_leaves_whole_records(big: Workshop, kedro: Kedro) -> None:
    kedro.run(LETTER="a")
    killed, window, saving = 0, WINDOW, big.path / "saving"
    for number in range(15):
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
    assert killed > 5
    for name, record in records(big).items():
        assert record["node"] == "save", name

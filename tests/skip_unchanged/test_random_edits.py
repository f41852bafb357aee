"""Whatever is edited, a run that skips leaves what a run of everything leaves.

``SKIP_EDITS`` says how many edits are tried, ``SKIP_KILLS`` how many runs are killed,
``SKIP_SEED`` which; on a failure the edits and the seed are told.
"""

import json
import os
import sys
from pathlib import Path

from helpers import run
from steel_toes_helpers import Workshop

pytest_plugins = ["steel_toes_fixtures"]
GUARDS = ["skip_unchanged"]
EDITS = int(os.environ.get("SKIP_EDITS", "100"))
KILLS = int(os.environ.get("SKIP_KILLS", "8"))
SEED = int(os.environ.get("SKIP_SEED", "1"))


def tried(workshop: Workshop, edits: int, *more: str) -> dict[str, int]:
    script = Path(__file__).with_name("random_edits.py")
    workshop.switch("main")
    said = run(
        *(sys.executable, script, str(SEED), str(edits), *more),
        cwd=workshop.path,
        env={"PYTHONPATH": str(workshop.without)},
        timeout=60 + edits * 3,
    )
    print(said.stdout)  # noqa: T201
    counts: dict[str, int] = json.loads(said.stdout.splitlines()[-1])
    assert counts["edits"] == edits
    return counts


def test_after_a_kill_the_next_run_leaves_what_a_run_of_everything_leaves(
    workshop: Workshop,
) -> None:
    assert tried(workshop, KILLS, "kill")["killed"] > KILLS / 4


def test_no_output_is_ever_stale(workshop: Workshop) -> None:
    counts = tried(workshop, EDITS)
    assert counts["nodes"] / 4 < counts["skipped"] < counts["nodes"] * 3 / 4

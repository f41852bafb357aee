"""Whatever is edited, a run that skips leaves what a run of everything leaves.

``SKIP_EDITS`` says how many edits are tried, ``SKIP_SEED`` which; on a failure the edits
and the seed are told.
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
SEED = int(os.environ.get("SKIP_SEED", "1"))


def test_no_output_is_ever_stale(workshop: Workshop) -> None:
    script = Path(__file__).with_name("random_edits.py")
    workshop.switch("main")
    said = run(
        *(sys.executable, script, str(SEED), str(EDITS)),
        cwd=workshop.path,
        env={"PYTHONPATH": str(workshop.without)},
        timeout=60 + EDITS * 3,
    )

    counts = json.loads(said.stdout.splitlines()[-1])
    assert counts["edits"] == EDITS
    assert counts["nodes"] / 4 < counts["skipped"] < counts["nodes"] * 3 / 4

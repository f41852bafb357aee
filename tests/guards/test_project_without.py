"""A generated project without one of its guards, in an environment of its own."""

from pathlib import Path

import pytest
from environments import use
from helpers import SWITCHES
from test_combinations import but_one, name
from test_project import USED

OTHERS = [each for each in but_one(SWITCHES) if each not in USED]


@pytest.mark.parametrize("combination", OTHERS, ids=name)
def test_a_project_without_it_installs_runs_and_passes_its_own_tests(
    combination: dict[str, bool],
    tmp_path: Path,
    environment: Path,
    known_types: dict[str, str],
) -> None:
    use(combination, tmp_path, environment, known_types)

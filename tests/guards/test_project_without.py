"""A generated project without one of its guards, in an environment of its own."""

from pathlib import Path

import pytest
from environments import use
from helpers import SWITCHES
from test_combinations import but_one
from test_project import USED

OTHERS = [each for each in SWITCHES if but_one([each])[0] not in USED]


@pytest.mark.parametrize("switch", OTHERS)
def test_a_project_without_it_installs_runs_and_passes_its_own_tests(
    switch: str, tmp_path: Path, environment: Path, known_types: dict[str, str]
) -> None:
    [combination] = but_one([switch])
    use(combination, tmp_path, environment, known_types)

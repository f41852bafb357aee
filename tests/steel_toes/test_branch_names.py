"""Hostile names: nothing but the listed locations is ever touched."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from kedro.config import OmegaConfigLoader
from kedro.framework.context import KedroContext
from kedro.framework.hooks.manager import _create_hook_manager
from kit import ops
from steel_toes_helpers import PACKAGE

pytest_plugins = ["steel_toes_fixtures"]

HOSTILE = [
    *("..", ".", "/", "../..", "../../evil", "/etc/passwd", "~", "-", "--", "*", "?"),
    *("", " ", "\t", "\n", "a\nb", "a\\b", "C:\\x", "a:b", "'", '"', "`id`", "$(id)"),
    *("cars", "cars_dev", "Cars", "CARS", "dev", "Dev", "dev_x", "main", "HEAD"),
    *("größe", "große", "日本", "🦶", "\u202e", "\udcff", "é", "e\u0301"),
    *("a" * 300, "a" * 299 + "b", "con", "nul", ".ops", "data", "%2e%2e", "a;b", "x@y"),
]
NAMES = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=40))
CARS = {"type": "text.TextDataset"}


class Watched:
    """A project in a folder with files that are nobody's business."""

    def __init__(self, root: Path, catalog: dict[str, Any]) -> None:
        self.root = root
        self.project = root / "outer" / "project"
        (self.project / "conf" / "base").mkdir(parents=True, exist_ok=True)
        (self.project / "conf" / "local").mkdir(exist_ok=True)
        for folder in (root, root / "outer", self.project, self.project / "data"):
            folder.mkdir(exist_ok=True)
            for name in ("cars.txt", "cars_dev.txt", "evil", "evil.txt", "main"):
                (folder / name).write_text("nobody's business")
        loader = OmegaConfigLoader(
            self.project / "conf", base_env="base", default_run_env="local"
        )
        loader["catalog"] = catalog
        loader["parameters"] = {}
        self.context = KedroContext(
            self.project, loader, None, PACKAGE, _create_hook_manager()
        )

    def snapshot(self, *but: str) -> dict[str, bytes | str]:
        """Every file but those, and the manifest."""
        return {
            str(path): path.read_bytes()
            for path in self.root.rglob("*")
            if path.is_file()
            and ".ops" not in path.parts
            and f"file://{path}" not in but
        }


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    branch=NAMES,
    dataset=NAMES.filter(lambda name: not {"{", "}"} & set(name)),
    place=NAMES,
)
def test_names_lead_nowhere_else(
    tmp_path_factory: pytest.TempPathFactory,
    branch: str,
    dataset: str,
    place: str,
) -> None:
    """Saved, promoted, cleaned with a forged record, and cleaned: watch every file."""
    entries = {dataset: {**CARS, "filepath": "data/it.txt"}}
    entries |= {"cars": {**CARS, "filepath": "data/cars.txt"}}
    watched = Watched(tmp_path_factory.mktemp("watched"), entries)
    branches = ops("steel_toes.branches").Branches.from_context(watched.context)
    found = branches.dataset(dataset, branch)
    assume(found is not None)  # Kedro leaves out entries whose name begins with "_"
    base, target = (
        ops("core.dataset_io").stored_data(each).location
        for each in (found.base, found.target)
    )
    before = watched.snapshot(base, target)
    found.save("ours")
    assert watched.snapshot(base, target) == before
    record = branches.manifest.read(branch, dataset)
    assert (record.branch, record.dataset) == (branch, dataset)

    held = watched.snapshot(base)
    ops("steel_toes.promote").promote(branches, branch, [dataset])
    assert watched.snapshot(base) == held
    assert found.base.load() == "ours"

    all_of_it = watched.snapshot()
    for location in (place, f"file://{watched.project}/{place}", base):
        forged = {"branch": place, "dataset": dataset, "location": location, "time": ""}
        branches.manifest.write(ops("steel_toes.manifest").Record(**forged))
        listed = branches.manifest.read(place, dataset)
        if place != branch:
            ops("steel_toes.branches").clean(branches, [listed])[0]
            assert watched.snapshot() == all_of_it
        branches.manifest.remove(listed)
    branches.manifest.write(record)

    assert ops("steel_toes.branches").clean(branches, [record])[0] is None
    assert watched.snapshot(base) == before
    assert branches.records() == []

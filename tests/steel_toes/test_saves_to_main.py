"""Where a save to main's data from a branch is named, beside the log."""

import json

from steel_toes_helpers import Workshop

pytest_plugins = ["steel_toes_fixtures"]

GUARDS = ["run_status", "skip_unchanged"]


def test_a_save_to_main_s_data_is_named_by_the_plan_and_on_the_page(
    workshop: Workshop,
) -> None:
    workshop.settings("steel_toes: {ignore: {names: [mid]}}")
    warning = "the run overwrites main's data, because steel_toes.ignore lists it"

    plan = workshop.kedro("plan", "--json", check=False)
    workshop.kedro("run")

    assert f"Warning: mid: {warning} [" in plan.stderr
    assert "data/mid.txt]" in plan.stderr
    assert [row["node"] for row in json.loads(plan.stdout)] == ["clean", "total"]
    pages = (workshop.path / "data" / ".ops" / "runs").rglob("*.js")
    assert any(warning in page.read_text(encoding="utf-8") for page in pages)

"""A plan on the terminal, beside what was recorded."""

import pytest
from kedro.pipeline import Pipeline
from kit import ops

from .skip_project import NODES, SkipProject


@pytest.fixture
def view(tmp_path):
    project = SkipProject(tmp_path)
    project.run()
    project.parameters = {"size": 2}
    (tmp_path / "data/raw.txt").write_text(" one")
    context = project.context()
    run = ops("skip_unchanged.run").SkipRun.prepare(
        context, Pipeline(NODES), context._get_catalog()
    )
    return ops("skip_unchanged.plan_table").View.of_run(run, Pipeline(NODES), {})


def test_the_table_says_what_why_how_long_and_where(view, capsys):
    view.show()
    said = capsys.readouterr().out

    assert "Plan: 2 to run (about " in said
    for word in ("`raw` has new content", "`params:size` 1 → 2", "data/out.txt", " ms"):
        assert word in said


def test_a_node_is_explained(view, capsys):
    rows = {row["item"]: row["state"] for row in view.explained("clean")}
    assert rows["input raw"] == "changed"
    assert rows["output mid"] == "same"
    view.show_explained("clean", view.explained("clean"))
    assert "input raw" in capsys.readouterr().out

    with pytest.raises(
        ops("core.errors").OpsError, match="Node 'x' is not in this run"
    ):
        view.explained("x")


def test_there_is_something_to_do(view):
    assert view.is_something_to_do
    assert [row["action"] for row in view.as_data()] == ["run", "run"]

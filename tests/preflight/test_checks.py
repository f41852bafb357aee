"""All checks together: their levels, their names, and no secrets."""

import pytest
from kit import ops

from .planned import pipeline, text

pytest_plugins = ["preflight.planned"]
module = ops("preflight.checks")
preflight = ops("preflight.hook")
options = ops("core.settings")
Problem = ops("preflight.problem").Problem


def fine(pipeline, catalog):
    return None


def texts(pipeline, catalog):
    return [f"{len(pipeline.nodes)} nodes"]


def problems(pipeline, catalog):
    yield Problem("old", "a", level="warn", check="age")


def breaks(pipeline, catalog):
    raise KeyError("x")


def examine(planner, entries, *nodes, code=False, **settings):
    context = planner.context(entries, **settings)
    read = options.read_settings(context.config_loader, preflight.PreflightOptions)
    starting = ops("preflight.planned_run").StartingRun(context, read)
    examination = module.Examination.of(
        starting, {}, pipeline(*nodes), context.catalog, code
    )
    return [*examination.problems()]


BAD = {"a": text("data/a.txt"), "b": text("conf/base/ops.yml/b.txt")}


def test_every_check_has_its_name(planner):
    found = examine(planner, BAD, ("a", "b"), ("params:none", "x"))

    assert {each.check: each.subject for each in found} == {
        "catalog": "params:none",
        "data": "a",
        "outputs": "b",
    }
    assert {each.level for each in found} == {"error"}


@pytest.mark.parametrize("level", ["warn", "off"])
def test_every_check_has_its_level(planner, level):
    levels = dict.fromkeys(["data", "catalog", "outputs", "runner"], level)

    found = examine(planner, BAD, ("a", "b"), ("params:none", "x"), **levels)

    assert [each.level for each in found] == ([] if level == "off" else ["warn"] * 3)


def test_the_teams_own_checks(planner):
    names = ["fine", "texts", "problems", "breaks", "none"]
    extra = [f"{__name__}.{name}" for name in names]

    found = examine(planner, {}, ("params:a", "x"), extra=extra)

    assert [(each.check, each.what.split(":")[0]) for each in found] == [
        ("extra", "1 nodes"),
        ("age", "old"),
        ("extra", "failed"),
        ("extra", "failed"),
    ]


def test_the_code_is_checked_where_it_is_told(planner):
    planner.write("src/bad.py", "import os\n")

    assert examine(planner, {}, ("params:a", "x")) == []
    found = examine(planner, {}, ("params:a", "x"), code=True)
    assert [(each.check, each.subject) for each in found] == [("code", "ruff")]


def test_secrets_are_not_told(planner):
    def tell(pipeline, catalog):
        return ["hunter2hunter2 at https://me:word@host/?sig=abc, public"]

    global fine  # noqa: PLW0603
    kept, fine = fine, tell
    credentials = {
        "db": {"password": "hunter2hunter2", "user": "public", "key": "a"},
        "s3": {"client_kwargs": {"aws_secret_access_key": "x" * 20}, "n": 1},
    }
    try:
        [problem] = examine(
            planner,
            {},
            ("params:a", "x"),
            credentials=credentials,
            extra=[f"{__name__}.fine"],
        )
    finally:
        fine = kept

    for secret in ("hunter2", "word", "sig=abc"):
        assert secret not in problem.what
    assert "public" in problem.what

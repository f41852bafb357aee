"""``kedro expectations``: write a first suite, and check the data that are there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..core.cli import Commands, as_json_option, env_option, load_context, show
from ..core.errors import OpsError

# The modules behind a command are imported in it: `kedro --help` need not wait.
if TYPE_CHECKING:
    from .results import Verdict
    from .suite_plan import Plan


@click.group(cls=Commands)
def command() -> None:
    """Write suites of expectations, and check the data that are there."""


@command.command()
@click.argument("dataset")
@click.option("--force", is_flag=True, help="Replace the suite that is there.")
@env_option
def new(dataset: str, force: bool, env: str | None) -> None:
    """Write a first suite for DATASET: what its data are like now."""
    from . import dataframes, profiler, suites  # noqa: PLC0415

    context = load_context(env)
    folder = Path(context.config_loader.conf_source, "base", suites.FOLDER)
    file = folder / f"{dataset}.yml"
    suites.refuse_name(dataset, str(file))
    if file.exists() and not force:
        raise OpsError(f"{file} is there: --force replaces it.")
    catalog = context.catalog
    _refuse_unknown(dataset, catalog)
    # Of several parts the first speaks for all.
    _, table = next(dataframes.parts(catalog.get(dataset).load()))
    text = profiler.write(dataset, dataframes.to_pandas(table, None))
    folder.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    click.echo(f"{file} is written: {text.count('- type:')} expectations. Read it.")


@command.command()
@click.argument("datasets", nargs=-1, metavar="[DATASET]...")
@env_option
@as_json_option
def check(datasets: tuple[str, ...], env: str | None, as_json: bool) -> None:
    """Check the data that are there now, of DATASETs or of all that have a suite.

    Exit code 1 if something critical is not as expected.
    """
    from .suite_plan import Plan  # noqa: PLC0415

    context = load_context(env)
    plan = Plan.of(context)
    if not plan.enabled:
        raise OpsError("EXPECTATIONS, or expectations.enabled in ops.yml, is off.")
    catalog = context.catalog
    found = _check(plan, catalog, datasets)
    rows = [_row(verdict) for verdict in found if as_json or not verdict.passed]
    show("Not as expected", rows, as_json)
    click.echo(f"{len(found)} expectations were checked.", err=True)
    if any(verdict.refuses for verdict in found):
        raise SystemExit(1)


def _check(plan: Plan, catalog: Any, datasets: tuple[str, ...]) -> list[Verdict]:
    from . import after_run  # noqa: PLC0415

    attached = {each.dataset: each for each in plan.attached if "{" not in each.dataset}
    for name in datasets:
        _refuse_unknown(name, catalog)
        if name not in attached:
            raise OpsError(f"'{name}' has no suite: kedro expectations new {name}")
    found: list[Verdict] = []
    for name in datasets or attached:
        if datasets or (name in catalog and catalog.exists(name)):
            found += after_run.check_stored(plan, attached[name], catalog)
    if not datasets:
        found += after_run.check_across(plan.all_across(), catalog)
    return found


def _refuse_unknown(dataset: str, catalog: Any) -> None:
    if dataset not in catalog:
        raise OpsError(f"There is no dataset '{dataset}' in the catalog.")


def _row(verdict: Verdict) -> dict[str, Any]:
    return {
        "dataset": verdict.dataset,
        "severity": verdict.expectation.severity,
        "passed": verdict.passed,
        "message": verdict.message,
        "written": verdict.expectation.place,
    }

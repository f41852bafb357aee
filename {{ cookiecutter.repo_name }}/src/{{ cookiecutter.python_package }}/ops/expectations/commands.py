"""``kedro expectations``: write a first suite, and check saved data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from ..core import dataset_io
from ..core.cli import Commands, as_json_option, env_option, load_context
from ..core.errors import OpsError
from ..core.findings import Finding
from ..core.terminal import show_findings


@click.group(cls=Commands)
def command() -> None:
    """Write suites of expectations, and check saved data."""


@command.command()
@click.argument("dataset")
@click.option("--force", is_flag=True, help="Replace an existing suite.")
@env_option
def new(dataset: str, force: bool, env: str | None) -> None:
    """Write a first suite for DATASET from its current data."""
    from . import dataframes, profiler, suites  # noqa: PLC0415

    context = load_context(env)
    folder = Path(context.config_loader.conf_source, "base", suites.FOLDER)
    file = folder / f"{dataset}.yml"
    suites.refuse_name(dataset, str(file))
    if file.exists() and not force:
        raise OpsError(f"{file} exists. Use --force to replace it.")
    catalog = context.catalog
    _refuse_unknown(dataset, catalog)
    # Of partitioned data, the first partition.
    _, table = next(dataframes.parts(catalog.get(dataset).load()))
    text = profiler.write(dataset, dataframes.to_pandas(table, None))
    folder.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    count = text.count("- type:")
    click.echo(f"Wrote {count} expectations to {file}. Review them.")


@command.command()
@click.argument("datasets", nargs=-1, metavar="[DATASET]...")
@env_option
@as_json_option
def check(datasets: tuple[str, ...], env: str | None, as_json: bool) -> None:
    """Check the saved data of DATASETs, or of all datasets with a suite.

    Exit code 1 if a critical check fails.
    """
    found = _check(datasets, env)
    failed = [result for result in found if not result.passed]
    if as_json:
        click.echo(json.dumps([result.as_row() for result in found]))
    elif failed:
        show_findings(failed, "Failed checks")
    else:
        click.echo("Failed checks: none.")
    click.echo(f"{len(found)} expectations checked.", err=True)
    if any(result.is_error for result in found):
        raise SystemExit(1)


def _check(datasets: tuple[str, ...], env: str | None) -> list[Finding]:
    from . import gx  # noqa: PLC0415
    from .attach import Attachments  # noqa: PLC0415

    context = load_context(env)
    attachments = Attachments.read(context)
    if not attachments.enabled:
        raise OpsError(
            "Expectations are turned off by EXPECTATIONS, or by expectations.enabled in "
            "ops.yml."
        )
    attached = attachments.attached
    suites = {each.dataset: each.suite for each in attached if "{" not in each.dataset}
    catalog = context.catalog
    for name in datasets:
        _refuse_unknown(name, catalog)
        if name not in suites:
            raise OpsError(f"'{name}' has no suite. Run: kedro expectations new {name}")
    saved = (
        name for name in suites if name in catalog and _has_data(catalog.get(name))
    )
    return [
        result
        for name in datasets or saved
        for result in gx.check_stored(
            attachments.folder.read(suites[name]),
            name,
            catalog,
            attachments.settings.lazy_rows,
        )
    ]


def _has_data(dataset: Any) -> bool:
    """Whether a load would find data. On a branch, that may be main's copy."""
    return any(map(dataset_io.is_there, dataset_io.readings(dataset)))


def _refuse_unknown(dataset: str, catalog: Any) -> None:
    if dataset not in catalog:
        raise OpsError(f"'{dataset}' is not defined in the catalog.")

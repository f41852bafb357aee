"""``kedro branches``: see, compare, promote and clean the data of branches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from ..core.cli import (
    SOMETHING_TO_DO,
    Commands,
    as_json_option,
    env_option,
    load_context,
    stop_before_doing,
    yes_option,
)
from ..core.errors import OpsError
from ..core.formats import local_time_of, size
from ..core.terminal import Looks, show

# The modules behind a command are imported in it: `kedro --help` need not wait.
if TYPE_CHECKING:
    from .branches import Branches


@click.group(cls=Commands)
def command() -> None:
    """See, compare, promote and clean the data of branches."""


@command.command("list")
@click.option("--compare", is_flag=True, help="Compare with main, also in a bucket.")
@env_option
@as_json_option
def list_(compare: bool, env: str | None, as_json: bool) -> None:
    """List the branches that have data.

    Without --compare, they are compared with main only if the manifest is on this
    machine: in a bucket, that takes a request for each dataset.
    """
    from .branches import list_branches  # noqa: PLC0415

    branches = _open(env)
    rows = list_branches(branches, compare or branches.manifest.store.is_local)
    looks: Looks = {"bytes": size, "last_save": local_time_of}
    show("Branches with data", rows, as_json, looks=looks)


@command.command()
@click.argument("dataset")
@env_option
@as_json_option
def path(dataset: str, env: str | None, as_json: bool) -> None:
    """Show where DATASET is loaded from and saved to now, and why."""
    from .branches import locate_dataset  # noqa: PLC0415

    context = load_context(env)
    row = locate_dataset(context, dataset)
    row["why"] = [*_explanations(context, dataset), row["why"]]
    if as_json:
        show(dataset, [row], as_json)
        return
    project = f"{context.project_path.as_uri()}/"
    rows = [
        {"": name.replace("_", " "), "now": str(place).replace(project, "")}
        for name, place in row.items()
        if name not in {"dataset", "why"}
    ]
    show(dataset, [*rows, {"": "why", "now": row["why"]}], as_json)


@command.command()
@click.argument("names", nargs=-1, metavar="[A] [B]")
@env_option
@as_json_option
def diff(names: tuple[str, ...], env: str | None, as_json: bool) -> None:
    """Compare the data of branch A with the data of branch B.

    A is main by default, and B is the current branch. With one name, compare that
    branch with main. Exit code 10 if they differ.
    """
    from .comparison import compare  # noqa: PLC0415

    branches = _open(env)
    left, right = _two_sides(names, branches)
    rows = list(compare(branches, left, right))
    show(f"{left or 'main'} and {right or 'main'}", rows, as_json)
    if any(row["state"] != "same" for row in rows):
        raise SystemExit(SOMETHING_TO_DO)


@command.command()
@click.argument("names", nargs=-1, metavar="[BRANCH]...")
@click.option("--dataset", "-d", "datasets", multiple=True, help="Only this dataset.")
@click.option(
    "--older-than", type=click.IntRange(0), help="Only branches idle for DAYS."
)
@click.option("--everyone", is_flag=True, help="Include gone branches of others.")
@yes_option
@env_option
@as_json_option
def clean(  # noqa: PLR0913, PLR0917
    names: tuple[str, ...],
    datasets: tuple[str, ...],
    older_than: int | None,
    everyone: bool,
    yes: bool,
    env: str | None,
    as_json: bool,
) -> None:
    """Remove the data of BRANCHes, or of merged and gone branches.

    With --older-than, remove the data of idle branches. With only --dataset, remove the
    current branch's copy. Main's data is never removed, nor data that the manifest does
    not list.
    """
    from . import branches as all_branches  # noqa: PLC0415

    branches = _open(env)
    _refuse_unknown(names, branches)
    here = datasets and not names and older_than is None
    named = {_current(branches)} if here else set(names)
    records = all_branches.records_to_clean(branches, named, older_than, everyone)
    for dataset in {*datasets} - {record.dataset for record in records}:
        if dataset not in branches.context.catalog:
            raise OpsError(f"The catalog has no dataset '{dataset}'.")
    records = [e for e in records if not datasets or e.dataset in datasets]
    if yes:
        refused = all_branches.clean(branches, records)
    else:
        refused = [all_branches.refuse_to_clean(branches, each) for each in records]
    done = "removed" if yes else "would be removed"
    rows = [
        {
            "branch": record.branch,
            "dataset": record.dataset,
            "location": record.location,
            "bytes": record.bytes,
            "result": f"left: {why}" if why else done,
        }
        for record, why in zip(records, refused)
    ]
    # The name of a dataset stands for its location.
    looks: Looks = {"bytes": size, "location": _nothing}
    show("Clean", rows, as_json, looks=looks)
    if rows and not yes:
        stop_before_doing()
    if any(row["result"] != "removed" for row in rows):
        raise SystemExit(1)


@command.command()
@click.argument("branch")
@click.option("--dataset", "-d", "datasets", multiple=True, help="Only this dataset.")
@click.option(
    "--force", is_flag=True, help="Overwrite main's data even if it has changed."
)
@yes_option
@env_option
@as_json_option
def promote(  # noqa: PLR0913, PLR0917
    branch: str,
    datasets: tuple[str, ...],
    force: bool,
    yes: bool,
    env: str | None,
    as_json: bool,
) -> None:
    """Copy the data of BRANCH over main's data.

    Stops if main's copy of a dataset has changed since the branch forked from it. If
    the command is interrupted, run it again to finish.
    """
    from . import promote as promotion  # noqa: PLC0415

    branches = _open(env)
    rows = promotion.plan(branches, branch, datasets, force)
    show(f"Promote {branch}", rows, as_json, looks={"from": _nothing})
    refused = [row["dataset"] for row in rows if row["action"].startswith("refused")]
    if refused:
        raise OpsError(
            f"Nothing was promoted, because of: {', '.join(refused)}. --force overwrites "
            "main's data that have changed; --dataset chooses the datasets to promote."
        )
    chosen = [row["dataset"] for row in rows if row["action"].startswith("copy")]
    if not chosen:
        return
    if not yes:
        stop_before_doing()
    promotion.promote(branches, branch, chosen)
    click.echo(f"Promoted {len(chosen)} datasets of '{branch}'.", err=True)


def _nothing(_: object) -> str:
    """Hide a column that only JSON has."""
    return ""


def _two_sides(
    names: tuple[str, ...], branches: Branches
) -> tuple[str | None, str | None]:
    """The branches to compare; none for main, of which a trunk is another name."""
    from ..core import git  # noqa: PLC0415

    if len(names) > 2:  # noqa: PLR2004
        raise click.UsageError("Name at most two branches to compare.")
    trunk = branches.settings.trunk
    if not names:
        here = git.current_branch(branches.context.project_path)
        is_trunk = here.name in trunk and not here.pull_request
        return None, None if is_trunk else here.name
    sides = [None if name in trunk else name for name in names]
    _refuse_unknown([side for side in sides if side is not None], branches)
    return sides[0] if len(sides) > 1 else None, sides[-1]


def _refuse_unknown(names: Iterable[str], branches: Branches) -> None:
    if unknown := [name for name in names if not branches.records(name)]:
        raise OpsError(f"Branch '{unknown[0]}' has no data. See kedro branches list.")


def _current(branches: Branches) -> str:
    from ..core import git  # noqa: PLC0415

    return git.current_branch(branches.context.project_path).name


def _explanations(context: Any, dataset: str) -> list[str]:
    """What other guards did to a dataset's place, in order."""
    from kedro.framework.project import settings  # noqa: PLC0415

    hooks = [hook for hook in reversed(settings.HOOKS) if hasattr(hook, "explain")]
    return [line for hook in hooks for line in hook.explain(context, dataset)]


def _open(env: str | None) -> Branches:
    from .branches import Branches  # noqa: PLC0415

    return Branches.from_context(load_context(env))

"""``kedro branches``: see, compare, promote and clean the data of branches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ._report import (
    SOMETHING_TO_DO,
    as_json_option,
    env_option,
    load_context,
    show,
    stop_before_doing,
    yes_option,
)

if TYPE_CHECKING:
    from ..branches import Branches


@click.group()
def command() -> None:
    """See, compare, promote and clean the data of branches."""


@command.command("list")
@env_option
@as_json_option
def list_(env: str | None, as_json: bool) -> None:
    """List the branches that have data."""
    branches = _open(env)
    known = _git_branches(branches)
    rows: dict[str, dict[str, Any]] = {}
    for record in branches.records():
        row = rows.setdefault(
            record.branch,
            {"branch": record.branch, "git": _in_git(record.branch, known)}
            | {"datasets": 0, "bytes": 0, "last save": "", "by": None, "base": {}},
        )
        state = branches.holding(record).state
        row["datasets"] += 1
        row["bytes"] += record.bytes or 0
        row["base"][state] = row["base"].get(state, 0) + 1
        if record.time > row["last save"]:
            row["last save"], row["by"] = record.time, record.user
    show("Branches with data", list(rows.values()), as_json)


@command.command()
@click.argument("dataset")
@env_option
@as_json_option
def path(dataset: str, env: str | None, as_json: bool) -> None:
    """Say where DATASET is read from and written to now, and why."""
    from .. import stored  # noqa: PLC0415
    from ..branched_dataset import BranchedDataset  # noqa: PLC0415
    from ..errors import OpsError  # noqa: PLC0415

    catalog: Any = load_context(env).catalog
    found = catalog.get(dataset)
    if found is None:
        raise OpsError(f"The catalog has no dataset '{dataset}'.")
    found = getattr(found, "_dataset", found)  # inside a CachedDataset
    if issubclass(type(found), BranchedDataset):
        read, written = stored.of(found.source), stored.of(found.target)
        copy = (
            "has its copy" if found.exists() else "has no copy yet, so the base is read"
        )
        why = f"branch '{found.branch}' {copy}"
    else:
        read = written = stored.of(found)
        why = "its entry is as it stands in the catalog: this is the trunk, steel toes "
        why += "are off, it is ignored, or it has no data of its own"
    row = {
        "dataset": dataset,
        "read from": read.location if read else str(found),
        "written to": written.location if written else str(found),
        "why": why,
    }
    show(dataset, [row], as_json)


@command.command()
@click.argument("branches", nargs=-1, metavar="[A] [B]")
@env_option
@as_json_option
def diff(branches: tuple[str, ...], env: str | None, as_json: bool) -> None:
    """Compare the data of branch A (or the base) with those of B (or this branch).

    With one name, that branch is compared with the base. Exit code 10 if they differ.
    """
    from ..comparison import compare  # noqa: PLC0415

    data = _open(env)
    left, right = _two_sides(branches, data)
    rows = list(compare(data, left, right))
    show(f"{left or 'base'} and {right}", rows, as_json)
    if any(row["state"] != "same" for row in rows):
        raise SystemExit(SOMETHING_TO_DO)


@command.command()
@click.argument("names", nargs=-1, metavar="[BRANCH]...")
@click.option("--dataset", "-d", "datasets", multiple=True, help="Only this dataset.")
@click.option("--older-than", type=click.IntRange(0), help="Idle for so many DAYS.")
@click.option("--everyone", is_flag=True, help="Also branches gone that others saved.")
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
    """Remove data of named branches, else of those merged or gone from git.

    With --older-than those that have been idle; with --dataset alone this branch's.
    Only what the manifest lists is removed, and never a base.
    """
    from .. import branches as data  # noqa: PLC0415

    branches = _open(env)
    chosen = _chosen(branches, names, datasets, older_than, everyone)
    records = [
        record
        for record in branches.records()
        if record.branch in chosen and (not datasets or record.dataset in datasets)
    ]
    rows = []
    for record in records:
        refused = data.remove(branches, record) if yes else None
        done = "removed" if yes else "would be removed"
        rows.append(
            {
                "branch": record.branch,
                "dataset": record.dataset,
                "location": record.location,
                "bytes": record.bytes,
                "result": f"left: {refused}" if refused else done,
            }
        )
    show("Clean", rows, as_json)
    _finish(rows, yes)


@command.command()
@click.argument("branch")
@click.option("--dataset", "-d", "datasets", multiple=True, help="Only this dataset.")
@click.option("--force", is_flag=True, help="Even where the base has moved since.")
@click.option("--finish", is_flag=True, help="Complete a promotion that was killed.")
@click.option("--undo", is_flag=True, help="Undo a promotion that was killed.")
@yes_option
@env_option
@as_json_option
def promote(  # noqa: PLR0913, PLR0917
    branch: str,
    datasets: tuple[str, ...],
    force: bool,
    finish: bool,
    undo: bool,
    yes: bool,
    env: str | None,
    as_json: bool,
) -> None:
    """Copy the data of BRANCH over the base, all of them or none.

    Stops if the base of a dataset has moved since the branch forked from it.
    """
    from ..errors import OpsError  # noqa: PLC0415
    from ..promotion import Promotion  # noqa: PLC0415
    from ..promotion_plan import plan, recover  # noqa: PLC0415

    branches = _open(env)
    if recovered := recover(branches, branch, finish, undo):
        click.echo(recovered, err=True)
        return
    rows = plan(branches, branch, datasets, force)
    show(f"Promote {branch}", rows, as_json)
    refused = [row["dataset"] for row in rows if row["action"].startswith("refused")]
    if refused:
        raise OpsError(
            f"Nothing was promoted, because of: {', '.join(refused)}. --force overrides "
            "a base that has moved; --dataset leaves datasets out."
        )
    chosen = [row["dataset"] for row in rows if row["action"].startswith("copy")]
    if not chosen:
        return
    if not yes:
        stop_before_doing()
    Promotion.of(branches, branch, chosen).run()
    click.echo(f"Promoted {len(chosen)} datasets of '{branch}'.", err=True)


def _finish(rows: list[dict[str, Any]], yes: bool) -> None:
    if rows and not yes:
        stop_before_doing()
    if any(str(row["result"]).startswith("left") for row in rows):
        raise SystemExit(1)


def _chosen(
    branches: Branches,
    names: tuple[str, ...],
    datasets: tuple[str, ...],
    older_than: int | None,
    everyone: bool,
) -> set[str]:
    from .. import branch  # noqa: PLC0415
    from .. import branches as data  # noqa: PLC0415
    from ..errors import OpsError  # noqa: PLC0415

    unknown = set(names) - {record.branch for record in branches.records()}
    if unknown:
        raise OpsError(f"The manifest knows no data of branch '{min(unknown)}'.")
    here = branch.current(branches.context.project_path).name
    if older_than is not None:
        old = data.idle(branches, older_than)
        return old & set(names) if names else old - {here}
    if names:
        return set(names)
    return {here} if datasets else data.over(branches, everyone) - {here}


def _two_sides(names: tuple[str, ...], branches: Branches) -> tuple[str | None, str]:
    from .. import branch  # noqa: PLC0415

    if len(names) > 2:  # noqa: PLR2004
        raise click.UsageError("Compare two branches, or one with the base.")
    if len(names) == 2:  # noqa: PLR2004
        return names[0], names[1]
    name = names[0] if names else branch.current(branches.context.project_path).name
    return None, name


def _open(env: str | None) -> Branches:
    from ..branches import Branches  # noqa: PLC0415

    return Branches.of(load_context(env))


def _git_branches(branches: Branches) -> set[str] | None:
    from .. import repository  # noqa: PLC0415

    try:
        return repository.branches(branches.context.project_path)
    except repository.GitError:
        return None


def _in_git(branch: str, known: set[str] | None) -> str:
    if known is None:
        return "not known"
    return "there" if branch in known else "gone"

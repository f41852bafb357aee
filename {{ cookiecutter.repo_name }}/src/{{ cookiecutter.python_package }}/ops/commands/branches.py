"""``kedro branches``: see, compare, promote and clean the data of branches."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ..branches import Branches, Holding

SOMETHING_TO_DO = 10  # exit code: there is a difference, or a plan was not carried out

_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, no table.")
_env = click.option("--env", "-e", help="Kedro configuration environment.")
_yes = click.option("--yes", "-y", is_flag=True, help="Do it: without, show the plan.")


@click.group()
def command() -> None:
    """See, compare, promote and clean the data of branches."""


@command.command("list")
@_env
@_as_json
def list_(env: str | None, as_json: bool) -> None:
    """List the branches that have data."""
    branches = _open(env)
    known = _git_branches(branches)
    rows: dict[str, dict[str, Any]] = {}
    for record in branches.records():
        row = rows.setdefault(
            record.branch,
            {"branch": record.branch, "datasets": 0, "bytes": 0, "last": "", "by": None}
            | {"git": _in_git(record.branch, known)}
            | dict.fromkeys(("ahead", "behind", "same", "unknown"), 0),
        )
        row["datasets"] += 1
        row["bytes"] += record.bytes or 0
        row[branches.holding(record).state] += 1
        if record.time > row["last"]:
            row["last"], row["by"] = record.time, record.user
    _show("Branches with data", list(rows.values()), as_json)


@command.command()
@click.argument("dataset")
@_env
@_as_json
def path(dataset: str, env: str | None, as_json: bool) -> None:
    """Say where DATASET is read from and written to now, and why."""
    from .. import stored  # noqa: PLC0415
    from ..branched_dataset import BranchedDataset  # noqa: PLC0415
    from ..errors import OpsError  # noqa: PLC0415

    catalog: Any = _context(env).catalog
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
    _show(dataset, [row], as_json)


@command.command()
@click.argument("branches", nargs=-1, metavar="[A] [B]")
@_env
@_as_json
def diff(branches: tuple[str, ...], env: str | None, as_json: bool) -> None:
    """Compare the data of branch A (or the base) with those of B (or this branch).

    With one name, that branch is compared with the base. Exit code 10 if they differ.
    """
    from ..comparison import compare  # noqa: PLC0415

    data = _open(env)
    left, right = _two_sides(branches, data)
    rows = list(compare(data, left, right))
    _show(f"{left or 'base'} and {right}", rows, as_json)
    if any(row["state"] != "same" for row in rows):
        raise SystemExit(SOMETHING_TO_DO)


@command.command()
@click.argument("names", nargs=-1, metavar="[BRANCH]...")
@click.option("--dataset", "-d", "datasets", multiple=True, help="Only this dataset.")
@click.option("--older-than", type=click.IntRange(0), help="Idle for so many DAYS.")
@click.option("--everyone", is_flag=True, help="Also branches gone that others saved.")
@_yes
@_env
@_as_json
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
    _show("Clean", rows, as_json)
    _finish(rows, yes)


@command.command()
@click.argument("branch")
@click.option("--dataset", "-d", "datasets", multiple=True, help="Only this dataset.")
@click.option("--force", is_flag=True, help="Even where the base has moved since.")
@click.option("--finish", is_flag=True, help="Complete a promotion that was killed.")
@click.option("--undo", is_flag=True, help="Undo a promotion that was killed.")
@_yes
@_env
@_as_json
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

    branches = _open(env)
    if _recovered(branches, branch, finish, undo):
        return
    rows = _promotion_plan(branches, branch, datasets, force)
    _show(f"Promote {branch}", rows, as_json)
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
        _stop_before_doing()
    Promotion.of(branches, branch, chosen).run()
    click.echo(f"Promoted {len(chosen)} datasets of '{branch}'.", err=True)


def _recovered(branches: Branches, branch: str, finish: bool, undo: bool) -> bool:
    from ..errors import OpsError  # noqa: PLC0415
    from ..promotion import Promotion, interrupted  # noqa: PLC0415

    for intent in interrupted(branches.manifest.store):
        promotion = Promotion(branches, intent)
        if intent.is_running():
            raise OpsError(
                f"A promotion of '{intent.branch}' is under way (process {intent.pid})."
            )
        if intent.phase != "swapping":
            promotion.undo()  # it has changed no base, or was as good as done
        elif intent.branch == branch and (finish or undo):
            promotion.finish() if finish else promotion.undo()
            done = "Finished" if finish else "Undone"
            click.echo(f"{done}: the promotion of '{branch}'.", err=True)
            return True
        else:
            raise OpsError(
                f"A promotion of '{intent.branch}' was interrupted on {intent.host}. "
                f"Run: kedro branches promote {intent.branch} --finish (or --undo)."
            )
    if finish or undo:
        raise OpsError(f"No promotion of '{branch}' was interrupted.")
    return False


def _promotion_plan(
    branches: Branches, branch: str, datasets: tuple[str, ...], force: bool
) -> list[dict[str, Any]]:
    from ..errors import OpsError  # noqa: PLC0415

    records = branches.records(branch)
    if not records:
        raise OpsError(f"The manifest knows no data of branch '{branch}'.")
    rows = []
    for record in records:
        if datasets and record.dataset not in datasets:
            continue
        holding = branches.holding(record)
        row = {"dataset": record.dataset, "action": _action(holding, force)}
        rows.append(row | {"from": record.location})
    return rows


def _action(holding: Holding, force: bool) -> str:
    if holding.target is None or holding.base is None:
        return "refused: the catalog does not have it there (any more)"
    if holding.target.fingerprint() is None:
        return "refused: its data are gone"
    state = holding.state
    if state == "same":
        return "nothing: the base has the same"
    if state == "ahead" or force:
        return "copy" if state == "ahead" else f"copy (forced: {state})"
    if state == "behind":
        return "refused: the base has moved since the branch forked"
    return "refused: it is not known what the branch forked from"


def _finish(rows: list[dict[str, Any]], yes: bool) -> None:
    if rows and not yes:
        _stop_before_doing()
    if any(str(row["result"]).startswith("left") for row in rows):
        raise SystemExit(1)


def _stop_before_doing() -> None:
    click.echo("Nothing was changed: --yes does it.", err=True)
    raise SystemExit(SOMETHING_TO_DO)


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


def _context(env: str | None) -> Any:
    from kedro.framework.project import settings  # noqa: PLC0415

    create: Any = settings.SESSION_CLASS.create
    with create(env=env) as session:
        return session.load_context()


def _open(env: str | None) -> Branches:
    from ..branches import Branches  # noqa: PLC0415

    return Branches.of(_context(env))


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


def _show(title: str, rows: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    if not rows:
        click.echo(f"{title}: none.")
        return
    table = Table(*rows[0], title=title, title_justify="left")
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    Console().print(table)

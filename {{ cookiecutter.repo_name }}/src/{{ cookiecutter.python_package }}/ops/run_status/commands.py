"""``kedro runs``: list runs, show one, and follow one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..core.cli import Commands, as_json_option, env_option, load_context
from ..core.terminal import show

# The modules behind a command are imported in it: `kedro --help` need not wait.
if TYPE_CHECKING:
    from .history import History


@click.group(cls=Commands)
def command() -> None:
    """See what runs did, and follow a run."""


@command.command("list")
@click.option(
    "--last", type=click.IntRange(1), default=20, help="Number of runs to list."
)
@env_option
@as_json_option
def list_(last: int, env: str | None, as_json: bool) -> None:
    """List the last runs with their short keys, newest first."""
    from itertools import islice  # noqa: PLC0415

    from . import terminal  # noqa: PLC0415

    row = terminal.row_as_data if as_json else terminal.row
    rows = [row(run) for run in islice(_open(env), last)]
    show("Runs", rows, as_json, whole=("run", "state", "took", "nodes"))


@command.command("show")
@click.argument("run", default="last")
@env_option
@as_json_option
def show_(run: str, env: str | None, as_json: bool) -> None:
    """Show RUN, node by node.

    RUN is a key from `kedro runs list`, the start of a full key, or `last`.
    """
    from . import replay, terminal  # noqa: PLC0415

    history = _open(env)
    found = replay.read(history.store, history.find(run))
    if as_json:
        click.echo(json.dumps(terminal.as_data(found)))
    else:
        terminal.show(found)


@command.command()
@click.argument("run", default="last")
@env_option
def watch(run: str, env: str | None) -> None:
    """Follow RUN in the terminal until it ends."""
    from . import replay, terminal  # noqa: PLC0415

    history = _open(env)
    terminal.watch(replay.Follower(history.store, history.find(run)), history)


@command.command()
@click.option(
    *("--output", "-o", "folder"),
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder to write the page to.",
)
@env_option
def page(folder: Path, env: str | None) -> None:
    """Write the page of all runs to a folder, for a web server."""
    _write_page(folder, _open(env))


@command.command("open")
@env_option
def open_(env: str | None) -> None:
    """Open the page of all runs in a browser."""
    import tempfile  # noqa: PLC0415

    history = _open(env)
    store = history.store
    folder = Path(store.url if store.is_local else tempfile.mkdtemp(prefix="runs-"))
    click.launch(_write_page(folder, history).resolve().as_uri())


def _write_page(folder: Path, history: History) -> Path:
    from ..core.store import Store  # noqa: PLC0415
    from .page import INDEX, write  # noqa: PLC0415

    write(Store(str(folder)).write, history)
    click.echo(folder / INDEX)
    return folder / INDEX


def _open(env: str | None) -> History:
    from .history import History, open_runs  # noqa: PLC0415
    from .page import StatusPage  # noqa: PLC0415

    store = open_runs(load_context(env))
    # A run that turns out to have been killed is shown so on the page, too.
    click.get_current_context().call_on_close(StatusPage(store).refresh)
    return History(store)

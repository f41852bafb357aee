"""``kedro notify``: send a message now: a sample, or that of a run."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from ..core.cli import env_option, load_context
from ..core.errors import OpsError

# The modules behind a command are imported in it: `kedro --help` need not wait.
if TYPE_CHECKING:
    from .channel import Channel
    from .delivery import Answer, Letter
    from .message import Message
    from .sender import Desk


@click.command()
@click.argument("run", default="")
@click.option("--test", is_flag=True, help="Send a sample through every channel.")
@click.option("--dry-run", is_flag=True, help="Print the message, and send nothing.")
@env_option
def command(run: str, test: bool, dry_run: bool, env: str | None) -> None:
    """Send the message of RUN (a key, the start of one, or `last`) again.

    Without RUN: tell of runs that were killed, and, as the last task of a DAG in
    Airflow, of its run; each only if nobody has told it.
    """
    from ..run_status.history import History  # noqa: PLC0415
    from .sender import Desk  # noqa: PLC0415

    desk = Desk.of(load_context(env))
    channels, problems = desk.channels()
    for problem in problems:
        click.echo(f"{problem.text}", err=True)
    if not channels and not dry_run:
        raise OpsError(
            "There is no channel to send by: see 'notifications' in ops.yml."
        )
    if test:
        message, letters = _sample(channels)
    elif run:
        message, letters = desk.again(History(desk.store).find(run), channels)
    else:
        _tell_the_rest(desk, channels, dry_run)
        return
    _deliver(message, letters, dry_run, desk.settings.limit)
    if test and problems:
        raise SystemExit(1)


def _deliver(
    message: Message, letters: list[Letter], dry_run: bool, limit: float
) -> None:
    from . import delivery  # noqa: PLC0415

    if dry_run:
        click.echo(message.text())
        for letter in letters:
            click.echo(f"\nTo {letter.channel.name}: {', '.join(letter.to)}")
        return
    _say(delivery.send(message, letters, time.monotonic() + limit))


def _tell_the_rest(desk: Desk, channels: list[Channel], dry_run: bool) -> None:
    """What nobody has told: of runs that were killed, and of the DAG that this ends."""
    from ..run_status import describe  # noqa: PLC0415

    keys = desk.untold()
    ours = describe.key_of("") if describe.is_shared() else ""
    if ours and ours not in keys:
        keys.append(ours)
    answers: list[Answer] = []
    for key in keys:
        if dry_run:
            click.echo(desk.again(key, channels)[0].text())
        else:
            deadline = time.monotonic() + desk.settings.limit
            answers += desk.tell(key, deadline, channels, final=key == ours)
    if not dry_run and not answers or not keys:
        click.echo("There is nothing to tell.")
    _say(answers)


def _say(answers: list[Answer]) -> None:
    for answer in answers:
        click.echo(
            f"{answer.channel}: {'ok' if answer.ok else 'NOT SENT'}: {answer.text}"
        )
    if not all(answer.ok for answer in answers):
        raise SystemExit(1)


def _sample(channels: list[Channel]) -> tuple[Message, list[Letter]]:
    from .delivery import Letter  # noqa: PLC0415
    from .message import Fact, Fault, Kind, Message, Section  # noqa: PLC0415

    lines = 'File "src/nodes.py", line 12, in fit\n    raise ValueError("...")'
    message = Message(
        kind=Kind.FAILURE,
        title="This is a test of notifications: nothing has failed",
        key="sample",
        thread="sample",
        at=time.time(),
        facts=[
            Fact("Branch", "main at 0123abcd"),
            Fact("Time", "12 min, usually 8 min"),
        ],
        faults=[Fault("fit", "ValueError: this is how an error looks", lines)],
        sections=[Section("Commits since the last good run", ["0123abcd Try (Ada)"])],
        resume="kedro run --from-nodes=fit",
    )
    return message, [Letter(each, list(each.options.to)) for each in channels]

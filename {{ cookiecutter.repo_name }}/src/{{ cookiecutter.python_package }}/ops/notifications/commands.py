"""``kedro notify``: send the notification of a run now, or a test message."""

from __future__ import annotations

from time import monotonic

import click

from ..core.cli import Command, env_option, load_context
from ..core.errors import OpsError, suppress_errors
from ..run_status import describe, replay
from ..run_status.history import History
from ..run_status.journal import Ticket
from ..run_status.model import State
from ..run_status.page import LIST, StatusPage
from ..run_status.watch import record_stop
from .hook import Notifier, is_wanted
from .message import ErrorReport, Message
from .rules import Kind
from .send import Channel, Delivery, Result, send


@click.command(cls=Command)
@click.argument("run", default="")
@click.option("--test", is_flag=True, help="Send a test message to every channel.")
@click.option("--dry-run", is_flag=True, help="Print the message and do not send it.")
@click.option(
    "--failed-tasks",
    default="",
    help="Failed tasks of the DAG run, as Airflow lists them.",
)
@click.option("--pipeline", default="__default__", help="The pipeline of the DAG.")
@env_option
def command(  # noqa: PLR0913
    *,
    run: str,
    test: bool,
    dry_run: bool,
    failed_tasks: str,
    pipeline: str,
    env: str | None,
) -> None:
    """Send notifications that were not sent, or that of RUN again.

    RUN is a key from `kedro runs list`, the start of a full key, or `last`.

    Without RUN, send the notifications of runs that were killed. In the last task of an
    Airflow DAG, also send that of the DAG run.
    """
    notifier = Notifier.from_context(load_context(env))
    channels, problems = notifier.open_channels()
    for text in (text for found in problems.values() for text in found):
        click.echo(text, err=True)
    if not channels and not dry_run:
        raise OpsError("No channel can send: see 'notifications.channels' in ops.yml.")
    if not run and not test:
        if failed_tasks and not dry_run and describe.is_shared():
            _record_failure(notifier, failed_tasks.split(), pipeline, env)
        _send_unsent(notifier, channels, dry_run)
        return
    if test:
        message, deliveries = _test_message(channels)
    else:
        key = History(notifier.store).find(run)
        message, deliveries = notifier.compose(key, channels)
    if dry_run:
        _print(message, deliveries)
    else:
        _report(send(deliveries, monotonic() + notifier.settings.limit))
    if test and problems:
        raise SystemExit(1)


def _send_unsent(notifier: Notifier, channels: list[Channel], dry_run: bool) -> None:
    seen = notifier.look()
    keys = notifier.unnotified(seen.files)
    last = describe.key_of("") if describe.is_shared() else ""
    if last and last not in keys:
        keys.append(last)
    results: list[Result] = []
    if dry_run:
        for key in keys:
            _print(*notifier.compose(key, channels))
    else:
        deadline = monotonic() + notifier.settings.limit
        results = notifier.notify(keys, seen, channels, deadline, last)
    if not results and not (dry_run and keys):
        click.echo("There is nothing to send.")
    _report(results)


def _record_failure(
    notifier: Notifier, tasks: list[str], pipeline: str, env: str | None
) -> None:
    """Record that tasks failed, if the run of the DAG does not say so itself.

    Such a task was killed on another machine, or it could not start Kedro.
    """
    key, path = describe.key_of(""), notifier.project_path
    known = replay.read(notifier.store, key).state in {State.FAILED, State.INTERRUPTED}
    if known or not is_wanted(notifier, [pipeline]):
        return
    why = OpsError(f"Airflow says that {', '.join(tasks)} failed: see its log")
    ticket = Ticket(notifier.store, key, "", str(path))
    run = record_stop(ticket, why, [pipeline], env, notify=True, last=True)
    with suppress_errors():
        if notifier.store.read(LIST):  # a page of runs
            StatusPage(notifier.store).finish(run)


def _print(message: Message, deliveries: list[Delivery]) -> None:
    click.echo(message.text())
    for each in deliveries:
        click.echo(f"\nTo {each.channel.name}: {', '.join(each.to)}")


def _report(results: list[Result]) -> None:
    for each in results:
        state = "sent" if each.ok else "NOT SENT"
        click.echo(f"{each.channel}: {state}: {each.text}")
    if not all(each.ok for each in results):
        raise SystemExit(1)


def _test_message(channels: list[Channel]) -> tuple[Message, list[Delivery]]:
    lines = 'File "src/nodes.py", line 12, in fit\n    raise ValueError("...")'
    message = Message(
        kind=Kind.FAILURE,
        title="This is a test notification: no run has failed",
        key="test",
        thread="test",
        facts={"Branch": "main at 0123abcd", "Time": "12 min 04 s"},
        errors=[ErrorReport("fit", "ValueError: this is how an error looks", lines)],
        sections={"Commits since the last good run": ["0123abcd Try (Ada)"]},
        resume="kedro run --from-nodes=fit",
    )
    return message, [
        Delivery(message, each, list(each.options.to)) for each in channels
    ]

"""Notifications: one message when a run needs attention.

Run status calls this guard when the journals of a run are complete. An error here never
fails a run or delays it longer than the limit.

The journal of a run says whether to send a notification, so that another process can
send it if this one is killed. Only one process can create the file ``notified.json``
next to the journals; that process sends it.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from attrs import field, frozen
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog

from ..core import findings, git, kedro_internals, redaction
from ..core.errors import OpsError, run_within, suppress_errors
from ..core.findings import WARNING, Finding
from ..core.settings import is_guard_on, read_settings
from ..core.store import Store
from ..run_status import journal, replay
from ..run_status.history import all_files, journals, open_runs, run_keys
from ..run_status.journal import Journal
from ..run_status.model import Run, State
from ..run_status.page import read_list
from . import rules
from .message import Composer, Message, thread_id, thread_of_line
from .rules import Kind, NotificationOptions
from .send import Channel, Delivery, Result, open_channels, send

FILE = "notified.json"
_AT_ONCE = 5  # files that are read at once
_EARLIER = (
    30  # runs of the same thread; runs not in the list that are searched for them
)
_RESTART = 1800.0  # seconds in which Airflow may try a task again
_FRESH = 60.0  # seconds in which the process of a run sends the notification itself
_OLD = 14 * 86_400.0  # seconds after which it is no news
_SEARCHED = 20  # runs
_GOING_ON = {State.RUNNING, State.UNKNOWN}
_KILLED = 4.0  # seconds, if somebody wants the process to end
_LOG = logging.getLogger(__name__)


class Seen(NamedTuple):
    """What several questions need of a store, read once."""

    files: dict[str, int]  # all files of all runs
    runs: list[dict[str, Any]]  # the list of runs; empty without a page


@frozen
class Notifier:
    """The settings, the runs and the channels of a project."""

    settings: NotificationOptions
    store: Store
    project_path: Path
    credentials: Mapping[str, Any] = field(repr=False)

    @classmethod
    def from_context(cls, context: KedroContext) -> Notifier:
        """Read the settings and the credentials of a project.

        Raises:
            OpsError: for settings that are wrong.
        """
        settings = read_settings(context.config_loader, NotificationOptions)
        settings.validate()
        store = open_runs(context)
        credentials = kedro_internals.credentials(context)
        return cls(settings, store, Path(context.project_path), credentials)

    def open_channels(self) -> tuple[list[Channel], dict[str, list[str]]]:
        """The channels that can send, and the problems of the others, by name."""
        return open_channels(self.settings.channels, self.credentials)

    def look(self) -> Seen:
        """Look what is in the store."""
        return Seen(all_files(self.store), read_list(self.store))

    def unnotified(self, files: dict[str, int], but: str = "") -> list[str]:
        """The keys of runs that ended without a notification: they were killed."""
        now, found = time.time(), []
        keys = [k for k in run_keys(self.store, files) if f"{k}/{FILE}" not in files]
        keys = [key for key in keys[-_SEARCHED:] if key != but]
        known = journals(files)
        runs = replay.read_many(self.store, {key: known[key] for key in keys})
        for key, run in zip(keys, runs, strict=True):
            age = now - (run.last_news or 0.0)
            fresh = run.state != State.INTERRUPTED and age < _FRESH
            due = run.notify and not fresh and age < _OLD
            if due and is_finished(run, now):
                found.append(key)
        return found

    def notify(  # noqa: PLR0913, PLR0917
        self,
        keys: list[str],
        seen: Seen,
        channels: list[Channel],
        deadline: float,
        last: str = "",
        known: Run | None = None,
    ) -> list[Result]:
        """Send the notifications of these runs, oldest first, unless others have sent
        them.

        Args:
            keys: of the runs.
            seen: what is in the store.
            channels: where to send to.
            deadline: when to give up, as ``time.monotonic`` has it.
            last: a run of which no more tasks will come, although it looks unfinished.
            known: one of the runs, if it has just been read.
        """
        due: list[Delivery] = []
        for key in keys:
            with suppress_errors():  # a damaged run must not hold up the others
                # Of tasks that end at once, one must see what the other has entered.
                fresh = known and known.key == key and not known.shared
                run = known if known and fresh else replay.read(self.store, key)
                due += self._claim(run, seen, channels, key == last)
        return send(due, deadline)

    def compose(
        self, key: str, channels: list[Channel]
    ) -> tuple[Message, list[Delivery]]:
        """The message of a run and its deliveries, whether it was sent or not.

        Raises:
            OpsError: if the run has not ended.
        """
        run = replay.read(self.store, key)
        earlier = self._earlier_runs(run, self.look())
        kind = next(rules.kinds(run, earlier), None)
        if kind is None:
            raise OpsError(f"Run {key} has not ended: there is nothing to send yet.")
        return self._deliveries(run, earlier, kind, channels)

    def _claim(
        self, run: Run, seen: Seen, channels: list[Channel], last: bool
    ) -> list[Delivery]:
        """The deliveries of a run that has ended, if this process has to send them."""
        kind = None
        finished = is_finished(run, time.time())
        if not finished and not (last and run.state not in _GOING_ON):
            return []
        earlier = self._earlier_runs(run, seen)
        if run.notify:
            kind = rules.kind_to_send(run, earlier, self.settings)
        due = self._deliveries(run, earlier, kind, channels)[1] if kind else []
        sent = kind.value if kind and due else ""
        text = json.dumps({"thread": thread_id(run), "sent": sent})
        name = f"{run.key}/{FILE}"
        seen.files[name] = len(text)  # by this process or another one
        return due if self.store.create(name, text.encode()) else []

    def _deliveries(
        self, run: Run, earlier: list[Run], kind: Kind, channels: list[Channel]
    ) -> tuple[Message, list[Delivery]]:
        composer = Composer(run, earlier, self.project_path)
        message = composer.message(kind, self.settings.base_url)
        defaults = {each.name: list(each.options.to) for each in channels}
        to = rules.recipients(run, self.settings, defaults)
        able = [channel for channel in channels if channel.name in to]
        return message, [Delivery(message, each, to[each.name]) for each in able]

    def _earlier_runs(self, run: Run, seen: Seen) -> list[Run]:
        """The runs of the same thread, newest first, back to the last good one."""
        earlier, known = list[Run](), journals(seen.files)
        for key in islice(self._same_thread(run, seen), _EARLIER):
            earlier += replay.read_many(self.store, {key: known[key]})
            if rules.is_good(earlier[-1]):
                break
        return earlier

    def _same_thread(self, run: Run, seen: Seen) -> Iterator[str]:
        """The keys of the other runs of a thread that have ended, the newest first."""
        files = {k: f"{k}/{FILE}" for k in reversed(run_keys(self.store, seen.files))}
        keys = [k for k, name in files.items() if name in seen.files and k != run.key]
        threads = {line["key"]: thread_of_line(line) for line in seen.runs}
        thread, left = thread_id(run), _EARLIER
        for first in range(0, len(keys), _AT_ONCE):
            some = keys[first : first + _AT_ONCE]
            unlisted = [key for key in some if key not in threads][:left]
            texts = self.store.read_many({files[key]: 0 for key in unlisted})
            left -= len(unlisted)
            for key in some:
                told = thread.encode() in texts.get(files[key], b"")
                if told or threads.get(key) == thread:
                    yield key


def is_finished(run: Run, now: float) -> bool:
    """Whether no process will continue a run.

    A run that many processes share has succeeded when all nodes of its pipeline have.
    It has failed with the first task that Airflow does not try again. Where the number
    of tries is not known, Airflow tries again what was killed, and nothing else.
    """
    if run.state == State.SUCCEEDED:
        open_states = {State.NOT_SELECTED, State.QUEUED}
        left = any(node.state in open_states for node in run.nodes.values())
        return not (run.shared and left)
    if run.state not in {State.FAILED, State.INTERRUPTED}:
        return False
    known = run.tries_left is not None
    again = run.tries_left if known else run.state == State.INTERRUPTED
    waited = now - (run.last_news or now)
    return not (run.shared and again) or waited > _RESTART


# Of this thread: `kedro server` has one hook for all of its requests.
_NOTIFIER: ContextVar[Notifier | None] = ContextVar("notifier", default=None)


class Notifications:
    """The hook: prepares the notification of a run."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Read the settings."""
        _NOTIFIER.set(None)
        notifier = Notifier.from_context(context)
        if is_guard_on("notifications", notifier.settings.enabled):
            _NOTIFIER.set(notifier)

    @hook_impl(tryfirst=True)  # before a guard stops the run
    def before_pipeline_run(
        self, run_params: dict[str, Any], catalog: DataCatalog
    ) -> None:
        """Check the channels, and prepare to send the notification when the run ends."""
        notifier, run_id = _NOTIFIER.get(), str(run_params["run_id"])
        entries = journal.journal_of_catalog(catalog, run_id)
        if notifier is None or entries is None or entries.ticket.run_id != run_id:
            return
        channels: list[Channel] = []
        names = list(run_params.get("pipeline_names") or ["__default__"])
        if is_wanted(notifier, names):
            entries.enter("notify")
            channels, problems = notifier.open_channels()
            for name, found in problems.items():
                text = redaction.text("; ".join(found))
                _LOG.warning("Notifications: %s", text)
                finding = Finding(text, name, level=WARNING, guard="notifications")
                findings.report(finding)
        entries.at_end.append(partial(_send, entries, notifier, channels))

    def is_wanted(self, pipelines: list[str]) -> bool:
        """Whether a run of these pipelines calls for a notification."""
        notifier = _NOTIFIER.get()
        return notifier is not None and is_wanted(notifier, pipelines)


def is_wanted(notifier: Notifier, names: list[str]) -> bool:
    """Whether this process may send a notification of a run of these pipelines."""
    asked = bool(os.environ.get("NOTIFICATIONS", "").strip())
    if rules.is_attended() and not asked:
        return False
    branch = git.branch_name(notifier.project_path)
    return rules.is_selected(notifier.settings, names, branch)


def _send(
    entries: Journal, notifier: Notifier, channels: list[Channel], run: Run
) -> None:
    """Send the notification of a run that ended, and those of earlier, killed runs."""
    seconds = min(notifier.settings.limit, 10.0)
    if run.state == State.INTERRUPTED:
        seconds = min(seconds, _KILLED)
    deadline, able = time.monotonic() + 0.95 * seconds, list(channels)
    results = [Result(run.key, "all", False, f"not sent within {seconds:.0f} s")]

    def notify() -> None:
        seen = Seen(entries.files, entries.runs) if entries.files else notifier.look()
        others = notifier.unnotified(seen.files, but=run.key)
        if others and not able:
            able.extend(notifier.open_channels()[0])
        # Without a channel, leave the other runs to a process that has one.
        keys = [*others, run.key] if able else [run.key]
        results[:] = notifier.notify(keys, seen, able, deadline, known=run)

    with suppress_errors():  # a thread may not start when Python is about to end
        run_within(seconds, notify)
    for each in results:
        if not each.ok:
            _LOG.warning("Notifications: %s: %s", each.channel, each.text)
    if ours := [each for each in results if each.run == run.key]:
        _enter_results(entries, ours)


def _enter_results(entries: Journal, results: list[Result]) -> None:
    """Record in a new journal file whether a notification was sent."""
    after = Journal(entries.ticket_for_others())
    for each in results:
        after.enter(
            "check",
            guard="notifications",
            subject=each.channel,
            level="warning",
            passed=each.ok,
            message=f"{'sent' if each.ok else 'not sent'}: {each.text}",
        )
    after.enter("postscript")
    after.flush(2.0)
    after.close()

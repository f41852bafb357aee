"""Finds the runs that need a notification, and sends it: once for each run.

A run has in its journal whether to send one, for another process that sends it if this
one is killed. Of all processes that create the file ``notified.json`` beside the journals,
the one that succeeds sends the notification.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import field, frozen
from kedro.framework.context import KedroContext

from ..core import kedro_internals
from ..core.errors import OpsError
from ..core.settings import read_settings
from ..core.store import Store
from ..core.suppress import suppress_errors
from ..run_status import replay
from ..run_status.history import open_runs, run_keys
from ..run_status.model import Run, State
from . import rules
from .message import Composer, Message, thread_id
from .rules import Kind, NotificationOptions
from .send import Channel, Delivery, Result, open_channels, send

FILE = "notified.json"
_EARLIER = 30  # runs that are searched for those of the same thread
_RESTART = 1800.0  # seconds in which Airflow may restart a task that was killed
_FRESH = 60.0  # seconds in which the process of a run sends the notification itself
_OLD = 14 * 86_400.0  # seconds after which it is no news
_SEARCHED = 20  # runs


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

    def unnotified(self, but: str = "") -> list[str]:
        """The keys of runs that ended without a notification: they were killed."""
        now, found = time.time(), []
        sent = self.store.files("", f"/{FILE}")
        keys = [key for key in run_keys(self.store) if f"{key}/{FILE}" not in sent]
        for key in keys[-_SEARCHED:]:
            run = replay.read(self.store, key)
            age = now - (run.last_news or 0.0)
            fresh = run.state != State.INTERRUPTED and age < _FRESH
            due = run.notify and key != but and not fresh and age < _OLD
            if due and is_finished(run, now):
                found.append(key)
        return found

    def notify(
        self, keys: list[str], channels: list[Channel], deadline: float, last: str = ""
    ) -> list[Result]:
        """Send what is due for these runs, the oldest first, unless others have.

        ``last`` is a run of which no more tasks will come, although it looks unfinished.
        """
        due: list[Delivery] = []
        for key in keys:
            with suppress_errors():  # a damaged run must not hold up the others
                due += self._claim(key, channels, key == last)
        return send(due, deadline)

    def compose(
        self, key: str, channels: list[Channel]
    ) -> tuple[Message, list[Delivery]]:
        """The message of a run and its deliveries, whether it was sent or not.

        Raises:
            OpsError: if the run has not ended.
        """
        run = replay.read(self.store, key)
        earlier = self._earlier_runs(run)
        kind = next(rules.kinds(run, earlier), None)
        if kind is None:
            raise OpsError(f"Run {key} has not ended: there is nothing to send yet.")
        return self._deliveries(run, earlier, kind, channels)

    def _claim(self, key: str, channels: list[Channel], last: bool) -> list[Delivery]:
        """The deliveries of a run that has ended, if this process is the one to send."""
        run, kind = replay.read(self.store, key), None
        finished = is_finished(run, time.time())
        if not finished and not (last and run.state != State.RUNNING):
            return []
        earlier = self._earlier_runs(run)
        if run.notify:
            kind = rules.kind_to_send(run, earlier, self.settings)
        due = self._deliveries(run, earlier, kind, channels)[1] if kind else []
        sent = kind.value if kind and due else ""
        text = json.dumps({"thread": thread_id(run), "sent": sent})
        return due if self.store.create(f"{key}/{FILE}", text.encode()) else []

    def _deliveries(
        self, run: Run, earlier: list[Run], kind: Kind, channels: list[Channel]
    ) -> tuple[Message, list[Delivery]]:
        changed = changed_parameters(run, rules.last_good(earlier))
        composer = Composer(run, earlier, changed, self.project_path)
        message = composer.message(kind, self.settings.base_url)
        defaults = {each.name: list(each.options.to) for each in channels}
        to = rules.recipients(run, self.settings, defaults)
        able = [channel for channel in channels if channel.name in to]
        return message, [Delivery(message, each, to[each.name]) for each in able]

    def _earlier_runs(self, run: Run) -> list[Run]:
        """The runs of the same thread, newest first, back to the last good one."""
        earlier = list[Run]()
        keys = [key for key in reversed(run_keys(self.store)) if key != run.key]
        thread = thread_id(run).encode()
        for key in keys[:_EARLIER]:
            if thread in (self.store.read(f"{key}/{FILE}") or b""):
                earlier.append(replay.read(self.store, key))
                if rules.is_good(earlier[-1]):
                    break
        return earlier


def changed_parameters(run: Run, good: Run | None) -> list[str]:
    """The names of the parameters that have changed since the last good run."""
    before, now = good.parameter_hashes if good else {}, run.parameter_hashes
    names = {*before, *now} if before and now else set()
    return sorted(name for name in names if before.get(name) != now.get(name))


def is_finished(run: Run, now: float) -> bool:
    """Whether nobody will go on with a run.

    A run that many processes share has succeeded when all nodes of its pipeline have.
    It has failed with the first of them, although Airflow may try again.
    """
    if run.state == State.SUCCEEDED:
        open_states = {State.NOT_SELECTED, State.QUEUED}
        left = any(node.state in open_states for node in run.nodes.values())
        return not (run.shared and left)
    if run.state == State.INTERRUPTED:
        return not run.shared or now - (run.last_news or now) > _RESTART
    return run.state == State.FAILED

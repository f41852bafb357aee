"""Finds the runs that need a notification, and sends it: once for each run."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import field, frozen
from kedro.framework.context import KedroContext

from ..core import kedro_internals
from ..core.errors import OpsError
from ..core.settings import open_store, read_settings
from ..core.suppress import suppress_errors
from ..run_status import replay
from ..run_status.journal import RunStore
from ..run_status.model import State
from . import record, rules
from .message import Composer, Kind, Message
from .record import Attempt, PreviousRuns, Record
from .send import Channel, Delivery, Result, open_channels, send
from .settings import NotificationOptions

_FRESH = 60.0  # seconds in which the process of a run sends the notification itself
_OLD = 14 * 86_400.0  # seconds after which it is no news
_SEARCHED = 20  # runs


@frozen
class Notifier:
    """The settings, the runs and the channels of a project."""

    settings: NotificationOptions
    store: RunStore
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
        credentials = kedro_internals.credentials(context)
        store = RunStore(*open_store(context))
        return cls(settings, store, Path(context.project_path), credentials)

    def open_channels(self) -> tuple[list[Channel], dict[str, list[str]]]:
        """The channels that can send, and the problems of the others, by name."""
        return open_channels(self.settings.channels, self.credentials)

    def unnotified(self, but: str = "") -> list[str]:
        """The keys of runs that ended without a notification: they were killed."""
        now, found = time.time(), []
        for key in self.store.without(record.FILE)[-_SEARCHED:]:
            attempts = record.read_attempts(self.store, key)
            if key == but or not any(attempt.notify for attempt in attempts):
                continue
            run = replay.read(self.store, key)
            age = now - (run.last_news or 0.0)
            fresh = run.state != State.INTERRUPTED and age < _FRESH
            if record.is_finished(run, attempts, now) and not fresh and age < _OLD:
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
        composer, _ = self._composer(key)
        kind = next(rules.kinds(composer.run, composer.previous), None)
        if kind is None:
            raise OpsError(f"Run {key} has not ended: there is nothing to send yet.")
        return self._deliveries(composer, kind, channels)

    def _claim(self, key: str, channels: list[Channel], last: bool) -> list[Delivery]:
        """The deliveries of a run that has ended, if this process is the one to send."""
        composer, attempts = self._composer(key)
        run, kind = composer.run, None
        finished = record.is_finished(run, attempts, time.time())
        if not finished and not (last and run.state != State.RUNNING):
            return []
        if any(attempt.notify for attempt in attempts):
            kind = rules.kind_to_send(run, composer.previous, self.settings)
        due = self._deliveries(composer, kind, channels)[1] if kind else []
        composer.record.sent = kind.value if kind and due else ""
        return due if composer.record.write_once(self.store) else []

    def _composer(self, key: str) -> tuple[Composer, list[Attempt]]:
        run = replay.read(self.store, key)
        attempts = record.read_attempts(self.store, key)
        previous = PreviousRuns.read(self.store, run)
        summary = Record.from_run(run, attempts)
        return Composer(run, summary, previous, self.project_path), attempts

    def _deliveries(
        self, composer: Composer, kind: Kind, channels: list[Channel]
    ) -> tuple[Message, list[Delivery]]:
        message = composer.message(kind, self.settings.base_url)
        usual = {each.name: list(each.options.to) for each in channels}
        to = rules.recipients(composer.run, self.settings, usual)
        able = [channel for channel in channels if channel.name in to]
        return message, [Delivery(message, each, to[each.name]) for each in able]

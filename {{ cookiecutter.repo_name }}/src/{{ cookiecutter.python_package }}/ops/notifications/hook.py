"""Notifications: one message for each run that somebody has to know about.

The message is made from the run's journals when they are complete, so this hook wraps
the one that closes them. Whatever goes wrong here neither fails a run nor delays it for
longer than the limit.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Generator, Iterable
from contextvars import ContextVar
from time import monotonic
from typing import Any

import click
from attrs import asdict, define, field
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog

from ..core import findings, redaction
from ..core.errors import OpsError
from ..core.findings import WARNING, Finding
from ..core.settings import is_guard_on
from ..core.suppress import run_within, suppress_errors
from ..run_status import describe, interruption, journal
from ..run_status.journal import Journal
from . import record, rules
from .notifier import Notifier
from .record import Attempt
from .send import Channel, Result
from .settings import ERROR

_TERMINATED = 4.0  # seconds, when the process was asked to end
_LOG = logging.getLogger(__name__)

# Of this thread: `kedro server` has one hook for all of its requests.
_NOTIFIER: ContextVar[Notifier | None] = ContextVar("notifier", default=None)


@define(eq=False)
class _Watched:
    """A run that goes on in this process."""

    notifier: Notifier
    attempt: Attempt
    channels: list[Channel]
    thread: int = field(factory=threading.get_ident)
    on_exit: Callable[[str], None] | None = None

    def send(self, key: str, seconds: float) -> list[Result]:
        """Send what is due, within so many seconds."""
        deadline = monotonic() + 0.95 * seconds
        results = [Result(key, "all", False, f"not sent within {seconds:.0f} s")]

        def notify() -> None:
            others, channels = self.notifier.unnotified(but=key), self.channels
            if others and not channels:
                channels, _ = self.notifier.open_channels()
            # Without a channel, leave the other runs to a process that has one.
            keys = [*others, key] if channels else [key]
            results[:] = self.notifier.notify(keys, channels, deadline)

        try:
            run_within(seconds, notify)
        except RuntimeError:  # Python is about to end and starts no more threads
            notify()
        return list(results)


class Notifications:
    """The hook. It wraps all others, so that it acts when they are done."""

    def __init__(self) -> None:
        """No run is going on."""
        self._runs: dict[Journal, _Watched] = {}

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Read the settings."""
        _NOTIFIER.set(None)
        notifier = Notifier.from_context(context)
        if is_guard_on("notifications", notifier.settings.enabled):
            _NOTIFIER.set(notifier)
            _notify_after_kedro_runs(notifier)

    @hook_impl(wrapper=True)
    def before_pipeline_run(
        self, run_params: dict[str, Any], catalog: DataCatalog
    ) -> Generator[None, Any, Any]:
        """Check the channels and watch the run, also if a guard stops it."""
        notifier = _NOTIFIER.get()
        if notifier is None:
            return (yield)
        attempt = _attempt(notifier, run_params, catalog)
        channels, problems = notifier.open_channels() if attempt.notify else ([], {})
        texts = [redaction.text(text) for found in problems.values() for text in found]
        if texts and notifier.settings.check == ERROR:
            raise OpsError(
                "The run was not started, because its notification could not be sent: "
                f"{'; '.join(texts)}"
            )
        watched = _Watched(notifier, attempt, channels)
        try:
            result = yield
        except BaseException:
            entries = journal.latest()
            if entries and entries.ticket.run_id == str(run_params["run_id"]):
                attempt.failed = True
                with suppress_errors():
                    _enter_after_end(entries, record.EVENT, [asdict(attempt)])
                    self._watch(entries, watched)
                    self._end(entries)
            raise
        for text in texts:
            _LOG.warning("Notifications: %s", text)
        for channel, found in problems.items():
            text = "; ".join(found)
            finding = Finding(text, channel, level=WARNING, guard="notifications")
            findings.report(finding)
        entries = journal.journal_of_catalog(catalog, str(run_params["run_id"]))
        if entries is not None:
            with suppress_errors():
                entries.enter(record.EVENT, **asdict(attempt))
                self._watch(entries, watched)
        return result

    @hook_impl(wrapper=True)
    def after_pipeline_run(
        self, run_params: dict[str, Any], catalog: DataCatalog
    ) -> Generator[None, Any, Any]:
        """Send what is due at the end of a run, also after a failure."""
        entries = journal.journal_of_catalog(catalog, str(run_params.get("run_id")))
        try:
            return (yield)
        finally:
            self._end(entries)

    on_pipeline_error = after_pipeline_run

    def _watch(self, entries: Journal, watched: _Watched) -> None:
        for other, left in list(self._runs.items()):
            # A run that Ctrl-C ended in a notebook. In other threads, it is just ending.
            if other.closed and left.thread == watched.thread:
                self._forget(other)
        self._runs[entries] = watched
        if watched.attempt.notify:
            watched.on_exit = lambda reason: self._end(entries, _TERMINATED)
            interruption.on_the_end(watched.on_exit)

    def _end(self, entries: Journal | None, seconds: float = 10.0) -> None:
        with suppress_errors():
            watched = self._forget(entries)
            if watched is None or entries is None:
                return
            key, limit = entries.ticket.key, watched.notifier.settings.limit
            results = watched.send(key, min(seconds, limit))
            for each in results:
                if not each.ok:
                    _LOG.warning("Notifications: %s: %s", each.channel, each.text)
            own = [each for each in results if each.run == key]
            if own:
                _enter_after_end(entries, "check", map(_check, own))

    def _forget(self, entries: Journal | None) -> _Watched | None:
        watched = self._runs.pop(entries, None) if entries else None
        if watched is not None and watched.on_exit is not None:
            interruption.forget(watched.on_exit)
        return watched


def _attempt(
    notifier: Notifier, run_params: dict[str, Any], catalog: DataCatalog
) -> Attempt:
    attempt, settings = Attempt(notify=False), notifier.settings
    with suppress_errors():
        names = list(run_params.get("pipeline_names") or ["__default__"])
        branch = describe.branch_of(notifier.project_path)
        asked = bool(os.environ.get("NOTIFICATIONS", "").strip())
        if asked or settings.attended or not rules.is_attended():
            attempt.notify = rules.is_selected(settings, names, branch)
        attempt.shared = describe.is_shared()
        attempt.last_try = record.is_last_try(settings.airflow_retries)
        parameters = catalog.get("parameters")
        known = parameters.load() if parameters is not None else {}
        attempt.parameters = record.hash_parameters(known)
    return attempt


def _check(result: Result) -> dict[str, Any]:
    return {
        "guard": "notifications",
        "subject": result.channel,
        "level": "warning",
        "passed": result.ok,
        "message": f"{'sent' if result.ok else 'not sent'}: {result.text}",
    }


def _enter_after_end(
    entries: Journal, event: str, found: Iterable[dict[str, Any]]
) -> None:
    """Add events to a run whose journal is closed."""
    after = Journal(entries.ticket_for_others())
    for fields in found:
        after.enter(event, **fields)
    after.enter("postscript")
    after.flush(2.0)
    after.close()


def _notify_after_kedro_runs(notifier: Notifier) -> None:
    """`kedro runs` shows which runs were killed: send their notifications after it."""
    command = click.get_current_context(silent=True)
    if command is None or "runs" not in command.command_path.split():
        return

    def notify() -> None:
        with suppress_errors():
            keys = notifier.unnotified()
            channels = notifier.open_channels()[0] if keys else []
            if channels:
                deadline = monotonic() + notifier.settings.limit
                notifier.notify(keys, channels, deadline)

    command.call_on_close(notify)

"""Notifications: one message when a run needs attention.

Run status calls this guard when the journals of a run are complete. Whatever goes wrong
here neither fails a run nor delays it for longer than the limit.
"""

from __future__ import annotations

import logging
import os
from contextvars import ContextVar
from functools import partial
from time import monotonic
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog

from ..core import findings, git, redaction
from ..core.findings import WARNING, Finding
from ..core.settings import is_guard_on
from ..core.suppress import run_within, suppress_errors
from ..run_status import journal
from ..run_status.journal import Journal
from ..run_status.model import Run, State
from . import rules
from .notifier import Notifier
from .send import Channel, Result

_KILLED = 4.0  # seconds, if somebody wants the process to end
_LOG = logging.getLogger(__name__)

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
        if _is_wanted(notifier, run_params):
            entries.enter("notify")
            channels, problems = notifier.open_channels()
            for name, found in problems.items():
                text = redaction.text("; ".join(found))
                _LOG.warning("Notifications: %s", text)
                finding = Finding(text, name, level=WARNING, guard="notifications")
                findings.report(finding)
        entries.at_end.append(partial(_send, entries, notifier, channels))


def _is_wanted(notifier: Notifier, run_params: dict[str, Any]) -> bool:
    names = list(run_params.get("pipeline_names") or ["__default__"])
    asked = bool(os.environ.get("NOTIFICATIONS", "").strip())
    if rules.is_attended() and not asked:
        return False
    branch = git.branch_name(notifier.project_path)
    return rules.is_selected(notifier.settings, names, branch)


def _send(
    entries: Journal, notifier: Notifier, channels: list[Channel], run: Run
) -> None:
    """Send what is due at the end of a run, also for earlier runs that were killed."""
    seconds = min(notifier.settings.limit, 10.0)
    if run.state == State.INTERRUPTED:
        seconds = min(seconds, _KILLED)
    deadline, able = monotonic() + 0.95 * seconds, list(channels)
    results = [Result(run.key, "all", False, f"not sent within {seconds:.0f} s")]

    def notify() -> None:
        others = notifier.unnotified(but=run.key)
        if others and not able:
            able.extend(notifier.open_channels()[0])
        # Without a channel, leave the other runs to a process that has one.
        keys = [*others, run.key] if able else [run.key]
        results[:] = notifier.notify(keys, able, deadline)

    with suppress_errors():  # a thread may not start when Python is about to end
        run_within(seconds, notify)
    for each in results:
        if not each.ok:
            _LOG.warning("Notifications: %s: %s", each.channel, each.text)
    if ours := [each for each in results if each.run == run.key]:
        _enter_results(entries, ours)


def _enter_results(entries: Journal, results: list[Result]) -> None:
    """Enter whether a notification was sent in the journal, which is closed."""
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

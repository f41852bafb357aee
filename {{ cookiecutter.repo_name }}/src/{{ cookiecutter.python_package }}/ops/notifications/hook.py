"""Notifications: one message for each run that somebody has to know of.

What is said is made from the journals, when all of the run is in them: this hook wraps
the one that enters the end. Nothing that goes wrong in it fails a run or keeps it waiting.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Generator
from contextvars import ContextVar
from functools import partial
from typing import Any

import click
from attrs import define, field
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog

from ..core import findings, redaction
from ..core.errors import OpsError
from ..core.settings import is_guard_on
from ..core.suppress import suppress_errors
from ..run_status import describe, interruption, journal
from ..run_status.journal import Journal
from . import rules, run_marks
from .channel import Channel
from .delivery import Answer, Teller
from .run_marks import Mark
from .sender import Desk
from .settings import ERROR

_KILLED = 4.0  # seconds, when somebody wants the process to end
_LOG = logging.getLogger(__name__)

# Of this thread: `kedro server` has one hook for all of its requests.
_DESK: ContextVar[Desk | None] = ContextVar("desk", default=None)


def _nothing_to_wait_for() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


@define(eq=False)
class _Watched:
    """A run that goes on in this process."""

    desk: Desk
    mark: Mark
    channels: list[Channel]
    teller: Teller
    thread: int = field(factory=threading.get_ident)
    on_the_end: Callable[[str], None] | None = None
    untold: threading.Event = field(factory=_nothing_to_wait_for)


class Notifications:
    """The hook. It wraps all others: what it tells has happened."""

    def __init__(self) -> None:
        """No run is open."""
        self._open: dict[Journal, _Watched] = {}

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Read the settings."""
        _DESK.set(None)
        desk = Desk.of(context)
        if is_guard_on("notifications", desk.settings.enabled):
            _DESK.set(desk)
            _tell_untold_after_a_look(desk)

    @hook_impl(wrapper=True)
    def before_pipeline_run(
        self, run_params: dict[str, Any], catalog: DataCatalog
    ) -> Generator[None, Any, Any]:
        """Check the channels, and watch the run; tell what stops it before it begins."""
        desk = _DESK.get()
        if desk is None:
            return (yield)
        mark = _mark_of(desk, run_params, catalog)
        channels, problems = desk.channels() if mark.watched else ([], [])
        if problems and desk.settings.check == ERROR:
            texts = "; ".join(problem.text for problem in problems)
            raise OpsError(
                f"The run was not started: nobody could be told of it. {texts}"
            )
        watched = _Watched(desk, mark, channels, Teller())
        try:
            result = yield
        except BaseException:
            entries = journal.latest()
            if entries and entries.ticket.run_id == str(run_params["run_id"]):
                with suppress_errors():
                    self._open[entries] = watched
                    self._end(entries)
            raise
        for problem in problems:
            text = redaction.text(problem.text)
            _LOG.warning("Notifications: %s", text)
            findings.report("notifications", problem.channel, "warning", False, text)
        entries = journal.journal_of_catalog(catalog, str(run_params["run_id"]))
        if entries is not None:
            with suppress_errors():
                self._begin(entries, watched)
        return result

    @hook_impl(wrapper=True)
    def after_pipeline_run(
        self, run_params: dict[str, Any], catalog: DataCatalog
    ) -> Generator[None, Any, Any]:
        """Tell how the run has ended."""
        entries = journal.journal_of_catalog(catalog, str(run_params.get("run_id")))
        try:
            return (yield)
        finally:
            with suppress_errors():
                self._end(entries)

    @hook_impl(wrapper=True)
    def on_pipeline_error(
        self, run_params: dict[str, Any], catalog: DataCatalog
    ) -> Generator[None, Any, Any]:
        """Tell why the run has failed."""
        entries = journal.journal_of_catalog(catalog, str(run_params.get("run_id")))
        try:
            return (yield)
        finally:
            with suppress_errors():
                self._end(entries)

    def tell_workers(self) -> list[str]:
        """What no process of this run may write."""
        return redaction.hidden()

    def start_worker(self, secrets: list[str]) -> None:
        """Leave it out."""
        redaction.hide(secrets)

    def _begin(self, entries: Journal, watched: _Watched) -> None:
        for other, left in list(self._open.items()):
            # Ctrl-C in a notebook; those of other threads are about to be told.
            if other.closed and left.thread == watched.thread:
                self._forget(other)
                left.teller.end()
        self._open[entries] = watched
        entries.enter(run_marks.EVENT, **watched.mark.as_event())
        desk, key = watched.desk, entries.ticket.key
        if desk.store.is_local:
            watched.untold = _tell_untold(desk, key)
        if not watched.mark.watched:
            return
        watched.teller.start()
        watched.on_the_end = partial(self._interrupted, entries)
        interruption.on_the_end(watched.on_the_end)
        if desk.settings.when.start:
            for channel in watched.channels:  # not in a thread: see RunStore.prepare
                channel.prepare()
            deadline = time.monotonic() + desk.settings.limit
            watched.teller.ask(partial(desk.begin, key, deadline, watched.channels))

    def _end(self, entries: Journal | None, most: float = 10.0) -> None:
        watched = self._forget(entries)
        if watched is None or entries is None:
            return
        seconds = min(most, watched.desk.settings.limit)
        deadline = time.monotonic() + seconds
        answers: list[Answer] = []
        act = partial(_tell_end, watched, entries.ticket.key, seconds, answers)
        if not watched.teller.ask(act).wait(seconds):
            answers.append(Answer("all", [], False, f"not sent within {seconds:.0f} s"))
        if not watched.desk.store.is_local and watched.mark.watched:
            watched.untold = _tell_untold(watched.desk, entries.ticket.key)
        watched.untold.wait(max(0.0, deadline - time.monotonic()))
        watched.teller.end()
        _enter(entries, answers)

    def _interrupted(self, entries: Journal, reason: str) -> None:
        with suppress_errors():
            self._end(entries, _KILLED)

    def _forget(self, entries: Journal | None) -> _Watched | None:
        watched = self._open.pop(entries, None) if entries else None
        if watched is not None and watched.on_the_end is not None:
            interruption.forget(watched.on_the_end)
        return watched


def _mark_of(desk: Desk, run_params: dict[str, Any], catalog: DataCatalog) -> Mark:
    """What is to be known of the run when it has ended."""
    mark, settings = Mark(watched=False), desk.settings
    with suppress_errors():
        mark.shared = describe.is_shared()
        mark.last_try = run_marks.is_last_try(settings.airflow_retries)
        parameters = catalog.get("parameters")
        known = parameters.load() if parameters is not None else {}
        redaction.hide(redaction.secrets(known, everything=False))
        mark.parameters = run_marks.stand_ins(known)
    with suppress_errors():
        names = list(run_params.get("pipeline_names") or ["__default__"])
        branch = describe.branch_of(desk.project_path)
        attended = rules.is_attended() and not settings.attended
        asked = bool(os.environ.get("NOTIFICATIONS", "").strip())
        if asked or not attended:
            mark.watched = rules.is_watched(settings, names, branch)
    return mark


def _tell_end(
    watched: _Watched, key: str, seconds: float, answers: list[Answer]
) -> None:
    deadline = time.monotonic() + 0.95 * seconds
    answers += watched.desk.tell(key, deadline, watched.channels, watched.mark)


def _enter(entries: Journal, answers: list[Answer]) -> None:
    """Enter what came of it, and warn of what did not get through."""
    for answer in answers:
        if not answer.ok:
            _LOG.warning("Notifications: %s: %s", answer.channel, answer.text)
    if not answers:
        return
    after = Journal(entries.ticket_for_others())
    for answer in answers:
        told = f"{'sent' if answer.ok else 'not sent'}: {answer.text}"
        level = {"guard": "notifications", "level": "warning", "passed": answer.ok}
        after.enter("check", subject=answer.channel, message=told, **level)
    after.enter("postscript")
    after.flush(1.0)
    after.close()


def _tell_untold(desk: Desk, but: str = "") -> threading.Event:
    """Tell of runs that were killed, so that they could not tell it themselves.

    A folder is looked at here and now; behind a URL that may take its time.
    """
    teller = Teller()
    act = partial(_find_and_tell, desk, but)
    if desk.store.is_local:
        keys, channels = _to_tell(desk, but)
        for channel in channels:  # not in a thread: see RunStore.prepare
            channel.prepare()
        act = partial(_tell_each, desk, keys, channels)
    done = teller.ask(act)
    teller.end()
    return done


def _find_and_tell(desk: Desk, but: str) -> None:
    _tell_each(desk, *_to_tell(desk, but))


def _to_tell(desk: Desk, but: str) -> tuple[list[str], list[Channel]]:
    """Who has no channel leaves it to others."""
    keys = desk.untold(but)
    channels = desk.channels()[0] if keys else []
    return (keys, channels) if channels else ([], [])


def _tell_each(desk: Desk, keys: list[str], channels: list[Channel]) -> None:
    for key in keys:
        desk.tell(key, time.monotonic() + desk.settings.limit, channels)


def _tell_untold_after_a_look(desk: Desk) -> None:
    """`kedro runs` shows what was killed: when it has, it is told, too."""
    command = click.get_current_context(silent=True)
    while command is not None and command.info_name != "runs":
        command = command.parent
    if command is None:
        return

    def tell() -> None:
        with suppress_errors():
            _tell_untold(desk).wait(desk.settings.limit)

    command.call_on_close(tell)

"""Which runs to send a notification for, which kind, and to whom."""

from __future__ import annotations

import builtins
import os
import sys
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from ..core import branch
from ..run_status import describe
from ..run_status.model import Run, State
from .message import Kind
from .record import PreviousRuns, Record
from .settings import NotificationOptions, Route


def is_attended(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether somebody watches: a run at a terminal or in a notebook."""
    if branch.in_ci(environ) or describe.is_shared(environ):
        return False
    return hasattr(builtins, "__IPYTHON__") or bool(sys.stdin and sys.stdin.isatty())


def is_selected(
    settings: NotificationOptions, pipelines: list[str], branch_name: str
) -> bool:
    """Whether ``only`` selects a run."""
    only = settings.only
    if only.ci and not branch.in_ci():
        return False
    if only.branches and not _match([branch_name], only.branches):
        return False
    return not only.pipelines or _match(pipelines, only.pipelines)


def kinds(run: Run, previous: PreviousRuns) -> Iterator[Kind]:
    """The kinds of notification that fit a run, the most important first."""
    if run.state == State.INTERRUPTED:
        yield Kind.INTERRUPTION
    elif run.state == State.FAILED:
        began = any(node.started is not None for node in run.nodes.values())
        yield Kind.FAILURE if began else Kind.STOPPED
    elif run.state == State.SUCCEEDED:
        left = previous.left()
        if left and left <= {*Record.from_run(run, []).done}:
            yield Kind.RECOVERY
        if run.marks():
            yield Kind.UNUSUAL
        yield Kind.SUCCESS


def kind_to_send(
    run: Run, previous: PreviousRuns, settings: NotificationOptions
) -> Kind | None:
    """The kind to send, if ``when`` asks for any."""
    fitting = kinds(run, previous)
    return next((k for k in fitting if getattr(settings.when, k.value)), None)


def recipients(
    run: Run, settings: NotificationOptions, defaults: dict[str, list[str]]
) -> dict[str, list[str]]:
    """The recipients by channel: those of all routes that match, or the defaults."""
    matching = [route.to for route in settings.routes if _matches(route, run)]
    if not matching:
        return defaults
    names = dict.fromkeys(name for to in matching for name in to)
    return {
        name: list(dict.fromkeys(each for to in matching for each in to.get(name, [])))
        for name in names
    }


def _matches(route: Route, run: Run) -> bool:
    """Whether a route is for a run; if nodes failed, for these nodes."""
    failed = [node for node in run.nodes.values() if node.state == State.FAILED]
    ran = [n for n in run.nodes.values() if n.state != State.NOT_SELECTED]
    nodes = failed or ran
    return (
        (not route.pipelines or _match(run.pipelines, route.pipelines))
        and (not route.nodes or _match([node.name for node in nodes], route.nodes))
        and (not route.tags or _match([t for n in nodes for t in n.tags], route.tags))
    )


def _match(names: list[str], patterns: list[str]) -> bool:
    """Whether one of the names matches one of the patterns."""
    return any(fnmatchcase(n, pattern) for n in names for pattern in patterns)

"""When something is said of a run, and to whom."""

from __future__ import annotations

import builtins
import os
import sys
from collections.abc import Iterator, Mapping

from ..core import branch
from ..run_status import describe, report
from ..run_status.model import Run, State
from .message import Kind
from .run_record import Earlier, Record
from .settings import NotificationOptions, Route, fits

_LONGER, _SECONDS = 2.0, 5.0  # times the longest, and at least so many seconds more


def is_attended(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether somebody looks on: a run at a terminal or in a notebook needs no message."""
    if branch.in_ci(environ) or describe.is_shared(environ):
        return False
    return hasattr(builtins, "__IPYTHON__") or bool(sys.stdin and sys.stdin.isatty())


def is_watched(
    settings: NotificationOptions, pipelines: list[str], branch_name: str
) -> bool:
    """Whether a run is one of those that are told."""
    only = settings.only
    if only.ci and not branch.in_ci():
        return False
    if only.branches and not fits([branch_name], only.branches):
        return False
    return not only.pipelines or fits(pipelines, only.pipelines)


def kinds(run: Run, earlier: Earlier) -> Iterator[Kind]:
    """What can be said of a run that is over, the most telling first."""
    if run.state == State.INTERRUPTED:
        yield Kind.INTERRUPTION
    elif run.state == State.ERROR:
        began = any(node.started is not None for node in run.nodes.values())
        yield Kind.FAILURE if began else Kind.STOPPED
    elif run.state == State.COMPLETE:
        if is_recovery(run, earlier):
            yield Kind.RECOVERY
        if report.marks(run) or unusual_time(run, earlier):
            yield Kind.UNUSUAL
        yield Kind.SUCCESS


def kind_to_say(
    run: Run, earlier: Earlier, settings: NotificationOptions
) -> Kind | None:
    """What is said of it, if anything."""
    found = (k for k in kinds(run, earlier) if getattr(settings.when, k.value))
    kind = next(found, None)
    if kind is None or not _takes_long(run, earlier, settings.only.longer_than * 60):
        return None
    return kind


def is_recovery(run: Run, earlier: Earlier) -> bool:
    """Whether it did what a bad run before it had left."""
    left = earlier.left()
    return bool(left) and left <= {*Record.of(run, {}).done}


def unusual_time(run: Run, earlier: Earlier) -> str:
    """How long it took, if that is far more than usual."""
    record = Record.of(run, {})
    times = earlier.usual(record.shape)
    if record.seconds is None or not times:
        return ""
    if record.seconds < max(max(times) * _LONGER, max(times) + _SECONDS):
        return ""
    usually = report.duration(earlier.median(record.shape))
    return f"took {report.duration(record.seconds)}, usually {usually}"


def recipients(
    run: Run, settings: NotificationOptions, defaults: dict[str, list[str]]
) -> dict[str, list[str]]:
    """Who is told, by channel: those of all routes that fit the run, or the defaults."""
    fitting = [route.to for route in settings.routes if _fits(route, run)]
    if not fitting:
        return defaults
    names = dict.fromkeys(name for to in fitting for name in to)
    return {
        name: list(dict.fromkeys(each for to in fitting for each in to.get(name, [])))
        for name in names
    }


def _fits(route: Route, run: Run) -> bool:
    """Of a run that failed, the nodes that failed are what it is about."""
    failed = [node for node in run.nodes.values() if node.state == State.ERROR]
    ran = [n for n in run.nodes.values() if n.state != State.NOT_SELECTED]
    nodes = failed or ran
    return (
        (not route.pipelines or fits(run.pipelines, route.pipelines))
        and (not route.nodes or fits([node.name for node in nodes], route.nodes))
        and (not route.tags or fits([t for n in nodes for t in n.tags], route.tags))
    )


def _takes_long(run: Run, earlier: Earlier, seconds: float) -> bool:
    """Whether it takes so long, or usually does: one that fails early counts, too."""
    if not seconds:
        return True
    record = Record.of(run, {})
    usually = earlier.median(record.shape) or 0.0
    return max(record.seconds or 0.0, usually) > seconds

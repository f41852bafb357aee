"""The settings: for which runs to send a notification, of which kind, and to whom."""

from __future__ import annotations

import builtins
import os
import sys
from collections.abc import Iterator, Mapping
from enum import Enum
from fnmatch import fnmatchcase
from typing import Any

from attrs import define, field

from ..core import git
from ..core.errors import OpsError
from ..core.settings import settings_section
from ..run_status import describe
from ..run_status.model import Run, State

_DONE = {State.SUCCEEDED, State.SKIPPED}


class Kind(str, Enum):
    """What a notification is about. The values are the keys of ``notifications.when``."""

    FAILURE = "failure"
    STOPPED = "stopped"  # by a guard, before it began
    INTERRUPTION = "interruption"
    RECOVERY = "recovery"  # the first good run after a bad one
    UNUSUAL = "unusual"
    SUCCESS = "success"

    @property
    def is_bad(self) -> bool:
        """Whether somebody has to do something."""
        return self in {Kind.FAILURE, Kind.STOPPED, Kind.INTERRUPTION}


@define
class When:
    """Which kinds of notification to send, by the values of ``Kind``."""

    failure: bool = True
    stopped: bool = True
    interruption: bool = True
    recovery: bool = True
    success: bool = False
    unusual: bool = False


@define
class Only:
    """Which runs to send for; an empty list allows all. ``*`` matches any text."""

    branches: list[str] = field(factory=list)
    pipelines: list[str] = field(factory=list)
    ci: bool = False


@define
class Route:
    """Recipients of the runs that match, instead of those of the channels."""

    pipelines: list[str] = field(factory=list)
    nodes: list[str] = field(factory=list)
    tags: list[str] = field(factory=list)
    to: dict[str, list[str]] = field(factory=dict)  # by channel


@settings_section("notifications")
class NotificationOptions:
    """``notifications`` in ``ops.yml``."""

    enabled: bool = True
    limit: float = 10  # seconds
    base_url: str = ""
    when: When = field(factory=When)
    only: Only = field(factory=Only)
    channels: dict[str, Any] = field(factory=dict)
    routes: list[Route] = field(factory=list)

    def validate(self) -> None:
        """Check what the types cannot.

        Raises:
            OpsError: in one line.
        """
        if not 0 < self.limit <= 10:  # noqa: PLR2004
            raise OpsError(
                f"ops.yml: 'notifications.limit' is {self.limit:g}: write a number of "
                "seconds, at most 10."
            )
        for number, route in enumerate(self.routes, start=1):
            path = f"notifications.routes.{number}"
            for name in route.to.keys() - self.channels.keys():
                raise OpsError(
                    f"ops.yml: '{path}.to.{name}' is not a channel. Channels: "
                    f"{', '.join(self.channels) or 'none'}."
                )
            if not (route.pipelines or route.nodes or route.tags):
                raise OpsError(
                    f"ops.yml: '{path}' matches no run: add pipelines, nodes or tags."
                )


# Which runs


def is_attended(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether you see the run: it is at a terminal or in a notebook."""
    if git.in_ci(environ) or describe.is_shared(environ):
        return False
    return hasattr(builtins, "__IPYTHON__") or bool(sys.stdin and sys.stdin.isatty())


def is_selected(
    settings: NotificationOptions, pipelines: list[str], branch_name: str
) -> bool:
    """Whether ``only`` selects a run."""
    only = settings.only
    if only.ci and not git.in_ci():
        return False
    if only.branches and not _match([branch_name], only.branches):
        return False
    return not only.pipelines or _match(pipelines, only.pipelines)


# Which kind. Earlier runs are those of the same pipelines, branch and environment, newest
# first, back to the last good one: a run of all nodes that succeeded.


def kinds(run: Run, earlier: list[Run]) -> Iterator[Kind]:
    """The kinds of notification that fit a run, the most important first."""
    if run.state == State.INTERRUPTED:
        yield Kind.INTERRUPTION
    elif run.state == State.FAILED:
        began = any(node.started is not None for node in run.nodes.values())
        yield Kind.FAILURE if began else Kind.STOPPED
    elif run.state == State.SUCCEEDED:
        left = _nodes_left(earlier)
        if left and left <= _nodes_done(run):
            yield Kind.RECOVERY
        if run.marks():
            yield Kind.UNUSUAL
        yield Kind.SUCCESS


def kind_to_send(
    run: Run, earlier: list[Run], settings: NotificationOptions
) -> Kind | None:
    """The kind to send, if ``when`` asks for any."""
    fitting = kinds(run, earlier)
    return next((k for k in fitting if getattr(settings.when, k.value)), None)


def is_good(run: Run) -> bool:
    """Whether all nodes of the pipeline were selected and the run succeeded."""
    states = {node.state for node in run.nodes.values()}
    return run.state == State.SUCCEEDED and State.NOT_SELECTED not in states


def last_good(earlier: list[Run]) -> Run | None:
    """The last good run."""
    return next(filter(is_good, earlier), None)


def bad_runs(earlier: list[Run]) -> list[Run]:
    """The runs since then that did not succeed."""
    return [run for run in earlier if run.state != State.SUCCEEDED]


def _nodes_left(earlier: list[Run]) -> set[str]:
    """The nodes that the last bad run left and that no run has done since."""
    done = set[str]()
    for run in earlier:
        if run.state != State.SUCCEEDED:  # a guard may fail it when all nodes are done
            return (_nodes_selected(run) - _nodes_done(run) or _nodes_done(run)) - done
        done |= _nodes_done(run)
    return set()


def _nodes_selected(run: Run) -> set[str]:
    return {n.name for n in run.nodes.values() if n.state != State.NOT_SELECTED}


def _nodes_done(run: Run) -> set[str]:
    return {node.name for node in run.nodes.values() if node.state in _DONE}


# To whom


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

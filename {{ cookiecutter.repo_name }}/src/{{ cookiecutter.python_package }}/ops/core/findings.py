"""What guards report to each other and to you: findings, skipped nodes, facts of a run.

A finding is a problem. It appears in tables, JSON, the log and the page.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from typing import Any

from attrs import asdict, define, evolve, field, frozen, validators

from . import redaction

# From what stops a run to what is only worth knowing.
ERROR, WARNING, NOTE = "error", "warning", "note"
LEVELS = (ERROR, WARNING, NOTE)

_MAX_NAMES = 5  # names in one row; the others are counted


@frozen
class Finding:
    """A problem: what is wrong, with which subject, where, and what to do."""

    message: str
    subject: str = ""
    place: str = ""
    remedy: str = ""
    level: str = field(default=ERROR, validator=validators.in_(LEVELS))
    check: str = ""  # which of the guard's checks
    guard: str = ""
    passed: bool = False  # a check that passed is reported, too

    @property
    def text(self) -> str:
        """All of it in one line, without the subject."""
        remedy = f"; {self.remedy}" if self.remedy else ""
        place = f" [{self.place}]" if self.place else ""
        return self.message + remedy + place

    def __str__(self) -> str:
        return f"{self.subject}: {self.text}" if self.subject else self.text

    @property
    def is_error(self) -> bool:
        """Whether it stops the run or blocks the data."""
        return not self.passed and self.level == ERROR

    def at_most(self, level: str) -> Finding:
        """The same finding, at most as severe as ``level``."""
        severer = LEVELS.index(self.level) < LEVELS.index(level)
        return evolve(self, level=level) if severer else self

    def without_secrets(self) -> Finding:
        """The same finding, as others may read it."""
        clean = redaction.without_secrets
        return evolve(
            self,
            message=clean(self.message),
            remedy=clean(self.remedy),
            place=clean(self.place),
        )

    def as_row(self) -> dict[str, Any]:
        """For JSON."""
        names = ("guard", "check", "level", "passed", "subject", "message", "place")
        fields = asdict(self.without_secrets())
        return {name: fields[name] for name in (*names, "remedy")}


# Whoever keeps a record of a run listens to the guards.

Listener = Callable[[Finding], None]
SkipListener = Callable[[str, str], None]  # the name of a node, and why it is skipped

_LISTENERS: list[Listener] = []
_SKIP_LISTENERS: list[SkipListener] = []


def listen(listener: Listener) -> None:
    """Call a function for every finding of this process from now on."""
    _LISTENERS.append(listener)


def report(finding: Finding) -> None:
    """Pass a finding to the listeners, without secrets."""
    if _LISTENERS:
        finding = finding.without_secrets()
    for listener in _LISTENERS:
        listener(finding)


def listen_to_skipped_nodes(listener: SkipListener) -> None:
    """Call a function for every node that a run skips from now on."""
    _SKIP_LISTENERS.append(listener)


def report_skipped_node(node: str, reason: str) -> None:
    """Tell the listeners which node the run skips, and why."""
    reason = redaction.without_secrets(reason) if _SKIP_LISTENERS else reason
    for listener in _SKIP_LISTENERS:
        listener(node, reason)


# Datasets that a guard checks once the run is over. Until then nobody must take them
# for good. Of the run of this thread: `kedro server` has several in one process.
CHECKED_AT_END: ContextVar[frozenset[str]] = ContextVar("checked", default=frozenset())


# The guard that shows a run asks the guard that records it.


@define
class RunFacts:
    """Facts of a run, computed when shown; empty if no guard records runs."""

    # Lines for the end, each with its name: page, command to resume.
    last_lines: Callable[[], list[tuple[str, str]]] = list
    # How long the run may take, by earlier ones.
    expected_seconds: Callable[[], float | None] = lambda: None


# Of the run of this thread: `kedro server` has several in one process.
RUN_FACTS: ContextVar[RunFacts | None] = ContextVar("facts", default=None)


# Many findings


def grouped(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Group findings that differ only in subject and place; errors come first."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    clean = [finding.without_secrets() for finding in findings]
    for each in sorted(clean, key=lambda finding: LEVELS.index(finding.level)):
        key = (each.level, each.check, each.message, each.remedy)
        groups.setdefault(key, []).append(each)
    return list(groups.values())


def table_rows(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """A row of a table for each group of findings."""
    rows = []
    for group in grouped(findings):
        first = group[0]
        places = list(dict.fromkeys(each.place for each in group if each.place))
        if len(places) > _MAX_NAMES:
            places[_MAX_NAMES:] = [f"and {len(places) - _MAX_NAMES} more"]
        row = {"": first.level, "check": first.check, "what": _message(group)}
        rows.append(row | {"where": places, "what to do": first.remedy})
    return rows


def log_warnings(findings: Iterable[Finding], prefix: str) -> None:
    """Log a line for each group of findings."""
    for group in grouped(findings):
        text = evolve(group[0], message=_message(group), subject="", place="").text
        logging.getLogger(__name__).warning("%s: %s", prefix, text)


def count(findings: Iterable[Finding]) -> str:
    """How many there are of each level: "2 errors, 1 warning"."""
    levels = [finding.level for finding in findings]
    numbers = {level: levels.count(level) for level in (ERROR, WARNING)}
    parts = [f"{n} {level}{'s' * (n > 1)}" for level, n in numbers.items() if n]
    return ", ".join(parts) or "no problems"


def first_names(names: Iterable[str], limit: int = _MAX_NAMES) -> str:
    """The first names, and how many more there are."""
    known = list(dict.fromkeys(filter(None, names)))
    more = f" and {len(known) - limit} more" if len(known) > limit else ""
    return f"{', '.join(known[:limit])}{more}"


def _message(group: Sequence[Finding]) -> str:
    names = first_names(each.subject for each in group)
    return ": ".join(filter(None, [names, group[0].message]))

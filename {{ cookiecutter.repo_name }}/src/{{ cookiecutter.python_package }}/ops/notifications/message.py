"""The text of a notification: data, which each channel formats in its own way."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent
from typing import Any
from urllib.parse import quote

from attrs import field, frozen

from ..core import git, redaction
from ..core.formats import duration
from ..run_status.model import Check, Failure, Run, State
from . import rules
from .rules import Kind

_TITLE = 110  # characters
_LINES, _WIDTH = 12, 160  # of a traceback
_ERRORS, _ITEMS = 3, 8  # errors, and lines of a section
_INDENT = "    "


@frozen
class ErrorReport:
    """The error of a node, or of the run itself."""

    node: str
    error: str
    traceback: str = ""  # its last lines


@frozen
class Message:
    """One notification. All its texts are redacted plain text."""

    kind: Kind
    title: str  # one short line, which is all that a locked phone shows
    key: str  # of the run
    thread: str  # the same for all runs of a pipeline on a branch
    facts: dict[str, str] = field(factory=dict)  # Branch: main at 0123abcd
    errors: list[ErrorReport] = field(factory=list)
    sections: dict[str, list[str]] = field(factory=dict)  # lines by heading
    resume: str = ""
    link: str = ""

    def text(self) -> str:
        """The whole message as plain text."""
        width = max(map(len, self.facts), default=0) + 2
        rows = [f"{name:<{width}}{text}" for name, text in self.facts.items()]
        parts = [self.title, "\n".join(rows)]
        for each in self.errors:
            head = f"{each.node}: {each.error}" if each.node else each.error
            parts.append(f"{head}\n{indent(each.traceback, _INDENT)}".rstrip())
        for heading, lines in self.sections.items():
            parts.append(f"{heading}:\n{indent(chr(10).join(lines), _INDENT)}")
        if self.resume:
            parts.append(f"Resume with:\n{indent(self.resume, _INDENT)}")
        if self.link:
            parts.append(f"Open the run: {self.link}")
        return "\n\n".join(filter(None, parts))


@frozen
class Composer:
    """Writes the message of a run that has ended."""

    run: Run
    earlier: list[Run]  # of the same thread, newest first, back to the last good one
    project_path: Path

    def message(self, kind: Kind, base_url: str) -> Message:
        """Write the message; ``base_url`` is where the page of the runs is served."""
        run, link = self.run, ""
        if base_url:
            link = f"{base_url.rstrip('/')}/index.html#run={quote(run.key)}"
        return Message(
            kind=kind,
            title=self._clean(" ".join(self._title(kind).split()), _TITLE),
            key=run.key,
            thread=thread_id(run),
            facts={name: self._clean(t) for name, t in self._facts().items() if t},
            errors=list(self._errors()),
            sections=self._sections(),
            resume=self._clean(run.resume) if run.state == State.FAILED else "",
            link=link,
        )

    def _title(self, kind: Kind) -> str:
        run, name = self.run, _name(self.run)
        took = duration(run.seconds())
        if kind == Kind.FAILURE:
            node, failure = _first_failure(run)
            return f"{name} failed{f' in {node}' if node else ''}: {_line(failure)}"
        if kind == Kind.STOPPED:
            return f"{name} did not start: {_why_stopped(run)}"
        if kind == Kind.INTERRUPTION:
            why = run.failure.message if run.failure else ""
            return f"{name} was interrupted after {took}{f': {why}' if why else ''}"
        if kind == Kind.RECOVERY:
            bad = _count(len(rules.bad_runs(self.earlier)), "unsuccessful run")
            return f"{name} recovered after {bad} ({took})"
        if kind == Kind.UNUSUAL:
            return f"{name} succeeded, but is unusual: {'; '.join(run.marks())}"
        return f"{name} succeeded in {took}"

    def _facts(self) -> dict[str, str]:
        run = self.run
        commit = f" at {run.commit[:8]}" if run.commit else ""
        changes = ", with uncommitted changes" if run.dirty else ""
        return {
            "Project": run.project,
            "Pipeline": ", ".join(n for n in run.pipelines if n != "__default__"),
            "Branch": f"{run.branch}{commit}{changes}",
            "Environment": run.env,
            "Nodes": run.node_summary(),
            "Time": duration(run.seconds()),
            "Run by": f"{run.user or 'unknown user'} on {run.host}",
            "Run": run.key,
        }

    def _errors(self) -> Iterator[ErrorReport]:
        failed = [n for n in self.run.nodes.values() if n.state == State.FAILED]
        known = [(node.name, node.failure) for node in failed if node.failure]
        if not known and self.run.failure:
            known = [("", self.run.failure)]
        for name, failure in known[:_ERRORS]:
            text = redaction.text(failure.traceback, self.project_path)
            lines = text.rstrip().splitlines()
            last = [_short(line, _WIDTH) for line in lines[-_LINES:]]
            last = ["...", *last] if len(lines) > _LINES else last
            error = self._clean(_line(failure), 3 * _WIDTH)
            yield ErrorReport(self._clean(name), error, "\n".join(last))
        if len(known) > _ERRORS:
            yield ErrorReport("", f"{_count(len(known) - _ERRORS, 'more node')} failed")

    def _sections(self) -> dict[str, list[str]]:
        checks = [_check_text(check) for check in self.run.checks if not check.passed]
        found = {
            "Failed checks and warnings": checks,
            "Unusual": self.run.marks(),
            "Commits since the last good run": self._commits(),
            "Parameters changed since the last good run": self._changed_parameters(),
        }
        return {
            heading: self._shorten(lines) for heading, lines in found.items() if lines
        }

    def _shorten(self, lines: list[str]) -> list[str]:
        first = [self._clean(line, _WIDTH) for line in lines[:_ITEMS]]
        left = len(lines) - _ITEMS
        return [*first, f"and {left} more"] if left > 0 else first

    def _commits(self) -> list[str]:
        good, now = rules.last_good(self.earlier), self.run.commit
        if good is None or not good.commit or not now or good.commit == now:
            return []
        options = ["--format=%h %s (%an)", "-n", "99", f"{good.commit}..{now}"]
        try:
            return git.run_git(self.project_path, "log", *options).splitlines()
        except git.GitError:  # a shallow clone
            return []

    def _changed_parameters(self) -> list[str]:
        good = rules.last_good(self.earlier)
        before, now = good.parameter_hashes if good else {}, self.run.parameter_hashes
        names = {*before, *now} if before and now else set()
        return sorted(name for name in names if before.get(name) != now.get(name))

    def _clean(self, text: str, most: int = 300) -> str:
        return _short(redaction.text(text, self.project_path), most)


def thread_id(run: Run) -> str:
    """A key that runs of the same pipelines, branch and environment share."""
    return _thread(run.project, run.pipelines, run.branch, run.env)


def thread_of_line(line: dict[str, Any]) -> str:
    """The same of a run in the list of runs, which leaves out what is empty."""
    project, branch, env = (line.get(n, "") for n in ("project", "branch", "env"))
    pipelines = line.get("pipelines")
    return _thread(project, pipelines if type(pipelines) is list else [], branch, env)


def _thread(project: str, pipelines: list[str], branch: str, env: str) -> str:
    names = [project, *pipelines, "", branch, env]
    return hashlib.sha256(json.dumps(names).encode()).hexdigest()[:12]


def _name(run: Run) -> str:
    names = [each for each in run.pipelines if each != "__default__"]
    name = " / ".join([run.project, *([", ".join(names)] if names else [])])
    return f"{name} ({run.env})" if run.env and run.env != "local" else name


def _first_failure(run: Run) -> tuple[str, Failure | None]:
    for node in run.nodes.values():
        if node.state == State.FAILED and node.failure:
            return node.short_name or node.name, node.failure
    return "", run.failure


def _why_stopped(run: Run) -> str:
    failed = [c for c in run.checks if not c.passed and c.level == "error"]
    if not failed:
        return _line(run.failure)
    more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
    return f"{_check_text(failed[0])}{more}"


def _line(failure: Failure | None) -> str:
    if failure is None:
        return "the reason is not known"
    first = next(iter(failure.message.strip().splitlines()), "")
    return " ".join(": ".join(filter(None, [failure.type, first])).split())


def _check_text(check: Check) -> str:
    known = check.message.startswith(check.subject)
    return check.message if known else f"{check.subject}: {check.message}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' if number != 1 else ''}"


def _short(text: str, most: int) -> str:
    """One line, without control characters and marks that turn text around."""
    text = "".join(each if each.isprintable() else " " for each in text)
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"

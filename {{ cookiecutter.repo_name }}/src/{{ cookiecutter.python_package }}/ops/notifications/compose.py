"""Makes the message of a run from its journals and from what earlier runs left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

from attrs import frozen

from ..core import git, redaction
from ..run_status import report
from ..run_status.model import Check, Failure, Run, State
from .message import Fact, Fault, Kind, Message, Section
from .rules import unusual_time
from .run_record import Earlier, Record

_TITLE = 110  # letters
_LINES, _WIDE = 12, 160  # of an error
_FAULTS, _CHECKS, _COMMITS, _NAMES = 3, 8, 6, 8


@frozen
class Story:
    """What there is to tell of a run, as its journals and earlier runs tell it."""

    run: Run
    record: Record
    earlier: Earlier  # runs of the same pipelines on the same branch
    where: Path  # the project

    def message(self, kind: Kind, base_url: str) -> Message:
        """The message of that kind.

        Args:
            kind: what it is about.
            base_url: where the status page is served; may be empty.
        """
        run, link = self.run, ""
        if base_url:
            link = f"{base_url.rstrip('/')}/index.html#run={quote(run.key)}"
        return Message(
            kind=kind,
            title=self._clean(self._title(kind), _TITLE),
            key=run.key,
            thread=self.record.line,
            at=run.ended or run.last_news or run.started or 0.0,
            facts=[Fact(name, self._clean(t)) for name, t in self._facts() if t],
            faults=[] if kind == Kind.START else list(self._faults()),
            sections=list(self._sections()),
            resume=self._clean(run.resume) if run.state == State.ERROR else "",
            link=link,
        )

    def _title(self, kind: Kind) -> str:
        titles: dict[Kind, Callable[[], str]] = {
            Kind.START: self._started,
            Kind.FAILURE: self._failed,
            Kind.STOPPED: self._stopped,
            Kind.INTERRUPTION: self._interrupted,
            Kind.RECOVERY: self._recovered,
            Kind.UNUSUAL: self._unusual,
            Kind.SUCCESS: self._succeeded,
        }
        return titles[kind]()

    def _started(self) -> str:
        return f"{_name(self.run)} is running"

    def _failed(self) -> str:
        node, failure = _first_failure(self.run)
        return (
            f"{_name(self.run)} failed{f' in {node}' if node else ''}: {_line(failure)}"
        )

    def _stopped(self) -> str:
        name, checks = _name(self.run), self.run.checks
        found = [each for each in checks if not each.passed and each.level == "error"]
        if not found:
            return f"{name} did not start: {_line(self.run.failure)}"
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        return f"{name} did not start: {_said(found[0])}{more}"

    def _interrupted(self) -> str:
        why = self.run.failure.message if self.run.failure else ""
        after = f"{_name(self.run)} was interrupted after {self._took}"
        return f"{after}: {why}" if why else after

    def _recovered(self) -> str:
        red = _counted(len(self.earlier.red()), "bad run")
        return f"{_name(self.run)} is well again after {red} ({self._took})"

    def _unusual(self) -> str:
        return f"{_name(self.run)} ran, but: {'; '.join(self._marks())}"

    def _succeeded(self) -> str:
        return f"{_name(self.run)} is done in {self._took}"

    @property
    def _took(self) -> str:
        return report.duration(report.seconds(self.run))

    def _marks(self) -> list[str]:
        took = unusual_time(self.run, self.earlier)
        return [*report.marks(self.run), *([f"the run {took}"] if took else [])]

    def _facts(self) -> Iterator[tuple[str, str]]:
        run, usually = self.run, self.earlier.median(self.record.shape)
        commit = f" at {run.commit[:8]}" if run.commit else ""
        changed = ", with changes that are not committed" if run.dirty else ""
        usual = f"usually {report.duration(usually)}" if usually is not None else ""
        took = "" if run.state == State.RUNNING else self._took
        yield "Project", run.project
        yield "Pipeline", ", ".join(n for n in run.pipelines if n != "__default__")
        yield "Branch", f"{run.branch}{commit}{changed}"
        yield "Environment", run.env
        yield "Nodes", report.nodes(run)
        yield "Time", ", ".join(filter(None, [took, usual]))
        yield "Run by", f"{run.user or 'somebody'} on {run.host}"
        yield "Run", run.key

    def _faults(self) -> Iterator[Fault]:
        nodes = self.run.nodes.values()
        failed = [n for n in nodes if n.state == State.ERROR and n.failure]
        for node in failed[:_FAULTS]:
            if node.failure:
                yield self._fault(node.name, node.failure)
        if not failed and self.run.failure:
            yield self._fault("", self.run.failure)
        if len(failed) > _FAULTS:
            yield Fault("", f"{_counted(len(failed) - _FAULTS, 'more node')} failed")

    def _fault(self, node: str, failure: Failure) -> Fault:
        lines = redaction.text(failure.traceback, self.where).rstrip().splitlines()
        last = [_short(line, _WIDE) for line in lines[-_LINES:]]
        last = ["...", *last] if len(lines) > _LINES else last
        error = self._clean(_line(failure), 3 * _WIDE)
        return Fault(self._clean(node), error, "\n".join(last))

    def _sections(self) -> Iterator[Section]:
        green = self.earlier.green()
        checks = [_said(check) for check in self.run.checks if not check.passed]
        for title, lines, most in (
            ("Not as it should be", checks, _CHECKS),
            ("Unusual", self._marks(), _CHECKS),
            ("Commits since the last good run", self._commits(green), _COMMITS),
            ("Parameters changed since then", self._changed(green), _NAMES),
        ):
            if lines:
                shown = [self._clean(line, _WIDE) for line in lines[:most]]
                left = len(lines) - most
                yield Section(title, [*shown, *([f"and {left} more"] * (left > 0))])

    def _commits(self, green: Record | None) -> list[str]:
        now = self.run.commit
        if green is None or not green.commit or not now or green.commit == now:
            return []
        asked = ["--format=%h %s (%an)", "-n", "99", f"{green.commit}..{now}"]
        try:
            return git.run_git(self.where, "log", *asked).splitlines()
        except git.GitError:  # a clone that has not all commits
            return []

    def _changed(self, green: Record | None) -> list[str]:
        if green is None or not green.parameters or not self.record.parameters:
            return []
        before, now = green.parameters, self.record.parameters
        names = sorted({*before, *now})
        return [name for name in names if before.get(name) != now.get(name)]

    def _clean(self, text: str, most: int = 300) -> str:
        return _short(redaction.text(text, self.where), most)


def _name(run: Run) -> str:
    """As the team calls it: the project, and what tells this run from others of it."""
    names = [each for each in run.pipelines if each != "__default__"]
    name = " / ".join([run.project, *([", ".join(names)] if names else [])])
    return f"{name} ({run.env})" if run.env and run.env != "local" else name


def _first_failure(run: Run) -> tuple[str, Failure | None]:
    for node in run.nodes.values():
        if node.state == State.ERROR and node.failure:
            return node.short_name or node.name, node.failure
    return "", run.failure


def _line(failure: Failure | None) -> str:
    if failure is None:
        return "it is not known why"
    first = next(iter(failure.message.strip().splitlines()), "")
    return " ".join(": ".join(filter(None, [failure.type, first])).split())


def _said(check: Check) -> str:
    known = check.message.startswith(check.subject)
    return check.message if known else f"{check.subject}: {check.message}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' if count != 1 else ''}"


def _short(text: str, most: int) -> str:
    """One line, without what would break it or turn it around."""
    text = "".join(each if each.isprintable() else " " for each in text)
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"

"""What is told of a run: data, which each channel writes in its own way."""

from __future__ import annotations

from enum import Enum

from attrs import field, frozen


class Kind(str, Enum):
    """What there is to say. The names are those of ``notifications.when``."""

    FAILURE = "failure"
    STOPPED = "stopped"  # by a guard, before it began
    INTERRUPTION = "interruption"
    RECOVERY = "recovery"  # the first that ends well after one that did not
    UNUSUAL = "unusual"
    SUCCESS = "success"
    START = "start"

    @property
    def is_bad(self) -> bool:
        """Whether somebody has to do something."""
        return self in {Kind.FAILURE, Kind.STOPPED, Kind.INTERRUPTION}


@frozen
class Fact:
    """A line of the table: ``Branch``, ``main at 0123abcd``."""

    name: str
    text: str


@frozen
class Fault:
    """A node that failed, or the run itself, with the last lines of its error."""

    node: str
    error: str
    lines: str = ""


@frozen
class Section:
    """Lines under a heading."""

    title: str
    lines: list[str]


@frozen
class Message:
    """One message. Its texts are redacted, and say what they say in plain text."""

    kind: Kind
    title: str  # one short line, which is all that a locked telephone shows
    key: str  # of the run
    thread: str  # the same for all runs of a pipeline on a branch
    at: float  # seconds since 1970
    facts: list[Fact] = field(factory=list)
    faults: list[Fault] = field(factory=list)
    sections: list[Section] = field(factory=list)
    resume: str = ""
    link: str = ""

    def text(self) -> str:
        """All of it in plain text."""
        width = max((len(fact.name) for fact in self.facts), default=0) + 2
        parts = [self.title]
        parts.append("\n".join(f"{f.name:<{width}}{f.text}" for f in self.facts))
        for fault in self.faults:
            head = f"{fault.node}: {fault.error}" if fault.node else fault.error
            parts.append(f"{head}\n{_indented(fault.lines)}".rstrip())
        for section in self.sections:
            parts.append(f"{section.title}:\n{_indented(chr(10).join(section.lines))}")
        if self.resume:
            parts.append(f"Go on with:\n{_indented(self.resume)}")
        if self.link:
            parts.append(f"See the run: {self.link}")
        return "\n\n".join(filter(None, parts))


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())

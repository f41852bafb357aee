"""What is wrong with a run before it starts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import asdict, evolve, frozen

# From what stops a run to what is only said.
ERROR, WARN, NOTE = "error", "warn", "note"
LEVELS = (ERROR, WARN, NOTE)


@frozen
class Problem:
    """One thing that is wrong: what, with what, where, and what to do about it."""

    what: str
    subject: str = ""
    where: str = ""
    remedy: str = ""
    level: str = ERROR
    check: str = ""

    def __str__(self) -> str:
        remedy = f"; {self.remedy}" if self.remedy else ""
        return (
            f"{self.what}{remedy} [{self.where}]" if self.where else self.what + remedy
        )

    def at_most(self, level: str) -> Problem:
        """The same, no graver than ``level``."""
        graver = LEVELS.index(self.level) < LEVELS.index(level)
        return evolve(self, level=level) if graver else self

    def as_row(self) -> dict[str, Any]:
        """For a table or JSON."""
        names = ("level", "check", "subject", "what", "where", "remedy")
        fields = asdict(self)
        return {name: fields[name] for name in names}


def merged(problems: Iterable[Problem]) -> list[tuple[Problem, list[Problem]]]:
    """Problems that only differ in their subject and place, together; gravest first."""
    alike: dict[tuple[str, ...], list[Problem]] = {}
    for each in sorted(problems, key=lambda problem: LEVELS.index(problem.level)):
        key = (each.level, each.check, each.what, each.remedy)
        alike.setdefault(key, []).append(each)
    return [(group[0], group) for group in alike.values()]

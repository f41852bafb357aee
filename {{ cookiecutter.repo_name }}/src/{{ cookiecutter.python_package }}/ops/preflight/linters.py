"""Tools that check the project's code: ruff, mypy, flake8, interrogate."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

from ..core.errors import OpsError
from ..core.findings import ERROR, WARNING, Finding
from .checks import NoAnswer, Question

OFF = "off"
_LEVELS = {
    "error": ERROR,
    "warn": WARNING,
    "off": OFF,
    "false": OFF,
}  # YAML: off is false
_MAX_ROWS = 5  # findings of a tool that have a row of their own
_LINE = re.compile(
    r"^(?P<place>[^\s:][^:]*:\d+)(?::\d+)*:\s*(?!note: )(?P<message>\S.*)$"
)

# The arguments of each, before the paths. ruff and mypy have caches of their own.
ARGUMENTS = {
    "ruff": ["check", "--output-format=concise", "--no-fix"],
    "mypy": ["--no-error-summary", "--no-color-output", "--no-pretty"],
    "flake8": [],
    "interrogate": [],
}


@define
class CodeOptions:
    """``preflight.code`` in ``ops.yml``: the tools that check the code, and their paths."""

    before_runs: bool = False
    paths: list[str] = field(factory=lambda: ["src"])
    timeout: float = 120
    ruff: str = ERROR
    mypy: str = ERROR
    flake8: str = OFF
    interrogate: str = OFF


def level_of(path: str, value: Any) -> str:
    """``error``, ``warning`` or ``off``, from the word at a path in ``ops.yml``.

    Raises:
        OpsError: if it is another word.
    """
    level = _LEVELS.get(str(value).lower())
    if level is None:
        raise OpsError(f"ops.yml: '{path}' is '{value}'. Use error, warn or off.")
    return level


@frozen
class Linters:
    """The tools that the settings of a project turn on."""

    project: Path
    options: CodeOptions

    @property
    def paths(self) -> list[str]:
        """The sources that exist; an installed package has none."""
        return [path for path in self.options.paths if (self.project / path).exists()]

    def check(self) -> Iterator[Question]:
        """A question for each tool; all tools run in parallel."""
        for tool in ARGUMENTS:
            level = level_of(f"preflight.code.{tool}", getattr(self.options, tool))
            if self.paths and level != OFF:
                # It stops the tool itself when the time is up, and needs some more.
                seconds = self.options.timeout + 5
                explain = partial(self._findings, tool, level)
                yield Question(tool, tool, partial(self._run, tool), seconds, explain)

    def _run(self, tool: str) -> tuple[int, str]:
        """Run a tool; return its exit code and what it printed."""
        plain = {key: os.environ[key] for key in os.environ.keys() - {"FORCE_COLOR"}}
        done = subprocess.run(
            [sys.executable, "-m", tool, *ARGUMENTS[tool], *self.paths],
            cwd=self.project,
            env={**plain, "NO_COLOR": "1", "TERM": "dumb"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=self.options.timeout,
            check=False,
        )
        return done.returncode, done.stdout

    def _findings(self, tool: str, level: str, answer: Any) -> Iterator[Finding]:
        for message, place, remedy in self._explained(tool, answer):
            yield Finding(message, tool, place, remedy, level)

    def _explained(self, tool: str, answer: Any) -> Iterator[tuple[str, str, str]]:
        timed_out = f"did not end within {self.options.timeout:g} s and was stopped"
        if isinstance(answer, (NoAnswer, subprocess.TimeoutExpired)):
            yield timed_out, "", f"raise preflight.code.timeout, or {_turn_off(tool)}"
            return
        if isinstance(answer, Exception):
            yield f"cannot be run: {answer}", "", ""
            return
        code, text = answer
        if code == 1 and text.rstrip().endswith(f"No module named {tool}"):
            yield "is not installed", "", f"pip install {tool}, or {_turn_off(tool)}"
        elif code:
            remedy = f"see: {tool} {'check ' * (tool == 'ruff')}{' '.join(self.paths)}"
            for message, place in _lines(tool, code, text):
                yield message, place, remedy


def _turn_off(tool: str) -> str:
    return f"turn it off: preflight.code.{tool} in ops.yml"


def _lines(tool: str, code: int, text: str) -> Iterator[tuple[str, str]]:
    """What a tool found, and where; the last line of one that crashed."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    found = [hit for line in lines if (hit := _LINE.match(line))]
    if not found or code not in {1, 2}:
        last = lines[-1] if lines else "it printed nothing"
        failed = tool == "interrogate" and code == 1
        yield last if failed else f"ended with exit code {code}: {last}", ""
        return
    for hit in found[:_MAX_ROWS]:
        yield hit["message"], hit["place"]
    if len(found) > _MAX_ROWS:
        yield f"and {len(found) - _MAX_ROWS} more", ""

"""Tools that check the project's code: ruff, mypy, flake8, interrogate."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from attrs import field, frozen

from .checks import Failure, NoAnswer, Question
from .problem import Problem
from .settings import OFF, PreflightOptions

_SHOWN = 5  # findings of a tool that have a row of their own
_FINDING = re.compile(
    r"^(?P<where>[^\s:][^:]*:\d+)(?::\d+)*:\s*(?!note: )(?P<what>\S.*)$"
)

# The arguments of each, before the paths. ruff and mypy have caches of their own.
_ARGUMENTS = {
    "ruff": ["check", "--output-format=concise", "--no-fix"],
    "mypy": ["--no-error-summary", "--no-color-output", "--no-pretty"],
    "flake8": [],
    "interrogate": [],
}
TOOLS = tuple(_ARGUMENTS)


@frozen
class Linters:
    """The tools that the settings of a project turn on."""

    project: Path
    settings: PreflightOptions
    running: list[subprocess.Popen[str]] = field(factory=list)

    @property
    def paths(self) -> list[str]:
        """The sources that exist; an installed package has none."""
        paths = self.settings.code.paths
        return [path for path in paths if (self.project / path).exists()]

    def check(self) -> Iterator[Question]:
        """A question for each tool; all tools run side by side."""
        levels = {tool: self.settings.tool_level(tool) for tool in TOOLS}
        for tool, level in levels.items():
            if self.paths and level != OFF:
                # It stops the tool itself when the time is up, and needs some more.
                seconds = self.settings.code.timeout + 5
                explain = partial(self._problems, tool, level)
                yield Question(tool, partial(self._run, tool), seconds, explain)

    def stop(self) -> None:
        """Stop what is still running."""
        for process in self.running:
            _kill(process)

    def _run(self, tool: str) -> tuple[int, str]:
        """Run a tool; return its exit code and what it printed."""
        plain = {key: os.environ[key] for key in os.environ.keys() - {"FORCE_COLOR"}}
        process = subprocess.Popen(
            [sys.executable, "-m", tool, *_ARGUMENTS[tool], *self.paths],
            cwd=self.project,
            env={**plain, "NO_COLOR": "1", "TERM": "dumb"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # so that what it starts can be stopped with it
        )
        self.running.append(process)
        try:
            text, _ = process.communicate(timeout=self.settings.code.timeout)
        except subprocess.TimeoutExpired:
            _kill(process)
            process.wait()
            return process.returncode, _TIMEOUT
        return process.returncode, text

    def _problems(self, tool: str, level: str, answer: Any) -> Iterator[Problem]:
        for what, where, remedy in self._explained(tool, answer):
            yield Problem(what, tool, where, remedy).at_most(level)

    def _explained(self, tool: str, answer: Any) -> Iterator[tuple[str, str, str]]:
        if isinstance(answer, Failure):
            yield f"cannot be run: {answer.error}", "", ""
            return
        code, text = (None, _TIMEOUT) if isinstance(answer, NoAnswer) else answer
        if text is _TIMEOUT:
            what = f"did not end within {self.settings.code.timeout:g} s; stopped"
            yield what, "", f"raise preflight.code.timeout, or {_turn_off(tool)}"
        elif code == 1 and text.rstrip().endswith(f"No module named {tool}"):
            yield "is not installed", "", f"pip install {tool}, or {_turn_off(tool)}"
        elif code:
            remedy = f"see: {tool} {'check ' * (tool == 'ruff')}{' '.join(self.paths)}"
            for what, where in _findings(tool, code, text):
                yield what, where, remedy


_TIMEOUT = "the time is up"


def _turn_off(tool: str) -> str:
    return f"turn it off: preflight.code.{tool} in ops.yml"


def _findings(tool: str, code: int, text: str) -> Iterator[tuple[str, str]]:
    """What a tool found, and where; the last line of one that crashed."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    found = [hit for line in lines if (hit := _FINDING.match(line))]
    if not found or code not in {1, 2}:
        last = lines[-1] if lines else "it printed nothing"
        failed = tool == "interrogate" and code == 1
        yield last if failed else f"ended with exit code {code}: {last}", ""
        return
    for hit in found[:_SHOWN]:
        yield hit["what"], hit["where"]
    if len(found) > _SHOWN:
        yield f"and {len(found) - _SHOWN} more", ""


def _kill(process: subprocess.Popen[str]) -> None:
    if process.poll() is not None:
        return
    if hasattr(os, "killpg"):
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
    else:
        process.kill()

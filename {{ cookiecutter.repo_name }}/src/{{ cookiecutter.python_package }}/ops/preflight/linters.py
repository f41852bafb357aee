"""Whether the tools that check the project's code find nothing."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from attrs import field, frozen

from ..core.settings import STORE
from ..core.store import Store
from .code_checksum import code_hash
from .deadline import Answer, Failure, NoAnswer, Question
from .problem import Problem
from .settings import OFF, PreflightOptions

_KEY = "code "  # before the keys of the questions asked here
_SHOWN = 5  # findings of a tool that have a line of their own
_FINDING = re.compile(
    r"^(?P<where>[^\s:][^:]*:\d+)(?::\d+)*:\s*(?!note: )(?P<what>\S.*)$"
)

# What each is run with, before the paths. No tool leaves files beside the sources but
# mypy, which is slow without its cache.
_ARGUMENTS = {
    "ruff": ["check", "--no-cache", "--output-format=concise", "--no-fix"],
    "mypy": ["--no-error-summary", "--no-color-output", "--no-pretty"],
    "flake8": [],
    "interrogate": [],
}
TOOLS = tuple(_ARGUMENTS)


@frozen
class Outcome:
    """How a tool ended, and what it said."""

    code: int
    text: str


@frozen
class CodeChecks:
    """The tools that are switched on for a project, and what they found last."""

    project: Path
    paths: list[str]
    timeout: float
    levels: dict[str, str]
    running: list[subprocess.Popen[str]] = field(factory=list)

    @classmethod
    def of(cls, project: Path, settings: PreflightOptions) -> CodeChecks:
        """Those of a project by its settings; none where it has no sources."""
        levels = {tool: settings.tool_level(tool) for tool in TOOLS}
        paths = [path for path in settings.code.paths if (project / path).exists()]
        if not paths:  # an installed package
            levels = {}
        on = {tool: level for tool, level in levels.items() if level != OFF}
        return cls(project, paths, settings.code.timeout, on)

    def questions(self) -> list[Question]:
        """One for each tool; each runs beside the others."""
        # Somewhat more than the tool has, which is stopped in time and asked to say so.
        return [
            Question(
                f"{_KEY}{tool}", f"{_KEY}{tool}", self._asking(tool), self.timeout + 5
            )
            for tool in self.levels
        ]

    def check(self, answers: dict[str, Answer]) -> Iterator[Problem]:
        """What the tools have found."""
        for tool, level in self.levels.items():
            for problem in self._problems(tool, answers[f"{_KEY}{tool}"]):
                yield problem.at_most(level)

    def stop(self) -> None:
        """End what still runs."""
        for process in self.running:
            _kill(process)

    def _asking(self, tool: str) -> Any:
        return lambda: self._run(tool)

    def _run(self, tool: str) -> Outcome:
        store = Store((self.project / STORE).as_posix())
        hash_now = code_hash(self.project, self.paths, tool)
        if hash_now is None:
            return Outcome(-1, f"{tool} is not installed")
        record = f"preflight/{tool}.json"
        try:
            if (store.read(record) or {}).get("green") == hash_now:
                return Outcome(0, "")
        except Exception:  # a damaged record is made anew
            pass
        outcome = self._call(tool)
        if outcome.code == 0:
            try:
                store.write(record, {"green": hash_now})
            except OSError:
                pass  # the next run will ask the tool again
        return outcome

    def _call(self, tool: str) -> Outcome:
        command = [sys.executable, "-m", tool, *_ARGUMENTS[tool], *self.paths]
        plain = {key: os.environ[key] for key in os.environ.keys() - {"FORCE_COLOR"}}
        process = subprocess.Popen(
            command,
            cwd=self.project,
            env={**plain, "NO_COLOR": "1", "TERM": "dumb"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # so that what it starts can be ended with it
        )
        self.running.append(process)
        try:
            text, _ = process.communicate(timeout=self.timeout)
        except subprocess.TimeoutExpired:
            _kill(process)
            process.wait()
            raise
        return Outcome(process.returncode, text)

    def _problems(self, tool: str, answer: Answer) -> Iterator[Problem]:
        if isinstance(answer, Failure):
            if not isinstance(answer.error, subprocess.TimeoutExpired):
                yield Problem(f"cannot be run: {answer.error}", tool)
                return
            answer = NoAnswer()
        if isinstance(answer, NoAnswer):
            yield Problem(
                f"has not ended within {self.timeout:g} s, and was stopped",
                tool,
                "",
                "raise preflight.code.timeout in ops.yml, or switch it off there",
            )
        elif answer.code == -1 and answer.text.endswith("is not installed"):
            yield Problem(
                "is not installed",
                tool,
                "",
                f"pip install {tool}, or switch it off: preflight.code.{tool}",
            )
        elif answer.code:
            yield from self._findings(tool, answer)

    def _findings(self, tool: str, outcome: Outcome) -> Iterator[Problem]:
        remedy = f"see: {tool} {'check ' * (tool == 'ruff')}{' '.join(self.paths)}"
        lines = [line for line in outcome.text.splitlines() if line.strip()]
        found = [hit for line in lines if (hit := _FINDING.match(line.strip()))]
        if not found or outcome.code not in {1, 2}:
            last = lines[-1].strip() if lines else "it said nothing"
            failed = tool == "interrogate" and outcome.code == 1
            crash = "" if failed else f"ended with exit code {outcome.code}: "
            yield Problem(f"{crash}{last}", tool, "", remedy)
            return
        for hit in found[:_SHOWN]:
            yield Problem(hit["what"], tool, hit["where"], remedy)
        if more := len(found) - _SHOWN:
            if more > 0:
                yield Problem(f"and {more} more", tool, "", remedy)


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

"""All checks of one run, the slow ones side by side."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from attrs import evolve, frozen
from kedro.utils import load_obj

from ..core import kedro_internals
from . import catalog, inputs, outputs, runner
from .dataset_types import one_line
from .deadline import Question, ask_all
from .linters import CodeChecks
from .planned_run import PlannedRun, StartingRun
from .problem import Problem
from .settings import OFF, PreflightOptions


@frozen
class Examination:
    """A run, and by which settings it is looked at."""

    run: PlannedRun
    settings: PreflightOptions
    broken: dict[str, Problem]
    code: CodeChecks | None

    @classmethod
    def of(  # noqa: PLR0913
        cls,
        starting: StartingRun,
        run_params: dict[str, Any],
        pipeline: Any,
        catalog: Any,
        code: bool,
    ) -> Examination:
        """The one of a run that is about to start."""
        broken = frozenset(starting.broken)
        run = PlannedRun(starting.context, run_params, pipeline, catalog, broken)
        project = Path(starting.context.project_path)
        checks = CodeChecks.of(project, starting.settings) if code else None
        return cls(run, starting.settings, starting.broken, checks)

    def problems(self) -> Iterator[Problem]:
        """All that is wrong, as grave as the settings say, without secrets."""
        secrets: list[str] | None = None
        for problem in self._found():
            if secrets is None:
                known = kedro_internals.credentials(self.run.context)
                secrets = [*_secrets(known)]
            yield _without(secrets, problem)

    def _found(self) -> Iterator[Problem]:
        yield from self._graded("catalog", self._catalog)
        questions = [*self._data_questions(), *self._output_questions()]
        if self.code:
            questions += self.code.questions()
        try:
            answers = ask_all(questions)
        finally:
            if self.code:
                self.code.stop()
        run, settings = self.run, self.settings
        seconds = settings.timeout
        yield from self._graded(
            "data",
            lambda: inputs.check(run, settings.ignore, answers, seconds),
        )
        yield from self._graded("outputs", lambda: outputs.check(run, answers, seconds))
        yield from self._graded("runner", lambda: runner.check(run))
        if self.code:
            for problem in self.code.check(answers):
                yield evolve(problem, check="code")
        for path in settings.extra:
            for problem in _extra(path, run):
                yield evolve(problem, check=problem.check or "extra")

    def _catalog(self) -> Iterator[Problem]:
        yield from self.broken.values()
        yield from catalog.check(self.run)

    def _data_questions(self) -> list[Question]:
        if self.settings.level("data") == OFF:
            return []
        ignore, seconds = self.settings.ignore, self.settings.timeout
        return inputs.questions(self.run, ignore, seconds)

    def _output_questions(self) -> list[Question]:
        if self.settings.level("outputs") == OFF:
            return []
        return outputs.questions(self.run, self.settings.timeout)

    def _graded(self, check: str, find: Any) -> Iterator[Problem]:
        level = self.settings.level(check)
        if level == OFF:
            return
        for problem in find():
            yield evolve(problem.at_most(level), check=check)


def _extra(path: str, run: PlannedRun) -> Iterator[Problem]:
    """What a function of the team finds: problems, or texts that are errors."""
    try:
        found: Iterable[Any] = load_obj(path)(run.pipeline, run.catalog) or ()
        for each in found:
            yield each if isinstance(each, Problem) else Problem(str(each), path)
    except Exception as error:  # it is the team's code
        what = f"failed: {type(error).__name__}: {one_line(error)}"
        yield Problem(what, path, "", "mend it, or see preflight.extra in ops.yml")


_SECRET = re.compile(r"secret|token|passw|key|sas|^con$|connection", re.IGNORECASE)
_SHORTEST = 6  # characters of a secret: what is shorter may be part of other words


def _secrets(credentials: Any, hidden: bool = False) -> Iterator[str]:
    """The texts in credentials that nobody may read."""
    if isinstance(credentials, dict):
        for key, inner in credentials.items():
            yield from _secrets(inner, hidden or bool(_SECRET.search(str(key))))
    elif isinstance(credentials, str) and hidden and len(credentials) >= _SHORTEST:
        yield credentials


def _without(secrets: list[str], problem: Problem) -> Problem:
    what = kedro_internals.without_url_credentials(problem.what)
    for secret in secrets:
        what = what.replace(secret, "***")
    return evolve(problem, what=what)

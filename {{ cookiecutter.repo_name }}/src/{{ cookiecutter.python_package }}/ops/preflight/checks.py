"""Slow checks in parallel, each with a time limit, on threads that end with the run."""

from __future__ import annotations

import sys
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from attrs import evolve, frozen

from ..core.errors import innermost_cause, one_line
from ..core.findings import WARNING, Finding

HERE = ""  # the lane of questions that only the thread of the run may ask
BUCKET_WIDTH = 32  # questions at a time: a bucket answers many of them at once
_PATIENCE = 1.0  # seconds until the status is shown


@frozen(eq=False)
class Question:
    """Something to find out about a subject, and the findings that an answer means.

    Questions of one lane wait for the same disk, bucket or database, ``width`` of them at
    a time. The answer is what ``ask`` returns, or the error that it raises.
    """

    subject: str
    lane: str
    ask: Callable[[], Any]
    seconds: float
    findings: Callable[[Any], Iterable[Finding]]
    width: int = BUCKET_WIDTH


class NoAnswer(Exception):
    """The answer to a question whose time is up."""


Found = Finding | Question


def check_each(
    names: Iterable[str], check: Callable[[str], Iterable[Found]]
) -> Iterator[Found]:
    """Check datasets by name; a dataset that cannot be checked is one warning."""
    for name in names:
        try:
            yield from check(name)
        except Exception as error:  # datasets are anybody's code
            yield cannot_check(name, error)


def cannot_check(name: str, error: Exception) -> Finding:
    """The finding about a dataset whose check failed."""
    reason = innermost_cause(error)
    return Finding(
        f"could not be checked: {type(reason).__name__}: {one_line(reason)}",
        name,
        remedy="to leave it out, list it under preflight.ignore in ops.yml",
        level=WARNING,
    )


def check_all(found: Sequence[tuple[str, str, Found]]) -> Iterator[Finding]:
    """Ask all questions; give the findings in their order.

    Args:
        found: the name of a check, its level, and a finding or a question.
    """
    answers = ask_all([each for _, _, each in found if isinstance(each, Question)])
    for name, level, each in found:
        for finding in _explain(each, answers):
            yield evolve(finding.at_most(level), check=name)


def _explain(each: Found, answers: dict[Question, Any]) -> list[Finding]:
    if isinstance(each, Finding):
        return [each]
    try:
        return [*each.findings(answers[each])]
    except Exception as error:  # datasets are anybody's code
        return [cannot_check(each.subject, error)]


def ask_all(questions: Sequence[Question]) -> dict[Question, Any]:
    """Ask all questions, and wait for their answers.

    Each lane has its own threads, so that a server that hangs does not delay the others.
    The threads are daemons: those of a ``ThreadPoolExecutor`` would keep the process
    alive until the last of them has returned.
    """
    start = time.monotonic()
    answers: dict[Question, Any] = {}
    lanes: defaultdict[str, deque[Question]] = defaultdict(deque)
    for question in questions:
        lanes[question.lane].append(question)
    here = lanes.pop(HERE, ())
    threads: list[tuple[threading.Thread, float]] = []
    for lane in lanes.values():
        end = start + max(question.seconds for question in lane)
        for _ in range(min(len(lane), lane[0].width)):
            thread = threading.Thread(target=_work, args=(lane, answers), daemon=True)
            threads.append((thread, end))
    try:
        with _progress():
            for thread, _ in threads:
                thread.start()
            for question in here:
                answers[question] = _answer(question)
            for thread, end in threads:
                thread.join(max(0.0, end - time.monotonic()))
    finally:
        for lane in lanes.values():  # nobody waits for the others
            lane.clear()
    return {question: answers.get(question, NoAnswer()) for question in questions}


@contextmanager
def _progress() -> Iterator[None]:
    """Show on a terminal that preflight is at work, if it takes a while."""
    if not (sys.stderr and sys.stderr.isatty()):
        yield
        return
    from rich.console import Console  # noqa: PLC0415  it takes a tenth of a second

    status = Console(stderr=True).status("Preflight")
    timer = threading.Timer(_PATIENCE, status.start)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()  # or it might start after the stop
        status.stop()


def _work(lane: deque[Question], answers: dict[Question, Any]) -> None:
    while True:
        try:
            question = lane.popleft()
        except IndexError:
            return
        answers[question] = _answer(question)


def _answer(question: Question) -> Any:
    try:
        return question.ask()
    except Exception as error:  # whatever it is, it is the answer
        return error

"""Slow checks side by side, each with a deadline, on threads that end with the run."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from queue import Empty, SimpleQueue
from typing import Any

from attrs import evolve, frozen

from .problem import Problem

HERE = ""  # the lane of questions that only the thread of the run may ask
LOCAL = "file"
_LOCAL_WIDTH = 2  # threads for a disk, which is faster than threads
_WIDTH = 32  # threads of any other lane: a bucket answers many questions at a time
_PATIENCE = 1.0  # seconds until the progress is shown
_TICK = 0.1  # seconds between two looks at the clock


@frozen(eq=False)
class Question:
    """Something to find out, and what problems the answer means.

    Questions of one lane wait for the same disk, bucket or server.
    """

    lane: str
    ask: Callable[[], Any]
    seconds: float
    problems: Callable[[Any], Iterable[Problem]]


@frozen
class Failure:
    """The answer to a question that raised an error."""

    error: Exception


class NoAnswer:
    """The answer to a question whose time is up."""


Found = Problem | Question


def check_all(found: Sequence[tuple[str, str, Found]]) -> Iterator[Problem]:
    """Ask all questions; give the problems in their order.

    Args:
        found: the name of a check, its level, and a problem or a question.
    """
    answers = ask_all([each for _, _, each in found if isinstance(each, Question)])
    for name, level, each in found:
        problems: Iterable[Problem] = [each] if isinstance(each, Problem) else ()
        if isinstance(each, Question):
            problems = each.problems(answers[each])
        for problem in problems:
            yield evolve(problem.at_most(level), check=name)


def ask_all(questions: Sequence[Question]) -> dict[Question, Any]:
    """Ask all questions, and wait for what they return, a failure, or no answer.

    Each lane has its own threads, so that a server that hangs does not delay the others.
    The threads are daemons: those of a ``ThreadPoolExecutor`` would keep the process
    alive until the last of them has returned.
    """
    start = time.monotonic()
    answers: SimpleQueue[tuple[Question, Any]] = SimpleQueue()
    lanes: defaultdict[str, deque[Question]] = defaultdict(deque)
    for question in questions:
        lanes[question.lane].append(question)
    here = lanes.pop(HERE, ())
    for name, lane in lanes.items():
        for _ in range(min(len(lane), _LOCAL_WIDTH if name == LOCAL else _WIDTH)):
            threading.Thread(target=_work, args=(lane, answers), daemon=True).start()
    found = {question: _answer(question) for question in here}
    ends = {each: start + each.seconds for each in questions if each not in found}
    try:
        _wait(answers, ends, found)
    finally:
        for lane in lanes.values():  # nobody waits for the rest
            lane.clear()
    return found | {question: NoAnswer() for question in ends}


def _wait(
    answers: SimpleQueue[tuple[Question, Any]],
    ends: dict[Question, float],
    found: dict[Question, Any],
) -> None:
    """Move questions with an answer from ``ends`` to ``found`` until all time is up."""
    show_at, status = time.monotonic() + _PATIENCE, None
    total = len(ends) + len(found)
    try:
        while ends:
            try:
                question, answer = answers.get(timeout=_TICK)
            except Empty:
                if max(ends.values()) <= time.monotonic():
                    return
            else:
                del ends[question]
                found[question] = answer
            if status is None and time.monotonic() > show_at:
                from rich.console import Console  # noqa: PLC0415

                status = Console(stderr=True).status("Preflight")  # terminals only
                status.start()
            if status is not None:
                status.update(f"Preflight: {len(found)} of {total} checks")
    finally:
        if status is not None:
            status.stop()


def _work(lane: deque[Question], answers: SimpleQueue[tuple[Question, Any]]) -> None:
    while True:
        try:
            question = lane.popleft()
        except IndexError:
            return
        answers.put((question, _answer(question)))


def _answer(question: Question) -> Any:
    try:
        return question.ask()
    except Exception as error:  # whatever it is, it is the answer
        return Failure(error)

"""Many questions at a time, each with a time limit, on threads that end with the run."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from queue import Empty, SimpleQueue
from typing import Any

from attrs import frozen

HERE = ""  # the lane of questions that only the thread of the run may ask
_WIDTH = 32  # threads of a lane: a bucket answers many questions at a time
_LOCAL_WIDTH = 2  # a disk is quicker than threads
LOCAL = "file"
_PATIENCE = 1.0  # seconds until the progress is shown
_TICK = 0.1  # seconds between two looks at the clock


@frozen
class Question:
    """Something to find out. Those of one lane may have to wait for each other."""

    key: str
    lane: str
    ask: Callable[[], Any]
    seconds: float


@frozen
class Failure:
    """The answer to a question whose asking failed."""

    error: Exception


class NoAnswer:
    """The answer to a question whose time is up."""


Answer = Any


def ask_all(questions: Sequence[Question]) -> dict[str, Answer]:
    """Ask all, and wait for the answers: what is asked, a failure, or none in time.

    Each lane has threads of its own, so that one that is stuck holds up no other. They
    are daemons, not a ``ThreadPoolExecutor``: that would keep the process alive until
    the last of them has come back.
    """
    start = time.monotonic()
    answers: SimpleQueue[tuple[str, Answer]] = SimpleQueue()
    lanes = _open_lanes(questions, answers)
    found: dict[str, Answer] = {}
    for question in questions:
        if question.lane == HERE:
            found[question.key] = _answer(question)
    waiting = {
        each.key: start + each.seconds for each in questions if each.lane != HERE
    }
    try:
        with _progress(len(questions)) as show:
            while waiting:
                try:
                    key, answer = answers.get(timeout=_TICK)
                except Empty:
                    if max(waiting.values()) <= time.monotonic():
                        break
                else:
                    del waiting[key]
                    found[key] = answer
                show(len(found))
    finally:
        for lane in lanes:  # nobody waits for the rest
            lane.clear()
    return found | {key: NoAnswer() for key in waiting}


def _open_lanes(
    questions: Sequence[Question], answers: SimpleQueue[tuple[str, Answer]]
) -> list[deque[Question]]:
    lanes: defaultdict[str, deque[Question]] = defaultdict(deque)
    for question in questions:
        if question.lane != HERE:
            lanes[question.lane].append(question)
    for name, lane in lanes.items():
        width = _LOCAL_WIDTH if name == LOCAL else _WIDTH
        for _ in range(min(len(lane), width)):
            threading.Thread(target=_work, args=(lane, answers), daemon=True).start()
    return list(lanes.values())


def _work(lane: deque[Question], answers: SimpleQueue[tuple[str, Answer]]) -> None:
    while True:
        try:
            question = lane.popleft()
        except IndexError:
            return
        answers.put((question.key, _answer(question)))


def _answer(question: Question) -> Answer:
    try:
        return question.ask()
    except Exception as error:  # whatever it is, it is the answer
        return Failure(error)


@contextlib.contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """A bar, once there is more than a second of work, on a terminal only."""
    begin, bar = time.monotonic(), contextlib.ExitStack()
    task: list[Any] = []

    def show(done: int) -> None:
        if task:
            progress, number = task
            progress.update(number, completed=done)
        elif time.monotonic() - begin > _PATIENCE and done < total:
            from rich.console import Console  # noqa: PLC0415
            from rich.progress import Progress  # noqa: PLC0415

            console = Console(stderr=True)
            if not console.is_terminal:
                return
            progress = bar.enter_context(Progress(console=console, transient=True))
            task[:] = progress, progress.add_task("Preflight", total=total)

    with bar:
        yield show

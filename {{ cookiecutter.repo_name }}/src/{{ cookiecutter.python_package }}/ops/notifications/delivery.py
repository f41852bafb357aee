"""Sends a message through several channels at once, within a time that holds."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable

from attrs import field, frozen

from ..core import redaction
from ..core.suppress import suppress_errors
from .channel import Channel, ChannelError
from .message import Message


@frozen
class Answer:
    """What came of sending through one channel."""

    channel: str
    to: list[str]
    ok: bool
    text: str


@frozen
class Letter:
    """One channel, and whom it is to reach."""

    channel: Channel
    to: list[str] = field(factory=list)


def send(message: Message, letters: list[Letter], deadline: float) -> list[Answer]:
    """Send, and return what has been answered by the deadline (``time.monotonic``).

    A server may not answer at all, or a letter a second: whatever it does, it does in a
    thread, which is left alone then, and which no process waits for.
    """
    answers: dict[int, Answer] = {}
    seconds = max(0.0, deadline - time.monotonic())

    def act(number: int, letter: Letter) -> None:
        answers[number] = _sent(message, letter, deadline)

    threads = [_start(act, *each) for each in enumerate(letters)]
    for thread in threads:
        if thread is not None:
            thread.join(max(0.0, deadline - time.monotonic()))
    late = f"no answer within {seconds:.0f} seconds"
    return [
        answers.get(number) or Answer(letter.channel.name, letter.to, False, late)
        for number, letter in enumerate(letters)
    ]


def _start(
    act: Callable[[int, Letter], None], number: int, letter: Letter
) -> threading.Thread | None:
    name = f"notify-{letter.channel.name}"
    thread = threading.Thread(target=act, args=(number, letter), name=name, daemon=True)
    try:
        thread.start()
    except RuntimeError:  # Python is about to end and starts no more threads
        act(number, letter)
        return None
    return thread


def _sent(message: Message, letter: Letter, deadline: float) -> Answer:
    channel, to = letter.channel, letter.to
    try:
        channel.prepare()
        text = channel.send(message, to, max(0.1, deadline - time.monotonic()))
    except ChannelError as error:
        return Answer(channel.name, to, False, _clean(str(error)))
    except Exception as error:  # of any library, server or team: it never harms a run
        return Answer(
            channel.name, to, False, _clean(f"{type(error).__name__}: {error}")
        )
    return Answer(channel.name, to, True, _clean(text))


def _clean(text: str) -> str:
    return redaction.text(" ".join(text.split()))


class Teller:
    """A thread that acts when it is asked to, one thing after the other.

    It can be there before it is needed: when Python ends, it starts no threads any more.
    """

    def __init__(self) -> None:
        """Nothing is asked yet."""
        self._acts: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._is_there = False

    def start(self) -> None:
        """Be there."""
        if not self._is_there:
            threading.Thread(target=self._run, name="notify", daemon=True).start()
            self._is_there = True

    def ask(self, act: Callable[[], None]) -> threading.Event:
        """Have something done; the event is set when it is."""
        done = threading.Event()

        def acting() -> None:
            try:
                act()
            finally:
                done.set()

        self.start()
        self._acts.put(acting)
        return done

    def end(self) -> None:
        """No more will be asked."""
        self._acts.put(None)

    def _run(self) -> None:
        while (act := self._acts.get()) is not None:
            with suppress_errors():
                act()

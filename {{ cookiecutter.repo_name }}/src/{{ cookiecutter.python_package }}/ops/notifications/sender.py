"""Where messages are made and sent from: settings, store and channels of a project."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import field, frozen
from kedro.framework.context import KedroContext

from ..core import kedro_internals, redaction
from ..core.errors import OpsError
from ..core.settings import open_store, read_settings
from ..run_status import replay
from ..run_status.model import Run, State
from ..run_status.run_store import RunStore
from . import delivery, rules
from .channel import Channel, open_one
from .compose import Story
from .delivery import Answer, Letter
from .message import Kind, Message
from .run_marks import Mark, Marks
from .run_record import FILE, Earlier, Record
from .settings import NotificationOptions

_FRESH = 60.0  # seconds in which the process of a run tells its end itself
_OLD = 14 * 86_400.0  # seconds after which nobody wants to know
_SWEPT = 20  # runs that are looked at


@frozen
class Problem:
    """What would keep a channel from getting a message through."""

    channel: str
    text: str


@frozen
class Desk:
    """All that it takes to tell something."""

    settings: NotificationOptions
    store: RunStore
    project_path: Path
    credentials: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, context: KedroContext) -> Desk:
        """That of a project; from then on its secrets are in no text of this process.

        Raises:
            OpsError: for settings that are wrong.
        """
        settings = read_settings(context.config_loader, NotificationOptions)
        settings.validate()
        credentials = kedro_internals.credentials(context)
        redaction.hide(redaction.secrets(credentials, everything=True))
        store = RunStore(*open_store(context))
        return cls(settings, store, Path(context.project_path), credentials)

    def channels(self) -> tuple[list[Channel], list[Problem]]:
        """The channels, not prepared yet, and what is wrong with others."""
        able, problems = list[Channel](), list[Problem]()
        for name, settings in self.settings.channels.items():
            try:
                channel = open_one(name, settings, self.credentials)
                found = [
                    Problem(name, f"{name}: {text}") for text in channel.problems()
                ]
            except OpsError as error:
                found = [Problem(name, error.message)]
            except Exception as error:  # of the team's own class: it harms no run
                found = [Problem(name, f"{name}: {type(error).__name__}: {error}")]
            problems += found
            able += [] if found else [channel]
        return able, problems

    def tell(
        self,
        key: str,
        deadline: float,
        channels: list[Channel],
        own: Mark | None = None,
        final: bool = False,
    ) -> list[Answer]:
        """Tell the end of a run, if there is something to tell and nobody has.

        Args:
            key: of the run.
            deadline: by which all is done, as ``time.monotonic`` has it.
            channels: to tell it by.
            own: the mark of a run that ended before it was entered.
            final: whether nothing comes after, although it looks as if.
        """
        run, marks = replay.read(self.store, key), Marks.of(self.store, key, own)
        over = marks.is_over(run, time.time())
        if not over and not (final and run.state != State.RUNNING):
            return []
        earlier, record = Earlier(self.store, run), Record.of(run, marks.parameters)
        kind = None
        if marks.are_watched:
            kind = rules.kind_to_say(run, earlier, self.settings)
        letters = self.letters(run, channels) if kind else []
        if letters:
            for letter in letters:
                letter.channel.prepare()
            record.said = kind.value if kind else ""
        if not record.claim(self.store) or kind is None:
            return []
        message = self.message(kind, run, record, earlier)
        return delivery.send(message, letters, deadline)

    def begin(self, key: str, deadline: float, channels: list[Channel]) -> None:
        """Tell that a run has begun, where the message can be changed when it ends."""
        run, marks = replay.read(self.store, key), Marks.of(self.store, key)
        record = Record.of(run, marks.parameters)
        able = [each for each in channels if each.edits]
        message = self.message(Kind.START, run, record, Earlier(self.store, run))
        delivery.send(message, self.letters(run, able), deadline)

    def again(self, key: str, channels: list[Channel]) -> tuple[Message, list[Letter]]:
        """The message of a run whether it was told or not, and whom it goes to."""
        run, marks = replay.read(self.store, key), Marks.of(self.store, key)
        earlier, record = Earlier(self.store, run), Record.of(run, marks.parameters)
        kind = next(rules.kinds(run, earlier), Kind.START)
        return self.message(kind, run, record, earlier), self.letters(run, channels)

    def untold(self, but: str = "") -> list[str]:
        """The keys of runs that are over, which nobody has told: they were killed."""
        now, found = time.time(), []
        for key in self.store.without(FILE)[-_SWEPT:]:
            marks = Marks.of(self.store, key)
            if key == but or not marks.are_watched:
                continue
            run = replay.read(self.store, key)
            age = now - (run.last_news or 0.0)
            fresh = run.state != State.INTERRUPTED and age < _FRESH
            if marks.is_over(run, now) and not fresh and age < _OLD:
                found.append(key)
        return found

    def message(
        self, kind: Kind, run: Run, record: Record, earlier: Earlier
    ) -> Message:
        """What is said of a run."""
        story = Story(run, record, earlier, self.project_path)
        return story.message(kind, self.settings.base_url)

    def letters(self, run: Run, channels: list[Channel]) -> list[Letter]:
        """Who is told of it."""
        defaults = {each.name: list(each.options.to) for each in channels}
        to = rules.recipients(run, self.settings, defaults)
        return [Letter(each, to[each.name]) for each in channels if each.name in to]

"""Slack: one message for each run, by a bot's token or by an incoming webhook."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from attrs import define

from . import slack_blocks
from .channel import Channel, ChannelError, ChannelOptions
from .message import Message

API = "https://slack.com/api/"


@define
class SlackOptions(ChannelOptions):
    """``to`` has channels, by name or id, or the names of several webhooks."""

    base_url: str = API


class Slack(Channel):
    """With a token the message of the start is edited at the end, errors in its thread."""

    Options = SlackOptions
    needs = "slack_sdk"

    def __init__(self, *known: Any) -> None:
        """Nothing was posted yet."""
        super().__init__(*known)
        self._posted: dict[str, tuple[str, str]] = {}  # channel's id and message's
        given = self.credentials if isinstance(self.credentials, dict) else {}
        self._token = str(given.get("token") or "")
        self._webhooks = {
            str(k): str(v) for k, v in (given.get("webhooks") or {}).items()
        }
        self._webhook = str(given.get("webhook") or "")
        self.edits = bool(self._token)

    def problems(self) -> Iterator[str]:
        """A token or a webhook has to be there, and for a token a channel."""
        found = list(super().problems())
        yield from found
        name, to = self.options.credentials or "slack", self.options.to
        if found:
            return
        if not (self._token or self._webhook or self._webhooks):
            yield f"credentials.yml needs {name}: {{token: ...}} or {{webhook: ...}}"
        elif self._token and not to:
            yield f"nobody is told: write notifications.channels.{self.name}.to"
        elif not self._token and not self._webhook:
            for each in to:
                if each not in self._webhooks:
                    yield f"credentials.yml has no webhook of '{each}' in {name}.webhooks"

    def prepare(self) -> None:
        """Import Slack's own library."""
        from . import slack_client  # noqa: F401, PLC0415

    def send(self, message: Message, to: list[str], seconds: float) -> str:
        """Post it, or edit what was posted."""
        answers, problems = [], []
        for name, post in self._posts(message, to, seconds):
            try:
                answers.append(f"{name}: {post()}")
            except ChannelError as error:
                problems.append(f"{name}: {error}")
        if problems:
            raise ChannelError("; ".join([*problems, *answers]))
        return ", ".join(answers)

    def _posts(
        self, message: Message, to: list[str], seconds: float
    ) -> Iterator[tuple[str, Callable[[], str]]]:
        from .slack_client import Webhook, Workspace  # noqa: PLC0415

        if self._token:
            workspace = Workspace(self._token, self.options.base_url, seconds)
            for name in to:
                yield name, partial(self._post, workspace, message, name)
            return
        names = {self._webhooks.get(each, self._webhook): each for each in to}
        for url, name in (names or {self._webhook: "webhook"}).items():
            yield name, partial(Webhook(url, seconds).post, _payload(message, True))

    def _post(self, workspace: Any, message: Message, to: str) -> str:
        payload = _payload(message, traceback=False)
        edited = to in self._posted
        if edited:
            workspace.update(*self._posted[to], payload)
        else:
            self._posted[to] = workspace.post(to, payload)
        if errors := slack_blocks.errors(message):
            # Nobody hears of an edit: what went wrong is seen in the channel, too.
            reply = {"text": message.title, "blocks": errors}
            workspace.reply(*self._posted[to], reply, aloud=edited)
        return f"{'edited' if edited else 'posted'} {self._posted[to][1]}"


def _payload(message: Message, traceback: bool) -> dict[str, Any]:
    """The text is what a locked telephone shows; the blocks are the message."""
    blocks = slack_blocks.blocks(message, traceback)
    return {"text": slack_blocks.plain(message.title), "blocks": blocks}

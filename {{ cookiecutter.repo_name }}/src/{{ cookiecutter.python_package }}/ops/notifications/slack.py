"""Slack: one message for each run, with a bot's token or an incoming webhook."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from attrs import define
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_handlers import (
    ConnectionErrorRetryHandler,
    RateLimitErrorRetryHandler,
    ServerErrorRetryHandler,
)
from slack_sdk.web.client import WebClient
from slack_sdk.webhook import WebhookClient

from .message import Message
from .rules import Kind
from .send import Channel, ChannelError, ChannelOptions

# The library logs what it sends and to which address: that of a webhook is a secret.
_SILENT = logging.Logger("slack", logging.CRITICAL + 1)

_REMEDIES = {
    "invalid_auth": "the token is not valid",
    "token_revoked": "the token was revoked",
    "missing_scope": "the bot needs the scope chat:write",
    "channel_not_found": "the channel does not exist, or the bot was not invited",
    "not_in_channel": "the bot was not invited: /invite it",
    "ratelimited": "Slack accepts fewer messages",
    "no_service": "the webhook was removed",
}

# https://docs.slack.dev/reference/block-kit/blocks
_TEXT, _HEADER, _FIELD, _FIELDS = 3000, 150, 2000, 10
_SIGNS = {
    Kind.FAILURE: ":red_circle:",
    Kind.STOPPED: ":no_entry:",
    Kind.INTERRUPTION: ":warning:",
    Kind.RECOVERY: ":large_green_circle:",
    Kind.UNUSUAL: ":large_yellow_circle:",
    Kind.SUCCESS: ":large_green_circle:",
}
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
# A space without width keeps * and the like from formatting the text.
_PLAIN = _ESCAPES | {ord(mark): f"\u200b{mark}\u200b" for mark in "*~`"}


@define
class SlackOptions(ChannelOptions):
    """``to`` names channels, if there is a token."""

    base_url: str = WebClient.BASE_URL


class Slack(Channel):
    """``credentials`` has a ``token`` or a ``webhook``, which is for one channel."""

    Options = SlackOptions

    def __init__(self, *known: Any) -> None:
        """Read the credentials."""
        super().__init__(*known)
        given = self.credentials if isinstance(self.credentials, dict) else {}
        self._token, self._webhook = given.get("token"), str(given.get("webhook") or "")

    def problems(self) -> Iterator[str]:
        """A token needs a channel; without a token there has to be a webhook."""
        yield from super().problems()
        name, to = self.options.credentials or "slack", self.options.to
        if self.options.credentials and self.credentials is None:
            return
        if not (self._token or self._webhook):
            yield f"credentials.yml needs {name}: {{token: ...}} or {{webhook: ...}}"
        elif not to and not self._webhook:
            yield f"there are no recipients: set notifications.channels.{self.name}.to"

    def send(self, message: Message, to: list[str], seconds: float) -> str:
        """Post the message to each channel, or to that of the webhook."""
        payload = {"text": plain(message.title), "blocks": blocks(message)}
        answers, problems = [], []
        for name in to if self._token else ["webhook"]:
            try:
                answers.append(f"{name}: {self._post(payload, name, seconds)}")
            except ChannelError as error:
                problems.append(f"{name}: {error}")
        if problems:
            raise ChannelError("; ".join([*problems, *answers]))
        return ", ".join(answers)

    def _post(self, payload: dict[str, Any], name: str, seconds: float) -> str:
        known: dict[str, Any] = {"timeout": max(1, round(seconds)), "logger": _SILENT}
        cut, busy = ConnectionErrorRetryHandler(), ServerErrorRetryHandler(2)
        known["retry_handlers"] = [cut, busy, _RateLimitHandler(seconds)]
        try:
            if self._token:
                client = WebClient(self._token, base_url=self.options.base_url, **known)
                payload = {"channel": name, "unfurl_links": False, **payload}
                return f"posted {client.chat_postMessage(**payload)['ts']}"
            webhook = WebhookClient(self._webhook, **known)
            answer = webhook.send_dict(payload)
        except SlackApiError as error:
            status = getattr(error.response, "status_code", "")
            raise _refusal(status, str(error.response.get("error"))) from error
        except (SlackClientError, OSError, ValueError) as error:  # or of an address
            reason = getattr(error, "reason", error)
            text = f"cannot reach Slack: {type(reason).__name__}: {reason}"
            raise ChannelError(text) from error
        if answer.status_code != 200:  # noqa: PLR2004
            raise _refusal(answer.status_code, answer.body)
        return answer.body


class _RateLimitHandler(RateLimitErrorRetryHandler):
    """Waits as long as Slack asks for, if there is that much time."""

    def __init__(self, seconds: float) -> None:
        super().__init__(max_retry_count=2)
        self._seconds = seconds

    def can_retry(self, *, response: Any = None, **known: Any) -> bool:
        if not super().can_retry(response=response, **known):
            return False
        headers = {name.lower(): value for name, value in response.headers.items()}
        wait = str(headers.get("retry-after", ["1"])[0])
        # Slack sends seconds. A proxy may send a date or worse, which is no reason to wait.
        is_number = wait.isdecimal() and len(wait) < 5  # noqa: PLR2004
        return is_number and int(wait) + 1 < self._seconds


def _refusal(status: Any, answer: str) -> ChannelError:
    answer = " ".join(answer.split())[:120]
    remedy = f" ({_REMEDIES[answer]})" if answer in _REMEDIES else ""
    return ChannelError(f"Slack answers {status}: {answer}{remedy}")


def blocks(message: Message) -> list[dict[str, Any]]:
    """The message in Slack's Block Kit, within its limits."""
    title = f"{_SIGNS[message.kind]} {message.title}"
    text = {"type": "plain_text", "text": _cut(title, _HEADER), "emoji": True}
    found: list[dict[str, Any]] = [{"type": "header", "text": text}]
    facts = [f"*{plain(name)}*\n{plain(t)}" for name, t in message.facts.items()]
    if facts:
        fields = [{"type": "mrkdwn", "text": each[:_FIELD]} for each in facts[:_FIELDS]]
        found.append({"type": "section", "fields": fields})
    for each in message.errors:
        head = f"*{plain(each.node)}*\n" if each.node else ""
        found.append(_section(f"{head}{plain(each.error)}"))
        if each.traceback:
            found.append(_section(_code(each.traceback)))
    for heading, lines in message.sections.items():
        items = "\n".join(f"• {plain(line)}" for line in lines)
        found.append(_section(f"*{plain(heading)}*\n{items}"))
    if message.resume:
        found.append(_section(f"*Resume with*\n{_code(message.resume)}"))
    if message.link:
        url = message.link.replace("|", "%7C").replace(">", "%3E").replace("<", "%3C")
        found.append(_section(f"<{url}|Open the run>"))
    return found


def plain(text: str) -> str:
    """The text without mentions, links and formats."""
    return text.translate(_PLAIN)


def _section(text: str) -> dict[str, Any]:
    text = _cut(text, _TEXT)
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _code(text: str) -> str:
    """The end of a text, in a block of code."""
    text = text.replace("```", "'''")
    while len(escaped := text.translate(_ESCAPES)) > _TEXT - 10:
        text = f"…{text[len(text) // 10 + 1 :]}"
    return f"```\n{escaped}\n```"

"""Talks to Slack, by Slack's own library. Imported when there is something to say."""

from __future__ import annotations

import logging
from typing import Any

from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_handlers import (
    ConnectionErrorRetryHandler,
    RateLimitErrorRetryHandler,
    ServerErrorRetryHandler,
)
from slack_sdk.http_retry.handler import RetryHandler
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState
from slack_sdk.web.client import WebClient
from slack_sdk.webhook import WebhookClient

from .channel import ChannelError

# The library logs what it sends, and to which address: a webhook's is a secret.
_SILENT = logging.Logger("slack", logging.CRITICAL + 1)

_REMEDIES = {
    "invalid_auth": "the token is not valid",
    "not_authed": "the token is missing",
    "account_inactive": "the token's bot was removed",
    "token_revoked": "the token was revoked",
    "missing_scope": "the bot needs the scope chat:write",
    "channel_not_found": "there is no such channel, or the bot was not invited",
    "not_in_channel": "the bot was not invited: /invite it",
    "is_archived": "the channel is archived",
    "ratelimited": "Slack wants fewer messages",
    "no_service": "the webhook was removed",
    "invalid_token": "the webhook is not valid",
}


class _ShortWaits(RateLimitErrorRetryHandler):
    """Waits as long as Slack says, if there is the time for it."""

    def __init__(self, seconds: float) -> None:
        super().__init__(max_retry_count=2)
        self._seconds = seconds

    def _can_retry(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        known = dict(state=state, request=request, response=response, error=error)
        if not super()._can_retry(**known) or response is None:  # type: ignore[arg-type]
            return False
        lower = {name.lower(): value for name, value in response.headers.items()}
        wait = lower.get("retry-after", ["1"])
        text = str(wait[0] if isinstance(wait, list) else wait)
        return not text.isdigit() or int(text) + 1 < self._seconds


def _handlers(seconds: float) -> list[RetryHandler]:
    return [
        ConnectionErrorRetryHandler(max_retry_count=1),
        _ShortWaits(seconds),
        ServerErrorRetryHandler(max_retry_count=2),
    ]


class Workspace:
    """A workspace, for the bot of a token."""

    def __init__(self, token: str, base_url: str, seconds: float) -> None:
        """Take the token, where Slack's API is, and how long a call may take."""
        self._client = WebClient(
            token,
            base_url=base_url,
            timeout=max(1, round(seconds)),
            logger=_SILENT,
            retry_handlers=_handlers(seconds),
        )

    def post(self, channel: str, payload: dict[str, Any]) -> tuple[str, str]:
        """Post a message; return the channel's id and the message's."""
        given = {"channel": channel, **payload, "unfurl_links": False}
        answer = self._call("chat.postMessage", given)
        return str(answer["channel"]), str(answer["ts"])

    def update(self, channel: str, ts: str, payload: dict[str, Any]) -> None:
        """Change a message."""
        self._call("chat.update", {"channel": channel, "ts": ts, **payload})

    def reply(
        self, channel: str, ts: str, payload: dict[str, Any], aloud: bool
    ) -> None:
        """Add to the thread of a message; aloud: and show it in the channel."""
        thread = {"thread_ts": ts, "reply_broadcast": aloud}
        self._call("chat.postMessage", {"channel": channel, **thread, **payload})

    def _call(self, method: str, payload: dict[str, Any]) -> Any:
        try:
            return self._client.api_call(method, json=payload)
        except SlackApiError as error:
            status = getattr(error.response, "status_code", "")
            raise ChannelError(_meaning(_name(error.response), status)) from error
        except (SlackClientError, OSError) as error:
            raise ChannelError(_connection(error)) from error


class Webhook:
    """An incoming webhook: its address says which channel it is."""

    def __init__(self, url: str, seconds: float) -> None:
        """Take the address, and how long a call may take."""
        self._client = WebhookClient(
            url,
            timeout=max(1, round(seconds)),
            logger=_SILENT,
            retry_handlers=_handlers(seconds),
        )

    def post(self, payload: dict[str, Any]) -> str:
        """Post a message; return what Slack answers."""
        try:
            answer = self._client.send_dict(payload)
        except (SlackClientError, OSError) as error:
            raise ChannelError(_connection(error)) from error
        if answer.status_code != 200:  # noqa: PLR2004
            raise ChannelError(_meaning(answer.body, answer.status_code))
        return answer.body


def _name(response: Any) -> str:
    data = getattr(response, "data", None)
    data = response if isinstance(response, dict) else data
    return str(data.get("error") or "") if isinstance(data, dict) else ""


def _meaning(name: str, status: Any) -> str:
    said = " ".join(name.split())[:120] or "nothing"
    remedy = _REMEDIES.get(said)
    return f"Slack answers {status}: {said}{f' ({remedy})' if remedy else ''}"


def _connection(error: Exception) -> str:
    reason = getattr(error, "reason", None) or error
    return f"Slack cannot be reached: {type(reason).__name__}: {reason}"

"""Sends messages through channels, within a time limit.

A channel is a class that ``ops.yml`` names as the catalog names a dataset: ``type:
module.Class``, in this folder or in any package.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from attrs import define, field, frozen

from ..core import redaction
from ..core.errors import OpsError
from ..core.formats import printable
from ..core.settings import checked
from .message import Message


class ChannelError(Exception):
    """A message was not accepted; the text says what the server answered."""


@define
class ChannelOptions:
    """The settings that every channel has in ``notifications.channels``."""

    type: str = ""
    credentials: str = ""  # an entry in credentials.yml
    to: list[str] = field(factory=list)


class Channel:
    """The base class of all channels; a subclass defines ``send``.

    A channel sends one message after the other, in a thread of its own.
    """

    Options: type[ChannelOptions] = ChannelOptions

    def __init__(
        self, name: str, settings: Mapping[str, Any], credentials: Any
    ) -> None:
        """Check the settings under its name in ``notifications.channels``.

        Raises:
            OpsError: for a setting that is wrong.
        """
        self.name, self.credentials = name, credentials
        key = f"notifications.channels.{name}"
        self.options: Any = checked(self.Options, dict(settings), key)

    def problems(self) -> Iterator[str]:
        """What is missing or wrong, as far as can be known without a connection."""
        name = self.options.credentials
        if name and self.credentials is None:
            yield f"'{name}' is not defined in credentials.yml"

    def send(self, message: Message, to: list[str], seconds: float) -> str:
        """Send a message.

        Args:
            message: what to send.
            to: the recipients, as written in ``ops.yml``.
            seconds: how long it may take; after that nobody waits for it.

        Returns:
            What the server answered.

        Raises:
            ChannelError: if any recipient did not get it.
        """
        raise NotImplementedError


def open_channels(
    channels: Mapping[str, Any], credentials: Mapping[str, Any]
) -> tuple[list[Channel], dict[str, list[str]]]:
    """The channels of ``ops.yml`` that can send, and the problems of the others."""
    able, problems = list[Channel](), dict[str, list[str]]()
    for name, settings in channels.items():
        try:
            channel = open_channel(name, settings, credentials)
            found = [f"{name}: {text}" for text in channel.problems()]
        except OpsError as error:
            found = [error.message]
        except Exception as error:  # a class of the team's own must not stop a run
            found = [f"{name}: {redaction.error_text(error)}"]
        if found:
            problems[name] = found
        else:
            able.append(channel)
    return able, problems


def open_channel(name: str, settings: Any, credentials: Mapping[str, Any]) -> Channel:
    """Make one channel of ``ops.yml``.

    Raises:
        OpsError: if its settings are wrong or its class cannot be imported.
    """
    where = f"ops.yml: 'notifications.channels.{name}"
    if not isinstance(settings, Mapping) or "." not in str(settings.get("type")):
        raise OpsError(f"{where}' needs type: module.Class.")
    module, _, cls = str(settings["type"]).rpartition(".")
    try:
        ours = find_spec(f".{module.partition('.')[0]}", __package__) is not None
        imported = import_module(f".{module}" if ours else module, __package__)
        found = getattr(imported, cls)
    except (ImportError, AttributeError, ValueError) as error:
        raise OpsError(f"{where}.type' cannot be imported: {error}.") from error
    if not isinstance(found, type) or not issubclass(found, Channel):
        raise OpsError(f"{where}.type' is not the class of a channel.")
    entry = settings.get("credentials")
    return found(name, settings, credentials.get(entry) if entry else None)


@frozen
class Delivery:
    """A message, the channel that sends it, and its recipients there."""

    message: Message
    channel: Channel
    to: list[str]


@frozen
class Result:
    """Whether a delivery succeeded, and what the server answered."""

    run: str
    channel: str
    ok: bool
    text: str


def send(deliveries: list[Delivery], deadline: float) -> list[Result]:
    """Send all of them, and return after the deadline (``time.monotonic``) at the latest.

    A server may hang, or answer one byte a second. So each channel has a thread, which
    is abandoned when the time is up, and which does not keep the process alive.
    """
    results: dict[int, Result] = {}
    seconds = max(0.0, deadline - time.monotonic())

    def act(channel: Channel) -> None:
        for number, delivery in enumerate(deliveries):
            if delivery.channel is channel:
                results[number] = _send_one(delivery, deadline)

    threads = []
    for channel in dict.fromkeys(each.channel for each in deliveries):
        thread = threading.Thread(target=act, args=(channel,), daemon=True)
        thread.start()
        threads.append(thread)
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    late = f"no answer within {seconds:.0f} seconds"
    return [
        results.get(number) or Result(d.message.key, d.channel.name, False, late)
        for number, d in enumerate(deliveries)
    ]


def _send_one(delivery: Delivery, deadline: float) -> Result:
    message, channel = delivery.message, delivery.channel
    seconds = max(0.1, deadline - time.monotonic())
    try:
        text, ok = channel.send(message, delivery.to, seconds), True
    except ChannelError as error:
        text, ok = str(error), False
    except Exception as error:  # of any library or server: it must not harm a run
        text, ok = redaction.error_text(error), False
    text = printable(redaction.text(" ".join(text.split())))
    return Result(message.key, channel.name, ok, text)

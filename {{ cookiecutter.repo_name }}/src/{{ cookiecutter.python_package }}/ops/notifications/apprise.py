"""A hundred other services (Teams, Discord, Telegram, PagerDuty ...), through Apprise."""

from __future__ import annotations

from collections.abc import Iterator

import apprise

from .message import Message
from .rules import Kind
from .send import Channel, ChannelError

_TYPES = {Kind.RECOVERY: "success", Kind.SUCCESS: "success", Kind.UNUSUAL: "warning"}


class Apprise(Channel):
    """``to`` names addresses in the entry of ``credentials``: ``msteams://...``.

    An address contains the service and its secrets. The package is an extra of the
    project: ``pip install ".[apprise]"``.
    """

    def problems(self) -> Iterator[str]:
        """Each recipient needs an address."""
        yield from super().problems()
        known = self.credentials if isinstance(self.credentials, dict) else {}
        if not self.options.to:
            yield f"there are no recipients: set notifications.channels.{self.name}.to"
        for each in self.options.to:
            if each not in known:
                yield (
                    f"'{self.options.credentials}.{each}' is not defined in "
                    "credentials.yml"
                )

    def send(self, message: Message, to: list[str], seconds: float) -> str:
        """Send the plain text to each address."""
        kind = "failure" if message.kind.is_bad else _TYPES[message.kind]
        failed = []
        for name in to:
            service = apprise.Apprise()
            added = service.add(str(self.credentials.get(name)))
            if not added or not service.notify(message.text(), message.title, kind):
                failed.append(name)
        if failed:
            raise ChannelError(f"not accepted: {', '.join(failed)}")
        return f"accepted: {', '.join(to)}"

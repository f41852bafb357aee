"""A hundred other services (Teams, Discord, Telegram, PagerDuty ...), by Apprise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .channel import Channel, ChannelError
from .message import Kind, Message

_TYPES = {Kind.RECOVERY: "success", Kind.SUCCESS: "success", Kind.UNUSUAL: "warning"}


class Apprise(Channel):
    """``to`` has the names of addresses in the entry of ``credentials``.

    An address says the service and holds its secrets: ``msteams://...``. The package is
    an extra of the project: ``pip install ".[apprise]"``.
    """

    needs = "apprise"

    def problems(self) -> Iterator[str]:
        """There has to be an address for each name."""
        yield from super().problems()
        known = self.credentials if isinstance(self.credentials, dict) else {}
        if not self.options.to:
            yield f"nobody is told: write notifications.channels.{self.name}.to"
        for each in self.options.to:
            if each not in known:
                yield f"credentials.yml has no {self.options.credentials}.{each}"

    def prepare(self) -> None:
        """Import the package."""
        import apprise  # noqa: F401, PLC0415

    def send(self, message: Message, to: list[str], seconds: float) -> str:
        """Send the plain text to each address."""
        import apprise  # noqa: PLC0415

        kind = "failure" if message.kind.is_bad else _TYPES.get(message.kind, "info")
        failed = []
        for name in to:
            service: Any = apprise.Apprise()
            known = service.add(str(self.credentials.get(name)))
            if not known or not service.notify(message.text(), message.title, kind):
                failed.append(name)
        if failed:
            raise ChannelError(f"not accepted: {', '.join(failed)}")
        return f"accepted: {', '.join(to)}"

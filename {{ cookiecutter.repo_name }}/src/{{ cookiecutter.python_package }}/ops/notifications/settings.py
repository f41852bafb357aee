"""The settings: ``notifications`` in ``ops.yml``."""

from __future__ import annotations

from typing import Any

from attrs import define, field

from ..core.errors import OpsError
from ..core.settings import settings_section

ERROR, WARN = "error", "warn"


@define
class When:
    """Which kinds of notification to send, by the values of ``Kind``."""

    failure: bool = True
    stopped: bool = True
    interruption: bool = True
    recovery: bool = True
    success: bool = False
    unusual: bool = False


@define
class Only:
    """Which runs to send one for; an empty list is any. ``*`` matches any text."""

    branches: list[str] = field(factory=list)
    pipelines: list[str] = field(factory=list)
    ci: bool = False


@define
class Route:
    """Recipients of the runs that match, instead of the usual ones."""

    pipelines: list[str] = field(factory=list)
    nodes: list[str] = field(factory=list)
    tags: list[str] = field(factory=list)
    to: dict[str, list[str]] = field(factory=dict)  # by channel


@settings_section("notifications")
class NotificationOptions:
    """When to send a notification, for which runs, and to whom."""

    enabled: bool = True
    attended: bool = False
    check: str = WARN
    limit: float = 10  # seconds
    base_url: str = ""
    airflow_retries: int = 0
    when: When = field(factory=When)
    only: Only = field(factory=Only)
    channels: dict[str, Any] = field(factory=dict)
    routes: list[Route] = field(factory=list)

    def validate(self) -> None:
        """Check what the types do not.

        Raises:
            OpsError: in one line.
        """
        if self.check not in {ERROR, WARN}:
            raise OpsError(
                f"ops.yml: 'notifications.check' is '{self.check}': write error or warn."
            )
        if not 0 < self.limit <= 10:  # noqa: PLR2004
            raise OpsError(
                f"ops.yml: 'notifications.limit' is {self.limit:g}: write a number of "
                "seconds, at most 10."
            )
        for number, route in enumerate(self.routes, start=1):
            path = f"notifications.routes.{number}"
            for name in route.to.keys() - self.channels.keys():
                raise OpsError(
                    f"ops.yml: '{path}.to.{name}' is not a channel. Channels: "
                    f"{', '.join(self.channels) or 'none'}."
                )
            if not (route.pipelines or route.nodes or route.tags):
                raise OpsError(
                    f"ops.yml: '{path}' matches no run: add pipelines, nodes or tags."
                )

"""``notifications`` in ``ops.yml``."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from attrs import define, field

from ..core.errors import OpsError
from ..core.settings import settings_section

ERROR, WARN = "error", "warn"


@define
class When:
    """What is told, by the name of the ``Kind``."""

    failure: bool = True
    stopped: bool = True
    interruption: bool = True
    recovery: bool = True
    success: bool = False
    unusual: bool = False
    start: bool = False


@define
class Only:
    """Which runs are told; an empty list is any. ``*`` stands for any text."""

    branches: list[str] = field(factory=list)
    pipelines: list[str] = field(factory=list)
    ci: bool = False
    longer_than: float = 0  # minutes


@define
class Route:
    """Who is told of some runs, instead of those who are told of all others."""

    pipelines: list[str] = field(factory=list)
    nodes: list[str] = field(factory=list)
    tags: list[str] = field(factory=list)
    to: dict[str, list[str]] = field(factory=dict)  # by channel


@settings_section("notifications")
class NotificationOptions:
    """What is told, of which runs, and to whom."""

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
        """See what a type cannot say.

        Raises:
            OpsError: in one line.
        """
        if self.check not in {ERROR, WARN}:
            raise OpsError(
                f"ops.yml: 'notifications.check' is '{self.check}': write error or warn."
            )
        if not 0 < self.limit <= 10:  # noqa: PLR2004
            raise OpsError(
                f"ops.yml: 'notifications.limit' is {self.limit:g}: write seconds, up to 10."
            )
        for number, route in enumerate(self.routes, start=1):
            path = f"notifications.routes.{number}"
            for name in route.to.keys() - self.channels.keys():
                raise OpsError(
                    f"ops.yml: '{path}.to.{name}' is none of the channels; there are: "
                    f"{', '.join(self.channels) or 'none'}."
                )
            if not (route.pipelines or route.nodes or route.tags):
                raise OpsError(
                    f"ops.yml: '{path}' fits no run: write pipelines, nodes or tags."
                )


def fits(names: list[str], patterns: list[str]) -> bool:
    """Whether one of the names is like one of the patterns."""
    return any(fnmatchcase(n, pattern) for n in names for pattern in patterns)

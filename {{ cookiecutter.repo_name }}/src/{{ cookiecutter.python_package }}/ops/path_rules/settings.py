"""The settings of path rules."""

from __future__ import annotations

from attrs import define, field

from ..core.settings import settings_section


@define
class OnlyDatasets:
    """The entries that a rule is for; ``*`` stands for any text, no list for all."""

    types: list[str] = field(factory=list)
    datasets: list[str] = field(factory=list)


@settings_section("path_rules", many=True)
class PathRule:
    """One of ``path_rules`` in ``ops.yml``: one of the four kinds, and ``to``."""

    bucket: str = ""
    prefix: str = ""
    match: str = ""
    schema: str = ""
    to: str | None = None
    only: OnlyDatasets = field(factory=OnlyDatasets)

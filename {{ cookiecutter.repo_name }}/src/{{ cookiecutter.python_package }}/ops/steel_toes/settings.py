"""The settings of steel toes."""

from __future__ import annotations

from attrs import define, field

from ..core.settings import Ignore, settings_section


@define
class Arguments:
    """Arguments of your own dataset classes; ``*`` matches any text."""

    move: list[str] = field(factory=list)
    keep: list[str] = field(factory=list)


@settings_section("steel_toes")
class SteelToesOptions:
    """``steel_toes`` in ``ops.yml``."""

    enabled: bool = True
    trunk: list[str] = field(factory=lambda: ["main", "master"])
    protect_trunk: bool = False
    ignore: Ignore = field(factory=Ignore)
    arguments: Arguments = field(factory=Arguments)

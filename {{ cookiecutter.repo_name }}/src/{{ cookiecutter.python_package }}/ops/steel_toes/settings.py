"""The settings of steel toes."""

from __future__ import annotations

import re

from attrs import define, field

from ..core.branch import slug
from ..core.errors import OpsError
from ..core.settings import Ignore, settings_section


@define
class Arguments:
    """Arguments of datasets that steel toes do not know; ``*`` stands for any text."""

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
    suffix: str = "{branch}"

    def suffix_of(self, branch: str) -> str:
        """What is added to the names of files on a branch."""
        # No underscore: it parts the branch from the name, so that "cars" on "dev_x"
        # and "cars_dev" on "x" are two files.
        if not re.fullmatch(r"[a-z0-9.-]*\{branch\}[a-z0-9.-]*", self.suffix):
            raise OpsError(
                f"ops.yml: 'steel_toes.suffix' is '{self.suffix}': write {{branch}} "
                "once, with nothing around it but lower-case letters, digits, '.' and "
                "'-'."
            )
        return self.suffix.replace("{branch}", slug(branch))

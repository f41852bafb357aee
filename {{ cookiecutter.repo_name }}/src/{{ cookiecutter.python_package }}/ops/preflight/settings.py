"""``preflight`` in ``ops.yml``."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from attrs import define, field

from ..core.errors import OpsError
from ..core.settings import settings_section
from .problem import ERROR, WARN

OFF = "off"
_WORDS = {"error": ERROR, "warn": WARN, "off": OFF, "false": OFF}  # YAML: off is false


@define
class Ignore:
    """Datasets whose data is not checked; ``*`` stands for any text."""

    names: list[str] = field(factory=list)
    types: list[str] = field(factory=list)

    def has(self, name: str, kind: str) -> bool:
        """Whether a dataset is one of them."""
        return any(fnmatchcase(name, pattern) for pattern in self.names) or any(
            fnmatchcase(kind, pattern) for pattern in self.types
        )


@define
class CodeOptions:
    """The tools that check the code, and their paths."""

    before_runs: bool = False
    paths: list[str] = field(factory=lambda: ["src"])
    timeout: float = 120
    ruff: str = ERROR
    mypy: str = ERROR
    flake8: str = OFF
    interrogate: str = OFF


@settings_section("preflight")
class PreflightOptions:
    """What is checked before a run, and how severe each problem is."""

    enabled: bool = True
    timeout: float = 30
    data: str = ERROR
    catalog: str = ERROR
    outputs: str = ERROR
    runner: str = ERROR
    code: CodeOptions = field(factory=CodeOptions)
    extra: list[str] = field(factory=list)
    ignore: Ignore = field(factory=Ignore)

    def level(self, check: str) -> str:
        """``error``, ``warn`` or ``off`` for one of the checks.

        Raises:
            OpsError: if the setting is something else.
        """
        return _level(f"preflight.{check}", getattr(self, check))

    def tool_level(self, tool: str) -> str:
        """The same for one of the tools that check the code."""
        return _level(f"preflight.code.{tool}", getattr(self.code, tool))


def _level(path: str, value: Any) -> str:
    word = _WORDS.get(str(value).lower())
    if word is None:
        raise OpsError(f"ops.yml: '{path}' is '{value}'. Use error, warn or off.")
    return word

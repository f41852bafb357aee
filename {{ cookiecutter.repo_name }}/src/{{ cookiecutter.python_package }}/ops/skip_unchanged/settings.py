"""``skip_unchanged`` in ``ops.yml``, and what is asked for one run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from fnmatch import fnmatchcase

from attrs import field, frozen

from ..core.errors import OpsError
from ..core.settings import settings_section

FORCE = "SKIP_UNCHANGED_FORCE"
ALL = "all"
RUN, CONTENT = "run", "content"


@settings_section("skip_unchanged")
class SkipUnchangedOptions:
    """How it is told whether something changed."""

    enabled: bool = True
    waves: int = 3
    keep_values_up_to: int = 1_000_000  # bytes
    fingerprints: dict[str, str] = field(factory=dict)

    def way(self, name: str) -> str | None:
        """How the team tells whether a dataset changed; none if it does not say."""
        if name in self.fingerprints:
            return self.fingerprints[name]
        patterns = (each for each in self.fingerprints if fnmatchcase(name, each))
        found = next(patterns, None)
        return self.fingerprints[found] if found else None


@frozen
class Forced:
    """The nodes that run whatever is known of them: all, or those that are named."""

    names: frozenset[str] = frozenset()

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Forced:
        """Those that the environment names, with commas between them."""
        given = environ.get(FORCE, "").split(",")
        return cls(frozenset(filter(None, map(str.strip, given))))

    def has(self, name: str, short_name: str) -> bool:
        """Whether a node is among them."""
        return bool(self.names & {ALL, name, short_name})

    def refuse_unknown(self, known: set[str]) -> None:
        """A slip in a name would let a node be skipped that was to run.

        Raises:
            OpsError: for a name that no node of the run has.
        """
        unknown = sorted(self.names - known - {ALL})
        if unknown:
            raise OpsError(
                f"{FORCE} names '{unknown[0]}', which is no node of this run: write "
                f"names of nodes with commas between them, or {ALL}."
            )

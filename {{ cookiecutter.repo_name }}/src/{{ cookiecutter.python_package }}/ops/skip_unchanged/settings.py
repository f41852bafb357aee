"""``skip_unchanged`` in ``ops.yml``, and the environment variable for one run."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from attrs import field
from kedro.pipeline.node import Node

from ..core.errors import OpsError
from ..core.settings import settings_section

FORCE = "SKIP_UNCHANGED_FORCE"
ALL = "all"
RUN, CONTENT = "run", "content"


@settings_section("skip_unchanged")
class SkipUnchangedOptions:
    """``skip_unchanged`` in ``ops.yml``."""

    enabled: bool = True
    waves: int = 3
    keep_values_up_to: int = 1_000_000  # bytes
    fingerprints: dict[str, str] = field(factory=dict)

    def way(self, name: str) -> str | None:
        """Your setting for how to detect changes in a dataset; none if there is
        none."""
        if name in self.fingerprints:
            return self.fingerprints[name]
        patterns = (each for each in self.fingerprints if fnmatchcase(name, each))
        found = next(patterns, None)
        return self.fingerprints[found] if found else None


def forced_nodes(
    nodes: Iterable[Node], environ: Mapping[str, str] = os.environ
) -> set[str]:
    """The names of the nodes that the environment variable forces to run.

    Raises:
        OpsError: for a name that no node of the run has. A typo would otherwise skip a
            node that you want to run.
    """
    names = {node.name: {ALL, node.name, node.short_name} for node in nodes}
    asked = set(filter(None, map(str.strip, environ.get(FORCE, "").split(","))))
    if unknown := sorted(asked.difference({ALL}, *names.values())):
        raise OpsError(
            f"{FORCE} names '{unknown[0]}', which is not a node of this run. "
            f"Use names of nodes, separated by commas, or {ALL}."
        )
    return {name for name, known in names.items() if known & asked}

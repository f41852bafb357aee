"""Path rules: change the paths, buckets and schemas of catalog entries.

The hook changes the catalog's *configuration*. Everything that Kedro builds from it
(patterns, validators, versions, every runner, notebooks, Kedro-Viz) uses the new
places, and so does every guard that acts later.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from kedro.framework import project
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io.catalog_config_resolver import CatalogConfigResolver

from ..core import entry_places, kedro_internals
from ..core.errors import OpsError
from ..core.settings import is_guard_on, read_settings_list
from .rules import PathRule, Rule, fill_names

# Where the config loader keeps what the rules did. It is there once they have acted, so
# that a hook that fires twice does not apply "a to b" and "b to c" to the result again.
_ACTS = "path_rules"


class PathRules:
    """The hook: applies the rules to the catalog's configuration."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Replace the catalog's entries by entries with changed places."""
        loader = context.config_loader
        if not is_guard_on("path_rules", True):
            return
        rules = [
            Rule.from_settings(number, given, lambda text: fill_names(text, context))
            for number, given in enumerate(read_settings_list(loader, PathRule), 1)
        ]
        if not rules or _ACTS in loader:
            return
        written: dict[str, Any] = {**loader["catalog"]}
        written.update(_split_patterns(rules, written))
        changed, acts = {}, {}
        for name, entry in written.items():
            changed[name], acts[name] = _apply(rules, name, entry)
        _warn_of_idle(rules, acts)
        before, after = _places(written), _places(changed)
        _refuse_sharing(before, after, acts)
        _refuse_parting(before, after)
        loader["catalog"], loader[_ACTS] = changed, acts

    def explain(self, context: KedroContext, name: str) -> list[str]:
        """What the rules did to a dataset of the catalog, in their order."""
        acts: dict[str, list[str]] = context.config_loader.get(_ACTS, {})
        return acts.get(name if name in acts else _Patterns(acts).match(name) or "", [])


class _Patterns:
    """The factory patterns of a catalog, in Kedro's order."""

    def __init__(self, names: Iterable[str]) -> None:
        empty: dict[str, dict[str, Any]] = {name: {} for name in names}
        self._resolver = CatalogConfigResolver(empty, default_runtime_patterns={})

    def match(self, name: str) -> str | None:
        """The pattern that matches a dataset's name."""
        return self._resolver.match_dataset_pattern(
            name
        ) or self._resolver.match_user_catch_all_pattern(name)


def _split_patterns(rules: list[Rule], catalog: dict[str, Any]) -> dict[str, Any]:
    """Entries for datasets whose rules differ from those of their pattern.

    A pattern is one entry for many names. Where ``only.datasets`` tells them apart, the
    names that are known before a run (of the pipelines, and those that a rule spells out)
    get entries of their own, as Kedro would make them from the pattern.
    """
    globs = {glob for rule in rules for glob in rule.only.datasets}
    if not globs or not any("{" in name for name in catalog):
        return {}
    names = {glob for glob in globs if not set(glob) & set("*?[{")}
    for pipeline in project.pipelines.values():
        names |= pipeline.datasets()
    found, patterns = {}, _Patterns(catalog)
    for name in sorted(names - catalog.keys()):
        pattern = patterns.match(name)
        if pattern is None or name.startswith("params:") or name == "parameters":
            continue
        entry = catalog[pattern]
        if isinstance(entry, dict) and any(
            rule.is_for(name, entry) != rule.is_for(pattern, entry) for rule in rules
        ):
            found[name] = kedro_internals.entry_of_pattern(name, pattern, entry)
    return found


def _apply(rules: list[Rule], name: str, entry: Any) -> tuple[Any, list[str]]:
    acts: list[str] = []
    for rule in rules:
        if isinstance(entry, dict) and rule.is_for(name, entry):
            entry, done = rule.apply(entry)
            acts += done
    return entry, acts


def _warn_of_idle(rules: list[Rule], acts: dict[str, list[str]]) -> None:
    done = [act for each in acts.values() for act in each]
    for rule in rules:
        if not any(act.startswith(rule.title) for act in done):
            logging.getLogger(__name__).warning(
                "ops.yml: path_rules, %s matches nothing in the catalog.", rule.title
            )


def _refuse_sharing(
    before: dict[str, set[str]], after: dict[str, set[str]], acts: dict[str, list[str]]
) -> None:
    """Stop if rules put the data of two entries in one place."""
    there: dict[str, list[str]] = defaultdict(list)
    for name, places in after.items():
        for place in places:
            for other in there[place]:
                if not before[name] & before[other]:
                    raise OpsError(
                        f"ops.yml: path_rules put '{other}' and '{name}' in one place "
                        f"({'; '.join(acts[other] + acts[name])}). Narrow a rule with "
                        "'only', or give one of them another path in the catalog."
                    )
            there[place].append(name)


def _refuse_parting(before: dict[str, set[str]], after: dict[str, set[str]]) -> None:
    """Stop if rules move the forms of a transcoded dataset to different places."""
    forms: dict[str, str] = {}
    for name, places in before.items():
        other = forms.setdefault(name.partition("@")[0], name)
        if len(places & before[other]) > len(after[name] & after[other]):
            raise OpsError(
                f"ops.yml: path_rules put '{other}' and '{name}', which are one dataset, "
                "in two places. Narrow the rule by only.datasets, not by only.types."
            )


def _places(catalog: dict[str, Any]) -> dict[str, set[str]]:
    return {
        name: {*entry_places.texts(entry)}
        for name, entry in catalog.items()
        if isinstance(entry, dict)
    }

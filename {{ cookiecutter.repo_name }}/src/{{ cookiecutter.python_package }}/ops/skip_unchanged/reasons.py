"""Why a node runs or need not, in words that say what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from .data_version import MISSING, Held
from .history import Made
from .recipe import Recipe

_MOST = 6  # reasons of a node; the rest is counted


def run(
    last: Made | None,
    recipe: Recipe,
    inputs: dict[str, Held],
    outputs: dict[str, Held],
    branch: str,
) -> list[str]:
    """Why nodes have to run, against what was recorded the last time."""
    details = last.details if last else {}
    if not details:
        return [
            *_missing(outputs),
            "never ran" if last is None else "its record is bad",
        ]
    elsewhere = details.get("branch")
    where = f" on '{elsewhere}'" if elsewhere not in {branch, None} else ""
    reasons = [*_missing(outputs)]
    reasons += [
        f"{each}{where and f' since it ran{where}'}" for each in _items(details, recipe)
    ]
    then = _dict(details, "inputs")
    reasons += [
        _input(name, then.get(name), held.print)
        for name, held in inputs.items()
        if then.get(name) != held.print
    ]
    reasons += [
        f"`{n}` is no input any more" for n in then.keys() - _all(recipe, inputs)
    ]
    if not reasons:
        reasons = [
            f"output `{name}` is not what it wrote: edited by hand, or by another run"
            for name, held in outputs.items()
            if _dict(details, "outputs").get(name) != held.print
        ]
    if len(reasons) > _MOST:
        reasons[_MOST:] = [f"and {len(reasons) - _MOST} more"]
    return reasons


def maybe(names: Iterable[str]) -> str:
    """What the answer waits for."""
    return f"only if {_listed(names)} really changes"


def not_kept(last: Made | None, names: list[str]) -> list[str]:
    """Why nodes have to run of which nothing changed: for outputs in memory only."""
    why = _dict(last.details if last else {}, "not_kept")
    return [
        f"give `{name}` a catalog entry: it is in memory only, and "
        f"{why.get(name, 'what was kept of it is gone')}"
        for name in names
        if name in why or not why
    ]


def skip(made: Made, outputs: dict[str, Held], branch: str) -> str:
    """Why nodes need not run."""
    where = made.details.get("branch")
    if any(held.below for held in outputs.values()):
        return f"never ran on this branch, the copy of '{where or 'the base'}' fits"
    if where not in {branch, None}:
        return f"'{where}' made the same"
    return "unchanged"


def changes(details: dict[str, Any], recipe: Recipe) -> Iterator[tuple[str, str, str]]:
    """The items that differ: their name, then what they were and what they are."""
    then, shown = _dict(details, "items"), _dict(details, "shown")
    for name in dict.fromkeys([*recipe.items, *then]):
        if then.get(name) != recipe.items.get(name):
            yield (
                name,
                str(shown.get(name, "")) if name in then else MISSING,
                recipe.shown.get(name, "") if name in recipe.items else MISSING,
            )


def _input(name: str, then: str | None, now: str | None) -> str:
    if then is None:
        return f"`{name}` is a new input"
    if str(then).partition("+")[0] == str(now).partition("+")[0]:
        return f"the project's code changed, and `{name}` may hold its objects"
    return f"`{name}` has new content"


def _items(details: dict[str, Any], recipe: Recipe) -> list[str]:
    found: dict[str, None] = {}
    general = []
    for name, before, now in changes(details, recipe):
        if name.startswith(("params:", "parameters")):
            if before and now:
                found[f"`{name}` {_value(before)} → {_value(now)}"] = None
            else:
                general.append(f"`{name}` changed")
        elif name.startswith("wiring of "):
            general.append("its inputs or outputs are others")
        elif name.startswith("code of "):
            general.append("its code changed")
        elif ": code " not in name:
            found[_in_words(name, before, now)] = None
    return list(found) or list(dict.fromkeys(general))


def _in_words(name: str, before: str, now: str) -> str:
    if before == MISSING:
        return f"`{name}` is new"
    return f"`{name}` is gone" if now == MISSING else f"`{name}` changed"


def _value(text: str) -> str:
    return "(none)" if text == MISSING else text


def _missing(outputs: dict[str, Held]) -> list[str]:
    return [
        f"output `{n}` {MISSING}"
        for n, held in outputs.items()
        if held.why_not == MISSING
    ]


def _all(recipe: Recipe, inputs: dict[str, Held]) -> set[str]:
    # An input that may yet change is not among those that were looked at.
    return {*inputs, *(item.partition(":")[0] for item in recipe.items)}


def _dict(details: dict[str, Any], key: str) -> dict[str, Any]:
    found = details.get(key)
    return found if isinstance(found, dict) else {}


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))

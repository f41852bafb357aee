"""Everything but the data that decides what a node makes, and why a node runs or not.

The reasons say what to do about it.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attrs import define, field
from kedro.io.core import is_parameter
from kedro.pipeline.node import Node

from ..core import kedro_internals, redaction
from ..core.checksum import of_texts
from .code_version import CodeVersion
from .dataset_version import MISSING, Datasets, Held
from .groups import Group
from .history import Made

_LONGEST = 60  # characters of a value that is shown
_MOST = 6  # reasons of a node; the rest is counted


@define
class Recipe:
    """What nodes are made of, item by item."""

    items: dict[str, str] = field(factory=dict)  # a short fingerprint for each
    shown: dict[str, str] = field(factory=dict)  # values of parameters, without secrets
    opaque: list[str] = field(factory=list)  # what cannot be compared

    @property
    def print(self) -> str:
        """One fingerprint for all items."""
        return of_texts(*(f"{key} {self.items[key]}" for key in sorted(self.items)))

    def add(self, other: Recipe) -> None:
        """Add the items of another recipe."""
        self.items |= other.items
        self.shown |= other.shown
        self.opaque += [each for each in other.opaque if each not in self.opaque]

    def add_code(self, title: str, code: CodeVersion) -> None:
        """Add a function with the code that it reaches."""
        self.add(Recipe({title: code.digest, **code.items}, {}, [*code.opaque]))


class Recipes:
    """Those of a run; what several nodes share is looked at once."""

    def __init__(self, datasets: Datasets, hooks: Iterable[Any] = ()) -> None:
        """Take the datasets of the run, and the hooks that change what nodes get."""
        self.datasets = datasets
        self._version = datasets.codes.version
        self._hooks = [self._version(each) for each in hooks]
        self._known: dict[str, Recipe] = {}  # by dataset

    def recipe(self, group: Group) -> Recipe:
        """The recipe of nodes that run together."""
        found = Recipe()
        for node in group.nodes:
            outputs = "+".join(node.outputs)
            wiring = self._version(_wiring(node))
            found.items[f"wiring of {outputs}"] = wiring.digest
            arguments = _arguments_that_are(group.parameters, node)
            found.add_code(f"code of {outputs}", self._version(node.func, arguments))
            for number, hook in enumerate(self._hooks):
                found.add_code(f"code of hook {number}", hook)
            for name in {*node.inputs, *node.outputs}:
                found.add(self.dataset_recipe(name))
        return found

    def dataset_recipe(self, name: str) -> Recipe:
        """What a parameter is, or how a dataset is read and written."""
        if name not in self._known:
            make = self._parameter if is_parameter(name) else self._configuration
            self._known[name] = make(name)
        return self._known[name]

    def _configuration(self, name: str) -> Recipe:
        config = self.datasets.configuration(name)
        parts = {f"{name}: {key}": value for key, value in config.items()}
        return self._value(name, config, parts)

    def _parameter(self, name: str) -> Recipe:
        dataset = self.datasets.catalog.get(name)
        value = dataset.load() if dataset is not None else None
        parts = dict(leaves(name, value))
        found = self._value(name, value, parts)
        for leaf, inner in parts.items():
            key = leaf.replace("params:", "").rpartition(".")[2]
            found.shown[leaf] = repr(redaction.values(inner, key))[:_LONGEST]
        return found

    def _value(self, name: str, value: Any, parts: dict[str, Any]) -> Recipe:
        """The recipe of a value: its parts, and the code that it holds or names."""
        whole = self._version(value)
        _, *named = whole.items  # the first is the value itself
        items = {f"code of {name}": whole.digest}
        items |= {each: whole.items[each] for each in named}
        for title, part in parts.items():
            items[title] = next(iter(self._version(part).items.values()))
        return Recipe(items, {}, [f"{name}: {each}" for each in whole.opaque])


def leaves(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The parts of nested settings by their names: ``params:model.depth``."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            mark = ":" if name == "parameters" else "."
            start = "params" if name == "parameters" else name
            yield from leaves(f"{start}{mark}{key}", inner)
    else:
        yield name, value


def _arguments_that_are(parameters: list[str], node: Node) -> frozenset[str]:
    """The arguments of a node's function that are parameters."""
    given: Any = kedro_internals.node_arguments(node)[0]
    named = isinstance(given, dict)
    args = [given] if isinstance(given, str) else () if named else given or ()
    try:
        signature = inspect.signature(node.func)
        bound = signature.bind(*args, **(given if named else {})).arguments
    except (TypeError, ValueError):  # a function that does not tell its arguments
        return frozenset()
    return frozenset(
        name
        for name, dataset in bound.items()
        if isinstance(dataset, str) and dataset in parameters
    )


def _wiring(node: Node) -> list[Any]:
    """Which dataset is which argument, and which output."""
    given = kedro_internals.node_arguments(node)
    return [dict(each) if isinstance(each, dict) else each for each in given]


def why_run(
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


def why_maybe(names: Iterable[str]) -> str:
    """What the answer waits for."""
    return f"only if {_listed(names)} really changes"


def why_not_kept(last: Made | None, names: list[str]) -> list[str]:
    """Why nodes have to run of which nothing changed: for outputs in memory only."""
    why = _dict(last.details if last else {}, "not_kept")
    return [
        f"give `{name}` a catalog entry: it is in memory only, and "
        f"{why.get(name, 'what was kept of it is gone')}"
        for name in names
        if name in why or not why
    ]


def why_skip(made: Made, outputs: dict[str, Held], branch: str) -> str:
    """Why nodes need not run."""
    where = made.details.get("branch")
    if any(held.below for held in outputs.values()):
        return f"unchanged since {where or 'main'}"
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

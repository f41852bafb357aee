"""Everything but the data that decides what a node makes: its code and settings."""

from __future__ import annotations

from typing import Any

from attrs import field, frozen
from kedro.pipeline.node import Node

from ..core import kedro_internals, redaction
from ..core.checksum import of_parts
from .dataset_version import Datasets, How
from .groups import Group
from .values import NotTold, leaves, spelled

_LONGEST = 60  # characters of a value that is shown


@frozen
class Recipe:
    """What nodes are made of, item by item."""

    print: str
    items: dict[str, str]  # a short fingerprint for each
    shown: dict[str, str] = field(factory=dict)  # values of parameters, without secrets
    opaque: tuple[str, ...] = ()


class Recipes:
    """Those of a run; what several nodes share is looked at once."""

    def __init__(self, datasets: Datasets) -> None:
        """Take the datasets of the run."""
        self._datasets = datasets
        self._hows: dict[str, How] = {}
        self._parameters: dict[str, Recipe] = {}

    def of(self, group: Group) -> Recipe:
        """The recipe of nodes that run together."""
        items: dict[str, str] = {}
        shown: dict[str, str] = {}
        opaque: list[str] = []
        for node in group.nodes:
            items[f"wiring of {'+'.join(node.outputs)}"] = _wiring(node)
            code = self._datasets.codes.version(node.func)
            items[f"code of {'+'.join(node.outputs)}"] = code.digest
            items |= code.items
            opaque += code.opaque
            for name in {*node.inputs, *node.outputs} - set(group.parameters):
                how = self._how(name)
                items |= {f"{name}: {key}": how.items[key] for key in how.items}
                opaque += [f"{name}: {each}" for each in how.opaque]
        for name in group.parameters:
            parameter = self._parameter(name)
            items |= parameter.items
            shown |= parameter.shown
            opaque += parameter.opaque
        parts = (f"{key} {items[key]}" for key in sorted(items))
        return Recipe(of_parts(parts), items, shown, tuple(dict.fromkeys(opaque)))

    def _how(self, name: str) -> How:
        if name not in self._hows:
            how = self._datasets.how(name)
            short = {key: _short(how.items[key]) for key in how.items}
            self._hows[name] = How(short, how.opaque)
        return self._hows[name]

    def _parameter(self, name: str) -> Recipe:
        if name not in self._parameters:
            self._parameters[name] = self._told(name)
        return self._parameters[name]

    def _told(self, name: str) -> Recipe:
        dataset = self._datasets.catalog.get(name)
        value = dataset.load() if dataset is not None else None
        try:
            whole = _short(spelled(value))
        except NotTold as reason:
            return Recipe("", {}, {}, (f"{name}: {reason}",))
        items, shown = {name: whole}, {}
        for leaf, inner in leaves(name, value):
            items[leaf] = _short(spelled(inner))
            key = leaf.replace("params:", "").rpartition(".")[2]
            shown[leaf] = repr(redaction.values(inner, key))[:_LONGEST]
        return Recipe(whole, items, shown)


def _wiring(node: Node) -> str:
    """Which dataset is which argument, and which output."""
    given = kedro_internals.node_arguments(node)
    return _short(spelled([_plain(each) for each in given]))


def _plain(names: Any) -> Any:
    return dict(names) if isinstance(names, dict) else names


def _short(text: str) -> str:
    return of_parts([text]).removeprefix("xxh3:")

"""Everything but the data that decides what a node makes: its code and settings."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attrs import field, frozen
from kedro.pipeline.node import Node

from ..core import kedro_internals, redaction
from ..core.checksum import of_parts
from .dataset_version import Configuration, Datasets
from .groups import Group

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

    def __init__(self, datasets: Datasets, hooks: Iterable[Any] = ()) -> None:
        """Take the datasets of the run, and the hooks that change what nodes get."""
        self.datasets = datasets
        self._hooks = [datasets.codes.version(each) for each in hooks]
        self._configurations: dict[str, Configuration] = {}
        self._parameters: dict[str, Recipe] = {}

    def recipe(self, group: Group) -> Recipe:
        """The recipe of nodes that run together."""
        items: dict[str, str] = {}
        shown: dict[str, str] = {}
        opaque: list[str] = []
        for node in group.nodes:
            wiring = self.datasets.codes.version(_wiring(node))
            items[f"wiring of {'+'.join(node.outputs)}"] = wiring.digest
            arguments = _arguments_that_are(group.parameters, node)
            code = self.datasets.codes.version(node.func, arguments)
            items[f"code of {'+'.join(node.outputs)}"] = code.digest
            items |= code.items
            opaque += code.opaque
            for hook in self._hooks:
                items |= hook.items
                opaque += hook.opaque
            for name in {*node.inputs, *node.outputs} - set(group.parameters):
                found = self._configuration(name)
                items |= {f"{name}: {key}": each for key, each in found.items.items()}
                opaque += [f"{name}: {each}" for each in found.opaque]
        for name in group.parameters:
            parameter = self._parameter(name)
            items |= parameter.items
            shown |= parameter.shown
            opaque += parameter.opaque
        parts = (f"{key} {items[key]}" for key in sorted(items))
        return Recipe(of_parts(parts), items, shown, tuple(dict.fromkeys(opaque)))

    def _configuration(self, name: str) -> Configuration:
        if name not in self._configurations:
            self._configurations[name] = self.datasets.configuration(name)
        return self._configurations[name]

    def _parameter(self, name: str) -> Recipe:
        if name not in self._parameters:
            self._parameters[name] = self._told(name)
        return self._parameters[name]

    def _told(self, name: str) -> Recipe:
        dataset = self.datasets.catalog.get(name)
        value = dataset.load() if dataset is not None else None
        version = self.datasets.codes.version
        whole = version(value)
        # Its text, and the code that it names, such as a class in ``src``.
        title, *named = whole.items
        items, shown = {name: whole.items[title]}, {}
        items |= {f"code of {name}": whole.digest}
        items |= {each: whole.items[each] for each in named}
        for leaf, inner in leaves(name, value):
            own = version(inner).items
            items[leaf] = own[next(iter(own))]
            key = leaf.replace("params:", "").rpartition(".")[2]
            shown[leaf] = repr(redaction.values(inner, key))[:_LONGEST]
        opaque = tuple(f"{name}: {each}" for each in whole.opaque)
        return Recipe(whole.digest, items, shown, opaque)


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

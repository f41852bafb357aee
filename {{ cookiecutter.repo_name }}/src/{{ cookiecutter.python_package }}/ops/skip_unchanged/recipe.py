"""The recipe of a node (code, parameters, configuration), and why the node runs.

The reasons say what you can do.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attrs import define, field
from kedro.io.core import is_parameter
from kedro.pipeline.node import Node

from ..core import kedro_internals, redaction
from ..core.checksum import of_texts
from .code_version import CodeVersion
from .dataset_version import MISSING, Datasets, Held
from .history import NEVER, GroupRecord

_LONGEST = 60  # characters of a value that is shown


@define
class Recipe:
    """The recipe of some nodes, item by item."""

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
    """The recipes of a run; what several nodes share is computed once."""

    def __init__(self, datasets: Datasets, hooks: Iterable[Any] = ()) -> None:
        """Take the datasets of the run, and the hooks that change the inputs of
        nodes."""
        self.datasets = datasets
        self._version = datasets.codes.version
        self._hooks = [self._version(each) for each in hooks]
        self._known: dict[str, Recipe] = {}  # by dataset
        self._plain: dict[bytes, CodeVersion] = {}  # of values, by what they are

    def recipe(self, nodes: list[Node], parameters: list[str]) -> Recipe:
        """The recipe of nodes that run together."""
        found = Recipe()
        for node in nodes:
            outputs = "+".join(node.outputs)
            wiring = self._version(_wiring(node))
            found.items[f"wiring of {outputs}"] = wiring.digest
            arguments = _arguments_that_are(parameters, node)
            found.add_code(f"code of {outputs}", self._version(node.func, arguments))
            for number, hook in enumerate(self._hooks):
                found.add_code(f"code of hook {number}", hook)
            for name in sorted({*node.inputs, *node.outputs}):
                found.add(self.dataset_recipe(name))
        return found

    def dataset_recipe(self, name: str) -> Recipe:
        """The recipe of a parameter, or of how a dataset is read and written."""
        if name not in self._known:
            make = self._parameter if is_parameter(name) else self._configuration
            self._known[name] = make(name)
        return self._known[name]

    def _configuration(self, name: str) -> Recipe:
        found = Recipe()
        for key, value in self.datasets.configuration(name).items():
            found.add(self._value(f"{name}: {key}", value))
        return found

    def _parameter(self, name: str) -> Recipe:
        dataset = self.datasets.catalog.get(name)
        value = dataset.load() if dataset is not None else None
        found = self._value(name, value)
        for leaf, inner in leaves(name, value):
            found.items[leaf] = next(iter(self._version(inner).items.values()))
            key = leaf.replace("params:", "").rpartition(".")[2]
            found.shown[leaf] = repr(redaction.values(inner, key))[:_LONGEST]
        return found

    def _value(self, title: str, value: Any) -> Recipe:
        """The recipe of a value, with the code in it or named by it."""
        version = self._version_of_equals(value)
        own, *named = version.items
        items = {title: version.items[own], f"code of {title}": version.digest}
        items |= {each: version.items[each] for each in named}
        return Recipe(items, {}, [f"{title}: {each}" for each in version.opaque])

    def _version_of_equals(self, value: Any) -> CodeVersion:
        """The version of a value: most datasets of a type are configured alike."""
        try:
            key = marshal.dumps(value, 2)  # without references, which differ for equals
        except ValueError:  # an object, which is told apart from its equals
            return self._version(value)
        if key not in self._plain:
            self._plain[key] = self._version(value)
        return self._plain[key]


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
    code = getattr(node.func, "__code__", None)
    if code is None or not parameters:
        return frozenset()
    given: Any = kedro_internals.node_arguments(node)[0] or []
    if not isinstance(given, dict):
        datasets = [given] if isinstance(given, str) else given
        given = dict(zip(code.co_varnames[: code.co_argcount], datasets, strict=False))
    return frozenset(
        argument for argument, dataset in given.items() if dataset in parameters
    )


def _wiring(node: Node) -> list[Any]:
    """Which argument or output each dataset is."""
    given = kedro_internals.node_arguments(node)
    return [dict(each) if isinstance(each, dict) else each for each in given]


def why_run(
    last: GroupRecord,
    recipe: Recipe,
    inputs: dict[str, Held],
    outputs: dict[str, Held],
    branch: str,
) -> list[str]:
    """Why nodes have to run, compared with their last record."""
    if last is NEVER:
        return ["never ran"]
    reasons = [
        f"output `{name}` {MISSING}"
        for name, held in outputs.items()
        if held.why_not == MISSING
    ]
    where = f" since it ran on '{last.branch}'" if last.branch != branch else ""
    reasons += [f"{each}{where}" for each in _items(last, recipe)]
    reasons += [
        _input(name, last.inputs.get(name), held.print)
        for name, held in inputs.items()
        if last.inputs.get(name) != held.print
    ]
    if not reasons:
        reasons = [
            f"output `{name}` is not what it wrote: edited by hand, or by another run"
            for name, held in outputs.items()
            if last.outputs.get(name) != held.print
        ]
    return reasons


def why_maybe(names: Iterable[str]) -> str:
    """Why nodes may run."""
    return f"only if {_listed(names)} really changes"


def why_not_kept(last: GroupRecord, names: list[str]) -> list[str]:
    """Why unchanged nodes have to run: an output in memory was not kept."""
    names = [name for name in names if name in last.not_kept or not last.not_kept]
    if not names:
        return []
    why = {last.not_kept.get(name, "what was kept of it is gone") for name in names}
    return [
        f"give {_listed(names)} a catalog entry: in memory only, and "
        f"{'; '.join(sorted(why))}"
    ]


def why_skip(last: GroupRecord, outputs: dict[str, Held], branch: str) -> str:
    """Why nodes are skipped."""
    if any(held.below for held in outputs.values()):
        return f"unchanged since {last.branch or 'main'}"
    return "unchanged" if last.branch == branch else f"'{last.branch}' made the same"


def _input(name: str, then: str | None, now: str | None) -> str:
    if then is None:
        return f"`{name}` is a new input"
    if str(then).partition("+")[0] == str(now).partition("+")[0]:
        return f"the project's code changed, and `{name}` may hold its objects"
    return f"`{name}` has new content"


def _items(last: GroupRecord, recipe: Recipe) -> list[str]:
    """Differences in code, parameters and configuration, in words."""
    found: list[str] = []
    general: list[str] = []
    for name in dict.fromkeys([*recipe.items, *last.items]):
        before, now = last.shown.get(name), recipe.shown.get(name)
        if last.items.get(name) == recipe.items.get(name):
            continue
        if name.startswith("wiring of "):
            general.append("its inputs or outputs are others")
        elif name.startswith("code of "):
            general.append("its code changed")
        elif name not in last.items:
            found.append(f"`{name}` is new")
        elif name not in recipe.items:
            found.append(f"`{name}` is gone")
        elif before and now and before != now:
            found.append(f"`{name}` {before} → {now}")
        elif is_parameter(name):  # one of its parts says more
            general.append(f"`{name}` changed")
        else:
            found.append(f"`{name}` changed")
    return found or list(dict.fromkeys(general))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))

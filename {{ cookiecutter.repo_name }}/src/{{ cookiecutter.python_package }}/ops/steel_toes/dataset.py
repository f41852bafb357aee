"""The dataset that loads the branch's copy of the data, or main's."""

from __future__ import annotations

import copy
from abc import ABCMeta
from contextlib import suppress
from fnmatch import fnmatchcase
from functools import cache, cached_property
from inspect import signature
from typing import Any
from uuid import uuid4

import yaml
from attrs import frozen
from kedro.io import AbstractDataset, DatasetError, Version
from kedro.io.core import parse_dataset_definition

from ..core import dataset_io, entry_places, file_info, kedro_internals
from ..core.git import slug
from ..core.store import Store
from . import paths
from .manifest import Manifest, Recorder

# What a dataset says about the data it reads; everything else is about the data
# that it writes, so that nothing asked of it points at main's by mistake.
_ABOUT_READING = {"preview", "resolve_load_version", "list_versions"}
_ABOUT_READING |= kedro_internals.ABOUT_LOADING


@frozen
class BranchSettings:
    """What all datasets of a branch have in common.

    It is an object and not text, because the names of branches and folders may contain
    braces, and Kedro would take them for placeholders of a factory pattern.
    """

    name: str  # of the branch, as git knows it
    suffix: str  # the branch, as a part of a file name; empty: main's data itself
    store: str = ""  # URL of the store with the manifest
    trunk: tuple[str, ...] = ()  # the names of the main branch
    ignore: tuple[str, ...] = ()  # names of entries that are not branched
    move: tuple[str, ...] = ()  # further arguments that name a place
    folders: tuple[str, ...] = ()  # that entries read as a whole, as normal paths

    def __deepcopy__(self, memo: Any) -> BranchSettings:
        return self  # Kedro copies the arguments of each dataset; these never change

    def moved(self, entry: dict[str, Any], branch: str = "") -> dict[str, Any]:
        """The entry with the places of its data on the branch, or on another one.

        Raises:
            NotBranchable: if a place cannot be moved.
        """
        if branch in self.trunk:
            return entry
        suffix = slug(branch) if branch else self.suffix
        return paths.on_branch(entry, suffix, self.move, self.folders)


class _Named(ABCMeta):
    """A class that YAML shows by its name, as in a catalog."""


def _represent(dumper: yaml.Dumper, cls: type) -> yaml.Node:
    return dumper.represent_str(f"{cls.__module__}.{cls.__qualname__}")


# For "kedro catalog resolve-patterns".
yaml.add_representer(_Named, _represent)
yaml.add_representer(BranchSettings, lambda dumper, it: dumper.represent_str(it.name))


class BranchedDataset(AbstractDataset[Any, Any], metaclass=_Named):
    """Loads the branch's copy if there is one, else main's; saves to the branch's.

    It replaces an entry in the catalog's configuration. Except for loading and saving,
    it behaves like a dataset of that entry's type.

    ``exists`` checks only the branch's copy. If it checked main's, ``kedro run
    --only-missing-outputs`` would skip what the branch has changed.
    """

    target: AbstractDataset[Any, Any]  # that of the branch: what a save writes

    def __init__(  # noqa: PLR0913
        self,
        *,
        name: str,
        dataset: dict[str, Any],
        branch: BranchSettings,
        credentials: dict[str, Any] | None = None,
        version: Version | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Build the branch's dataset; main's is built when it is read.

        Args:
            name: name of the entry in the catalog.
            dataset: the entry as it stands in ``catalog.yml``: main's.
            branch: the branch.
            credentials: of the store with the manifest.
            version: versions to load and save, if the entry is versioned.
            metadata: of the entry; for plugins, as in every dataset.
        """
        load, save = version or (None, None)
        known = {**dataset, "type": _class_of(dataset["type"])}
        self._type, self.base_config = parse_dataset_definition(known, load, save)
        # Only here an entry of a factory pattern has its own name.
        ignored = any(fnmatchcase(name, pattern) for pattern in branch.ignore)
        is_moved = bool(branch.suffix) and not ignored
        self.name = name
        self.branch, self._branches = branch.name, branch
        self.metadata = metadata
        self.target_config = (
            branch.moved(self.base_config) if is_moved else self.base_config
        )
        self.target = self._type(**copy.deepcopy(self.target_config))
        self.is_saved = False  # by this object: then a load need not ask what is there
        self._EPHEMERAL = kedro_internals.is_ephemeral(self.target)
        self.recorder: Recorder | None = None
        if branch.store and is_moved:
            store = Store(branch.store, credentials or {})
            self.recorder = Recorder(Manifest(store), branch.name, name, {"run": save})

    # Kedro asks for it each time that a dataset is built. It goes along with the wrapper
    # that Kedro puts around __init__: so a subclass keeps its arguments by their names.
    __init__.__signature__ = signature(__init__)  # type: ignore[attr-defined]

    @cached_property
    def base(self) -> AbstractDataset[Any, Any]:
        """Main's dataset, as it stands in ``catalog.yml``."""
        return self._type(**copy.deepcopy(self.base_config))

    @property
    def own_places(self) -> set[str]:
        """The branch's own places, in the form of ``entry_places.texts``."""
        texts = entry_places.texts
        return {*texts(self.target_config)} - {*texts(self.base_config)}

    @property
    def second_places(self) -> list[str]:
        """Paths outside the entry's own path to which a save also writes."""
        own = [*map(entry_places.normal_path, entry_places.paths(self.target_config))]
        return sorted(
            place
            for place in self.own_places
            if own and "|" not in place and not f"{place}/".startswith(f"{own[0]}/")
        )

    @property
    def source(self) -> AbstractDataset[Any, Any]:
        """The dataset that a load reads now."""
        return self.target if self.is_saved or self.exists() else self.base

    @property
    def readings(self) -> tuple[AbstractDataset[Any, Any], AbstractDataset[Any, Any]]:
        """The datasets that a load tries in order. ``exists`` checks only one."""
        return self.target, self.base

    def load(self) -> Any:
        return self.source.load()

    def save(self, data: Any) -> None:
        if self.recorder is None:
            dataset_io.save(self.target, data)
        else:
            with self.recorder.record(self.target, lambda: self.base, data):
                dataset_io.save(self.target, data)
        self.is_saved = True

    def on_branch(self, branch: str) -> AbstractDataset[Any, Any] | None:
        """The dataset that holds another branch's data; none if it cannot be copied."""
        versioned = kedro_internals.version(self.target) is not None
        if self.recorder is None or versioned or self.second_places:
            return None
        moved = self._branches.moved(self.base_config, branch)
        return self._type(**copy.deepcopy(moved))

    def copy_from(self, branch: str) -> None:
        """Become a copy of another branch's stored data."""
        ours = dataset_io.Files.from_dataset(self.target)
        theirs = dataset_io.Files.from_dataset(self.on_branch(branch))
        if self.recorder is not None and ours is not None and theirs is not None:
            with self.recorder.record(self.target, lambda: self.base, None):
                _replace(ours, theirs)
            self.release()

    def set_origin(self, origin: dict[str, Any]) -> None:
        """Set the origin for the manifest: the run, the node, the commit."""
        if self.recorder:
            self.recorder = self.recorder._replace(origin=origin)

    def _exists(self) -> bool:
        filesystem, _ = dataset_io.place(self.target)
        if filesystem or kedro_internals.has_exists(self._type) or not self.recorder:
            return dataset_io.is_there(self.target)
        # Its class cannot tell, but the manifest knows what the branch has saved.
        return self.recorder.has_saved(self.target)

    def _release(self) -> None:
        self.is_saved = False
        self.target.release()
        if "base" in self.__dict__:
            self.base.release()

    def _describe(self) -> dict[str, Any]:
        # Kedro-Viz shows the path in it: that of the data which a load reads.
        read = self.target
        with suppress(DatasetError):  # out of reach
            read = self.source
        return kedro_internals.describe(read)

    def __repr__(self) -> str:
        return repr(self.target)

    def __str__(self) -> str:
        # Kedro asks for it before every load and save: the arguments would cost more
        # than the load of a small file.
        return f"'{self.name}' on branch '{self.branch}'"

    def _copy(self, **overwrite_params: Any) -> AbstractDataset[Any, Any]:
        """A copy that loads another version, for ``catalog.load(name, version)``."""
        duplicate = copy.copy(self)
        duplicate.is_saved = False
        duplicate.target = kedro_internals.copied(self.target, **overwrite_params)
        duplicate.base = kedro_internals.copied(self.base, **overwrite_params)
        return duplicate

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or "target" not in self.__dict__:
            raise AttributeError(name)
        return getattr(self.source if name in _ABOUT_READING else self.target, name)

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        """Pass ``isinstance`` checks of nodes, plugins and Kedro for the inner type."""
        return self.__dict__.get("_type", BranchedDataset)

    def __reduce__(self) -> tuple[Any, ...]:
        # Not the usual way, which asks for its __class__.
        return object.__new__, (type(self),), self.__dict__


class BranchedIncrementalDataset(BranchedDataset):
    """New partitions since the checkpoint, which is the branch's own once confirmed."""

    @property
    def source(self) -> Any:
        if self.exists():
            return self.target
        kedro_internals.share_checkpoint(self.target, self.base)
        return self.base

    def _exists(self) -> bool:
        # Its own ``exists`` asks for new partitions; a checkpoint alone is no data.
        self.target.release()
        return kedro_internals.has_partitions(self.target)

    def confirm(self) -> None:
        kedro_internals.confirm(self.target, self.source)


class ProtectedDataset(BranchedDataset):
    """A dataset of a protected trunk: it can be loaded but not saved."""

    def save(self, data: Any) -> None:
        raise DatasetError(refusal(self))

    def confirm(self) -> None:
        raise DatasetError(refusal(self))


def branched_dataset(catalog: Any, name: str) -> BranchedDataset | None:
    """A dataset of a catalog, if it is branched or protected."""
    dataset: Any = None
    with suppress(DatasetError):  # e.g. a library is missing: Kedro reports it
        dataset = kedro_internals.uncached(catalog.get(name))
    return dataset if issubclass(type(dataset), BranchedDataset) else None


def refusal(dataset: BranchedDataset) -> str:
    """Why a protected dataset is not saved, and what to do."""
    return (
        f"'{dataset.name}' is not saved: steel toes protect '{dataset.branch}' outside CI. "
        "Work on a branch (git switch -c NAME), or see protect_trunk in "
        "conf/base/ops.yml."
    )


def _replace(ours: dataset_io.Files, theirs: dataset_io.Files) -> None:
    """Make one a copy of what the other reads now; a file changes in one step."""
    if not file_info.is_local(ours.filesystem):
        ours.copy_from(theirs)
        return
    # By these names, a later run removes what is left if this process is killed.
    new, away = ours.beside(uuid4().hex), ours.beside(uuid4().hex)
    try:
        new.copy_from(theirs)
        ours.take(new, away)
    finally:
        new.remove()


@cache
def _class_of(kind: Any) -> type[AbstractDataset[Any, Any]]:
    # Kedro looks in several packages, which takes longer than to load a small file.
    found = parse_dataset_definition({"type": kind})[0]
    kedro_internals.remember_signatures(found)
    return found

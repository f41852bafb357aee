"""All private names of Kedro, its datasets and pluggy that the guards use.

Check this module first when a new Kedro version appears. The starter's
``tests/core/test_kedro_internals.py`` has a test for each function.
"""

# What classes of the project override, under the name that Kedro calls it by:
#   AbstractDataset: _EPHEMERAL, _copy, _describe, _exists, _release
#   AbstractRunner: _release_datasets
#   ParallelRunner: __init__ and _get_executor, in runners.py, which can do without this
#     module and uses _manager, _max_workers, _validate_max_workers,
#     _create_hook_manager, _register_hooks and _register_hooks_entry_points, too

from __future__ import annotations

import copy
import inspect
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from fsspec import AbstractFileSystem  # type: ignore[import-untyped]
from kedro.io import (
    AbstractDataset,
    CachedDataset,
    DataCatalog,
    MemoryDataset,
    SharedMemoryDataCatalog,
    Version,
)
from kedro.io.catalog_config_resolver import CatalogConfigResolver

if TYPE_CHECKING:
    from kedro.framework.context import KedroContext
    from kedro.pipeline import Pipeline
    from kedro.pipeline.node import Node
    from kedro.runner import AbstractRunner
    from kedro.validation.core import ValidatorSpec

# Methods of a dataset that ask which version there is to load.
ABOUT_LOADING = frozenset({"_get_load_path", "_get_versions"})
# The variable that has the catalog, in the modules of Kedro that load and save.
_CATALOGS = {"kedro.runner.task": "catalog", "kedro.io.data_catalog": "self"}
# Where datasets keep the connections of their class: module, class, attribute, and the
# method of a connection that closes it.
_IBIS = "kedro_datasets._utils.connection_mixin"
_SHARED_CONNECTIONS = (
    (_IBIS, "ConnectionMixin", "_connections", "disconnect"),
    ("kedro_datasets.pandas.sql_dataset", "SQLTableDataset", "engines", "dispose"),
)


# The context, the catalog, its entries and the nodes


def credentials(context: KedroContext) -> dict[str, Any]:
    """The whole of ``credentials.yml``, as the catalog gets it. No public way to ask."""
    return context._get_config_credentials()


def catalog_of_run(
    context: KedroContext,
    pipeline_names: list[str],
    runner: AbstractRunner,
    load_versions: dict[str, str] | None,
) -> Any:
    """The catalog of a run, as a session makes it. The public ``context.catalog`` takes no
    versions, and validates the parameters of every pipeline."""
    from kedro.framework.project import settings  # noqa: PLC0415
    from kedro.runner import ParallelRunner  # noqa: PLC0415

    if "__default__" not in pipeline_names:
        context._pipelines_to_validate = pipeline_names
    parallel = isinstance(runner, ParallelRunner)
    kind = SharedMemoryDataCatalog if parallel else settings.DATA_CATALOG_CLASS
    return context._get_catalog(catalog_class=kind, load_versions=load_versions)


def is_validation_enabled(catalog: DataCatalog) -> bool:
    """Whether validation is on. The public ``validation_enabled`` ignores the
    environment."""
    return catalog._is_validation_enabled()


def set_validator_spec(catalog: DataCatalog, name: str, spec: ValidatorSpec) -> None:
    """Give a dataset a validator. The public ``validator_specs`` is a copy."""
    catalog._validator_specs[name] = spec


def entry_of_pattern(name: str, pattern: str, entry: dict[str, Any]) -> dict[str, Any]:
    """The entry of a dataset from its pattern. The public ``resolve_pattern`` also
    needs the credentials."""
    made: dict[str, Any] = CatalogConfigResolver._resolve_dataset_config(
        name, pattern, copy.deepcopy(entry)
    )
    return made


def node_arguments(node: Node) -> tuple[Any, Any]:
    """Inputs and outputs as given. The public ones have no argument names."""
    return node._inputs, node._outputs


def hook_functions(context: KedroContext, hook: str) -> list[Any]:
    """The plugins' functions for a hook. KedroContext has no public hook manager."""
    caller = getattr(context._hook_manager.hook, hook)
    return [each.function for each in caller.get_hookimpls()]


def calling_catalogs() -> Iterator[Any]:
    """The catalogs that load or save now, the innermost first, found on the stack:
    Kedro does not pass them to dataset hooks."""
    frame = inspect.currentframe()
    while frame := frame and frame.f_back:
        name = _CATALOGS.get(frame.f_globals.get("__name__", ""))
        if name in frame.f_locals:
            yield frame.f_locals[name]


def register_hook(context: KedroContext, hook: object) -> None:
    """Add a hook to the session. Kedro calls it before the existing hooks."""
    context._hook_manager.register(hook)


def is_running() -> bool:
    """Whether this is inside ``KedroSession.run``. Kedro tells no hook."""
    from kedro.framework.session import KedroSession  # noqa: PLC0415

    frame = inspect.currentframe()
    while frame := frame and frame.f_back:
        if frame.f_code is KedroSession.run.__code__:
            return True
    return False


# Datasets of any kind


def uncached(dataset: Any) -> Any:
    """The dataset inside a CachedDataset, which is not public; else the dataset
    itself."""
    # Its true type: some datasets pass for others.
    return dataset._dataset if issubclass(type(dataset), CachedDataset) else dataset


def is_ephemeral(dataset: Any) -> bool:
    """Whether its data is lost after a run: Kedro's own mark, which is not public."""
    return bool(dataset._EPHEMERAL)


def data_in_memory(dataset: Any) -> Any:
    """The data of a MemoryDataset. The public ``load`` copies it."""
    return dataset._data if isinstance(dataset, MemoryDataset) else dataset.load()


def is_single_process(dataset: Any) -> bool:
    """Whether it is for one process only: Kedro's own mark, which is not public."""
    return bool(getattr(dataset, "_SINGLE_PROCESS", False))


def has_exists(kind: type[AbstractDataset[Any, Any]]) -> bool:
    """Whether a class can tell if data exists. If not, the public ``exists`` says
    no."""
    return kind._exists is not AbstractDataset._exists


def describe(dataset: AbstractDataset[Any, Any]) -> dict[str, Any]:
    """A dataset's description of itself. The public ``repr`` is one text."""
    return dataset._describe()


def init_config(dataset: AbstractDataset[Any, Any]) -> dict[str, Any]:
    """The catalog entry of a dataset. Only a catalog has a public ``to_config``."""
    config = dataset._init_config()
    # Of a class that inherits its __init__, Kedro notes all arguments under "kwargs".
    if config.keys() == {"type", "args", "kwargs"} and not config["args"]:
        return {"type": config["type"], **config["kwargs"]}
    return config


def remember_signatures(kind: type) -> None:
    """Let a dataset class and its base classes compute their arguments only once.

    Kedro does so for each dataset of each class: half of the time that a small one takes.
    """
    for each in kind.__mro__:
        init = getattr(vars(each).get("__init__"), "__wrapped__", None)
        if inspect.isfunction(init) and not hasattr(init, "__wrapped__"):
            with suppress(NameError):  # an annotation that only type checkers can read
                init.__signature__ = inspect.signature(init)  # type: ignore[attr-defined]


def copied(dataset: AbstractDataset[Any, Any], **overwrite: Any) -> Any:
    """A copy with other attributes, for another version. A catalog has a public way."""
    return dataset._copy(**overwrite)


# Datasets: file system and path. No dataset has anything public for it.


def filesystem(dataset: Any) -> Any:
    """The file system of a dataset that keeps one file, or versions of it; else none."""
    return getattr(dataset, "_fs", None)


def path(dataset: Any) -> Any:
    """The path of a dataset's file or folder of partitions, as the dataset stores
    it."""
    return getattr(dataset, "_filepath", None) or getattr(dataset, "_path", None)


def place(dataset: Any) -> tuple[Any, str]:
    """The file system and path of a file or folder of partitions; none if fsspec cannot
    reach it."""
    # A dataset may have something else by such a name, such as a method.
    found, there = filesystem(dataset), getattr(dataset, "_filepath", None)
    if isinstance(found, AbstractFileSystem) and there is not None:
        return found, str(there)
    found, there = getattr(dataset, "_filesystem", None), getattr(dataset, "_path", "")
    return (found, str(there)) if isinstance(found, AbstractFileSystem) else (None, "")


def protocol(dataset: Any) -> str:
    """The protocol, which a dataset may store separately from its path; empty if
    none."""
    return str(getattr(dataset, "_protocol", "") or "")


def strip_protocol(filesystem: Any, path: str) -> str:
    """A path as the file system has it. Only fsspec's ``unstrip_protocol`` is public."""
    return str(filesystem._strip_protocol(path))


# Datasets: versions. Public are only their names, ``resolve_load_version`` and the like.


def version(dataset: Any) -> Version | None:
    """The versions that it loads and saves; none if it keeps none."""
    found: Version | None = getattr(dataset, "_version", None)
    return found


def load_path(dataset: Any) -> Any:
    """The path that a load reads, in the folder of a version if there are any."""
    find = getattr(dataset, "_get_load_path", None)
    return find() if find else dataset._filepath


def save_path(dataset: Any) -> Any:
    """The path that a save writes, in the folder of a version if there are any."""
    return dataset._get_save_path()


def forget_versions(dataset: Any) -> None:
    """Look for the newest version again. The public ``release`` releases more."""
    dataset._clear_version_cache()


def version_probe(dataset: Any) -> Any:
    """A copy of a dataset that looks for the newest version again. The dataset itself
    would remember the version, and workers that receive it would read that version."""
    probe = copy.copy(dataset)
    forget_versions(probe)
    return probe


def unversioned_at(dataset: Any, path: str) -> Any:
    """A copy of a dataset, for another path and without versions."""
    moved = copy.copy(dataset)
    moved._filepath, moved._version = PurePosixPath(path), None
    return moved


# Datasets: arguments, tables and databases. No dataset has anything public for it.


def load_args(dataset: Any) -> dict[str, Any]:
    """The arguments that a dataset passes to the library when it loads."""
    given = getattr(dataset, "_load_args", None)
    return given if isinstance(given, dict) else {}


def save_args(dataset: Any) -> list[Any]:
    """The arguments that a dataset passes on to save, and to open the file."""
    names = ("_save_args", "_fs_open_args_save")
    found = [getattr(dataset, name, None) for name in names]
    mode: Any = getattr(dataset, "_mode", None)  # ibis takes it out of its arguments
    return [*found, {"mode": mode.value}] if hasattr(mode, "value") else found


def table_name(dataset: Any) -> str:
    """The name of its table; empty if it keeps none."""
    named = load_args(dataset).get("table_name")
    return str(named or getattr(dataset, "_table_name", None) or "")


def ibis_table(dataset: Any) -> tuple[str, Any, str] | None:
    """Name, database and kind of the table of ``ibis.TableDataset``; none of others."""
    # ``ibis.FileDataset`` has a table's name, too, for what it reads.
    if not hasattr(dataset, "_materialized"):
        return None
    return dataset._table_name, dataset._database, dataset._materialized


def connection_config(dataset: Any) -> Any:
    """The connection settings of an ibis dataset. Its public ``connection``
    connects."""
    return getattr(dataset, "_connection_config", None)


@contextmanager
def closing_connections() -> Iterator[None]:
    """Close the connections that ibis and SQLAlchemy datasets open inside. All datasets
    of a class share them, and a forked worker that uses one waits forever."""
    before = {key for opened, _ in _shared_connections() for key in opened}
    try:
        yield
    finally:
        for opened, close in _shared_connections():
            for key in opened.keys() - before:
                getattr(opened.pop(key), close)()


def _shared_connections() -> Iterator[tuple[dict[Any, Any], str]]:
    """The open connections of the imported classes, and how to close one."""
    for module, kind, connections, close in _SHARED_CONNECTIONS:
        if module in sys.modules:
            yield getattr(getattr(sys.modules[module], kind), connections), close


def new_connection(dataset: Any) -> Any:
    """An ibis connection for one query. All datasets and threads share a dataset's
    public ``connection``, and it stays open."""
    return dataset._connect()


def connection_string(dataset: Any) -> str:
    """The connection string of a SQLAlchemy dataset. Its public ``engine`` needs the
    driver."""
    return str(getattr(dataset, "_connection_str", ""))


# PartitionedDataset: it has nothing public of its partitions but to load and save all.


def saving_partitions_by(dataset: Any, save: Callable[[Any, Any], None]) -> Any:
    """A copy of a partitioned dataset that saves each partition by a function of its
    dataset and data; None for any other dataset."""
    kind = getattr(dataset, "_dataset_type", None)
    if kind is None or not hasattr(dataset, "_partition_to_path"):
        return None

    make: Callable[..., Any] = kind

    class Partition:
        def __init__(self, **arguments: Any) -> None:
            self.dataset = make(**arguments)

        def save(self, data: Any) -> None:
            save(self.dataset, data)

        def __getattr__(self, name: str) -> Any:
            return getattr(self.dataset, name)

    Partition.__name__ = make.__name__  # for Kedro's messages
    writer = copy.copy(dataset)
    writer._dataset_type = Partition
    return writer


# IncrementalDataset: it has nothing public but to load and to confirm its own.


def has_partitions(dataset: Any) -> bool:
    """Whether it has partitions, new or not. The public ``exists`` checks only new
    ones."""
    files, suffix = dataset._filesystem, dataset._filename_suffix
    checkpoint = dataset._checkpoint_config[dataset._filepath_arg]
    checkpoint = strip_protocol(files, checkpoint)
    there = files.find(dataset._normalized_path)
    return any(each.endswith(suffix) and each != checkpoint for each in there)


def share_checkpoint(dataset: Any, other: Any) -> None:
    """Let another dataset use this one's checkpoint, if there is one."""
    checkpoint = dataset._read_checkpoint()
    if checkpoint is not None:
        other._force_checkpoint = checkpoint


def confirm(dataset: Any, loaded: Any) -> None:
    """Confirm for one dataset what another one has loaded."""
    partitions = [loaded._path_to_partition(p) for p in loaded._list_partitions()]
    if partitions:
        dataset._checkpoint.save(partitions[-1])


# Runners


def has_own_executor(runner: Any, plain: Any) -> bool:
    """Whether a runner class creates its workers itself. No class declares this."""
    return runner._get_executor is not plain._get_executor


def only_missing_outputs(
    runner: AbstractRunner, pipeline: Pipeline, catalog: Any
) -> Pipeline:
    """The nodes that ``--only-missing-outputs`` keeps. The public ``run`` runs them."""
    return runner._filter_pipeline_for_missing_outputs(pipeline, catalog)


def nodes_to_resume_from(
    pipeline: Pipeline, left: list[Node], catalog: Any
) -> set[str]:
    """The nodes from which the remaining nodes can resume. Kedro only logs them."""
    from kedro.runner.runner import _find_nodes_to_resume_from  # noqa: PLC0415

    return _find_nodes_to_resume_from(pipeline, left, catalog)


def remember_inputs_and_outputs(pipeline: Pipeline) -> None:
    """Let a pipeline compute its inputs and outputs only once.

    After each node ``_release_datasets`` asks for both, and Kedro goes over all nodes for
    the answer: the time is quadratic in the nodes. These names are public; that a
    pipeline does not change is what Kedro says of it. Each answer is a set of its own, and
    the method of a set can be pickled with the pipeline.
    """
    setattr(pipeline, "inputs", pipeline.inputs().copy)
    setattr(pipeline, "outputs", pipeline.outputs().copy)


def node_and_dataset(error: BaseException) -> tuple[str, str]:
    """The node of an error, and the dataset that was loaded or saved; empty if unknown.

    Hooks are not called with errors of loading and saving, so this looks at the frames of
    Kedro's modules. A worker passes on no frames, but the project's runner adds the node.
    """
    node, dataset = str(getattr(error, "kedro_node", "")), ""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        module, found = frame.f_globals.get("__name__"), frame.f_locals
        if module == "kedro.runner.task" and "node" in found:
            node = str(getattr(found["node"], "name", "")) or node
        if module == "kedro.io.data_catalog" and "ds_name" in found:
            dataset = str(found["ds_name"])
    return node, dataset

"""The places of an entry's data on a branch, and which entry owns a place."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from ..core import entry_places
from ..core.checksum import short_hash
from ..core.entry_places import FOLDER, PATHS, TABLES, Address

# Datasets of Kedro that save nothing, or nothing that lasts, and those of kedro-mlflow
# that save to the run.
_WITHOUT_DATA = re.compile(
    r"(kedro\.io\.)?(Memory|SharedMemory|Lambda)Dataset"
    r"|(kedro_datasets\.)?(api\.APIDataset|pandas\.(SQL|GBQ)QueryDataset"
    r"|spark\.GBQQueryDataset|huggingface\.HF(TransformerPipeline)?Dataset"
    r"|langchain\.(Chat(OpenAI|Anthropic|Cohere)|OpenAIEmbeddings)Dataset)"
    r"|kedro_mlflow\.io\.(metrics\.Mlflow\w+|models\.MlflowModel(Tracking|Registry))Dataset"
)
# The arguments of kedro_datasets that name a place to save to, beside Kedro's own paths
# and tables: a faiss index, the checkpoint of a stream, folders for caches.
_PLACES = {"index_path", "checkpoint", "checkpointLocation", "cache_storage"}
_PLACES |= {"cache_dir", "temppath"}
# Those that say how data is read and written, unless what they say looks like a path.
_HARMLESS = {"type", "file_format", "format", "backend", "engine", "encoding"}
_HARMLESS |= {"write_mode", "dataframe_type", "primary_key", "table_pk", "owner_group"}
_HARMLESS |= {"partition_columns", "catalog_type", "filepath_arg", "filename_suffix"}
_HARMLESS |= {"comparison_func", "model_class", "index_factory", "metric", "template"}
_HARMLESS |= {"fourcc"}
_HARMLESS |= {"data_files", "force_checkpoint"}  # names of files inside the folder
_HARMLESS |= {"flavor", "pyfunc_workflow", "artifact_path"}  # of kedro-mlflow
_HARMLESS |= {"layer"}  # of kedro-viz, which old entries have beside their arguments
# What says where in a database or file the data is, beside a place that is moved.
_AROUND_A_PLACE = {"catalog", "catalog_name", "database", "schema", "dataset"}
_AROUND_A_PLACE |= {"project", "key"}
# In arguments that are passed on to a library: what is only read, and never saved to.
_ONLY_READ = {"token", "basePath", "pathGlobFilter", "include_file_paths"}
_PASSED_ON = ("_args", "kwargs", "options")
_WORDS = {"path", "filepath", "file", "filename", "dir", "directory", "folder"}
_WORDS |= {"location", "checkpoint", "storage", "table"}

_COMPRESSED = {".gz", ".bz2", ".xz", ".zip", ".zst", ".br", ".lz4", ".snappy"}
_LONGEST_TABLE = 63  # bytes, in PostgreSQL, which cuts off the rest without a word


class NotBranchable(Exception):
    """A place that cannot be branched; the message says why."""


def on_branch(
    config: dict[str, Any],
    suffix: str,
    move: tuple[str, ...] = (),
    folders: tuple[str, ...] = (),
) -> dict[str, Any]:
    """The entry with its places moved to a branch.

    Args:
        config: the entry.
        suffix: the branch, as a part of a file name.
        move: more arguments that name a place; globs.
        folders: normal paths of the folders that entries of the catalog read as a whole.
            What another entry has in one of them moves with it.

    Returns:
        The entry; as it is, if it holds no data of its own (a query, memory, an API).

    Raises:
        NotBranchable: if a place cannot be moved.
    """
    if has_no_data(config):
        return config
    own = entry_places.paths(config)

    def moved(address: Address, text: str) -> str:
        if not _is_place(config, address, text, move):
            return text
        if address[-1] in TABLES and not _is_passed_on(address):
            return branch_table(text, suffix)
        around = [*_folders(text)] if folders else []
        whole = [each for each in around if entry_places.normal_path(each) in folders]
        for folder in (*whole[-1:], *own):
            if _is_inside(text, folder):  # as the checkpoint among its partitions
                return branch_path(folder, suffix) + text[len(folder) :]
        return branch_path(text, suffix)

    result: dict[str, Any] = entry_places.change_texts(config, moved)
    return result


def unknown(
    config: dict[str, Any], move: tuple[str, ...] = (), keep: tuple[str, ...] = ()
) -> list[str]:
    """The arguments that may name a place to save to and are not declared.

    Args:
        config: the entry, as it stands in ``catalog.yml``.
        move: arguments that are known to name a place; globs.
        keep: arguments that are known to name none; globs.
    """
    found: dict[str, None] = {}

    def look(address: Address, text: str) -> str:
        name = ".".join(address)
        known = _is_place(config, address, text, move) or _matches(address, keep)
        if text and not known and not _is_harmless(config, address, text):
            found[name] = None
        return text

    if not has_no_data(config):
        entry_places.change_texts(config, look)
    return list(found)


def has_no_data(config: dict[str, Any]) -> bool:
    """Whether an entry is of a type that keeps no data that a run could overwrite."""
    if config.get("run_id"):  # of MLflow: another run than this one
        return False
    return bool(_WITHOUT_DATA.fullmatch(str(config.get("type"))))


def _is_place(
    config: dict[str, Any], address: Address, text: str, move: tuple[str, ...]
) -> bool:
    if _matches(address, move):
        return True
    key = address[-1]
    no_place = key == "type" or "connection" in address
    if not text or no_place or entry_places.is_on_the_web(text):
        return False
    if key in PATHS:  # what a load reads from elsewhere, such as a schema, is no copy
        return "load_args" not in address
    if key == "location":
        return "/" in text  # of an external table; else a region
    if address == ("checkpoint",) and _is_incremental(config):
        return False  # there it is a partition's name
    inside = any(_is_inside(text, each) for each in entry_places.paths(config))
    return key in _PLACES or (not _is_passed_on(address) and (key in TABLES or inside))


def _is_harmless(config: dict[str, Any], address: Address, text: str) -> bool:
    if entry_places.is_on_the_web(text):
        return True
    if _is_passed_on(address):
        # A library takes hundreds of options: a place among them is known by its look.
        if address[-1] in _ONLY_READ or (
            "load_args" in address and address[-1] in PATHS
        ):
            return True
        return not _names_a_place(
            address[-1], text
        ) and not entry_places.looks_like_path(config, text)
    places = entry_places.innermost(config).keys() & {*PATHS, *TABLES}
    if places and "connection" in address or address == ("url",) and places & {*TABLES}:
        return True  # the database that the table is in
    harmless = _HARMLESS | _AROUND_A_PLACE if places else _HARMLESS
    if _is_incremental(config):
        harmless = harmless | {"checkpoint"}
    return bool(harmless & {*address}) and not entry_places.looks_like_path(
        config, text
    )


def _is_incremental(config: dict[str, Any]) -> bool:
    return str(config.get("type")).endswith("IncrementalDataset")


def _names_a_place(key: str, text: str) -> bool:
    """Whether the name of an option says so: ``checkpointLocation``, ``log_dir``."""
    *_, word = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key).lower().split("_")
    return word.removesuffix("s") in _WORDS and not (
        word == "location" and "/" not in text
    )


def _is_passed_on(address: Address) -> bool:
    return any(part.endswith(_PASSED_ON) for part in address)


def _matches(address: Address, globs: tuple[str, ...]) -> bool:
    return any(fnmatchcase(".".join(address), glob) for glob in globs)


def _is_inside(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip("/") + "/") and path.rstrip("/") != folder


def branch_path(path: str, suffix: str) -> str:
    """``data/cars.csv`` becomes ``data/cars_dev.csv``; so does a folder's name."""
    if re.search(r"[*?\[\]]|::", path):
        raise NotBranchable(f"'{path}' names more than one file")
    folder, slash, name = path.rstrip("/").rpartition("/")
    if not name or folder.endswith(":/"):
        raise NotBranchable(f"'{path}' is a whole bucket or disk")
    stem, extension = posixpath.splitext(name)
    if extension in _COMPRESSED:
        stem, inner = posixpath.splitext(stem)
        extension = inner + extension
    end = "/" if path.endswith("/") else ""
    return f"{folder}{slash}{stem}_{suffix}{extension}{end}"


def branch_table(table: str, suffix: str) -> str:
    """``cars`` becomes ``cars_dev``: a name that databases take without quotes."""
    if not suffix.isalnum():
        suffix = f"{re.sub('[^a-z0-9]', '_', suffix)}_{short_hash(suffix)}"
    name = f"{table}_{suffix}"
    if len(name.encode()) > _LONGEST_TABLE:
        name = f"{table}_{short_hash(suffix)}"
    if len(name.encode()) > _LONGEST_TABLE:
        raise NotBranchable(f"the name of table '{table}' leaves no room for a branch")
    return name


class Owners:
    """Finds the catalog entry that has its data in a place."""

    def __init__(self, entries: dict[str, dict[str, Any]]) -> None:
        """Take the entries, by name, as they stand in ``catalog.yml``."""
        self._places: dict[str, str] = {}
        self._folders: dict[str, str] = {}
        self._around: dict[str, str] = {}  # the folders that any of them is in
        for name, entry in entries.items():
            names = dict.fromkeys(entry_places.texts(entry), name)
            self._places |= names
            for place in names:
                for folder in _folders(place):
                    if folder in self._around:
                        break  # and so are all that it is in
                    self._around[folder] = name
            if FOLDER in entry_places.innermost(entry):
                self._folders |= names

    def owner_of(self, places: set[str], saved: bool) -> str | None:
        """The entry that has its data in one of some places.

        Args:
            places: as ``entry_places.texts`` has them.
            saved: whether data would be saved there, or deleted; then the folder of a
                partitioned dataset is taken, too, with everything that it may come to
                hold, and so is every folder that holds the data of an entry.
        """
        for place in sorted(places):
            if place in self._places:
                return self._places[place]
            if saved and place in self._around:
                return self._around[place]
            for folder in _folders(place) if saved and self._folders else ():
                if folder in self._folders:
                    return self._folders[folder]
        return None


def _folders(place: str) -> Iterator[str]:
    while (folder := posixpath.dirname(place)) not in {"", place}:
        yield folder
        place = folder

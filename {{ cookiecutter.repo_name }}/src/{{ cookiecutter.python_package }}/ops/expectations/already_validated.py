"""What a run has let pass and saved, so that it is not looked at twice.

The gate is in whichever process saves, the end of a run in its own. So what passed is
noted in a folder of the run, with a checksum of what was stored then. The folder stands
in the options of the validators, which go wherever the catalog goes.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from kedro.io import DataCatalog

from ..core import dataset_io, kedro_internals
from ..core.branch import slug
from .attach import SAVE, VALIDATOR

OPTION = "gated"  # of a validator: the folder


def note(catalog: DataCatalog, name: str) -> None:
    """Note how a dataset is, just after it was saved, if somebody will ask."""
    file = _file(catalog, name)
    if file is None:
        return
    if state := _state(catalog, name):
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(state, encoding="utf-8")
        except OSError:
            return  # a full disk, say: it is looked at again


def is_unchanged(catalog: DataCatalog, name: str) -> bool:
    """Whether a dataset is as it was when it was noted; not if that is not known."""
    file = _file(catalog, name)
    if file is None or not file.exists():
        return False
    return file.read_text(encoding="utf-8") == _state(catalog, name)


def forget(catalog: DataCatalog) -> None:
    """Take away the notes of a run that has ended."""
    specs = catalog.validator_specs.values()
    for folder in {spec.options.get(OPTION) for spec in specs}:
        if folder:
            shutil.rmtree(folder, ignore_errors=True)


def _file(catalog: DataCatalog, name: str) -> Path | None:
    """Where a dataset is noted; None if its gate lets everything pass."""
    spec = catalog.validator_specs.get(name)
    if spec is None or spec.class_path != VALIDATOR or not spec.enabled:
        return None
    refuses = SAVE in spec.on and spec.severity == "error"
    if not refuses or not kedro_internals.is_validation_enabled(catalog):
        return None
    folder = spec.options.get(OPTION)
    return Path(folder, slug(name)) if folder else None


def _state(catalog: DataCatalog, name: str) -> str:
    """A text that changes with the file; empty if it may hold more than was saved."""
    dataset: Any = catalog.get(name)
    filesystem = kedro_internals.filesystem(dataset)
    if filesystem is None or dataset_io.appends(dataset):
        return ""
    try:
        if dataset.resolve_load_version() != dataset.resolve_save_version():
            return ""
        path = str(kedro_internals.load_path(dataset))
        filesystem.invalidate_cache(path)
        if filesystem.info(path)["type"] != "file":
            return ""
        return f"{path} {filesystem.checksum(path)}"
    except Exception:  # of any file system: it is looked at again then
        return ""

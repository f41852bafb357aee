"""Why an entry of the catalog gives no dataset, and what would mend it."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module, metadata
from typing import Any

from kedro.utils import load_obj

_PACKAGES = ("kedro.io.", "kedro_datasets.", "")  # where Kedro looks for a type


def explain(entry: dict[str, Any], error: Exception) -> tuple[str, str]:
    """What is wrong and what to do, for the error of making its dataset."""
    for held in _chain(entry):
        if isinstance(written := held.get("type"), str):
            if missing := _missing_module(written):
                return (
                    f"its type {written} needs '{missing}', which is not installed",
                    f"pip install {_requirement(written, missing)}",
                )
            if not _is_there(written):
                return f"there is no dataset type {written}", _nearest(written)
    reason = innermost_cause(error)
    if isinstance(reason, TypeError):
        return (
            f"its arguments do not fit: {one_line(reason)}",
            "mend the entry in the catalog",
        )
    if isinstance(reason, ImportError):
        return one_line(reason), "install what it names"
    return f"it cannot be made: {one_line(reason)}", "mend the entry in the catalog"


def innermost_cause(error: BaseException) -> BaseException:
    """What an error was raised from, in the end."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def one_line(error: BaseException) -> str:
    """The text of an error in one line; its name if it says nothing."""
    text = " ".join(str(error).split())
    return text or type(error).__name__


def _chain(entry: dict[str, Any]) -> list[dict[str, Any]]:
    """An entry and those in it, from the outside."""
    found = [entry]
    while isinstance(found[-1].get("dataset"), dict):
        found.append(found[-1]["dataset"])
    if isinstance(named := found[-1].get("dataset"), str):  # of partitions
        found.append({"type": named})
    return found


def _missing_module(written: str) -> str:
    """The module that keeps a type from being imported, and is not the type's own."""
    for prefix in _PACKAGES:
        path = prefix + written
        try:
            load_obj(path)
        except ModuleNotFoundError as error:
            missing = error.name or ""
            if missing and not path.startswith(missing):
                return missing
        except Exception:  # importing it runs the code of others
            continue
        else:
            return ""
    if not _installed("kedro-datasets") and written.count(".") == 1:
        return "kedro_datasets"
    return ""


def _is_there(written: str) -> bool:
    for prefix in _PACKAGES:
        try:
            load_obj(prefix + written)
        except Exception:  # as above
            continue
        return True
    return False


def _nearest(written: str) -> str:
    group, _, name = written.rpartition(".")
    try:
        known = list(import_module(f"kedro_datasets.{group}").__all__)
    except (ImportError, AttributeError):
        return "mend the 'type' of the entry"
    close = get_close_matches(name, known, 1, 0.6)
    return f"did you mean {group}.{close[0]}?" if close else f"there is: {known}"


def _requirement(written: str, missing: str) -> str:
    """The extra of kedro-datasets that brings what a type needs, else the module."""
    group, _, name = written.removeprefix("kedro_datasets.").rpartition(".")
    group = group.partition(".")[0]
    if not _installed("kedro-datasets"):
        return f'"kedro-datasets[{group}-{name.lower()}]"'
    extras = metadata.metadata("kedro-datasets").get_all("Provides-Extra") or []
    for extra in (f"{group}-{name.lower()}", group):
        if extra in extras:
            return f'"kedro-datasets[{extra}]"'
    return missing.partition(".")[0]


def _installed(distribution: str) -> bool:
    try:
        metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return False
    return True

"""The catalog: types, arguments, credentials, validators, parameters and typos."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from importlib import import_module, metadata
from typing import Any

from kedro.config import MissingConfigException
from kedro.framework import project
from kedro.framework.context import KedroContext
from kedro.io.core import is_parameter
from kedro.utils import load_obj

from ..core import kedro_internals
from ..core.errors import innermost_cause, one_line
from ..core.findings import WARNING, Finding
from .planned_run import PlannedRun, catalog_lines

_PACKAGES = ("kedro.io.", "kedro_datasets.", "")  # where Kedro looks for a type
_FIX_ENTRY = "fix the entry in the catalog"
_SHORTEST = 5  # letters; in a shorter word, another letter makes another word
_ALIKE = 0.8  # of 1; two of nine letters that are swapped leave 0.89


def check(run: PlannedRun, broken: Iterable[Finding] = ()) -> Iterator[Finding]:
    """The findings about the entries of a run, and about those that break any run."""
    yield from broken
    for name, error in run.failures.items():
        message, remedy = explain(run.entry(name), error)
        yield Finding(message, name, run.place(name), remedy)
    yield from _unknown_inputs(run)
    yield from _unknown_parameters(run)
    yield from _bad_validators(run)
    yield from _typos(run)


# Entries with which Kedro cannot create any catalog


def broken_entries(context: KedroContext) -> dict[str, Finding]:
    """The entries with which Kedro cannot create a catalog, used by the run or not."""
    loader = context.config_loader
    try:
        # Kept, or Kedro would read the files once more.
        loader["catalog"] = catalog = loader["catalog"]
    except (KeyError, MissingConfigException):
        return {}
    named = {name: [*_credentials(entry)] for name, entry in catalog.items()}
    known = kedro_internals.credentials(context) if any(named.values()) else {}
    found = {
        name: reason
        for name, entry in catalog.items()
        if (reason := _broken(name, entry, named[name], known))
    }
    lines = catalog_lines(context) if found else {}
    return {
        name: Finding(message, name, lines.get(name, ""), remedy)
        for name, (message, remedy) in found.items()
    }


def _broken(
    name: str, entry: Any, named: list[str], credentials: dict[str, Any]
) -> tuple[str, str] | None:
    if not isinstance(entry, dict):
        return (
            "is not a mapping",
            "give it a 'type', or begin its name with _ if it is for reference only",
        )
    if "type" not in entry:
        return "has no 'type'", "add the type of the dataset: type: pandas.CSVDataset"
    for key in named:
        if key not in credentials:
            remedy = _hint(key, credentials) or "add them"
            return (
                f"needs credentials '{key}', which no credentials.yml defines",
                f"{remedy} in conf/local/credentials.yml",
            )
    if "validator" in entry:
        from kedro.validation.core import ValidatorSpec  # noqa: PLC0415
        from kedro.validation.exceptions import (  # noqa: PLC0415
            ValidationConfigurationError,
        )

        try:
            ValidatorSpec.from_dataset_config(name, entry["validator"])
        except ValidationConfigurationError as error:
            reason = str(error).partition(f"'{name}': ")[2]
            what = f"has an invalid 'validator': {reason}"
            return what, "see Kedro's page on validation"
    return None


def _credentials(value: Any) -> Iterator[str]:
    """The names of the credentials in an entry, at any depth."""
    for key, inner in value.items() if isinstance(value, dict) else ():
        if key == "credentials" and isinstance(inner, str):
            yield inner
        yield from _credentials(inner)


# Why a dataset cannot be created


def explain(entry: dict[str, Any], error: Exception) -> tuple[str, str]:
    """What is wrong with an entry, and how to fix it, from the error of its dataset."""
    for written in _types(entry):
        if missing := _missing_module(written):
            return (
                f"its type {written} needs '{missing}', which is not installed",
                f"pip install {_requirement(written, missing)}",
            )
        if not any(_imported(prefix + written) is True for prefix in _PACKAGES):
            return f"the dataset type {written} does not exist", _nearest(written)
    reason = innermost_cause(error)
    if isinstance(reason, TypeError):
        return f"its arguments are wrong: {one_line(reason)}", _FIX_ENTRY
    if isinstance(reason, ImportError):
        return one_line(reason), "install what it names"
    return f"cannot be created: {one_line(reason)}", _FIX_ENTRY


def _types(entry: Any) -> Iterator[str]:
    """The types of an entry and of the datasets in it, from the outside."""
    if isinstance(entry, str):  # of partitions
        yield entry
    elif isinstance(entry, dict):
        if isinstance(written := entry.get("type"), str):
            yield written
        yield from _types(entry.get("dataset"))


def _imported(path: str) -> bool | Exception:
    try:
        load_obj(path)
    except Exception as error:  # importing a type runs its code
        return error
    return True


def _missing_module(written: str) -> str:
    """The module, not the type's own, that a type needs and that is not installed."""
    for prefix in _PACKAGES:
        path = prefix + written
        error = _imported(path)
        if error is True:
            return ""
        if isinstance(error, ModuleNotFoundError) and error.name:
            if not path.startswith(error.name):
                return error.name
    if not _installed("kedro-datasets") and written.count(".") == 1:
        return "kedro_datasets"
    return ""


def _nearest(written: str) -> str:
    group, _, name = written.rpartition(".")
    try:
        known = list(import_module(f"kedro_datasets.{group}").__all__)
    except (ImportError, AttributeError):
        return "fix the 'type' of the entry"
    close = _close(name, known, 0.6)
    return f"did you mean {group}.{close[0]}?" if close else f"use one of {known}"


def _requirement(written: str, missing: str) -> str:
    """The extra of kedro-datasets that installs what a type needs, else the module."""
    group, _, name = written.removeprefix("kedro_datasets.").rpartition(".")
    group = group.partition(".")[0]
    extra = f"{group}-{name.lower()}"
    if not _installed("kedro-datasets"):
        return f'"kedro-datasets[{extra}]"'
    extras = metadata.metadata("kedro-datasets").get_all("Provides-Extra") or []
    for known in (extra, group):
        if known in extras:
            return f'"kedro-datasets[{known}]"'
    return missing.partition(".")[0]


def _installed(distribution: str) -> bool:
    try:
        metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return False
    return True


# Names that are not defined


def _unknown_inputs(run: PlannedRun) -> Iterator[Finding]:
    known = [key for key in run.catalog.keys() if not is_parameter(key)]
    for name in run.inputs:
        if name not in run.datasets and name not in run.failures:
            yield Finding(
                "is not defined in the catalog, and no node of the run creates it",
                name,
                run.used_by(name),
                _hint(name, known)
                or "add it to the catalog, or also run the node that creates it",
            )


def _unknown_parameters(run: PlannedRun) -> Iterator[Finding]:
    known = {key for key in run.catalog.keys() if is_parameter(key)}
    for name in sorted(run.parameters - known):
        yield Finding(
            "is not defined in any parameters file",
            name,
            run.used_by(name),
            _hint(name, known) or "add it to conf/base/parameters.yml, or use --params",
        )


def _bad_validators(run: PlannedRun) -> Iterator[Finding]:
    """Kedro itself only checks whether the top package of a validator exists."""
    specs = getattr(run.catalog, "validator_specs", {})
    if not getattr(run.catalog, "validation_enabled", False):
        return
    for name in sorted(specs.keys() & run.pipeline.datasets()):
        if not specs[name].enabled:
            continue
        from kedro.validation import resolve_validator  # noqa: PLC0415

        try:
            resolve_validator(specs[name])
        except Exception as error:  # importing it runs the team's code
            yield Finding(
                f"its validator cannot be used: {one_line(error)}",
                name,
                run.place(name),
                "fix the path under 'validator', or the code that it names",
            )


def _typos(run: PlannedRun) -> Iterator[Finding]:
    """Datasets in memory whose name is a typo away from an entry that nobody uses."""
    names = run.pipeline.datasets()
    known = run.datasets.keys() | run.failures.keys() | run.broken | {*run.inputs}
    in_memory = [name for name in names - known if not is_parameter(name)]
    if not in_memory:
        return
    unused = {*run.catalog.keys()} - names
    for pipeline in run.run_params.get("pipeline_names") or ["__default__"]:
        unused -= project.pipelines[pipeline].datasets()
    for name in sorted(in_memory):
        for entry in sorted(unused):
            if not is_parameter(entry) and is_typo(name, entry):
                yield Finding(
                    f"exists in memory only; did you mean '{entry}' of the catalog?",
                    name,
                    run.place(entry),
                    "if it is the same dataset, use the same name",
                    level=WARNING,
                )


def is_typo(one: str, other: str) -> bool:
    """Whether two names are alike but for one word, which may be a typo.

    ``x_train`` and ``y_train``, or ``part_1`` and ``part_2``, are different names.
    """
    ones, others = re.split(r"([^a-zA-Z]+)", one), re.split(r"([^a-zA-Z]+)", other)
    if len(ones) != len(others):
        return False
    differ = [pair for pair in zip(ones, others, strict=True) if pair[0] != pair[1]]
    if len(differ) != 1 or min(map(len, differ[0])) < _SHORTEST:
        return False
    [(word, similar)] = differ
    return (word + similar).isalpha() and bool(_close(word, [similar], _ALIKE))


def _hint(name: str, known: Iterable[str]) -> str:
    close = _close(name, known, 0.7)
    return f"did you mean '{close[0]}'?" if close else ""


def _close(name: str, known: Iterable[str], alike: float) -> list[str]:
    return get_close_matches(name, list(known), 1, alike)

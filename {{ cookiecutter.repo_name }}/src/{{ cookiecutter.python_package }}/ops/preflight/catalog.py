"""Whether the catalog holds: classes, arguments, credentials, validators, parameters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any

from kedro.config import MissingConfigException
from kedro.framework import project
from kedro.framework.context import KedroContext
from kedro.io.core import is_parameter

from ..core import kedro_internals
from . import dataset_types
from .catalog_lines import CatalogLines
from .planned_run import PlannedRun
from .problem import WARN, Problem


def check(run: PlannedRun) -> Iterator[Problem]:
    """All that is wrong with the entries that a run uses."""
    yield from _unusable(run)
    yield from _unknown_inputs(run)
    yield from _unknown_parameters(run)
    yield from _bad_validators(run)
    yield from _almost_entries(run)


def broken_entries(context: KedroContext) -> dict[str, Problem]:
    """The entries with which Kedro cannot make a catalog, whichever of them a run uses."""
    loader = context.config_loader
    try:
        # Kept, or Kedro would read the files once more.
        loader["catalog"] = catalog = loader["catalog"]
    except (KeyError, MissingConfigException):
        return {}
    named = {
        name: key for name, entry in catalog.items() if (key := _credentials(entry))
    }
    credentials = kedro_internals.credentials(context) if named else {}
    found = {}
    for name, entry in catalog.items():
        if problem := _broken(name, entry, named.get(name, []), credentials):
            found[name] = problem
    lines = CatalogLines.of(context) if found else None
    return {
        name: Problem(what, name, lines.of_entry(name) if lines else "", remedy)
        for name, (what, remedy) in found.items()
    }


def _broken(
    name: str, entry: Any, named: list[str], credentials: dict[str, Any]
) -> tuple[str, str] | None:
    if not isinstance(entry, dict):
        return (
            "is no mapping",
            "give it a 'type', or begin its name with _ if it is only for reference",
        )
    if "type" not in entry:
        return "has no 'type'", "say which dataset it is, e.g. type: pandas.CSVDataset"
    for key in named:
        if key not in credentials:
            close = _hint(key, credentials)
            return (
                f"needs credentials '{key}', which are in no credentials.yml",
                f"{close or 'add them'} in conf/local/credentials.yml",
            )
    if "validator" in entry:
        from kedro.validation.core import ValidatorSpec  # noqa: PLC0415
        from kedro.validation.exceptions import (  # noqa: PLC0415
            ValidationConfigurationError,
        )

        try:
            ValidatorSpec.from_dataset_config(name, entry["validator"])
        except ValidationConfigurationError as error:
            what = str(error).partition(f"'{name}': ")[2]
            return f"has a bad 'validator': {what}", "see Kedro's page on validation"
    return None


def _credentials(value: Any) -> list[str]:
    """The names of the credentials that an entry uses, at any depth."""
    if not isinstance(value, dict):
        return []
    names = []
    for key, inner in value.items():
        if key == "credentials" and isinstance(inner, str):
            names.append(inner)
        elif isinstance(inner, dict):
            names += _credentials(inner)
    return names


def _unusable(run: PlannedRun) -> Iterator[Problem]:
    names = run.datasets and run.failures or run.failures
    for name, error in names.items():
        what, remedy = dataset_types.explain(run.entry(name), error)
        yield Problem(what, name, run.where(name), remedy)


def _unknown_inputs(run: PlannedRun) -> Iterator[Problem]:
    for name in run.inputs:
        if name in run.datasets or name in run.failures:
            continue
        known = [key for key in run.catalog.keys() if not is_parameter(key)]
        yield Problem(
            "is read, but not in the catalog, and no node of the run makes it",
            name,
            run.used_by(name),
            _hint(name, known)
            or "add it to the catalog, or run the node that makes it, too",
        )


def _unknown_parameters(run: PlannedRun) -> Iterator[Problem]:
    known = {key for key in run.catalog.keys() if is_parameter(key)}
    for name in sorted(run.parameters - known):
        yield Problem(
            "is in no parameters file",
            name,
            run.used_by(name),
            _hint(name, known) or "add it to conf/base/parameters.yml, or use --params",
        )


def _bad_validators(run: PlannedRun) -> Iterator[Problem]:
    """Kedro itself only looks whether the top package of a validator exists."""
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
            yield Problem(
                f"its validator cannot be used: {dataset_types.one_line(error)}",
                name,
                run.where(name),
                "mend the path under 'validator', or what it leads to",
            )


def _almost_entries(run: PlannedRun) -> Iterator[Problem]:
    """Datasets in memory whose name is a slip away from an entry that nobody uses."""
    names = run.pipeline.datasets()
    in_memory = [
        name
        for name in sorted(names - run.datasets.keys() - run.failures.keys())
        if not is_parameter(name) and name not in run.broken
    ]
    if not in_memory:
        return
    unread = {*run.catalog.keys()} - names - _registered(run)
    unread = {entry for entry in unread if not is_parameter(entry)}
    for name in in_memory:
        if name in run.inputs:
            continue  # an error of its own
        for entry in sorted(unread):
            if is_slip(name, entry):
                yield Problem(
                    f"is kept in memory only; did you mean '{entry}' of the catalog?",
                    name,
                    run.where(entry),
                    "write the same name in both, if it is the same dataset",
                    level=WARN,
                )


def _registered(run: PlannedRun) -> set[str]:
    """The datasets of the pipelines that the run's nodes were chosen from."""
    chosen = run.run_params.get("pipeline_names") or ["__default__"]
    found: set[str] = set()
    for name in chosen:
        found |= project.pipelines[name].datasets()
    return found


def is_slip(one: str, other: str) -> bool:
    """Whether two names differ by one letter or two swapped ones, in a word.

    ``x_train`` and ``y_train``, ``part_1`` and ``part_2``, are two names.
    """
    ones, others = re.split(r"([^a-zA-Z]+)", one), re.split(r"([^a-zA-Z]+)", other)
    if len(ones) != len(others):
        return False
    differ = [pair for pair in zip(ones, others, strict=True) if pair[0] != pair[1]]
    return len(differ) == 1 and _is_typo(*sorted(differ[0], key=len))


_SHORTEST = 5  # letters of a word in which a slip is told from another word


def _is_typo(short: str, long: str) -> bool:
    if len(short) < _SHORTEST or not (short + long).isalpha():
        return False
    if len(short) < len(long):
        return any(long[:i] + long[i + 1 :] == short for i in range(len(long)))
    wrong = [i for i, letter in enumerate(short) if letter != long[i]]
    if len(wrong) == 1:
        return True
    first, last = wrong[0], wrong[-1]
    swapped = short[first] == long[last] and short[last] == long[first]
    return len(wrong) == 2 and last == first + 1 and swapped  # noqa: PLR2004


def _hint(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, list(known), 1, 0.7)
    return f"did you mean '{close[0]}'?" if close else ""

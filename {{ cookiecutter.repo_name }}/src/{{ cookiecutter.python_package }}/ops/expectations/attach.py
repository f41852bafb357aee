"""Which dataset has which suite: the catalog says it, or settings, or a file's name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import define, evolve, field, frozen
from kedro.framework import project
from kedro.io.catalog_config_resolver import CatalogConfigResolver

from ..core import kedro_internals
from ..core.errors import OpsError
from ..core.settings import settings_section
from .suites import FOLDER, SuiteFolder

SAVE, LOAD, END = "save", "load", "end"
KEY = "expectations"
VALIDATOR = (
    f"{__package__}.validator.SuiteValidator"  # the class, as a catalog names it
)


@define
class Attach:
    """A dataset's suite, and when its data are looked at."""

    suite: str = ""
    when: list[str] = field(factory=lambda: [SAVE])


@settings_section("expectations")
class ExpectationsOptions:
    """``expectations`` in ``ops.yml``."""

    enabled: bool = True
    attach: dict[str, Attach] = field(factory=dict)
    atomic_outputs: bool = False
    lazy_rows: int | None = None
    data_docs: bool = False


@frozen
class Attachment:
    """The suite of one dataset; ``validator`` is how its entry says so, if it does."""

    dataset: str
    suite: str
    when: frozenset[str]
    validator: dict[Any, Any] = {}  # noqa: RUF012

    def written_out(self, arguments: dict[str, Any]) -> dict[str, Any] | None:
        """The validator for Kedro, with what it has to know; none if it is not asked."""
        on = [mode for mode in (LOAD, SAVE) if mode in self.when]
        if not on:
            return None
        kept = {key: self.validator[key] for key in self.validator if key is not True}
        own = {"suite": self.suite, "dataset": self.dataset}
        if END not in self.when:
            own["gated"] = ""  # nobody asks whether it passed
        return {**kept, "class": VALIDATOR, "on": on, "options": {**arguments, **own}}


def find(
    catalog: dict[str, Any], settings: ExpectationsOptions, folder: SuiteFolder
) -> tuple[list[Attachment], list[str]]:
    """The suites with the dataset of each, and those about several datasets.

    Raises:
        OpsError: if a suite has no dataset, a dataset's suite is not there, or two places
            say two things.
    """
    found = {each.dataset: each for each in _written(catalog)}
    for dataset, given in settings.attach.items():
        attachment = _from_settings(dataset, given)
        if dataset in found:
            _refuse_disagreement(found[dataset], attachment)
            attachment = evolve(attachment, validator=found[dataset].validator)
        found[dataset] = attachment
    across, names = [], folder.names()
    for name in names:
        if _is_named(name, found):
            continue
        if name not in found and _is_dataset(name, catalog):
            found[name] = Attachment(name, name, frozenset({SAVE}))
        elif (suite := folder.read(name)).across:
            across.append(name)
        else:
            has = (
                f"'{name}' has the suite '{found[name].suite}'" if name in found else ""
            )
            raise OpsError(
                f"{suite.place} is for no dataset, because "
                f"{has or f'there is no {name!r}'}: name it after one, or say whose it is "
                f"under {KEY}.attach in conf/base/ops.yml."
            )
    for each in found.values():
        if "{" not in each.suite and each.suite not in names:
            folder.read(each.suite)  # which says what is missing
        _refuse_other_validator(each, catalog)
    return list(found.values()), across


def entry_of(catalog: dict[str, Any], dataset: str) -> dict[str, Any] | None:
    """The entry of a dataset, as Kedro makes it from a pattern if it has none itself."""
    if dataset not in catalog:
        empty: dict[str, dict[str, Any]] = {name: {} for name in catalog}
        resolver = CatalogConfigResolver(empty, default_runtime_patterns={})
        pattern = resolver.match_dataset_pattern(dataset)
        pattern = pattern or resolver.match_user_catch_all_pattern(dataset)
        if pattern is None:
            return None
        return kedro_internals.entry_of_pattern(dataset, pattern, catalog[pattern])
    entry = catalog[dataset]
    return entry if isinstance(entry, dict) else None


def is_ours(entry: Any) -> bool:
    """Whether an entry of the catalog has a suite for its validator."""
    return bool(_class_of(entry) == VALIDATOR)


def _written(catalog: dict[str, Any]) -> Iterator[Attachment]:
    for dataset, entry in catalog.items():
        if not is_ours(entry):
            continue
        given = entry["validator"]
        given = {"class": given} if isinstance(given, str) else given
        suite = (given.get("options") or {}).get("suite") or dataset
        # YAML reads an unquoted "on" as true, and Kedro takes either.
        on = given.get("on", given.get(True, [SAVE, LOAD]))
        yield Attachment(
            dataset, suite, frozenset([on] if isinstance(on, str) else on), given
        )


def _from_settings(dataset: str, given: Attach) -> Attachment:
    when = frozenset(given.when)
    if not when or not when <= {SAVE, LOAD, END}:
        raise OpsError(
            f"ops.yml: '{KEY}.attach.{dataset}.when' is {given.when}: write one or more "
            f"of {SAVE}, {LOAD}, {END}."
        )
    return Attachment(dataset, given.suite or dataset, when)


def _refuse_disagreement(written: Attachment, settings: Attachment) -> None:
    if (written.suite, written.when) != (settings.suite, settings.when - {END}):
        raise OpsError(
            f"'{written.dataset}' has the suite '{written.suite}' on "
            f"{', '.join(sorted(written.when))} in the catalog, and '{settings.suite}' on "
            f"{', '.join(sorted(settings.when))} in ops.yml: take one of the two away."
        )


def _refuse_other_validator(attachment: Attachment, catalog: dict[str, Any]) -> None:
    entry = entry_of(catalog, attachment.dataset)
    if entry and entry.get("validator") and not is_ours(entry):
        raise OpsError(
            f"'{attachment.dataset}' has the validator {_class_of(entry)} in the catalog "
            f"and the suite '{attachment.suite}' (conf/.../{FOLDER}, or {KEY}.attach in "
            "ops.yml), and Kedro takes one of them: take one away."
        )


def _is_named(name: str, found: dict[str, Attachment]) -> bool:
    """Whether somebody names a suite; the text of a factory pattern may, too."""
    named: dict[str, dict[str, Any]] = {each.suite: {} for each in found.values()}
    if name in named:
        return True
    resolver = CatalogConfigResolver(named, default_runtime_patterns={})
    return resolver.match_dataset_pattern(name) is not None


def _is_dataset(name: str, catalog: dict[str, Any]) -> bool:
    # A pattern may stand for any name; only those of the pipelines are datasets.
    return name in catalog or any(
        name in pipeline.datasets() for pipeline in project.pipelines.values()
    )


def _class_of(entry: Any) -> Any:
    given = entry.get("validator") if isinstance(entry, dict) else None
    return given.get("class") if isinstance(given, dict) else given

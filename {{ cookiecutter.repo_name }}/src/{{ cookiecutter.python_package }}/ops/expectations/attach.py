"""Which dataset has which suite, by the catalog, ``ops.yml`` or the suite's name."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from attrs import define, evolve, field, frozen
from kedro.config import AbstractConfigLoader
from kedro.framework import project
from kedro.framework.context import KedroContext
from kedro.io import DataCatalog
from kedro.io.catalog_config_resolver import CatalogConfigResolver
from kedro.pipeline import Pipeline
from kedro.validation.core import ValidatorSpec

from ..core import kedro_internals
from ..core.errors import OpsError
from ..core.settings import is_guard_on, read_settings, settings_section
from .suites import FOLDER, SuiteFolder

SAVE, LOAD, END = "save", "load", "end"
# The validator's class, as a catalog entry names it.
VALIDATOR = f"{__package__}.validator.SuiteValidator"
_ATTACH = "expectations.attach in conf/base/ops.yml"


@define
class Attach:
    """A dataset's suite, and when the data is checked."""

    suite: str = ""
    when: list[str] = field(factory=lambda: [SAVE])


@settings_section("expectations")
class ExpectationsOptions:
    """``expectations`` in ``ops.yml``."""

    enabled: bool = True
    attach: dict[str, Attach] = field(factory=dict)
    atomic_outputs: bool = False
    lazy_rows: int | None = None


@frozen
class Attachment:
    """The suite of a dataset; ``validator`` is that of its catalog entry, if any."""

    dataset: str
    suite: str
    when: frozenset[str]
    validator: dict[Any, Any] = {}  # noqa: RUF012


@frozen
class Attachments:
    """The suites of a project's datasets in one environment."""

    folder: SuiteFolder
    settings: ExpectationsOptions
    enabled: bool
    attached: list[Attachment]

    @classmethod
    def read(cls, context: KedroContext) -> Attachments:
        """Find the suite of each dataset.

        Raises:
            OpsError: if a suite has no dataset, a dataset's suite does not exist, or the
                catalog and ``ops.yml`` contradict each other.
        """
        loader = context.config_loader
        settings = read_settings(loader, ExpectationsOptions)
        enabled = is_guard_on("expectations", settings.enabled)
        base = getattr(loader, "base_env", None) or "base"
        env = loader.env or getattr(loader, "default_run_env", None) or base
        folder = SuiteFolder(str(loader.conf_source), tuple(dict.fromkeys([base, env])))
        loader["catalog"] = catalog = loader["catalog"]  # read once
        attached = find(catalog, settings, folder) if enabled else []
        return cls(folder, settings, enabled, attached)

    def is_on(self, catalog: DataCatalog) -> bool:
        """Whether data is checked; KEDRO_DATASET_VALIDATION is Kedro's own switch."""
        return self.enabled and kedro_internals.is_validation_enabled(catalog)

    def rewrite_catalog(self, loader: AbstractConfigLoader) -> None:
        """Give the catalog entries their validators, or disable them if this is off."""
        catalog: dict[str, Any] = {**loader["catalog"]}
        for name, entry in catalog.items():
            if _is_ours(entry) and not self.enabled:
                disabled = {**_validator(entry), "enabled": False}
                catalog[name] = {**entry, "validator": disabled}
        for each in self.attached:
            entry, validator = _entry(catalog, each.dataset), self._written_out(each)
            if entry and validator:
                catalog[each.dataset] = {**entry, "validator": validator}
        loader["catalog"] = catalog

    def prepare(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Read the run's suites, and attach those of datasets in memory.

        Raises:
            OpsError: with file and line, if a suite is malformed.
        """
        for each in self.attached:
            if each.dataset in pipeline.datasets():
                self.folder.read(each.suite)
            if each.dataset in pipeline.all_outputs() and each.dataset not in catalog:
                self._attach_in_memory(each, catalog)

    def at_end(
        self, pipeline: Pipeline, skipped: Collection[str]
    ) -> Iterator[Attachment]:
        """The attachments to check after a run: of what the nodes that ran have saved."""
        ran = [node for node in pipeline.nodes if node.name not in skipped]
        saved = {name for node in ran for name in node.outputs}
        yield from (
            each for each in self.attached if END in each.when and each.dataset in saved
        )

    def _written_out(self, attachment: Attachment) -> dict[str, Any] | None:
        """The complete validator of an entry; none if it is checked at the end only."""
        on = [mode for mode in (LOAD, SAVE) if mode in attachment.when]
        if not on:
            return None
        given = attachment.validator
        kept = {key: value for key, value in given.items() if key is not True}
        options = {
            "suite": attachment.suite,
            "dataset": attachment.dataset,
            "conf": self.folder.conf,
            "envs": list(self.folder.envs),
            "lazy_rows": self.settings.lazy_rows,
            "atomic": self.settings.atomic_outputs,
        }
        return {**kept, "class": VALIDATOR, "on": on, "options": options}

    def _attach_in_memory(self, attachment: Attachment, catalog: DataCatalog) -> None:
        validator = self._written_out(attachment)
        if validator is None or END in attachment.when:
            raise OpsError(
                f"{_ATTACH}: '{attachment.dataset}' exists in memory only and cannot be "
                "checked at the end of a run. Give it a catalog entry."
            )
        # Kedro makes the entry of such a dataset later, from a pattern of its own.
        spec = ValidatorSpec.from_dataset_config(attachment.dataset, validator)
        kedro_internals.set_validator_spec(catalog, attachment.dataset, spec)


def find(
    catalog: dict[str, Any], settings: ExpectationsOptions, folder: SuiteFolder
) -> list[Attachment]:
    """The attachments that the catalog, ``ops.yml`` and the suites' names make.

    Raises:
        OpsError: see ``Attachments.read``.
    """
    found = {each.dataset: each for each in _from_catalog(catalog)}
    for dataset, given in settings.attach.items():
        attachment = _from_settings(dataset, given)
        if dataset in found:
            _refuse_contradiction(found[dataset], attachment)
            attachment = evolve(attachment, validator=found[dataset].validator)
        found[dataset] = attachment
    names = folder.names()
    for name in names:
        if _is_attached(name, found):
            continue
        if name in found:
            raise OpsError(
                f"The suite '{name}' belongs to no dataset: '{name}' has the suite "
                f"'{found[name].suite}'. Attach it under {_ATTACH}, or delete it."
            )
        if not _is_dataset(name, catalog):
            raise OpsError(
                f"The suite '{name}' belongs to no dataset: '{name}' is not defined in "
                f"the catalog. Name the suite after a dataset, or attach it under {_ATTACH}."
            )
        found[name] = Attachment(name, name, frozenset({SAVE}))
    for each in found.values():
        if "{" not in each.suite and each.suite not in names:
            folder.read(each.suite)  # raises the error that says what is missing
        entry = _entry(catalog, each.dataset)
        if entry and entry.get("validator") and not _is_ours(entry):
            raise OpsError(
                f"'{each.dataset}' has the validator {_validator(entry)['class']} in the "
                f"catalog and the suite '{each.suite}' (conf/.../{FOLDER} or {_ATTACH}), "
                "but Kedro takes only one. Remove one of them."
            )
    return list(found.values())


def _from_catalog(catalog: dict[str, Any]) -> Iterator[Attachment]:
    for dataset, entry in catalog.items():
        if _is_ours(entry):
            given = _validator(entry)
            suite = (given.get("options") or {}).get("suite") or dataset
            # YAML reads an unquoted "on" as true, and Kedro takes either.
            on = given.get("on", given.get(True, [SAVE, LOAD]))
            when = frozenset([on] if isinstance(on, str) else on)
            yield Attachment(dataset, suite, when, given)


def _from_settings(dataset: str, given: Attach) -> Attachment:
    when = frozenset(given.when)
    if not when or not when <= {SAVE, LOAD, END}:
        raise OpsError(
            f"ops.yml: 'expectations.attach.{dataset}.when' is {given.when}. Use one or "
            f"more of {SAVE}, {LOAD}, {END}."
        )
    return Attachment(dataset, given.suite or dataset, when)


def _refuse_contradiction(catalog: Attachment, settings: Attachment) -> None:
    if (catalog.suite, catalog.when) != (settings.suite, settings.when - {END}):
        raise OpsError(
            f"'{catalog.dataset}' has the suite '{catalog.suite}' on "
            f"{', '.join(sorted(catalog.when))} in the catalog, but '{settings.suite}' on "
            f"{', '.join(sorted(settings.when))} in ops.yml. Remove one of the two."
        )


def _is_attached(suite: str, found: dict[str, Attachment]) -> bool:
    """Whether a dataset, or a dataset factory pattern, names the suite."""
    named: dict[str, dict[str, Any]] = {each.suite: {} for each in found.values()}
    resolver = CatalogConfigResolver(named, default_runtime_patterns={})
    return suite in named or resolver.match_dataset_pattern(suite) is not None


def _is_dataset(name: str, catalog: dict[str, Any]) -> bool:
    # A pattern matches any name; only the names in the pipelines are datasets.
    return name in catalog or any(
        name in pipeline.datasets() for pipeline in project.pipelines.values()
    )


def _entry(catalog: dict[str, Any], dataset: str) -> dict[str, Any] | None:
    """The entry of a dataset, its own or made from a dataset factory pattern."""
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


def _validator(entry: Any) -> dict[Any, Any]:
    """The validator of an entry in its long form."""
    given = entry.get("validator") if isinstance(entry, dict) else None
    return given if isinstance(given, dict) else {"class": given}


def _is_ours(entry: Any) -> bool:
    return bool(_validator(entry).get("class") == VALIDATOR)

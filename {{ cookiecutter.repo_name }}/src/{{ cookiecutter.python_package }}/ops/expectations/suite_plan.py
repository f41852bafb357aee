"""Which suites a project has in one environment, and what is done with them in a run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

from attrs import frozen
from kedro.config import AbstractConfigLoader
from kedro.framework.context import KedroContext
from kedro.io import DataCatalog, DatasetError
from kedro.pipeline import Pipeline
from kedro.validation.core import ValidatorSpec

from ..core import findings, kedro_internals
from ..core.errors import OpsError
from ..core.settings import STORE, is_guard_on, read_settings, read_store
from . import already_validated, attach, between_datasets, data_docs
from .attach import END, Attachment, ExpectationsOptions
from .suites import Suite, SuiteFolder


@frozen
class Plan:
    """The suites and whose they are; ``arguments`` are what a validator has to know."""

    folder: SuiteFolder
    enabled: bool
    attached: list[Attachment]
    across: list[str]
    arguments: dict[str, Any]
    docs: Path
    docs_told: str  # where they are, as the record of the run has it

    @classmethod
    def of(cls, context: KedroContext) -> Plan:
        """That of a project.

        Raises:
            OpsError: if suites, settings and catalog do not fit together.
        """
        loader = context.config_loader
        settings = read_settings(loader, ExpectationsOptions)
        enabled = is_guard_on("expectations", settings.enabled)
        folder = _folder_of(loader)
        attached, several = (
            attach.find(loader["catalog"], settings, folder) if enabled else ([], [])
        )
        store = context.project_path / STORE
        results = store / "expectations" / uuid4().hex
        # Of a table of which the gate saw the first rows only, all may be seen later.
        notes = f"{results.as_posix()}.gated" if settings.lazy_rows is None else ""
        arguments = {
            "conf": folder.conf,
            "envs": list(folder.envs),
            "lazy_rows": settings.lazy_rows,
            "atomic": settings.atomic_outputs,
            "results": results.as_posix() if settings.data_docs and enabled else "",
            already_validated.OPTION: notes,
        }
        docs = store / "data_docs"
        kept = read_store(loader, context.project_path)["url"]
        # As seen from the page of the runs, which makes it a link, if that is here, too.
        told = "../data_docs/index.html" if kept == store.as_posix() else str(docs)
        return cls(folder, enabled, attached, several, arguments, docs, told)

    def rewrite_catalog(self, loader: AbstractConfigLoader) -> None:
        """Put validators into the entries of the catalog; if off, put ours to sleep."""
        catalog: dict[str, Any] = {**loader["catalog"]}
        for name, entry in catalog.items():
            if attach.is_ours(entry) and not self.enabled:
                catalog[name] = {**entry, "validator": _asleep(entry["validator"])}
        for each in self.attached:
            entry = attach.entry_of(catalog, each.dataset)
            validator = each.written_out(self.arguments)
            if entry and validator:
                catalog[each.dataset] = {**entry, "validator": validator}
        loader["catalog"] = catalog

    def prepare(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Stop a run if a suite that it needs cannot be used; attach those in memory.

        Raises:
            OpsError: with file and line.
        """
        if not self.is_on(catalog):
            return
        for each in self.attached:
            if each.dataset in pipeline.all_outputs() and each.dataset not in catalog:
                self._attach_in_memory(each, catalog)
        if needed := set(self._needed(pipeline, catalog)):
            from .gx import check_types  # noqa: PLC0415

            for name in sorted(needed):
                check_types(self.folder.read(name))
        for suite in self.suites_across(pipeline):
            between_datasets.check_written(suite)
            for dataset in between_datasets.datasets(suite):
                if dataset not in catalog:
                    raise OpsError(f"{suite.place}: {_only_in_memory(dataset)}")

    def at_the_end(self, pipeline: Pipeline) -> Iterator[Attachment]:
        """What is looked at after a run: of what it has saved."""
        outputs = pipeline.all_outputs()
        for each in self.attached:
            if END in each.when and each.dataset in outputs:
                yield each

    def suites_across(self, pipeline: Pipeline) -> Iterator[Suite]:
        """The suites on several datasets that a run has, one of them saved by it."""
        for suite in self.all_across():
            named = between_datasets.datasets(suite)
            if named <= pipeline.datasets() and named & pipeline.all_outputs():
                yield suite

    def all_across(self) -> Iterator[Suite]:
        """The suites on several datasets."""
        return map(self.folder.read, self.across)

    def is_on(self, catalog: DataCatalog) -> bool:
        """Whether data are checked; KEDRO_DATASET_VALIDATION is Kedro's own switch."""
        return self.enabled and kedro_internals.is_validation_enabled(catalog)

    def build_docs(self) -> None:
        """Make the Data Docs of what was found, if they are asked for."""
        if self.arguments["results"]:
            if data_docs.build(Path(self.arguments["results"]), self.docs):
                told = ("expectations", "Data Docs", "warning", True)
                findings.report(*told, self.docs_told)

    def _needed(self, pipeline: Pipeline, catalog: DataCatalog) -> Iterator[str]:
        """The suites that a run will ask Great Expectations about."""
        if not self.attached:
            return
        for name in pipeline.datasets():
            try:
                catalog.get(name)  # a pattern has no validator until it is asked for
            except DatasetError:
                continue  # the runner reports it where hooks expect it
        used = {"save": pipeline.all_outputs(), "load": pipeline.all_inputs()}
        for name, spec in catalog.validator_specs.items():
            if spec.class_path == attach.VALIDATOR and spec.enabled:
                if any(name in used[mode] for mode in spec.on):
                    yield spec.options["suite"]
        yield from (each.suite for each in self.at_the_end(pipeline))

    def _attach_in_memory(self, attachment: Attachment, catalog: DataCatalog) -> None:
        validator = attachment.written_out(self.arguments)
        if validator is None or END in attachment.when:
            raise OpsError(
                f"conf/base/ops.yml, {attach.KEY}.attach: "
                f"{_only_in_memory(attachment.dataset)}"
            )
        # Kedro makes the entry of such a dataset later, from a pattern of its own.
        spec = ValidatorSpec.from_dataset_config(attachment.dataset, validator)
        kedro_internals.set_validator_spec(catalog, attachment.dataset, spec)


def _folder_of(loader: AbstractConfigLoader) -> SuiteFolder:
    base = getattr(loader, "base_env", None) or "base"
    env = loader.env or getattr(loader, "default_run_env", None) or base
    return SuiteFolder(str(loader.conf_source), tuple(dict.fromkeys([base, env])))


def _asleep(validator: Any) -> dict[str, Any]:
    given = validator if isinstance(validator, dict) else {"class": validator}
    return {**given, "enabled": False}


def _only_in_memory(dataset: str) -> str:
    return (
        f"'{dataset}' is only in memory, and gone after the run: give it an entry in the "
        "catalog."
    )

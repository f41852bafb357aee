"""Great Expectations' own pages on what a run has found.

The checks are made in many processes, the pages in the run's own. So every check leaves
its report in a folder of the run, if pages are wanted.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
from pathlib import Path
from typing import Any
from uuid import uuid4


def keep(folder: str, name: str, report: Any) -> None:
    """Leave a report for the pages; without a folder none are wanted."""
    if not folder:
        return
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        text = json.dumps({"name": name, "report": report.to_json_dict()})
        scratch = Path(folder, uuid4().hex)
        scratch.write_text(text, encoding="utf-8")
        os.replace(scratch, scratch.with_suffix(".json"))
    except (OSError, TypeError, ValueError) as error:
        _warn(error)


def build(folder: Path, site: Path) -> Path | None:
    """Put pages on the reports in a folder in the place of those of the run before.

    Returns:
        The first page; none if there were no reports.
    """
    reports = sorted(folder.glob("*.json"), key=os.path.getmtime)
    if not reports:
        return None
    scratch = site.with_name(f"{site.name}.{uuid4().hex}")
    try:
        _build(reports, scratch)
        shutil.rmtree(site, ignore_errors=True)
        os.replace(scratch, site)
    except Exception as error:  # pages must not fail a run, whatever is wrong with them
        _warn(error)
        return None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(scratch, ignore_errors=True)
    logging.getLogger(__name__).info("Data Docs: %s", site / "index.html")
    return site / "index.html"


def _build(reports: list[Path], site: Path) -> None:
    from great_expectations.core import RunIdentifier  # noqa: PLC0415
    from great_expectations.core.expectation_validation_result import (  # noqa: PLC0415
        ExpectationSuiteValidationResultSchema,
    )
    from great_expectations.data_context.types import (  # noqa: PLC0415
        resource_identifiers as identifiers,
    )

    from .gx import new_context  # noqa: PLC0415

    store = {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(site)}
    index = {"class_name": "DefaultSiteIndexBuilder"}
    context = new_context(
        data_docs_sites={
            "run": {
                "class_name": "SiteBuilder",
                "store_backend": store,
                "site_index_builder": index,
            }
        }
    )
    for file in reports:
        kept = json.loads(file.read_text(encoding="utf-8"))
        report = ExpectationSuiteValidationResultSchema().load(kept["report"])
        key = identifiers.ValidationResultIdentifier(
            identifiers.ExpectationSuiteIdentifier(report.suite_name),
            RunIdentifier(run_name=kept["name"]),
            file.stem,
        )
        report.meta["run_id"] = key.run_id
        context.validation_results_store.set(key, report)
    context.build_data_docs()


def _warn(error: Exception) -> None:
    logging.getLogger(__name__).warning(
        "The Data Docs of this run are not whole (%s: %s)", type(error).__name__, error
    )

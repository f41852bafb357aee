"""Sends a run to OpenLineage when it has ended, with only what the journal has.

If sending fails, it logs one warning. It never fails the run.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime, timezone
from importlib import import_module
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from kedro.framework.context import KedroContext
from kedro.io.core import is_parameter

from ..core import redaction
from ..core.errors import OpsError, run_within
from ..core.settings import credentials_entry
from ..run_status.model import Dataset, Figures, Node, Run, State

_PATIENCE = 10.0  # seconds
_PATIENCE_KILLED = 2.0  # if the process was asked to end
# One warning is enough, and the client would wait long between its retries.
_DEFAULTS: dict[str, Any] = {"http": {"timeout": 5.0, "retry": {"total": 0}}}
_ENDS = {State.SUCCEEDED: "COMPLETE", State.FAILED: "FAIL", State.INTERRUPTED: "ABORT"}


def transport(given: dict[str, Any], context: KedroContext) -> dict[str, Any]:
    """A transport of OpenLineage, with its credentials.

    Raises:
        OpsError: if its credentials are not defined, or it has no type.
    """
    given, key = dict(given), "node_stats.openlineage"
    if name := given.pop("credentials", None):
        given |= credentials_entry(context, name, f"{key}.credentials")
    if "type" not in given:
        raise OpsError(f"ops.yml: '{key}' needs a type: http, file or kafka.")
    return {**_DEFAULTS.get(given["type"], {}), **given}


def send(transport: dict[str, Any], run: Run) -> None:
    """Send the events of a run, and wait some seconds at most."""
    patience = _PATIENCE_KILLED if run.state == State.INTERRUPTED else _PATIENCE
    deadline = time.monotonic() + patience
    problems = [f"no answer within {patience:.0f} s"]

    def emit() -> None:
        try:
            client = _client(transport)
            for event in events_of_run(run):
                if time.monotonic() > deadline:
                    return
                client.emit(event)
            client.close(timeout=max(0.0, deadline - time.monotonic()))
            problems.clear()
        except ModuleNotFoundError as error:
            how = "`pip install openlineage-python`, or openlineage-python[kafka]"
            problems[:] = [f"{redaction.error_text(error)}: {how}"]
        except Exception as error:  # of any transport
            problems[:] = [redaction.error_text(error)]

    run_within(patience, emit)
    for problem in problems:
        log = logging.getLogger(__name__)
        log.warning("OpenLineage did not get all events of this run (%s)", problem)


def _client(transport: dict[str, Any]) -> Any:
    # The journal has what is needed of git; the URL of a remote may have a password.
    facets = {"source_code_location": {"disabled": True}}
    config = {"transport": dict(transport), "facets": facets}
    return import_module("openlineage.client").OpenLineageClient(config=config)


# The events: the run is the parent of its nodes, each with its start and its end


def events_of_run(run: Run) -> list[Any]:
    """The events of a run in the order in which they happened.

    Raises:
        ModuleNotFoundError: if OpenLineage's client is not installed.
    """
    first, *last = _start_and_end(run, run)
    ran = (node for node in run.nodes.values() if node.started is not None)
    nodes = [event for node in ran for event in _start_and_end(run, node)]
    return [first, *sorted(nodes, key=lambda event: str(event.eventTime)), *last]


def _start_and_end(run: Run, job: Run | Node) -> list[Any]:
    start = _event(run, job, "START", job.started)
    if job.state not in _ENDS:  # another process continues it
        return [start]
    end = _event(run, job, _ENDS[job.state], job.ended or run.ended or run.last_news)
    if failure := job.failure:
        message = f"{failure.type}: {failure.message}".strip(": ")
        facet = _library("facet_v2").error_message_run.ErrorMessageRunFacet
        traceback = failure.traceback or None
        end.run.facets["errorMessage"] = facet(message, "python", traceback)
    if isinstance(job, Node):
        end.inputs = [_input(run, n) for n in job.inputs if not is_parameter(n)]
        end.outputs = [_output(run, name) for name in job.outputs]
    return [start, end]


def _event(run: Run, job: Run | Node, kind: str, at: float | None) -> Any:
    events, facets = _library("event_v2"), _library("facet_v2")
    name, run_id = _names(run, job)
    run_facets: dict[str, Any] = {}
    if job is not run:
        parents, (parent_name, parent_id) = facets.parent_run, _names(run, run)
        parent = parents.Run(parent_id), parents.Job(run.project, parent_name)
        run_facets["parent"] = parents.ParentRunFacet(*parent)
    what = "JOB" if job is run else "TASK"
    job_type = facets.job_type_job.JobTypeJobFacet("BATCH", "KEDRO", what)
    moment = datetime.fromtimestamp(at or 0.0, timezone.utc)
    return events.RunEvent(
        eventType=events.RunState[kind],
        eventTime=moment.isoformat(timespec="microseconds"),
        run=events.Run(run_id, run_facets),
        job=events.Job(run.project, name, {"jobType": job_type}),
    )


def _names(run: Run, job: Run | Node) -> tuple[str, str]:
    """The name of a job and the id of its run: the same from every process."""
    name, key = ",".join(run.pipelines) or "__default__", run.key
    if isinstance(job, Node):
        name, key = f"{name}.{job.name}", f"{key}/{job.name}"
    return name, str(uuid5(NAMESPACE_URL, f"kedro:{key}"))


def _input(run: Run, name: str) -> Any:
    dataset = run.datasets.get(name) or Dataset(name)
    figures = dataset.loaded or Figures()
    facets = _library("facet_v2").data_quality_metrics_input_dataset
    nulls = figures.null_count.items()
    metrics = facets.DataQualityMetricsInputDatasetFacet(
        {column: facets.ColumnMetrics(nullCount=count) for column, count in nulls},
        rowCount=figures.row_count,
        bytes=figures.size,
    )
    return _library("event_v2").InputDataset(
        *_place(run, dataset),
        inputFacets={"dataQualityMetrics": metrics} if _has_size(figures) else {},
        facets=_schema(figures),
    )


def _output(run: Run, name: str) -> Any:
    dataset = run.datasets.get(name) or Dataset(name)
    figures = dataset.saved or Figures()
    facets = _library("facet_v2").output_statistics_output_dataset
    statistics = facets.OutputStatisticsOutputDatasetFacet(
        figures.row_count, figures.size
    )
    return _library("event_v2").OutputDataset(
        *_place(run, dataset),
        outputFacets={"outputStatistics": statistics} if _has_size(figures) else {},
        facets=_schema(figures),
    )


def _has_size(figures: Figures) -> bool:
    return (figures.row_count, figures.size) != (None, None)


def _schema(figures: Figures) -> dict[str, Any]:
    facets, columns = _library("facet_v2").schema_dataset, figures.schema.items()
    fields = [facets.SchemaDatasetFacetFields(name, kind) for name, kind in columns]
    return {"schema": facets.SchemaDatasetFacet(fields)} if fields else {}


def _place(run: Run, dataset: Dataset) -> tuple[str, str]:
    """Namespace and name: of a URL as OpenLineage has it, else of the project."""
    place = dataset.place or dataset.name
    protocol, is_url, rest = place.partition("://")
    if is_url:
        bucket, _, key = rest.partition("/")
        return f"{protocol}://{bucket}", key
    return ("file" if place.startswith(("/", "~")) else run.project), place


def _library(name: str) -> Any:
    return import_module(f"openlineage.client.{name}")

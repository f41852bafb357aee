"""A run as events of OpenLineage."""

from __future__ import annotations

from datetime import datetime, timezone
from importlib import import_module
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from attrs import frozen

from ..run_status.model import Dataset, Figures, Node, Run, State

_ENDS = {State.COMPLETE: "COMPLETE", State.ERROR: "FAIL", State.INTERRUPTED: "ABORT"}


def events_of_run(run: Run) -> list[Any]:
    """The events of a run, as they came.

    Raises:
        ModuleNotFoundError: if OpenLineage's client is not installed.
    """
    library = (f"openlineage.client.{name}" for name in ("event_v2", "facet_v2"))
    return _Events(run, *map(import_module, library)).all()


@frozen
class _Events:
    """The run as the parent of its nodes, each with its start and its end."""

    run: Run
    v2: Any
    facets: Any

    def all(self) -> list[Any]:
        first, *last = self._of(self.run)
        ran = (node for node in self.run.nodes.values() if node.started is not None)
        told = [event for node in ran for event in self._of(node)]
        return [first, *sorted(told, key=lambda event: str(event.eventTime)), *last]

    def _of(self, thing: Run | Node) -> list[Any]:
        start = self._event("START", thing.started, thing)
        if thing.state not in _ENDS:  # other processes go on with it
            return [start]
        ended = thing.ended or self.run.ended or self.run.last_news
        end = self._event(_ENDS[thing.state], ended, thing)
        if thing.failure is not None:
            message = f"{thing.failure.type}: {thing.failure.message}".strip(": ")
            end.run.facets["errorMessage"] = (
                self.facets.error_message_run.ErrorMessageRunFacet(
                    message, "python", thing.failure.traceback or None
                )
            )
        if isinstance(thing, Node):
            end.inputs = [self._input(n) for n in thing.inputs if _is_data(n)]
            end.outputs = [self._output(n) for n in thing.outputs]
        return [start, end]

    def _event(self, kind: str, at: float | None, thing: Run | Node) -> Any:
        job_type = self.facets.job_type_job.JobTypeJobFacet
        job, run = self._names(thing)
        facets: dict[str, Any] = {}
        if thing is not self.run:
            of = self.facets.parent_run
            parent_job, parent = self._names(self.run)
            facets["parent"] = of.ParentRunFacet(
                of.Run(parent), of.Job(self.run.project, parent_job)
            )
        what = "JOB" if thing is self.run else "TASK"
        return self.v2.RunEvent(
            eventType=self.v2.RunState[kind],
            eventTime=_moment(at or 0.0),
            run=self.v2.Run(run, facets),
            job=self.v2.Job(
                self.run.project,
                job,
                {"jobType": job_type("BATCH", "KEDRO", what)},
            ),
        )

    def _names(self, thing: Run | Node) -> tuple[str, str]:
        """Of the job, and of the run: the same whoever tells of it, however often."""
        job, key = ",".join(self.run.pipelines) or "__default__", self.run.key
        if isinstance(thing, Node):
            job, key = f"{job}.{thing.name}", f"{key}/{thing.name}"
        return job, str(uuid5(NAMESPACE_URL, f"kedro:{key}"))

    def _input(self, name: str) -> Any:
        dataset = self.run.datasets.get(name) or Dataset(name)
        figures = dataset.loaded or Figures()
        metrics: dict[str, Any] = {}
        if _has_numbers(figures):
            of = self.facets.data_quality_metrics_input_dataset
            metrics["dataQualityMetrics"] = of.DataQualityMetricsInputDatasetFacet(
                {
                    c: of.ColumnMetrics(nullCount=n)
                    for c, n in figures.null_count.items()
                },
                rowCount=figures.row_count,
                bytes=figures.size,
            )
        return self.v2.InputDataset(
            *self._place(dataset), inputFacets=metrics, facets=self._schema(figures)
        )

    def _output(self, name: str) -> Any:
        dataset = self.run.datasets.get(name) or Dataset(name)
        figures = dataset.saved or Figures()
        statistics: dict[str, Any] = {}
        if _has_numbers(figures):
            of = self.facets.output_statistics_output_dataset
            statistics["outputStatistics"] = of.OutputStatisticsOutputDatasetFacet(
                figures.row_count, figures.size
            )
        return self.v2.OutputDataset(
            *self._place(dataset), outputFacets=statistics, facets=self._schema(figures)
        )

    def _schema(self, figures: Figures) -> dict[str, Any]:
        of = self.facets.schema_dataset
        columns = figures.schema.items()
        fields = [of.SchemaDatasetFacetFields(name, kind) for name, kind in columns]
        return {"schema": of.SchemaDatasetFacet(fields)} if fields else {}

    def _place(self, dataset: Dataset) -> tuple[str, str]:
        """Namespace and name: of a URL as OpenLineage has it, else of the project."""
        place = dataset.place or dataset.name
        protocol, is_url, rest = place.partition("://")
        if is_url:
            bucket, _, key = rest.partition("/")
            return f"{protocol}://{bucket}", key
        outside = place.startswith(("/", "~"))
        return ("file" if outside else self.run.project), place


def _is_data(name: str) -> bool:
    return name != "parameters" and not name.startswith("params:")


def _has_numbers(figures: Figures) -> bool:
    return figures.row_count is not None or figures.size is not None


def _moment(time: float) -> str:
    return datetime.fromtimestamp(time, timezone.utc).isoformat(timespec="microseconds")

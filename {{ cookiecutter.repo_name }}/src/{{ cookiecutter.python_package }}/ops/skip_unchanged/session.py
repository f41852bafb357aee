"""Skip unchanged: run only the nodes whose code, parameters or data changed.

No hook can remove a node from a run. So the project's session adds the mixin in this
module to the runner: to any runner, wherever the session is started.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.session import KedroSession
from kedro.io import DatasetError
from kedro.pipeline import Pipeline
from kedro.runner import AbstractRunner, SequentialRunner, ThreadRunner

from ..core import kedro_internals, redaction
from ..core.errors import OpsError, suppress_errors
from ..core.settings import is_guard_on, open_store, read_settings
from .settings import SkipUnchangedOptions

_LOG = logging.getLogger(__name__)


class SkipUnchanged(AbstractRunner):
    """A mixin for a runner: it runs what changed, and records the results."""

    context: KedroContext | None = None
    ended: Any = None  # the run, once its nodes have run
    _skip_run: Any = None

    def run(  # noqa: PLR0913
        self,
        pipeline: Pipeline,
        catalog: Any,
        hook_manager: Any = None,
        run_id: str | None = None,
        only_missing_outputs: bool = False,
    ) -> dict[str, Any]:
        """Run the nodes of the pipeline that have to be run."""

        def run_all(part: Pipeline, only_missing: bool = False) -> dict[str, Any]:
            kedro_internals.remember_inputs_and_outputs(part)
            found: dict[str, Any] = super(SkipUnchanged, self).run(
                part, catalog, hook_manager, run_id, only_missing
            )
            return found

        if self.context is None or not _is_on(self.context):
            with _marked(self.context):
                return run_all(pipeline, only_missing_outputs)
        if any(name not in catalog for name in pipeline.inputs()):
            return run_all(pipeline)  # Kedro says what is not there
        if only_missing_outputs:
            pipeline = kedro_internals.only_missing_outputs(self, pipeline, catalog)
        # A forked worker of the run must not get a connection that was opened here.
        with kedro_internals.closing_connections():
            planned = _planned(self.context, pipeline, catalog, run_id)
        if planned is None:
            with _marked(self.context):
                return run_all(pipeline)
        self._skip_run = planned
        try:
            one_process = isinstance(self, (SequentialRunner, ThreadRunner))
            planned.carry_out(run_all, None if one_process else planned.settings.waves)
        finally:
            self._skip_run = None
        planned.restore()
        planned.report()
        self.ended = planned
        return {name: catalog[name] for name in pipeline.outputs()}

    def _release_datasets(self, node: Any, *args: Any, **kwargs: Any) -> None:  # type: ignore[override]
        # Every runner of Kedro calls this in its own process once a node has saved all
        # its outputs, and before a node that reads them starts.
        super()._release_datasets(node, *args, **kwargs)
        if self._skip_run is not None:
            self._skip_run.completed(node)

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Pickle it as the original runner."""
        state = {**self.__dict__}
        for name in ("context", "ended", "_skip_run"):
            state.pop(name, None)
        return _plain, (_named(type(self)), state)


class SkippingSession(KedroSession):
    """Kedro's session, whose runs skip unchanged nodes."""

    _runner: SkipUnchanged | None = None

    def load_context(self) -> KedroContext:
        """Create the context, and pass it to the runner."""
        context = super().load_context()
        if self._runner is not None:
            self._runner.context = context
        return context

    def run(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Run the pipeline with the chosen runner, which skips."""
        given = inspect.signature(super().run).bind_partial(*args, **kwargs).arguments
        runner: Any = given.get("runner") or SequentialRunner()
        kind: Any = type(runner)
        if not isinstance(runner, AbstractRunner):
            return super().run(**given)  # Kedro says what is wrong with it
        if not isinstance(runner, SkipUnchanged):
            runner.__class__ = with_skipping(kind)
        assert isinstance(runner, SkipUnchanged)
        self._runner = runner
        try:
            returned = super().run(**{**given, "runner": runner})
            if runner.ended is not None:
                runner.ended.passed()
            return returned
        finally:
            runner.context = runner.ended = self._runner = None
            runner.__class__ = kind


@cache
def with_skipping(kind: Any) -> type[SkipUnchanged]:
    """A runner class that skips. It has the name of the original class, for hooks and
    records."""
    names = {"__module__": kind.__module__, "__qualname__": kind.__qualname__}
    return type(kind.__name__, (SkipUnchanged, kind), names)


def _named(kind: type) -> type:
    return kind.__mro__[2] if kind.__mro__[1] is SkipUnchanged else kind


def _plain(kind: Any, state: dict[str, Any]) -> Any:
    runner = kind.__new__(kind)
    runner.__dict__.update(state)
    return runner


def _is_on(context: KedroContext) -> bool:
    settings = read_settings(context.config_loader, SkipUnchangedOptions)
    return is_guard_on("skip_unchanged", settings.enabled)


@contextmanager
def _marked(context: KedroContext | None) -> Iterator[None]:
    """Tell other runs that this run does not skip and may write anywhere."""
    settings = context and read_settings(context.config_loader, SkipUnchangedOptions)
    if context is None or not settings or not settings.enabled:
        yield
        return
    from .claims import EVERYTHING, RunMark  # noqa: PLC0415

    mark = RunMark(*open_store(context))
    with suppress_errors():
        mark.begin([EVERYTHING])
    try:
        yield
    finally:
        with suppress_errors():
            mark.end()


def _planned(
    context: KedroContext, pipeline: Pipeline, catalog: Any, run_id: str | None
) -> Any:
    """The run with its plan; none if planning fails."""
    from .run import SkipRun  # noqa: PLC0415

    try:
        return SkipRun.prepare(context, pipeline, catalog, run_id, copies=True)
    except OpsError:
        raise
    except DatasetError:  # an entry that is wrong: Kedro says so
        return None
    except Exception as error:
        # A guard never harms a run: without a plan everything runs.
        why = redaction.error_text(error, Path(context.project_path))
        _LOG.warning("Skip unchanged failed; everything runs (%s).", why)
        _LOG.debug("Where it failed:", exc_info=True)
        return None

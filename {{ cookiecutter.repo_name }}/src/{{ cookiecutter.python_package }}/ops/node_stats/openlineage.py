"""Lineage: tells OpenLineage of a run when it has ended.

It says what the journal says and nothing else, and nothing of it fails the run.
"""

from __future__ import annotations

import logging
import time
from functools import partial
from importlib import import_module
from typing import Any

from kedro.framework.context import KedroContext

from ..core import redaction
from ..core.errors import OpsError
from ..core.settings import credentials_entry
from ..core.suppress import run_within
from ..run_status.model import Run, State
from . import openlineage_events

_PATIENCE = 10.0  # seconds
_PATIENCE_KILLED = 2.0  # ... when somebody wants the process to end
# One warning is enough, and the client would wait long between its retries.
_DEFAULTS: dict[str, Any] = {"http": {"timeout": 5.0, "retry": {"total": 0}}}


def transport(given: dict[str, Any], context: KedroContext) -> dict[str, Any]:
    """A transport as OpenLineage takes it, with what is secret of it.

    Raises:
        OpsError: if its credentials are not there, or it has no type.
    """
    given, key = dict(given), "node_stats.openlineage"
    if name := given.pop("credentials", None):
        given |= credentials_entry(context, name, f"{key}.credentials")
    if "type" not in given:
        raise OpsError(f"ops.yml: '{key}' needs a type: http, file or kafka.")
    return {**_DEFAULTS.get(given["type"], {}), **given}


def send(transport: dict[str, Any], run: Run) -> None:
    """Send the events of a run, and wait no more than some seconds for it."""
    killed = run.state == State.INTERRUPTED
    patience = _PATIENCE_KILLED if killed else _PATIENCE
    deadline = time.monotonic() + patience
    try:
        # Not in the thread: what it imports, a worker forked meanwhile never could.
        client, events = _client(transport), openlineage_events.events_of_run(run)
    except ModuleNotFoundError as error:
        needed = "`pip install openlineage-python`, for Kafka openlineage-python[kafka]"
        _warn(f"{error}: {needed}")
        return
    except Exception as error:  # of any transport: of its settings, say
        _warn(f"{type(error).__name__}: {error}")
        return
    failed = [f"no answer within {patience:.0f} s"]
    act = partial(_emit, client, events, deadline, failed)
    run_within(deadline - time.monotonic(), act)
    for reason in failed:
        _warn(reason)


def _emit(client: Any, events: list[Any], deadline: float, failed: list[str]) -> None:
    try:
        for event in events:
            if time.monotonic() > deadline:
                return
            client.emit(event)
        client.close(timeout=max(0.0, deadline - time.monotonic()))
        failed.clear()
    except Exception as error:  # of any transport
        failed[:] = [f"{type(error).__name__}: {error}"]


def _warn(reason: str) -> None:
    told = redaction.text(" ".join(reason.split()))
    log = logging.getLogger(__name__)
    log.warning("OpenLineage was not told all of this run (%s)", told)


def _client(transport: dict[str, Any]) -> Any:
    # Of git the journal has what is needed; a remote's URL may have a password.
    facets = {"source_code_location": {"disabled": True}}
    client = import_module("openlineage.client")
    return client.OpenLineageClient(
        config={"transport": dict(transport), "facets": facets}
    )

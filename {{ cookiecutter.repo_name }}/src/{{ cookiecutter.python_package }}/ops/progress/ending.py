"""How a run ended: its last lines, and a traceback that begins with the team's code."""

from __future__ import annotations

import os
import re
import traceback
from pathlib import Path
from types import TracebackType

from kedro.io import DatasetError
from kedro.runner import task

from ..core import kedro_internals, redaction
from ..core.errors import OpsError

_PACKAGE = Path(__file__).parents[2]
_KEDRO = str(Path(task.__file__).parents[1]) + os.sep
_KIT = Path(__file__).parents[1]
_FRAME = re.compile(r'^\s*File "(.+)", line (\d+), in (.+)$', re.MULTILINE)
_REMOTE = "_RemoteTraceback"  # the text of a worker, as if it were an error's cause
_LONGEST = 200  # letters of an error


def last_lines(
    state: str, what: str, error: BaseException | None, project_path: Path
) -> list[tuple[str, str]]:
    """State, node and dataset, error, and place in your code, each with its name."""
    lines = [(state, what)]
    if error is None:
        return lines
    node, dataset = kedro_internals.node_and_dataset(error)
    names = [("node", node), ("dataset", dataset)]
    found = ", ".join(f"{name} {text}" for name, text in names if text)
    lines = [
        (state, f"{found}, after {what}" if found else what),
        ("error", error_line(error, project_path)),
    ]
    if place := place_of(error, project_path):
        lines.append(("at", place))
    return lines


def error_line(error: BaseException, project_path: Path) -> str:
    """Type and message, without secrets; for a dataset error, those of its cause."""
    while isinstance(error, DatasetError) and error.__cause__ is not None:
        if type(error.__cause__).__name__ == _REMOTE:
            break
        error = error.__cause__
    text = redaction.text(str(error), project_path)
    first = next(filter(None, map(str.strip, text.splitlines())), "")
    if isinstance(error, OpsError):  # which is written for a reader
        line = first
    else:
        line = f"{type(error).__name__}: {first}" if first else type(error).__name__
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 4]} ..."


def place_of(error: BaseException, project_path: Path) -> str:
    """Where an error occurred in your code: ``src/…/nodes.py:41 in fit_model``.

    From the text of the traceback, since a worker passes on nothing else.
    """
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    places = [found for found in _FRAME.findall(text) if is_of_team(found[0])]
    if not places:
        return ""
    file, line, function = places[-1]
    return f"{os.path.relpath(file, project_path)}:{line} in {function}"


def is_of_team(file: str) -> bool:
    """Whether a file is in the project's package, and not of the template."""
    path = Path(file)
    of_template = path.is_relative_to(_KIT) or path == _PACKAGE / "runners.py"
    return path.is_relative_to(_PACKAGE) and not of_template


def print_traceback(
    kind: type[BaseException], error: BaseException, tb: TracebackType | None
) -> None:
    """Print the frames of your code and the frame that raised, for each error."""
    # Only a run that fails at a terminal needs what this imports.
    from rich.console import Console  # noqa: PLC0415
    from rich.traceback import Frame, Traceback  # noqa: PLC0415

    shown = Traceback.from_exception(kind, error, tb)
    stacks = shown.trace.stacks
    for stack, cause in zip(stacks, [*stacks[1:], None]):
        if cause is not None and cause.exc_type == _REMOTE:
            found = _FRAME.findall(cause.exc_value)
            stack.frames[:] = [Frame(file, int(at), name) for file, at, name in found]
        last = len(stack.frames) - 1
        stack.frames[:] = [
            frame
            for number, frame in enumerate(stack.frames)
            if is_of_team(frame.filename)
            or (number == last and not frame.filename.startswith(_KEDRO))
        ]
    stacks[:] = [each for each in stacks if each.exc_type != _REMOTE]
    Console(stderr=True).print(shown)


def formatted(lines: list[tuple[str, str]]) -> str:
    """The lines as they are printed."""
    width = max(len(name) for name, _ in lines)
    return "\n".join(f"{name:<{width}}  {text}" for name, text in lines)

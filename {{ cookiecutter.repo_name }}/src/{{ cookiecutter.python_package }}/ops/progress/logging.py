"""The log of a run: the console, and at a terminal also a file in ``logs/``.

``conf/logging.yml`` defines the handlers ``console`` and ``file``. Handlers with other
names are yours and stay as they are.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from logging.config import DictConfigurator
from pathlib import Path

import kedro
import yaml
from kedro.framework import project

_COMPLETED = "Completed node: %s"
_KEDRO = os.path.dirname(kedro.__file__) + os.sep


def can_show_bar() -> bool:
    """Whether the run is at a terminal that can show a bar."""
    if os.environ.get("CI") or sys.stderr is None or not sys.stderr.isatty():
        return False
    from rich.console import Console  # noqa: PLC0415  it takes a tenth of a second

    console = Console(stderr=True)
    return console.is_terminal and not (
        console.is_dumb_terminal or console.legacy_windows or console.is_jupyter
    )


class ConsoleFilter(logging.Filter):
    """Leaves out Kedro's lines about each node, and lines that the summary repeats."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the console shows a record."""
        if getattr(record, "in_last_lines", False):
            return False
        is_kedros = record.pathname.startswith(_KEDRO)
        return record.levelno >= logging.WARNING or not is_kedros


class CompletedNodes(logging.Handler):
    """Calls a function with the name of each node that has saved its outputs.

    Every runner logs this line in the run's main process, where no hook is called for a
    node that ran in a worker.
    """

    def __init__(self, completed: Callable[[str], None]) -> None:
        """Take the function."""
        super().__init__(logging.INFO)
        self._completed = completed

    def emit(self, record: logging.LogRecord) -> None:
        """Look for the line."""
        if record.msg == _COMPLETED and isinstance(record.args, tuple):
            self._completed(str(record.args[0]))


def use_project_logging(project_path: Path) -> None:
    """Use the project's ``conf/logging.yml``. Kedro reads it in the current folder only."""
    file = project_path / project.settings.CONF_SOURCE / "logging.yml"
    elsewhere = Path.cwd().resolve() != project_path.resolve()
    if elsewhere and file.exists() and "KEDRO_LOGGING_CONFIG" not in os.environ:
        config = yaml.safe_load(file.read_text(encoding="utf-8"))
        if project.PACKAGE_NAME:
            loggers = config.setdefault("loggers", {})
            loggers.setdefault(project.PACKAGE_NAME, {"level": "INFO"})
        project.configure_logging(config)


def console() -> logging.Handler | None:
    """The handler of that name; none if it was replaced."""
    found = (each for each in logging.getLogger().handlers if each.name == "console")
    return next(found, None)


def open_file(project_path: Path) -> logging.Handler | None:
    """Add the handler ``file`` of ``conf/logging.yml``; none if it cannot be written."""
    config = dict(project.LOGGING)
    entry = dict(config.get("handlers", {}).get("file", {}))
    if "filename" not in entry:
        return None
    path = project_path / entry["filename"]
    configurator = DictConfigurator({"formatters": {}})
    formatters = config.get("formatters", {})
    if entry.get("formatter") in formatters:
        made = configurator.configure_formatter(formatters[entry["formatter"]])
        configurator.config["formatters"][entry["formatter"]] = made
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Without `delay` this raises where the file cannot be written.
        handler = configurator.configure_handler(
            {**entry, "filename": str(path), "delay": False}
        )
    except (OSError, ValueError):
        return None
    assert isinstance(handler, logging.Handler)
    # A disk that is full later on is not worth a traceback for every line.
    setattr(handler, "handleError", lambda record: None)
    logging.getLogger().addHandler(handler)
    return handler


def use_stderr(handler: logging.Handler) -> None:
    """Let a stderr handler write to the stream above the bar."""
    if isinstance(handler, logging.StreamHandler):
        if handler.stream in {sys.__stderr__, sys.stderr}:
            handler.setStream(getattr(sys.stderr, "for_log", None) or sys.stderr)


def log_in_worker(project_path: Path, has_bar: bool) -> None:
    """Let a worker log as its parent does; one that was forked does so in part."""
    handlers = logging.getLogger().handlers
    if has_bar and not any(each.name == "file" for each in handlers):
        open_file(project_path)
    handler = console()
    if handler is not None:
        handler.addFilter(ConsoleFilter())
        use_stderr(handler)

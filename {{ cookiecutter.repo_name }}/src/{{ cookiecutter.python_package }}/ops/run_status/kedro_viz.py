"""Kedro-Viz of the project, built after a run by ``kedro viz build``."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

from ..core import redaction
from ..core.settings import STORE
from .journal import RunStore

FOLDER = "kedro-viz"
_PATIENCE = 120.0  # seconds
_WRITTEN_LAST = Path("api", "deploy-viz-metadata")


def build(project_path: Path, store: RunStore, env: str) -> str:
    """Put Kedro-Viz, as it is now, in the place of that of the run before.

    Returns:
        Its first page, for a person; empty if it was not built.
    """
    # No folder of this machine: then beside the data, where a store is by default.
    place = Path(store.url) if store.is_local else project_path / STORE
    site = place / FOLDER
    scratch = site.with_name(f"{FOLDER}.{uuid4().hex}")
    try:
        site.parent.mkdir(parents=True, exist_ok=True)
        _build(project_path, env, scratch)
        shutil.rmtree(site, ignore_errors=True)
        os.replace(scratch, site)
    except (Exception, KeyboardInterrupt) as error:
        # The run has ended well, whatever is wrong with this; Ctrl-C ends the waiting.
        told = f"{type(error).__name__}: {error}".removeprefix("_NotBuiltError: ")
        log = logging.getLogger(__name__)
        log.warning("There is no Kedro-Viz (%s)", redaction.text(told, project_path))
        return ""
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return redaction.text(str(site / "index.html"), project_path)


class _NotBuiltError(Exception):
    """Why there is no build."""


def _build(project_path: Path, env: str, scratch: Path) -> None:
    spec = find_spec("kedro_viz")
    if spec is None or spec.origin is None:
        raise _NotBuiltError("it is not installed: `pip install kedro-viz`")
    build = project_path / "build"  # where it always writes to; others may, too
    was_there, before = build.exists(), _time(build / _WRITTEN_LAST)
    said = _run(project_path, env)
    is_new = _time(build / _WRITTEN_LAST) != before  # the exit code is always 0
    if not was_there and build.exists():
        shutil.move(build, scratch)
    if not is_new:
        raise _NotBuiltError(next((line for line in said[::-1] if line.strip()), ""))
    if not was_there:
        return
    parts = {*os.listdir(Path(spec.origin).with_name("html")), "api"}
    scratch.mkdir()
    for part in parts & set(os.listdir(build)):
        if (build / part).is_dir():
            shutil.copytree(build / part, scratch / part)
        else:
            shutil.copy(build / part, scratch / part)


def _run(project_path: Path, env: str) -> list[str]:
    """Build it as the run's environment has the project; return what was said."""
    variables = {**os.environ, "RUN_STATUS": "off"}
    process = subprocess.Popen(
        [sys.executable, "-m", "kedro", "viz", "build", "--include-hooks"],
        cwd=project_path,
        env={**variables, "KEDRO_ENV": env} if env else variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # it starts another process, which has to end with it
    )
    try:
        said, _ = process.communicate(timeout=_PATIENCE)
    except subprocess.TimeoutExpired as error:
        raise _NotBuiltError(f"it took more than {_PATIENCE:.0f} s") from error
    finally:
        _end(process)
    return said.decode(errors="replace").splitlines()


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def _time(file: Path) -> int:
    return file.stat().st_mtime_ns if file.exists() else 0

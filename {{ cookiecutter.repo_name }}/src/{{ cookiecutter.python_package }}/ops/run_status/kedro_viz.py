"""Builds Kedro-Viz after a run, with ``kedro viz build``."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from ..core import redaction
from ..core.settings import STORE
from ..core.store import Store

FOLDER = "kedro-viz"
_PATIENCE = 120.0  # seconds
_WRITTEN_LAST = Path("api", "deploy-viz-metadata")


def build(project_path: Path, store: Store, env: str) -> str:
    """Build Kedro-Viz, and replace that of the previous run.

    Returns:
        Its first page, for a person; empty if it was not built.
    """
    # A store behind a URL is no folder: then beside the data, where one is by default.
    site = (Path(store.url).parent if store.is_local else project_path / STORE) / FOLDER
    built = project_path / "build"  # where `kedro viz build` always writes to
    if find_spec("kedro_viz") is None:
        problem = "it is not installed: `pip install kedro-viz`"
    elif built.exists():
        problem = "it writes to a folder `build`, which exists: rename yours"
    else:
        try:
            problem = _run(project_path, env)
            # The exit code is always 0.
            if not problem and not (built / _WRITTEN_LAST).exists():
                problem = "`kedro viz build` shows why"
            if not problem:
                shutil.rmtree(site, ignore_errors=True)
                site.parent.mkdir(parents=True, exist_ok=True)
                shutil.move(built, site)
        except (OSError, KeyboardInterrupt) as error:  # Ctrl-C ends the waiting only
            problem = redaction.error_text(error, project_path)
        finally:
            shutil.rmtree(built, ignore_errors=True)
    if problem:
        logging.getLogger(__name__).warning("Kedro-Viz was not built (%s)", problem)
        return ""
    return redaction.text(str(site / "index.html"), project_path)


def _run(project_path: Path, env: str) -> str:
    """Build it in the run's environment; return what went wrong."""
    variables = {**os.environ, "RUN_STATUS": "off"}
    process = subprocess.Popen(
        [sys.executable, "-m", "kedro", "viz", "build", "--include-hooks"],
        cwd=project_path,
        env={**variables, "KEDRO_ENV": env} if env else variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # it starts another process, which has to end with it
    )
    try:
        process.wait(timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        return f"it took more than {_PATIENCE:.0f} s"
    finally:
        if process.poll() is None:
            if sys.platform == "win32":
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return ""

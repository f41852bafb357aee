"""``kedro`` and ``pytest`` in forks of one process that has imported what most need.

A fork takes a third of the time of a new process. Tests of start-up, of signals and of
what is imported start ``kedro`` itself.
"""

import atexit
import functools
import gc
import inspect
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from glob import glob
from importlib import import_module
from importlib.metadata import entry_points
from multiprocessing import util
from pathlib import Path
from typing import Any

from helpers import environment

TIMEOUT = 300  # seconds, for one command
MODULES = [
    "_strptime",
    "boto3",
    "fsspec.implementations.chained",
    "fsspec.implementations.local",
    "git",
    "jinja2",
    "kedro.config",
    "kedro.framework.cli",
    "kedro.framework.context",
    "kedro.framework.session",
    "kedro.ipython",
    "kedro.runner",
    "kedro.validation",
    "kedro_datasets.json.json_dataset",
    "kedro_datasets.partitions.partitioned_dataset",
    "kedro_datasets.text.text_dataset",
    "kedro_telemetry.plugin",
    "kedro_viz.integrations.kedro.hooks",
    "kedro_viz.integrations.kedro.run_hooks",
    "kedro_viz.launchers.cli.main",
    "narwhals",
    "numpy",
    "psutil",
    "rich.table",
    "rich.traceback",
    "s3fs",
    "slack_sdk.web.client",
    "slack_sdk.webhook",
    "smtplib",
    "xxhash",
]
# And of one that finds all that is installed.
DATA_MODULES = [
    "duckdb",
    "hypothesis.core",
    "ibis.backends.duckdb",
    "kedro_datasets.ibis",
    "kedro_datasets.matplotlib.matplotlib_dataset",
    "kedro_datasets.pandas.csv_dataset",
    "kedro_datasets.pandas.parquet_dataset",
    "pytest",
]


class QuickKedro:
    """Runs commands of ``kedro``, each in a fork of its process."""

    def __init__(self, pythonpath: Path | str, modules: Sequence[str] = ()) -> None:
        """Start the process.

        Args:
            pythonpath: where the process finds modules beside those installed.
            modules: that it imports besides those of every one, and besides those
                for data if all that is installed can be found.
        """
        # Without byte code: tests read every file of a project.
        own = {"PYTHONPATH": str(pythonpath), "PYTHONDONTWRITEBYTECODE": "1"}
        self.env = environment() | own
        modules = [*modules] if pythonpath else [*DATA_MODULES, *modules]
        self.folder = tempfile.TemporaryDirectory(prefix="quick-")
        self.process = subprocess.Popen(
            [sys.executable, __file__, self.folder.name, *modules],
            cwd=self.folder.name,
            env=self.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str] = {},
        merge: bool = False,
        kill: tuple[str, float] | tuple[str, float, int] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command.

        Args:
            command: one that a package installs, with its arguments.
            cwd: where.
            env: variables of the command, besides those of every one.
            merge: what it says on stderr is in its stdout.
            kill: it gets a signal, or is killed, this many seconds after there is a
                file of a pattern.
        """
        folder = Path(self.folder.name)
        order = [command, str(cwd), {**self.env, **env}, merge, kill]
        print(json.dumps(order), file=self.process.stdin, flush=True)
        assert self.process.stdout is not None
        code = int(self.process.stdout.readline())
        out = folder.joinpath("out").read_text(encoding="utf-8")
        err = "" if merge else folder.joinpath("err").read_text(encoding="utf-8")
        return subprocess.CompletedProcess(command, code, out, err)

    def close(self) -> None:
        """End the process."""
        self.process.communicate()
        self.folder.cleanup()


@functools.cache
def quick_kedro(pythonpath: Path | str, *modules: str) -> QuickKedro:
    """The one of these arguments; it ends with this process."""
    quick = QuickKedro(pythonpath, modules)
    atexit.register(quick.close)
    return quick


def kill_later(pattern: str, seconds: float, number: int = signal.SIGKILL) -> None:
    """Send this process a signal so many seconds after a file of that pattern is there."""

    def kill() -> None:
        while not glob(pattern):
            time.sleep(0.0005)
        time.sleep(seconds)
        os.kill(os.getpid(), number)

    threading.Thread(target=kill, daemon=True).start()


def be_a_new_process(folder: str, cwd: str, env: dict[str, str], merge: bool) -> None:
    """Take over the environment and the streams of a command."""
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    tempfile.tempdir = None
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    os.dup2(os.open(Path(folder, "out"), flags), 1)
    os.dup2(1 if merge else os.open(Path(folder, "err"), flags), 2)
    # Kedro does both as it is imported.
    project: Any = import_module("kedro.framework.project")
    project.LOGGING.__init__()


def run_command(args: list[str]) -> int:
    """Do what a command does, its name being the first; return its exit code."""
    sys.argv = args
    [script] = entry_points(group="console_scripts", name=args[0])
    try:
        return int(script.load()() or 0)
    except SystemExit as ended:
        if isinstance(ended.code, str):
            sys.stderr.write(f"{ended.code}\n")
            return 1
        return int(ended.code or 0)
    except BaseException:
        traceback.print_exc()
        return 1


def serve(folder: str, modules: list[str]) -> None:
    """Run the commands that are on stdin, a line of JSON each."""
    answers = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # Kedro speaks as it is imported
    for module in [*MODULES, *modules]:
        import_module(module)
    inspect.stack()  # what Dynaconf asks for is in a cache of Python's then
    gc.freeze()  # else each fork looks through all of them again and again
    for line in sys.stdin:
        args, cwd, env, merge, kill = json.loads(line)
        child = os.fork()
        if not child:
            os.close(answers)
            signal.alarm(TIMEOUT)  # ends this process
            be_a_new_process(folder, cwd, env, merge)
            if kill:
                kill_later(*kill)
            code = run_command(args)
            util._exit_function()  # type: ignore[attr-defined] # ends the processes of a parallel run
            threading._shutdown()  # type: ignore[attr-defined]
            atexit._run_exitfuncs()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        _, status = os.waitpid(child, 0)
        os.write(answers, f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)  # all these modules would take seconds to be taken apart


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2:])

"""Runs the `kedro` commands that it is told on stdin, a line of JSON each.

Each in a fork of this process, which has imported all that they need; what else it
imports follows the file for what they say.
"""

import atexit
import json
import os
import signal
import sys
import threading
import time
import traceback
from glob import glob
from importlib import import_module
from multiprocessing import util
from typing import Any

MODULES = [
    "fsspec.implementations.local",
    "kedro.config",
    "kedro.framework.cli",
    "kedro.framework.session",
    "kedro.runner",
    "kedro_datasets.json.json_dataset",
    "kedro_datasets.partitions.partitioned_dataset",
    "kedro_datasets.text.text_dataset",
    "rich.table",
    "xxhash",
]


def kill_later(pattern: str, seconds: float) -> None:
    """Kill this process so many seconds after a file of that pattern is there."""

    def kill() -> None:
        while not glob(pattern):
            time.sleep(0.0005)
        time.sleep(seconds)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=kill, daemon=True).start()


def run(args: list[str], env: dict[str, str], kill: list[Any], out: str) -> int:
    os.environ.update(env)
    os.chdir(env.get("PWD", "."))
    file = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(file, 1)
    os.dup2(file, 2)
    if kill:
        kill_later(*kill)
    sys.argv = ["kedro", *args]
    try:
        import_module("kedro.framework.cli").main()
    except SystemExit as ended:
        return int(ended.code or 0)
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        util._exit_function()  # ends the processes of a parallel run
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


answers = os.dup(1)
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # Kedro speaks as it is imported
for module in [*MODULES, *sys.argv[2:]]:
    import_module(module)
for line in sys.stdin:
    args, env, kill = json.loads(line)
    child = os.fork()
    if not child:
        os.close(answers)
        code = run(args, env, kill, sys.argv[1])
        atexit._run_exitfuncs()  # a parallel runner ends its processes there
        os._exit(code)
    _, status = os.waitpid(child, 0)
    os.write(answers, f"{os.waitstatus_to_exitcode(status)}\n".encode())
os._exit(0)  # all these modules would take seconds to be taken apart

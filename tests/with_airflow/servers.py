"""Airflow with its scheduler and LocalExecutor, on PostgreSQL, for as long as the tests."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import psutil
from helpers import TEMPLATE, environment, run

ENVIRONMENT = TEMPLATE / ".venv-airflow" / "bin"
ENDED = {"success", "failed"}
START, END = 120, 5  # seconds that a server may take


class Airflow:
    """What the tests do with it, by its REST API."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.token = ""

    def ask(self, path: str, body: Any = None, method: str = "GET") -> Any:
        """Ask the API."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        request = Request(f"{self.address}/{path}", data, headers, method=method)
        with urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def wait_for(self, dags: list[str]) -> None:
        """Wait until it is up and knows these DAGs, and let them run."""
        eventually(lambda: self.ask("api/v2/monitor/health"), START)
        self.token = self.ask("auth/token")["access_token"]
        for dag in dags:
            path = f"api/v2/dags/{dag}"
            eventually(lambda path=path: self.ask(path), START)
            self.ask(path, {"is_paused": False}, "PATCH")

    def trigger(self, dag: str, **params: str) -> str:
        """Start a DAG run; return its id."""
        body = {"logical_date": None, "conf": params}
        answer = self.ask(f"api/v2/dags/{dag}/dagRuns", body, "POST")
        return str(answer["dag_run_id"])

    def wait(self, dag: str, run_id: str, seconds: float = 120) -> str:
        """Wait until a DAG run has ended; return its state."""
        path = f"api/v2/dags/{dag}/dagRuns/{run_id.replace('+', '%2B')}"

        def state() -> str:
            found = str(self.ask(path)["state"])
            return found if found in ENDED else ""

        return str(eventually(state, seconds))

    def tasks(self, dag: str, run_id: str) -> dict[str, tuple[str, int]]:
        """The state of each task of a DAG run, and its number of tries."""
        path = f"api/v2/dags/{dag}/dagRuns/{run_id.replace('+', '%2B')}/taskInstances"
        found = self.ask(path)["task_instances"]
        return {each["task_id"]: (each["state"], each["try_number"]) for each in found}


def eventually(ask: Any, seconds: float) -> Any:
    """The answer of a function, once it has one."""
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError):
            if answer := ask():
                return answer
        assert time.monotonic() < deadline, f"no answer within {seconds} s"
        time.sleep(0.5)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextlib.contextmanager
def process(
    *command: str | Path, log: Path, env: dict[str, str], check: Any = None
) -> Iterator[None]:
    """A server. When it ends, nothing that it has started stays."""
    with log.open("wb") as stream:
        started = subprocess.Popen(command, env=env, stdout=stream, stderr=stream)
    try:
        yield
    finally:
        children = psutil.Process(started.pid).children(recursive=True)
        started.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            started.wait(END)
        for each in [*children, started]:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()
        started.wait()


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """PostgreSQL with an empty database; its address. It refuses to run as root."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    programs = found[-1].parent if found else Path(shutil.which("initdb") or "").parent
    as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
    as_user = as_user if os.getuid() == 0 else []
    # A folder that another user can reach, with a short path for its socket.
    folder = Path(tempfile.mkdtemp(prefix="airflow-postgres-", dir="/tmp"))
    try:
        if as_user:
            shutil.chown(folder, "postgres")
        data, port, env = folder / "data", free_port(), environment()
        initdb = [programs / "initdb", "-A", "trust", "-U", "airflow", "--no-sync"]
        run(*as_user, *initdb, "-D", data, cwd=folder, env=env)
        options = [
            f"-p{port}",
            f"-k{folder}",
            "-cfsync=off",
            "-clisten_addresses=127.0.0.1",
        ]
        server = [*as_user, programs / "postgres", "-D", data, *options]
        with process(*server, log=folder.with_suffix(".log"), env=env):
            place = ["-h", "127.0.0.1", "-p", str(port), "-U", "airflow"]
            create = [programs / "createdb", *place, "airflow"]
            eventually(
                lambda: not run(*create, cwd=folder, check=False).returncode, START
            )
            yield f"airflow@127.0.0.1:{port}/airflow"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        folder.with_suffix(".log").unlink(missing_ok=True)


@contextlib.contextmanager
def airflow(home: Path, dags: Path, **variables: str) -> Iterator[Airflow]:
    """Airflow, whose workers have these variables and know no branch."""
    port = free_port()
    with postgres() as database:
        own = {
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://{database}",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": "4",
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API_AUTH__JWT_SECRET": "of the tests " * 6,
            "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK": "False",
        }
        env = environment() | own | variables
        program = ENVIRONMENT / "airflow"
        run(program, "db", "migrate", cwd=home, env=env)
        with contextlib.ExitStack() as servers:
            for name in ("api-server", "scheduler", "dag-processor"):
                log = home / f"{name}.log"
                servers.enter_context(process(program, name, log=log, env=env))
            yield Airflow(f"http://127.0.0.1:{port}")

"""DAG runs in Airflow: the DAG of the template, a bucket, Slack and mail. `make test-airflow`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from attrs import frozen
from buckets import Bucket
from helpers import SWITCHES, generate, run
from kit import ops
from notifications.notification_servers import (
    TOKEN,
    Post,
    Slack,
    mail_server,
    slack_server,
)
from steel_toes_helpers import PACKAGE, Workshop

from .servers import Airflow, airflow

pytest_plugins = ["steel_toes_fixtures"]

GUARDS = ["steel_toes", "preflight", "progress", "run_status", "slack", "email"]
KEYS = {"key": "${oc.env:S3_KEY}", "secret": "${oc.env:S3_SECRET}"}

# `clean` passes data in memory to `total`. The branch says what `end` does.
PIPELINE = """
import os, signal
from pathlib import Path
from kedro.pipeline import Node, Pipeline

def clean(raw):
    return f"clean({raw})"

def total(mid):
    return f"total({mid})"

def end(out):
    case, tried = os.environ["STEEL_TOES_BRANCH"], Path("tried")
    if case == "fails-once" and not tried.exists():
        tried.touch()
        case = "fails"
    if case == "fails":
        raise ValueError("no such number")
    if case == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    return f"end({out})"

def after(last):
    return f"after({last})"

def create_pipeline():
    return Pipeline([
        Node(clean, "raw", "mid", name="clean"),
        Node(total, "mid", "out", name="total"),
        Node(end, "out", "last", name="end"),
        Node(after, "last", "final", name="after"),
    ])
"""
SHORT = """
from kedro.pipeline import Node, Pipeline

def create_pipeline():
    return Pipeline([
        Node(str.upper, "raw", "upper", name="first"),
        Node(str.lower, "upper", "lower", name="second"),
    ])
"""
DAG, SHORT_DAG = f"{PACKAGE}_toes", f"{PACKAGE}_short"
NO_BRANCH = f"{PACKAGE}_worker_toes"
BRANCHES = ["fails", "fails-once", "killed", "works"]


@frozen
class DagRun:
    """What became of a DAG run."""

    state: str
    tasks: dict[str, tuple[str, int]]
    run: Any  # as it is recorded
    sent: list[str]  # titles

    def nodes(self) -> dict[str, tuple[str, int]]:
        """The state and the attempts of each node."""
        nodes = self.run.nodes.values()
        return {each.name: (each.state.value, each.attempts) for each in nodes}


@frozen
class World:
    """The project in Airflow, and what it writes to."""

    airflow: Airflow
    bucket: Bucket
    slack: Slack
    post: Post

    def ended(self, dag: str, run_id: str) -> DagRun:
        """Wait for the end of a DAG run."""
        state = self.airflow.wait(dag, run_id, 300)
        key = ops("run_status.describe").key_of(
            "", {"RUN_STATUS_KEY": f"{dag}.{run_id}"}
        )
        store = ops("core.store").Store(
            f"s3://{self.bucket.name}/ops/runs", self.bucket.keys
        )
        run = ops("run_status.replay").read(store, key)
        sent = [each["text"] for each in self.slack.posted() if key in json.dumps(each)]
        mails = [str(each.get_body(("plain",))) for each in self.post.mails]
        assert len([each for each in mails if key in each.replace("=\n", "")]) == len(
            sent
        )
        return DagRun(state, self.airflow.tasks(dag, run_id), run, sent)


@pytest.fixture(scope="module")
def world(
    tmp_path_factory: pytest.TempPathFactory, address: str, without_pandas: Path
) -> Iterator[World]:
    home, folder = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("project")
    switches = {switch: switch in GUARDS for switch in SWITCHES}
    shop = Workshop(generate(folder, **switches, deploy="airflow"), without_pandas)
    bucket = Bucket(address)
    connection = {"conn_type": "aws", "login": "a", "password": "b"}
    with slack_server() as slack, mail_server("plain", home, login=False) as post:
        configure(shop, bucket, slack, post)
        dags, known = shop.path / "airflow_dags", json.dumps(connection)
        with airflow(home, dags, AIRFLOW_CONN_BUCKET=known) as server:
            server.wait_for([DAG, SHORT_DAG, NO_BRANCH])
            yield World(server, bucket, slack, post)


def configure(shop: Workshop, bucket: Bucket, slack: Slack, post: Post) -> None:
    """Write a project whose data, records and notifications go to these servers."""
    names = ["raw", "out", "last", "final", "upper", "lower"]
    place = {"type": "text.TextDataset", "credentials": "bucket"}
    catalog = {
        name: place | {"filepath": f"s3://{bucket.name}/{name}.txt"} for name in names
    }
    bucket.put("raw.txt", "raw")
    shop.pipeline(PIPELINE)
    shop.write({f"src/{PACKAGE}/pipelines/short/__init__.py": SHORT})
    shop.catalog(yaml.safe_dump(catalog))
    channels = {
        "slack": {
            "type": "slack.Slack",
            "credentials": "slack",
            "to": ["#data"],
            "base_url": slack.base_url,
        },
        "email": {
            "type": "email.Email",
            "host": "127.0.0.1",
            "port": post.port,
            "security": "plain",
            "sender": "runs@example.com",
            "to": ["ada@example.com"],
        },
    }
    settings = {
        "store": {"url": f"s3://{bucket.name}/ops", "credentials": "bucket"},
        "run_status": {"keep": 100},
        "notifications": {"when": {"success": True}, "channels": channels},
    }
    shop.settings(yaml.safe_dump(settings))
    secrets = {
        "bucket": KEYS | {"endpoint_url": bucket.keys["endpoint_url"]},
        "slack": {"token": TOKEN},
    }
    for env in ("local", "worker"):
        shop.write({f"conf/{env}/credentials.yml": yaml.safe_dump(secrets)})
    dag = yaml.safe_load(shop.read("conf/base/airflow.yml"))["default"]
    dag |= {
        "retries": 1,
        "retry_delay": 0.01,
        "max_active_runs": 5,
        "command": str(Path(run("which", "kedro", cwd=shop.path).stdout.strip())),
        "variables": {
            "S3_KEY": "{{ conn.bucket.login }}",
            "S3_SECRET": "{{ conn.bucket.password }}",
            "PYTHONPATH": str(shop.without),
        },
    }
    short = {"preflight": False, "notify": False}  # its last task sends the message
    shop.write(
        {"conf/base/airflow.yml": yaml.safe_dump({"default": dag, "short": short})}
    )
    dag |= {"branch": None}  # the branch of the worker
    shop.write({"conf/worker/airflow.yml": yaml.safe_dump({"default": dag})})
    create = (
        "kedro airflow create --group-by=memory --jinja-file=conf/airflow/dag.py.j2"
    )
    given = {"S3_KEY": "a", "S3_SECRET": "b"}
    for options in (["--pipelines=toes,short"], ["--pipelines=toes", "--env=worker"]):
        run(*create.split(), *options, cwd=shop.path, env=given)
    run("rm", "-rf", ".git", cwd=shop.path)  # as in an image


DONE = dict.fromkeys(["clean", "total", "end", "after"], ("succeeded", 1))
UPSTREAM_FAILED = ("upstream failed", 1)


@pytest.fixture(scope="module")
def started(world: World) -> dict[str, str]:
    """DAG runs of all branches at once, and one of a worker that knows none: their ids."""
    found = {name: world.airflow.trigger(DAG, branch=name) for name in BRANCHES}
    return found | {"": world.airflow.trigger(NO_BRANCH)}


def test_a_failure_is_sent_after_the_last_try(world, started) -> None:
    ended = world.ended(DAG, started["fails"])

    assert ended.state == "failed"
    assert ended.tasks["end"] == ("failed", 2)
    assert ended.nodes() == DONE | {"end": ("failed", 2), "after": UPSTREAM_FAILED}
    assert ended.run.nodes["after"].reason == "end failed"
    assert ended.sent == [f"{PACKAGE} / toes failed in end: ValueError: no such number"]


def test_a_failure_that_airflow_tries_again_is_not_sent(world, started) -> None:
    ended = world.ended(DAG, started["fails-once"])

    assert ended.state == "success"
    assert ended.nodes() == DONE | {"end": ("succeeded", 2)}
    [title] = ended.sent
    assert title.startswith(f"{PACKAGE} / toes succeeded in ")


def test_a_task_that_is_killed_is_sent_by_the_teardown(world, started) -> None:
    ended = world.ended(DAG, started["killed"])

    assert ended.state == "failed"
    assert ended.nodes() == DONE | {"end": ("interrupted", 2), "after": UPSTREAM_FAILED}
    [title] = ended.sent
    assert title.startswith(f"{PACKAGE} / toes was interrupted after ")


def test_a_worker_without_a_branch_touches_no_data_and_is_sent(world, started) -> None:
    ended = world.ended(NO_BRANCH, started[""])

    assert ended.state == "failed"
    assert ended.tasks["kedro_preflight"] == ("failed", 2)
    assert ended.tasks["end"][0] == "upstream_failed"
    assert ended.run.state.value == "failed"
    [title] = ended.sent
    assert "did not start: The git branch is unknown" in title
    assert "out.txt" not in world.bucket.objects()


def test_two_branches_at_once_keep_their_data_and_records_apart(world, started) -> None:
    for branch in ("fails-once", "works"):
        ended = world.ended(DAG, started[branch])

        assert ended.tasks["clean_and_1_more"] == ("success", 1)
        assert ended.run.branch == branch
        assert len(ended.sent) == 1
        final = world.bucket.read(f"final_{branch}.txt")
        assert final == "after(end(total(clean(raw))))"


def test_twenty_dag_runs_are_twenty_whole_runs_and_twenty_messages(world) -> None:
    started = [world.airflow.trigger(SHORT_DAG) for _ in range(20)]

    ended = [world.ended(SHORT_DAG, run_id) for run_id in started]

    assert [each.state for each in ended] == ["success"] * 20
    whole = {"first": ("succeeded", 1), "second": ("succeeded", 1)}
    assert [each.nodes() for each in ended] == [whole] * 20
    assert [each.run.state.value for each in ended] == ["succeeded"] * 20
    assert [len(each.sent) for each in ended] == [1] * 20
    assert world.bucket.read("lower.txt") == "raw"

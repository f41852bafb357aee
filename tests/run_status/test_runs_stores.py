"""The journal in a bucket, on a full disk, and where nothing can be written."""

import json
import time

import pytest
from helpers import run as run_command
from kit import ops
from steel_toes.test_runs_remote import Store
from steel_toes_helpers import PACKAGE, Workshop

from .run_project import read_journals
from .run_status_helpers import NODES, journals, prepare, states

pytest_plugins = ["steel_toes_fixtures"]
GUARDS = ["run_status", "node_stats"]

OURS = f"{PACKAGE}.runners.ParallelRunner"
WARNING = "The journal in"


@pytest.fixture
def bucket(workshop: Workshop, address: str) -> Store:
    bucket = Store(address)
    bucket.tell(workshop)
    prepare(workshop)
    place = f"{{url: 's3://{bucket.bucket}/ops', credentials: shop}}"
    workshop.settings(f"store: {place}\nrun_status: {{keep: 2, keep_days: 0}}")
    return bucket


@pytest.mark.parametrize("runner", ["SequentialRunner", OURS])
def test_a_bucket_has_what_all_processes_wrote(workshop, bucket, runner) -> None:
    workshop.kedro("run", f"--runner={runner}", KEDRO_MP_CONTEXT="spawn")

    options = {**bucket.keys, "endpoint_url": bucket.address}
    store = ops("core.store").Store(f"s3://{bucket.bucket}/ops/runs", options)
    [key] = ops("run_status.history").run_keys(store)
    run = ops("run_status.replay").read(store, key)
    assert run.state.value == "succeeded"
    assert states(run) == dict.fromkeys(NODES, "succeeded")
    assert (len(read_journals(store, key)) > 1) is (runner == OURS)
    # Its figures are whole, though its last seconds were not uploaded yet.
    figures = json.loads(bucket.objects()["ops/runs/figures/dev.json"])
    assert figures["runs"][0]["seconds"].keys() == {*NODES}
    page = bucket.objects()["ops/runs/index.html"].decode()
    assert key in page
    assert not workshop.has("data/.ops/runs")


def test_old_runs_in_a_bucket_are_removed(workshop: Workshop, bucket: Store) -> None:
    for _ in range(3):
        workshop.kedro("run", "--nodes=clean")

    names = [name for name in bucket.objects() if name.endswith(".jsonl")]
    names = [name for name in names if name.startswith("ops/runs/")]
    assert len(names) == 2


def test_a_store_that_does_not_answer_costs_some_seconds(workshop: Workshop) -> None:
    prepare(workshop)
    nowhere = {"key": "a", "secret": "b", "endpoint_url": "http://127.0.0.1:9"}
    workshop.write({"conf/local/credentials.yml": f"shop: {nowhere}"})
    workshop.settings("store: {url: 's3://none/ops', credentials: shop}")
    began = time.monotonic()
    # Without steel toes, whose manifest is in that store, too.
    said = workshop.kedro("run", STEEL_TOES="off")

    assert time.monotonic() - began < 30
    assert workshop.has("data/last.txt")
    assert said.stderr.count(WARNING) <= 1


def test_a_full_disk_costs_one_warning_and_no_run(workshop: Workshop) -> None:
    prepare(workshop)
    limited = "ulimit -f 6 && exec kedro run"  # 3 kB a file
    env = {"PYTHONPATH": str(workshop.without)}
    said = run_command("sh", "-c", limited, cwd=workshop.path, env=env, check=False)

    assert said.returncode == 0, said.stderr
    assert said.stderr.count(WARNING) == 1
    assert "Traceback" not in said.stdout + said.stderr
    assert workshop.has("data/last_dev.txt")
    for file in journals(workshop):
        assert file.stat().st_size <= 3072
    assert not list((workshop.path / "data/.ops/runs").glob("index.html*"))


@pytest.mark.parametrize("runner", ["SequentialRunner", OURS])
def test_a_store_that_cannot_be_written_costs_a_warning(workshop, runner) -> None:
    prepare(workshop)
    workshop.settings("store: data/raw.txt/ops")
    said = workshop.kedro("run", f"--runner={runner}")

    one = said.stderr.count(WARNING) == 1
    assert one if runner != OURS else WARNING in said.stderr  # one for each process
    assert "Traceback" not in said.stdout + said.stderr
    assert workshop.has("data/last_dev.txt")


def test_credentials_that_are_not_there_are_one_line(workshop: Workshop) -> None:
    prepare(workshop)
    workshop.settings("store: {url: 's3://none/ops', credentials: nobody}")

    assert "nobody" in workshop.refused()


def test_nothing_secret_is_in_the_journal(workshop: Workshop) -> None:
    prepare(workshop)
    url = "https://ada:s3cret@example.com/x?token=s3cret2"
    params = f"--params=how=raise,api_token=s3cret3,url={url},nested.password=s3cret4"
    workshop.kedro("run", params, check=False)

    text = "".join(file.read_text(encoding="utf-8") for file in journals(workshop))
    assert "example.com/x" in text
    assert "s3cret" not in text
    assert str(workshop.path) not in text

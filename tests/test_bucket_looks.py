"""Data in a bucket that somebody else writes: no guard goes by what it saw before that."""

import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from counted_store import OFF, CountingS3, make_project
from helpers import SWITCHES, run

NODES = 3
# Of the team: each writes an object at its moment, if the environment says so.
HOOKS = """
import os
import fsspec
from kedro.framework.hooks import hook_impl


def write(name, text):
    options = {{"key": "a", "secret": "b", "endpoint_url": "{url}"}}
    with fsspec.open(f"s3://team/data/{{name}}.txt", "w", **options) as file:
        file.write(text)


class Early:
    @hook_impl
    def before_pipeline_run(self):
        if text := os.environ.get("RAW"):
            write("d0", text)


class Late:
    @hook_impl
    def after_dataset_saved(self, dataset_name, data):
        if dataset_name == os.environ.get("SIGNED"):
            write(f"{{dataset_name}}_dev", data + "!")
"""


@pytest.fixture(scope="module")
def server() -> Iterator[CountingS3]:
    server = CountingS3()
    yield server
    server.close()


@pytest.fixture
def kedro(server: CountingS3, tmp_path: Path) -> Callable[..., str]:
    """Runs a command on branch dev; returns what it says."""
    guards = dict.fromkeys(SWITCHES, True) | dict.fromkeys(OFF, False)
    project = make_project(tmp_path, server.url, NODES, guards)
    server.clear()
    server.put("data/d0.txt", b"1")
    hooks = project / "src/toe_test/hooks.py"
    text = hooks.read_text()
    ours = textwrap.dedent(HOOKS.format(url=server.url))
    text = text.replace("\nclass TeamHooks:", f"{ours}\n\nclass TeamHooks:")
    text = text.replace("TeamHooks(),\n", "TeamHooks(),\n    Early(),\n    Late(),\n")
    hooks.write_text(text)
    run("git", "switch", "--quiet", "--create", "dev", cwd=project)

    def act(*command: str, **env: str) -> str:
        done = run("kedro", *command, cwd=project, env=env)
        return done.stdout + done.stderr

    return act


def last(server: CountingS3) -> str:
    return server.read(f"data/d{NODES}_dev.txt").decode()


def test_what_a_hook_writes_before_the_run_is_no_longer_the_same(
    server: CountingS3, kedro: Callable[..., str]
) -> None:
    kedro("run")
    assert last(server) == "1111"
    assert "3 of 3 nodes skipped" in kedro("run")

    kedro("run", RAW="2")
    assert last(server) == "2111"
    assert "3 of 3 nodes skipped" in kedro("run", RAW="2")


def test_what_a_hook_makes_of_saved_data_is_what_the_next_run_finds(
    server: CountingS3, kedro: Callable[..., str]
) -> None:
    kedro("run", SIGNED="d1")
    assert last(server) == "11!11"

    assert "3 of 3 nodes skipped" in kedro("run", SIGNED="d1")


def test_a_copy_that_is_put_there_by_hand_is_read(
    server: CountingS3, kedro: Callable[..., str]
) -> None:
    kedro("run")
    server.put("data/d0_dev.txt", b"5")
    kedro("run")
    assert last(server) == "5111"

    server.s3.delete_object(Bucket="team", Key="data/d0_dev.txt")
    server.put("data/d2_dev.txt", b"other")
    kedro("run")
    assert last(server) == "1111"

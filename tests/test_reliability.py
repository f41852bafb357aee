"""Faulty stores, clocks and file rights: a run keeps its result, and says what is lost.

``docs/reliability.md`` has the figures, ``benchmarks/reliability.py`` measures them.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from faulty_store import FaultyS3
from kit import ops
from run_status.run_project import RunProject
from skip_unchanged.skip_project import SkipProject
from steel_toes_helpers import Workshop

pytest_plugins = ["steel_toes_fixtures"]
GUARDS = ["run_status", "skip_unchanged"]

HOUR = 3600.0
Store = ops("core.store").Store
Records = ops("core.records").Records


@pytest.fixture(scope="module")
def s3() -> Iterator[FaultyS3]:
    server = FaultyS3()
    yield server
    server.close()


@pytest.fixture
def in_bucket(workshop: Workshop, s3: FaultyS3) -> Workshop:
    """A project with its data on this machine and its store in a bucket."""
    keys = {"key": "a", "secret": "b", "endpoint_url": s3.url}
    keys["config_kwargs"] = {"retries": {"max_attempts": 0}}
    workshop.write({"conf/local/credentials.yml": json.dumps({"team": keys})})
    place = f"s3://team/{time.time()}"
    workshop.settings(f"store: {{url: '{place}', credentials: team}}")
    return workshop


@pytest.mark.parametrize("fault", ["503", "cuts", "breaks"])
def test_a_run_ends_well_whatever_its_store_answers(
    in_bucket: Workshop, s3: FaultyS3, fault: str
) -> None:
    s3.healthy = 4  # its journal has begun then
    s3.begin(fault)
    done = in_bucket.kedro("run", check=False)
    s3.begin("")

    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert in_bucket.read("data/out_dev.txt") == "total(clean(raw))"
    assert "Traceback" not in said
    listed = in_bucket.kedro("runs", "list", "--json").stdout.splitlines()[-1]
    states = [run["state"] for run in json.loads(listed)]
    # Its record arrived, or one line says that it did not.
    assert states == ["succeeded"] if fault == "cuts" else "The journal in" in said


@pytest.mark.parametrize("own", [{}, {"config_kwargs": {"read_timeout": 20}}])
def test_a_store_on_s3_that_hangs_is_waited_for_5_s_unless_a_team_says_otherwise(
    monkeypatch: pytest.MonkeyPatch, own: dict[str, Any]
) -> None:
    given: dict[str, Any] = {}

    def url_to_fs(url: str, **options: Any) -> tuple[None, str]:
        given.update(options)
        return None, url

    monkeypatch.setattr("fsspec.url_to_fs", url_to_fs)
    Store("s3://team/ops", own).prepare()

    assert given["config_kwargs"]["read_timeout"] == (20 if own else 5)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Moves the clock of this process by some seconds."""
    now, shift = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: now() + shift[0])
    monkeypatch.setattr(time, "time_ns", lambda: int((now() + shift[0]) * 1e9))

    def move(seconds: float) -> None:
        shift[0] += seconds

    return move


def test_the_record_that_was_added_last_counts_though_the_clock_went_back(
    tmp_path: Path, clock: Callable[[float], None]
) -> None:
    for x in range(3):  # three processes, each an hour before the last
        records = Records(Store(str(tmp_path)), "m", ("name",))
        records.look()
        records.append(name="a", x=x)
        records.close()
        clock(-HOUR)

    read = Records(Store(str(tmp_path)), "m", ("name",))
    read.look()
    assert [record["x"] for record in read.all()] == [2]


def test_no_run_or_node_takes_less_than_nothing_though_the_clock_goes_back(
    tmp_path: Path, clock: Callable[[float], None]
) -> None:
    from kedro.pipeline import node  # noqa: PLC0415

    def late(raw: Any) -> Any:
        clock(-HOUR)
        return raw

    project = RunProject(tmp_path, ops("run_status.hook").RunStatus())
    project.session(node(late, "raw", "out", name="late"))
    run = project.run()

    assert run.state.value == "succeeded"
    assert run.ended >= run.started
    for each in run.nodes.values():
        assert each.ended >= each.started
        assert all(span.end >= span.start for span in each.spans)


def test_what_changes_after_the_clock_went_back_is_run_again_and_then_skipped(
    tmp_path: Path, clock: Callable[[float], None]
) -> None:
    project = SkipProject(tmp_path)
    assert project.run() == ["clean", "total"]
    clock(-HOUR)
    assert project.run() == []
    (tmp_path / "data/raw.txt").write_text("two")
    assert project.run() == ["clean", "total"]
    assert (tmp_path / "data/out.txt").read_text() == "two 1"
    assert project.run() == []


@contextmanager
def user(uid: int, umask: int) -> Iterator[None]:
    """Be another user, of the group 3000, as far as files are concerned."""
    time.strptime("2026", "%Y")  # imports a module that the user may not reach
    before, groups = os.umask(umask), os.getgroups()
    os.setgroups([])
    os.setegid(3000)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)
        os.umask(before)


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can be others"
)
@pytest.mark.parametrize(
    ("umask", "can_read", "can_write"),
    [(0o002, True, True), (0o022, True, False), (0o077, False, False)],
)
def test_what_a_second_user_can_do_follows_from_the_first_ones_umask(
    umask: int, can_read: bool, can_write: bool
) -> None:
    import tempfile  # noqa: PLC0415

    with tempfile.TemporaryDirectory(dir="/tmp") as folder:  # noqa: S108
        os.chown(folder, 0, 3000)
        os.chmod(folder, 0o2775)
        store = Store(f"{folder}/ops")

        def add(name: str) -> list[str]:
            records = Records(store, "m", ("name",))
            records.look()
            records.append(name=name)
            records.close()
            return [record["name"] for record in records.all()]

        with user(2001, umask):
            assert add("first") == ["first"]
        with user(2002, 0o002):
            records = Records(store, "m", ("name",))
            records.look()
            assert len(records.all()) == can_read
            if can_write:
                assert add("second") == ["first", "second"]
            else:
                with pytest.raises(PermissionError):
                    add("second")


def test_a_list_of_20_of_500_runs_reads_the_journals_of_20_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from itertools import islice  # noqa: PLC0415

    from run_status.test_replay import ENDED, WHOLE, main, text  # noqa: PLC0415

    store = Store(str(tmp_path))
    for number in range(500):
        name = f"20260101T{number // 60:02}{number % 60:02}00-vm.jsonl"
        store.write(f"r{number:03}/{name}", text(main(*WHOLE, ENDED)))
    replay = ops("run_status.replay")
    read: list[str] = []
    before = replay.read_many

    def note(store: Any, journals: dict[str, Any]) -> Any:
        read.extend(journals)
        return before(store, journals)

    monkeypatch.setattr(replay, "read_many", note)
    history = ops("run_status.history").History(store)
    asked: list[str] = []
    for name in ("files", "read_many"):
        ask = getattr(Store, name)

        def count(self: Any, *given: Any, name: str = name, ask: Any = ask) -> Any:
            asked.append(name)
            return ask(self, *given)

        monkeypatch.setattr(Store, name, count)
    assert len(list(islice(history, 20))) == 20
    assert {*read} == {f"r{number}" for number in range(480, 500)}
    assert asked == ["files", "read_many", "read_many"]  # ten runs at once


def test_a_file_that_a_reader_holds_open_is_replaced_when_it_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Windows and SMB, a file that is open elsewhere cannot be replaced."""
    replace, refusals = os.replace, [2]

    def refuse_twice(*paths: Any) -> None:
        refusals[0] -= 1
        if refusals[0] >= 0:
            raise PermissionError(13, "The process cannot access the file")
        replace(*paths)

    monkeypatch.setattr(os, "replace", refuse_twice)
    store = Store(str(tmp_path))
    store.write("runs/index.html", b"new")

    assert store.read("runs/index.html") == b"new"
    assert os.listdir(tmp_path / "runs") == ["index.html"]


@pytest.mark.parametrize("kind", ["norename", "memory"])
def test_a_journal_can_be_read_while_a_store_without_renames_writes_it(
    tmp_path: Path, kind: str
) -> None:
    import threading  # noqa: PLC0415

    store = Store(f"{kind}://{tmp_path}")
    own = ops("core.store").OwnFile(store, "runs/r")
    over, errors = threading.Event(), []

    def read() -> None:
        records = Records(store, "runs/r", ("n",))
        while not over.is_set():
            try:
                records.look()
                numbers = [record["n"] for record in records.all()]
                assert numbers == [*range(len(numbers))]
            except Exception as error:
                errors.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(100):
        own.append(b'{"n": %d, "at": %d}\n' % (number, number))
        own.flush()
    over.set()
    reader.join()

    assert not errors
    whole = Records(store, "runs/r", ("n",))
    whole.look()
    assert len(whole.all()) == 100


def test_a_forged_output_does_not_count_without_a_record_of_it(
    tmp_path: Path,
) -> None:
    project = SkipProject(tmp_path)
    project.run()
    out = tmp_path / "data/out.txt"
    out.write_text("forged")
    assert project.run() == ["total"]  # no record says that this was made

    # Nor with a record of another output.
    made = tmp_path / "data/.ops/made"
    [*_, journal] = sorted(path for path in made.rglob("*.jsonl"))
    last = json.loads(journal.read_text().splitlines()[-1])
    planted = {**last, "outputs": {"out": "f" * 32}, "at": time.time()}
    journal.with_name("20260101T000000-x.jsonl").write_text(f"{json.dumps(planted)}\n")
    assert project.run() == []
    out.write_text("forged")
    assert project.run() == ["total"]
    assert out.read_text() == "one 1"

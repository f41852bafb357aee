"""The message of a run: what it says, and that it is short enough for a telephone."""

import subprocess
from pathlib import Path

import pytest
from kit import ops
from run_status.some_runs import wide

from .told_runs import START, Kind, failed, good, past

module = ops("notifications.compose")
record = ops("notifications.run_record")
repository = ops("core.git")
runs = ops("run_status.model")
State = runs.State


@pytest.fixture
def store(tmp_path):
    return ops("run_status.run_store").RunStore(str(tmp_path))


def story(store, run, parameters=None, where=Path("/nowhere")):
    made = record.Record.of(run, parameters or {})
    return module.Story(run, made, record.Earlier(store, run), where)


def titles(store, run, kind):
    return story(store, run).message(kind, "").title


def test_the_title_says_what_happened(store):
    run = failed("r9", pipelines=["sales"], env="prod", project="cars")
    failure = "cars / sales (prod) failed in fit: ValueError: no such column"
    assert titles(store, run, Kind.FAILURE) == failure
    run = good("r9", project="cars")
    assert titles(store, run, Kind.SUCCESS) == "cars is done in 4.0 s"
    assert titles(store, run, Kind.START) == "cars is running"
    assert titles(store, run, Kind.INTERRUPTION) == "cars was interrupted after 4.0 s"
    run.failure = runs.Failure("", "Ctrl-C")
    assert titles(store, run, Kind.INTERRUPTION).endswith("after 4.0 s: Ctrl-C")
    run.datasets["train"].marks.append("1 row, usually 9")
    unusual = "cars ran, but: train: 1 row, usually 9"
    assert titles(store, run, Kind.UNUSUAL) == unusual


def test_a_recovery_says_how_many_were_bad(store):
    past(store, failed("r1"), failed("r2"))
    title = titles(store, good("r9"), Kind.RECOVERY)
    assert title == "Some Project is well again after 2 bad runs (4.0 s)"


def test_what_stopped_a_run_is_told(store):
    run = good("r9", state=State.ERROR, project="cars")
    assert titles(store, run, Kind.STOPPED).endswith("it is not known why")
    run.failure = runs.Failure("OpsError", "no branch")
    assert titles(store, run, Kind.STOPPED) == "cars did not start: OpsError: no branch"
    run.checks = [
        runs.Check("first", "raw", "error", False, "has no data"),
        runs.Check("first", "raw", "warning", False, "is old"),
        runs.Check("first", "out", "error", False, "out: cannot be written"),
    ]
    title = titles(store, run, Kind.STOPPED)
    assert title == "cars did not start: raw: has no data (and 1 more)"


def test_a_title_is_one_short_line_whatever_is_in_it(store):
    message = "no\x00 such\u2028 column \u202egnp " * 40
    title = titles(store, failed("r9", message=message), Kind.FAILURE)

    assert len(title) <= 110
    assert title.isprintable()


def test_the_facts_are_told_with_what_is_usual(store):
    past(store, *(good(f"r{n}", 9) for n in range(3)))
    message = story(store, good("r9", dirty=True)).message(Kind.SUCCESS, "")
    facts = {fact.name: fact.text for fact in message.facts}

    assert facts == {
        "Project": "Some Project",
        "Branch": "dev at 01234567, with changes that are not committed",
        "Environment": "local",
        "Nodes": "4 complete",
        "Time": "4.0 s, usually 9.0 s",
        "Run by": "ada on machine-7",
        "Run": "r9",
    }


def test_a_run_that_goes_on_says_how_long_it_usually_takes(store):
    past(store, *(good(f"r{n}", 9) for n in range(3)))
    run = good("r9", state=State.RUNNING)
    facts = story(store, run).message(Kind.START, "").facts

    assert [fact.text for fact in facts if fact.name == "Time"] == ["usually 9.0 s"]


def test_the_error_has_its_last_lines_and_the_way_on(store):
    run = failed("r9")
    lines = [f"line {number}" for number in range(40)]
    run.nodes["fit"].failure.traceback = "\n".join(lines)
    message = story(store, run).message(Kind.FAILURE, "https://x.example/runs/")

    [fault] = message.faults
    assert (fault.node, fault.error) == ("fit", "ValueError: no such column")
    assert fault.lines.splitlines() == ["...", *lines[-12:]]
    assert message.resume == "kedro run --from-nodes=fit"
    assert message.link == "https://x.example/runs/index.html#run=r9"


def test_of_hundreds_of_failures_a_few_are_told(store):
    run = failed("r9", steps=wide(500), name="make_1")
    for node in run.nodes.values():
        node.state = State.ERROR
        node.failure = runs.Failure("ValueError", "x" * 9000, "y" * 90_000)
    run.checks = [
        runs.Check("first", f"d{n}", "error", False, "bad") for n in range(500)
    ]
    message = story(store, run).message(Kind.FAILURE, "")

    assert [fault.error for fault in message.faults][-1] == "497 more nodes failed"
    [section] = message.sections
    assert section.lines[-1] == "and 492 more"
    assert len(message.text()) < 20_000


def test_a_failure_of_no_node_is_that_of_the_run(store):
    run = good("r9", state=State.ERROR)
    run.failure = runs.Failure("OpsError", "not as expected", "Traceback")
    message = story(store, run).message(Kind.FAILURE, "")

    assert message.title.endswith("failed: OpsError: not as expected")
    assert [fault.node for fault in message.faults] == [""]


def git(folder, *arguments):
    return repository.run_git(folder, *arguments)


def test_what_changed_since_the_last_good_run_is_told(store, tmp_path, monkeypatch):
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "ada@example.com")
    folder = tmp_path / "project"
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    git(folder, "commit", "-q", "--allow-empty", "-m", "Start")
    before = git(folder, "rev-parse", "HEAD")
    git(folder, "commit", "-q", "--allow-empty", "-m", "Use more columns")
    after = git(folder, "rev-parse", "HEAD")
    past(store, good("r1", commit=before), parameters={"a": "1", "b": "2", "c": "3"})
    run = failed("r9", commit=after)
    parameters = {"a": "1", "b": "9", "d": "4"}

    message = story(store, run, parameters, folder).message(Kind.FAILURE, "")
    commits, changed = (section.lines for section in message.sections)
    assert commits == [f"{after[:7]} Use more columns (Ada)"]
    assert changed == ["b", "c", "d"]

    elsewhere = story(store, run, {}, Path(tmp_path)).message(Kind.FAILURE, "")
    assert elsewhere.sections == []


def test_secrets_are_in_no_part(store, monkeypatch):
    redaction = ops("core.redaction")
    monkeypatch.setattr(redaction, "_SECRETS", set())
    monkeypatch.setattr(redaction, "_WAYS", [])
    redaction.hide(["hunter2!"])
    run = failed("r9", message="hunter2! of postgres://ada:pw@db", branch="hunter2!")
    run.nodes["fit"].failure.traceback = f"in {Path.home()}/x hunter2!"
    run.nodes["fit"].marks.append("hunter2!")
    run.resume = "kedro run --env=hunter2!"
    text = story(store, run).message(Kind.FAILURE, "").text()

    for secret in ("hunter2", "ada:pw", str(Path.home())):
        assert secret not in text


def test_a_message_has_the_time_of_its_run(store):
    assert story(store, good("r9")).message(Kind.SUCCESS, "").at == START + 4

"""The message of a run: what it says, and that it is short enough for a phone."""

import subprocess
from pathlib import Path

from kit import ops
from run_status.some_runs import wide

from .notification_samples import Kind, failed, sample, succeeded

module = ops("notifications.message")
repository = ops("core.git")
runs = ops("run_status.model")
State = runs.State


def composer(run, earlier=(), folder=Path("/nowhere")):
    return module.Composer(run, list(earlier), folder)


def title_of(run, kind, earlier=()):
    return composer(run, earlier).message(kind, "").title


def test_the_title_says_what_happened():
    run = failed("r9", pipelines=["sales"], env="prod", project="cars")
    failure = "cars / sales (prod) failed in fit: ValueError: no such column"
    assert title_of(run, Kind.FAILURE) == failure
    run = succeeded("r9", project="cars")
    assert title_of(run, Kind.SUCCESS) == "cars succeeded in 4.0 s"
    assert title_of(run, Kind.INTERRUPTION) == "cars was interrupted after 4.0 s"
    run.failure = runs.Failure("", "Ctrl-C")
    assert title_of(run, Kind.INTERRUPTION).endswith("after 4.0 s: Ctrl-C")
    run.datasets["train"].marks.append("1 row, usually 9")
    unusual = "cars succeeded, but is unusual: train: 1 row, usually 9"
    assert title_of(run, Kind.UNUSUAL) == unusual


def test_a_recovery_says_how_many_were_bad():
    earlier = [failed("r2"), failed("r1"), succeeded("r0")]
    title = title_of(succeeded("r9"), Kind.RECOVERY, earlier)
    assert title == "Some Project recovered after 2 unsuccessful runs (4.0 s)"


def test_the_title_says_what_stopped_a_run():
    run = succeeded("r9", state=State.FAILED, project="cars")
    assert title_of(run, Kind.STOPPED).endswith("the reason is not known")
    run.failure = runs.Failure("OpsError", "no branch")
    assert title_of(run, Kind.STOPPED) == "cars did not start: OpsError: no branch"
    run.checks = [
        runs.Check("first", "raw", "error", False, "has no data"),
        runs.Check("first", "raw", "warning", False, "is old"),
        runs.Check("first", "out", "error", False, "out: cannot be written"),
    ]
    title = title_of(run, Kind.STOPPED)
    assert title == "cars did not start: raw: has no data (and 1 more)"


def test_a_title_is_one_short_line_whatever_is_in_it():
    message = "no\x00 such\u2028 column \u202egnp " * 40
    title = title_of(failed("r9", message=message), Kind.FAILURE)

    assert len(title) <= 110
    assert title.isprintable()


def test_the_facts_identify_the_run():
    message = composer(succeeded("r9", dirty=True)).message(Kind.SUCCESS, "")

    assert message.facts == {
        "Project": "Some Project",
        "Branch": "dev at 01234567, with uncommitted changes",
        "Environment": "local",
        "Nodes": "4 succeeded",
        "Time": "4.0 s",
        "Run by": "ada on machine-7",
        "Run": "r9",
    }


def test_the_error_has_its_last_lines_and_the_command_to_resume():
    run = failed("r9")
    lines = [f"line {number}" for number in range(40)]
    run.nodes["fit"].failure.traceback = "\n".join(lines)
    message = composer(run).message(Kind.FAILURE, "https://x.example/runs/")

    [error] = message.errors
    assert (error.node, error.error) == ("fit", "ValueError: no such column")
    assert error.traceback.splitlines() == ["...", *lines[-12:]]
    assert message.resume == "kedro run --from-nodes=fit"
    assert message.link == "https://x.example/runs/index.html#run=r9"


def test_of_hundreds_of_failures_a_few_are_shown():
    run = failed("r9", steps=wide(500), name="make_1")
    for node in run.nodes.values():
        node.state = State.FAILED
        node.failure = runs.Failure("ValueError", "x" * 9000, "y" * 90_000)
    run.checks = [
        runs.Check("first", f"d{n}", "error", False, "bad") for n in range(500)
    ]
    message = composer(run).message(Kind.FAILURE, "")

    assert [each.error for each in message.errors][-1] == "497 more nodes failed"
    [lines] = message.sections.values()
    assert lines[-1] == "and 492 more"
    assert len(message.text()) < 20_000


def test_a_failure_of_no_node_is_that_of_the_run():
    run = succeeded("r9", state=State.FAILED)
    run.failure = runs.Failure("OpsError", "not as expected", "Traceback")
    message = composer(run).message(Kind.FAILURE, "")

    assert message.title.endswith("failed: OpsError: not as expected")
    assert [each.node for each in message.errors] == [""]


def git(folder, *arguments):
    return repository.run_git(folder, *arguments)


def test_the_message_lists_what_changed_since_the_last_good_run(tmp_path, monkeypatch):
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "ada@example.com")
    folder = tmp_path / "project"
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    git(folder, "commit", "-q", "--allow-empty", "-m", "Start")
    before = git(folder, "rev-parse", "HEAD")
    git(folder, "commit", "-q", "--allow-empty", "-m", "Use more columns")
    after = git(folder, "rev-parse", "HEAD")
    hashes = {"a": "1", "b": "2", "c": "3"}
    good = succeeded("r1", commit=before, parameter_hashes=hashes)
    earlier = [failed("r2"), good]
    run = failed("r9", commit=after)
    run.parameter_hashes = {"a": "1", "b": "9", "d": "4"}

    message = composer(run, earlier, folder).message(Kind.FAILURE, "")
    commits, changed = message.sections.values()
    assert commits == [f"{after[:7]} Use more columns (Ada)"]
    assert changed == ["b", "c", "d"]

    run.parameter_hashes = {}
    elsewhere = composer(run, earlier, Path(tmp_path)).message(Kind.FAILURE, "")
    assert elsewhere.sections == {}


def test_secrets_are_in_no_part(monkeypatch):
    redaction = ops("core.redaction")
    monkeypatch.setattr(redaction, "_SECRETS", set())
    monkeypatch.setattr(redaction, "_WAYS", [])
    redaction.hide(["hunter2!"])
    run = failed("r9", message="hunter2! of postgres://ada:pw@db", branch="hunter2!")
    run.nodes["fit"].failure.traceback = f"in {Path.home()}/x hunter2!"
    run.nodes["fit"].marks.append("hunter2!")
    run.resume = "kedro run --env=hunter2!"
    text = composer(run).message(Kind.FAILURE, "").text()

    for secret in ("hunter2", "ada:pw", str(Path.home())):
        assert secret not in text


def test_all_of_it_is_in_the_text():
    assert sample().text() == (
        "cars failed in fit: ValueError: no such column\n\n"
        "Branch  main at 0123abcd\nRun     r2\n\n"
        "fit: ValueError: no such column\n    Traceback\n      1\n\n"
        "Unusual:\n    cars: 1 row, usually 9\n\n"
        "Resume with:\n    kedro run --from-nodes=fit\n\n"
        "Open the run: https://ops.example.com/runs/index.html#run=r2"
    )


def test_empty_parts_are_left_out():
    nothing = {"facts": {}, "errors": [], "sections": {}, "resume": "", "link": ""}
    assert sample(Kind.SUCCESS, **nothing).text() == sample().title


def test_failed_stopped_and_interrupted_runs_are_bad():
    bad = {kind for kind in Kind if kind.is_bad}
    assert bad == {Kind.FAILURE, Kind.STOPPED, Kind.INTERRUPTION}

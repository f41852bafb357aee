"""Run status: the hook that enters what a run does."""

import contextlib
import logging
import os
import signal
import threading
import time

import pytest
from kedro.framework.hooks import hook_impl
from kedro.pipeline import node
from kedro.runner import ThreadRunner
from kit import ops

from .run_project import RunProject, read_journals, same

module = ops("run_status.hook")
journal = ops("run_status.journal")
State = ops("run_status.model").State
OpsError = ops("core.errors").OpsError
Finding = ops("core.findings").Finding


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("STEEL_TOES_BRANCH", "dev")
    monkeypatch.delenv("RUN_STATUS", raising=False)
    monkeypatch.delenv("RUN_STATUS_KEY", raising=False)
    return RunProject(tmp_path / "project", module.RunStatus())


def fail(data):
    raise ValueError("no such number")


def parts(data):
    yield data
    yield data


@pytest.mark.parametrize("runner", [None, ThreadRunner()])
def test_a_run_is_told_from_its_start_to_its_end(project, runner):
    project.session(
        node(same, "raw", "mid", name="one"),
        node(same, "mid", "out", name="two"),
        runner=runner,
    )

    run = project.run()
    assert (run.state, run.branch, run.run_id) == (State.SUCCEEDED, "dev", "run-1")
    assert {node.state for node in run.nodes.values()} == {State.SUCCEEDED}
    assert len(run.nodes["two"].spans) == 3
    assert journal.current() is None


def test_a_node_that_fails_fails_the_run(project):
    nodes = [node(fail, "raw", "mid", name="one"), node(same, "mid", "o", name="two")]
    with pytest.raises(ValueError):
        project.session(*nodes)

    run = project.run()
    assert (run.state, run.nodes["one"].state) == (State.FAILED, State.FAILED)
    assert run.nodes["one"].failure.message == "no such number"
    assert run.nodes["two"].state == State.UPSTREAM_FAILED
    assert run.resume == "kedro run"


def test_of_a_generator_the_first_part_is_entered_and_the_end(project):
    project.session(
        node(parts, "raw", "many", name="one"), node(same, "raw", "out", name="two")
    )

    assert project.run().nodes["one"].state == State.SUCCEEDED
    [key] = ops("run_status.history").run_keys(project.store)
    [text] = read_journals(project.store, key).values()
    assert text.count(b'"dataset_saved", "node": "one"') == 1
    assert text.index(b'"node_completed"') < text.index(
        b'"node_computed", "node": "two"'
    )


class Guard:
    """Another guard."""

    def __init__(self, **acts):
        for name, act in acts.items():
            setattr(self, name, hook_impl(act))


def test_what_stops_a_run_before_it_begins_is_told(project):
    def before_pipeline_run():
        raise OpsError("1 problem", [Finding("is not there", "raw")])

    project.hooks.register(Guard(before_pipeline_run=before_pipeline_run))
    with pytest.raises(OpsError):
        project.session()

    run = project.run()
    assert (run.state, run.failure.message) == (State.FAILED, "1 problem")
    assert [(c.guard, c.subject, c.message) for c in run.checks] == [
        ("hooks", "raw", "is not there")
    ]
    assert journal.current() is None


def test_what_a_guard_finds_is_recorded_without_the_folder_of_the_project(project):
    def before_pipeline_run():
        findings.report(findings.Finding(f"{project.path}/x is old", "raw"))

    findings = ops("core.findings")
    project.hooks.register(Guard(before_pipeline_run=before_pipeline_run))
    project.session()

    assert [check.message for check in project.run().checks] == ["x is old"]


def test_what_fails_a_run_in_the_end_is_told(project):
    def after_pipeline_run():
        journal.enter("check", guard="expectations", subject="out", passed=False)
        raise OpsError("not as expected")

    project.hooks.register(Guard(after_pipeline_run=after_pipeline_run))
    with pytest.raises(OpsError):
        project.session()

    run = project.run()
    assert (run.state, run.failure.message) == (State.FAILED, "not as expected")
    assert run.nodes["copy"].state == State.SUCCEEDED
    assert run.checks[0].guard == "expectations"


def test_when_the_pipeline_has_failed_others_can_tell_it(project):
    seen = []

    def on_pipeline_error():
        seen.append(journal.current().reader.run().state)

    project.hooks.register(Guard(on_pipeline_error=on_pipeline_error))
    with pytest.raises(ValueError):
        project.session(node(fail, "raw", "out"))

    assert seen == [State.FAILED]


@pytest.mark.parametrize("how", ["variable", "setting"])
def test_it_can_be_switched_off(project, monkeypatch, how):
    if how == "variable":
        monkeypatch.setenv("RUN_STATUS", "off")
    else:
        project.settings(run_status={"enabled": False})
    project.session()

    assert ops("run_status.history").run_keys(project.store) == []


def test_a_wrong_setting_is_refused(project):
    project.settings(run_status={"kep": 5})

    with pytest.raises(OpsError, match="Did you mean 'keep'"):
        project.session()


def test_a_mistake_of_its_own_costs_a_warning(project, monkeypatch, caplog):
    def broken(*_):
        raise RuntimeError("a mistake")

    monkeypatch.setattr(module.describe, "describe", broken)
    with caplog.at_level(logging.WARNING):
        project.session()

    assert "There is no status of this run" in caplog.text
    assert journal.current() is None


def test_a_run_that_was_left_by_ctrl_c_is_interrupted_by_the_next(project):
    """As in a notebook, where the process lives on."""

    def stop(data):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(5)

    with pytest.raises(KeyboardInterrupt):
        project.session(node(stop, "raw", "out", name="one"))
    project.session(run_id="run-2")

    left, done = sorted(project.runs(), key=lambda run: run.run_id)
    assert (left.state, left.nodes["one"].state) == (State.INTERRUPTED,) * 2
    assert left.failure.message == "Ctrl-C"
    assert done.state == State.SUCCEEDED


@pytest.mark.parametrize("when", ["before_pipeline_run", "after_pipeline_run"])
def test_ctrl_c_while_a_guard_works_interrupts_the_run(project, when):
    def stop(self):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(5)

    project.hooks.register(type("Guard", (), {when: hook_impl(stop)})())
    with pytest.raises(KeyboardInterrupt):
        project.session()
    ops("core.process")._at_exit(os.getpid())

    run = project.run()
    assert (run.state, run.failure.message) == (State.INTERRUPTED, "Ctrl-C")


def test_a_run_inside_a_node_is_another_run(project):
    def within(data):
        project.session(run_id="inner")
        return data

    project.session(node(within, "raw", "out", name="outside"), run_id="outer")

    states = {run.run_id: run.state for run in project.runs()}
    assert states == {"outer": State.SUCCEEDED, "inner": State.SUCCEEDED}


def test_runs_in_threads_are_told_apart(project):
    """As in `kedro server`, with the same nodes and even the same id."""
    together = threading.Barrier(4)

    def meet(data):
        together.wait(30)
        if data == 3:
            raise ValueError("three")
        return data

    nodes = [node(meet, "raw", "mid", name="one"), node(same, "mid", "out", name="two")]

    def act(number):
        runner = ThreadRunner() if number % 2 else None
        with contextlib.suppress(ValueError):
            project.session(*nodes, runner=runner, data=number)

    threads = [threading.Thread(target=act, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    runs = project.runs()
    states = [(run.state, run.nodes["two"].state) for run in runs]
    assert sorted(states) == sorted(
        [(State.SUCCEEDED, State.SUCCEEDED)] * 3
        + [(State.FAILED, State.UPSTREAM_FAILED)]
    )


def test_a_worker_enters_into_the_run_of_its_ticket(project):
    told = []

    def ask(data):
        told.append(hook.ticket_for_workers())
        return data

    [hook] = project.hooks.get_plugins()
    assert hook.ticket_for_workers() is None
    project.session(node(ask, "raw", "out", name="one"))
    [ticket] = told
    worker = module.RunStatus()
    worker.start_worker(ticket)
    one = node(same, "raw", "late", name="one")
    worker.before_node_run(one, None, "run-1")
    [open_] = journal._OPEN.values()
    journal.end(open_)

    [key] = ops("run_status.history").run_keys(project.store)
    assert len(read_journals(project.store, key)) == 2


def test_a_run_is_alone_in_the_store_until_it_gives_a_ticket(project, tmp_path):
    """Alone, it need not look in the bucket for journals of others."""
    project.settings(store={"url": f"memory://{tmp_path.name}"})
    [hook] = project.hooks.get_plugins()
    alone = []

    def ask(data):
        alone.append(journal.current().reader.alone)
        return data

    def give(data):
        hook.ticket_for_workers()
        return ask(data)

    project.session(node(ask, "raw", "mid", name="a"), node(give, "mid", "b", name="b"))

    assert alone == [True, False]


def test_credentials_of_the_store_have_to_be_there(project):
    project.settings(store={"url": "s3://b/ops", "credentials": "team"})
    with pytest.raises(OpsError, match="'team', which is not in credentials.yml"):
        project.session()

    project.settings(
        store={"url": "memory://x", "credentials": "team"}, run_status={"page": False}
    )
    (project.path / "conf/local/credentials.yml").write_text("team: {}")
    project.session()
    store = ops("core.store").Store("memory://x/runs")
    [key] = ops("run_status.history").run_keys(store)
    store.remove(key)

"""Node stats: figures of what nodes load and save, and what is unusual."""

import pytest
from kedro.pipeline import node
from kit import ops
from run_status.run_project import RunProject, same

pd = pytest.importorskip("pandas")
module = ops("node_stats.hook")
State = ops("run_status.model").State
FRAME = pd.DataFrame({"a": [1, 2, None]})


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("STEEL_TOES_BRANCH", "dev")
    monkeypatch.delenv("RUN_STATUS", raising=False)
    status = ops("run_status.hook").RunStatus()
    return RunProject(tmp_path / "project", status, module.NodeStats())


def test_what_is_loaded_and_saved_has_figures(project):
    project.session(node(same, "raw", "out", name="copy"), data=FRAME)

    run = project.run()
    for figures in (run.datasets["raw"].loaded, run.datasets["out"].saved):
        assert (figures.row_count, figures.schema) == (3, {"a": "Float64"})
        assert figures.null_count == {"a": 1}
        assert figures.size is None
    assert run.nodes["copy"].peak_memory > 1_000_000


def fail(data):
    raise ValueError("no")


def test_a_node_that_fails_has_its_memory(project):
    with pytest.raises(ValueError):
        project.session(node(fail, "raw", "out", name="copy"), data=FRAME)

    run = project.run()
    assert run.nodes["copy"].peak_memory > 1_000_000
    assert run.datasets["raw"].loaded.row_count == 3


def parts(data):
    yield data


def test_the_parts_of_a_generator_have_no_rows(project):
    project.session(node(parts, "raw", "out", name="copy"), data=FRAME)

    assert project.run().datasets["out"].saved is None


def test_what_is_unusual_is_marked_and_later_runs_know_what_is_usual(project):
    for _ in range(3):
        project.session(data=pd.concat([FRAME] * 100))
    project.session(data=FRAME)

    *_, last = sorted(project.runs(), key=lambda run: run.started)
    assert last.datasets["out"].marks == ["3 rows, usually 300"]
    assert last.nodes["copy"].usual is not None


class Skipping:
    def run(self, *_):
        return {}


def test_runs_that_skip_all_nodes_do_not_hide_what_is_usual(project):
    for _ in range(3):
        project.session(data=pd.concat([FRAME] * 100))
    for _ in range(10):
        project.session(runner=Skipping())
    project.session(data=FRAME)

    *_, last = sorted(project.runs(), key=lambda run: run.started)
    assert last.datasets["out"].marks == ["3 rows, usually 300"]


def test_an_error_in_a_figure_fails_no_run(project, monkeypatch):
    def broken(*_):
        raise RuntimeError("a mistake")

    monkeypatch.setattr(module.dataset_stats, "stats_of_data", broken)
    monkeypatch.setattr(module.dataset_stats, "size_of", broken)
    monkeypatch.setattr(module.anomalies, "summarize", broken)
    project.session(data=FRAME)

    run = project.run()
    assert (run.state, run.datasets["out"].saved) == (State.SUCCEEDED, None)


@pytest.mark.parametrize("off", ["node_stats", "run_status"])
def test_it_can_be_switched_off(project, off):
    project.settings(**{off: {"enabled": False}})
    project.session(data=FRAME)

    assert all(run.datasets["out"].saved is None for run in project.runs())


def test_a_worker_is_told_to_enter_figures(project):
    told = []
    hook = next(
        each for each in project.hooks.get_plugins() if type(each) is module.NodeStats
    )

    def ask(data):
        told.append(hook.ticket_for_workers())
        return data

    assert hook.ticket_for_workers() is False
    project.session(node(ask, "raw", "out", name="copy"), data=FRAME)
    assert told == [True]
    worker = module.NodeStats()
    worker.start_worker(True)
    entries = object()
    assert worker._entries(entries) is entries
    assert worker._entries(None) is None

"""The view of a run on the terminal."""

import io

import pytest
from kit import ops
from rich.console import Console

module = ops("run_status.terminal")
runs = ops("run_status.model")
State, Phase, Span = runs.State, runs.Phase, runs.Span


def make(state=State.FAILED):
    run = runs.Run("key", "id", state, branch="dev", started=100.0, last_news=110.0)
    spans = [Span(Phase.LOADING, 100.0, 101.0), Span(Phase.COMPUTING, 101.0)]
    run.nodes = {
        "fit[red]": runs.Node("fit[red]", [], [], state=State.FAILED, spans=spans),
        "wait": runs.Node("wait", [], []),
    }
    run.nodes["fit[red]"].failure = runs.Failure("KeyError", "'x'\nmore")
    run.datasets["d"] = runs.Dataset("d", saved=runs.Figures(row_count=12031, size=5))
    run.checks = [runs.Check("looks", "raw", "error", False, "is not there")]
    run.failure, run.resume = runs.Failure("", "its process is gone"), "kedro run"
    return run


@pytest.fixture
def screen(monkeypatch):
    """What is printed; on a terminal or not."""

    def act(terminal):
        out = io.StringIO()
        console = Console(file=out, force_terminal=terminal, width=160, height=30)
        monkeypatch.setattr(module, "Console", lambda: console)
        return out

    return act


def test_all_that_is_known_is_shown(screen):
    out = screen(False)
    module.show(make())

    said = out.getvalue()
    for text in (
        "fit[red]",
        "KeyError: 'x'",
        "1.0 s",
        "9.0 s",
        "12,031",
        "is not there",
    ):
        assert text in said
    for text in ("its process is gone", "To resume: kedro run", "✗ failed", "· queued"):
        assert text in said


class Follower:
    """A run that ends."""

    def __init__(self):
        self.runs = iter([make(State.RUNNING), make(State.SUCCEEDED)])

    def run(self):
        return next(self.runs)


@pytest.mark.parametrize("terminal", [True, False])
def test_a_run_is_watched_until_it_ends(screen, terminal, monkeypatch):
    monkeypatch.setattr(module, "_EVERY", 0)
    out = screen(terminal)
    module.watch(Follower())

    said = out.getvalue()
    assert said.count("failed: fit[red]") == (0 if terminal else 1)
    assert "fit" in said
    assert "succeeded" in said

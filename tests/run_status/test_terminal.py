"""The view of a run on the terminal."""

import io
import json
import re
from types import SimpleNamespace

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
        monkeypatch.setattr(ops("core.terminal"), "console", lambda: console)
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
    for text in (
        "its process is gone",
        "Resume with: kedro run",
        "✗ failed",
        "· queued",
    ):
        assert text in said


class Follower:
    """A run that ends."""

    def __init__(self):
        first = make(State.RUNNING)
        self.runs = iter([first, first, make(State.SUCCEEDED)])

    def run(self):
        return next(self.runs)


@pytest.mark.parametrize("terminal", [True, False])
def test_a_run_is_watched_until_it_ends(screen, terminal, monkeypatch):
    monkeypatch.setattr(module, "_EVERY", 0)
    out = screen(terminal)
    history = SimpleNamespace(expected_seconds=lambda key, nodes: 1e10)
    module.watch(Follower(), history)

    said = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", out.getvalue())
    assert said.count("failed  fit[red]") == 1
    assert "queued" not in said.partition("Run status")[0]
    assert "succeeded" in said
    assert ("0 of 2" in said) is terminal
    assert (" of about " in said) is terminal


@pytest.fixture
def ended():
    run = runs.Run(
        "2026-1a2b3c4d", "id", State.FAILED, branch="dev", started=100.0, ended=165.0
    )
    states = [State.SUCCEEDED, State.SUCCEEDED, State.FAILED, State.NOT_SELECTED]
    for number, state in enumerate(states):
        run.nodes[f"n{number}"] = runs.Node(f"n{number}", [], [], state=state)
    run.datasets["d"] = runs.Dataset("d", marks=["3 rows, usually 9"])
    return run


def test_the_table_says_how_it_ended(ended):
    ended.resume = "kedro run --from-nodes=n2"
    lines = module.report(ended, "runs/index.html").splitlines()

    assert [" ".join(line.split()) for line in lines] == [
        "Run status:",
        "run 2026-1a2b3c4d",
        "state failed",
        "nodes 2 succeeded, 1 failed",
        "time 1 min 05 s",
        "branch dev",
        "resume kedro run --from-nodes=n2",
        "page runs/index.html",
        "unusual d: 3 rows, usually 9",
    ]


def test_a_row_is_for_a_person_or_exact(ended):
    row = module.row(ended)
    assert (row["run"], row["took"]) == ("1a2b3c4d", "1 min 05 s")
    exact = module.row_as_data(ended)
    assert (exact["run"], exact["seconds"]) == ("2026-1a2b3c4d", 65)
    assert exact["nodes"] == {"succeeded": 2, "failed": 1}


def test_all_of_it_is_json(ended):
    data = json.loads(json.dumps(module.as_data(ended)))

    assert (data["state"], data["nodes"]["n2"]["state"]) == ("failed", "failed")


@pytest.mark.parametrize("width", [80, 120])
def test_a_list_of_runs_fits_the_terminal_and_breaks_no_key(
    ended, width, capsys, monkeypatch
):
    monkeypatch.setenv("COLUMNS", str(width))
    others = [runs.Run(f"2026-{n:08x}", "id", State.UPSTREAM_FAILED) for n in range(3)]
    rows = [module.row(each) for each in (ended, *others)]
    ops("core.terminal").show(
        "Runs", rows, False, whole=("run", "state", "took", "nodes")
    )

    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= width
    assert all(any(row["run"] in line for line in lines) for row in rows)
    assert any("✗ failed" in line and "1 min 05 s" in line for line in lines)


def test_names_and_errors_steer_no_terminal(screen):
    evil = "\x1b]0;title\x07\x1b[31mred\x9b2J\u202e"
    run = make()
    run.nodes["wait"].name = run.nodes["wait"].reason = evil
    run.datasets["d"].name = run.branch = run.resume = evil
    run.failure = runs.Failure(evil, evil)
    run.checks = [runs.Check(evil, evil, "error", False, evil)]
    out = screen(False)
    module.show(run)

    said = out.getvalue() + module.report(run)
    assert "red" in said
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(said)


def test_without_colour_there_are_no_escapes(monkeypatch, capsys):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    module.show(make())

    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", capsys.readouterr().out)

"""Questions that are answered side by side, late, wrongly or not at all."""

import threading
import time

import pytest
from kit import ops
from rich.console import Console

module = ops("preflight.deadline")


def ask(*questions):
    return module.ask_all([module.Question(*each) for each in questions])


def test_answers_and_failures_come_back_by_their_keys():
    def fail():
        raise ValueError("no")

    found = ask(("a", "x", lambda: 1, 5), ("b", module.LOCAL, fail, 5))

    assert found["a"] == 1
    assert isinstance(found["b"], module.Failure)
    assert str(found["b"].error) == "no"


def test_no_questions_no_answers():
    assert module.ask_all([]) == {}


def test_questions_of_a_lane_are_asked_at_the_same_time():
    begin = time.monotonic()
    found = ask(*((f"{i}", "x", lambda: time.sleep(0.1), 5) for i in range(30)))

    assert len(found) == 30
    assert time.monotonic() - begin < 1


def test_a_lane_that_is_stuck_holds_up_no_other():
    before = set(threading.enumerate())
    stuck = threading.Event()
    slow = [(f"slow{i}", "slow", stuck.wait, 0.3) for i in range(99)]

    found = ask(*slow, ("quick", "quick", lambda: True, 5))
    stuck.set()

    assert found["quick"] is True
    assert isinstance(found["slow7"], module.NoAnswer)
    assert all(thread.daemon for thread in set(threading.enumerate()) - before)


def test_some_questions_are_for_the_runs_own_thread():
    found = ask(("a", module.HERE, threading.current_thread, 5))

    assert found["a"] is threading.current_thread()


@pytest.mark.parametrize("terminal", [True, False])
def test_a_bar_is_shown_on_a_terminal_only(monkeypatch, capsys, terminal):
    monkeypatch.setattr(module, "_PATIENCE", 0.01)
    monkeypatch.setattr(Console, "is_terminal", terminal)
    questions = [(f"{i}", f"{i}", lambda i=i: time.sleep(i / 10), 5) for i in range(4)]

    ask(*questions)

    assert ("Preflight" in capsys.readouterr().err) is terminal

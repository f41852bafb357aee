"""Questions that are answered side by side, late, with a failure or not at all."""

import sys
import threading
import time

import pytest
from kit import ops
from rich.console import Console

module = ops("preflight.checks")
Finding = ops("core.findings").Finding


def ask(*questions):
    made = {key: question(*rest) for key, *rest in questions}
    answers = module.ask_all([*made.values()])
    return {key: answers[each] for key, each in made.items()}


def question(lane, ask, seconds, **more):
    return module.Question(
        "x", lane, ask, seconds, lambda answer: [Finding(f"{answer}")], **more
    )


def test_problems_have_the_order_level_and_name_of_their_checks():
    slow = question("x", lambda: time.sleep(0.2) or "slow", 5)
    here = question(module.HERE, lambda: "here", 5)
    note = Finding("known", level="note")
    found = [("a", "error", slow), ("b", "warning", note), ("c", "warning", here)]

    problems = [*module.check_all(found)]

    assert [(each.message, each.check, each.level) for each in problems] == [
        ("slow", "a", "error"),
        ("known", "b", "note"),
        ("here", "c", "warning"),
    ]


def test_answers_and_failures_come_back_by_their_keys():
    def fail():
        raise ValueError("no")

    found = ask(("a", "x", lambda: 1, 5), ("b", "y", fail, 5))

    assert found["a"] == 1
    assert isinstance(found["b"], ValueError)
    assert str(found["b"]) == "no"


def test_no_questions_no_answers():
    assert module.ask_all([]) == {}


def test_questions_of_a_lane_are_asked_at_the_same_time():
    begin = time.monotonic()
    found = ask(*((f"{i}", "x", lambda: time.sleep(0.1), 5) for i in range(30)))

    assert len(found) == 30
    assert time.monotonic() - begin < 1


def test_a_lane_may_take_one_question_at_a_time():
    busy = threading.Lock()

    def ask_alone():
        assert busy.acquire(blocking=False)
        time.sleep(0.01)
        busy.release()

    asked = [question("db", ask_alone, 5, width=1) for _ in range(9)]

    assert [*module.ask_all(asked).values()] == [None] * 9


def test_an_answer_that_cannot_be_explained_costs_one_line():
    def explain(answer):
        raise AttributeError("no attribute 'path'")

    bad = module.Question("cars", "x", lambda: True, 5, explain)
    good = question("x", lambda: "fine", 5)

    found = [*module.check_all([("data", "error", bad), ("data", "error", good)])]

    assert [(each.subject, each.level, each.message) for each in found] == [
        (
            "cars",
            "warning",
            "could not be checked: AttributeError: no attribute 'path'",
        ),
        ("", "error", "fine"),
    ]


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
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    questions = [(f"{i}", f"{i}", lambda i=i: time.sleep(i / 10), 5) for i in range(4)]

    ask(*questions)

    assert ("Preflight" in capsys.readouterr().err) is terminal

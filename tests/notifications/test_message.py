"""The message, as plain text has it."""

from .told_runs import Kind, made


def test_all_of_it_is_in_the_text():
    assert made().text() == (
        "cars failed in fit: ValueError: no such column\n\n"
        "Branch  main at 0123abcd\nRun     r2\n\n"
        "fit: ValueError: no such column\n    Traceback\n      1\n\n"
        "Unusual:\n    cars: 1 row, usually 9\n\n"
        "Go on with:\n    kedro run --from-nodes=fit\n\n"
        "See the run: https://ops.example.com/runs/index.html#run=r2"
    )


def test_what_there_is_none_of_is_left_out():
    nothing = {"facts": [], "faults": [], "sections": [], "resume": "", "link": ""}
    assert made(Kind.SUCCESS, **nothing).text() == made().title


def test_somebody_has_to_do_something_if_it_is_bad():
    bad = {kind for kind in Kind if kind.is_bad}
    assert bad == {Kind.FAILURE, Kind.STOPPED, Kind.INTERRUPTION}

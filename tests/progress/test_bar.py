"""The bar: one line at the bottom of a terminal, below what others print."""

import io
import os
import sys
import time
from contextlib import contextmanager
from threading import Thread
from types import SimpleNamespace

import pytest
from kit import ops

from .terminal import COLUMNS, screen_of

bars, log = ops("progress.bar"), ops("progress.logging")


class Screen(io.StringIO):
    """A terminal that keeps what was written."""

    def isatty(self):
        return True

    def lines(self):
        return screen_of(self.getvalue())


@pytest.fixture
def screen(monkeypatch):
    """A terminal of 80 columns."""
    monkeypatch.setenv("COLUMNS", str(COLUMNS))
    for variable in ("CI", "NO_COLOR"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    return Screen()


@contextmanager
def streams_at(screen):
    """Both streams are that terminal. Not in a fixture: pytest has its own for a test."""
    before = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = screen
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


@pytest.fixture
def counts():
    return SimpleNamespace(total=38, completed=10, skipped=0, nodes=set())


@pytest.fixture
def shown(screen, counts, monkeypatch):
    """Show a bar that draws at once, as often as it can."""
    monkeypatch.setattr(bars, "_AFTER", 0.0)
    monkeypatch.setattr(bars, "_EVERY", 0.01)

    @contextmanager
    def shown():
        with streams_at(screen):
            bar = bars.Bar(counts, lambda: 100.0)
            bar.start()
            try:
                yield bar
            finally:
                bar.stop()

    return shown


def wait_for(condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_it_says_what_is_done_what_runs_what_is_skipped_and_how_long(screen, counts):
    counts.skipped = 3
    bar = bars.Bar(counts, lambda: None)
    bar.begin("fit_model")
    bar.begin("make_plot")
    bar.begin("gone")
    bar.end("gone")

    [line] = screen_of(bar.line(79))
    for text in ("13 of 38", "fit_model, make_plot", "3 skipped", "0:00:00"):
        assert text in line


@pytest.mark.parametrize("width", [79, 60, 40])
def test_it_is_one_line_however_much_runs(screen, counts, width):
    bar = bars.Bar(counts, lambda: None)
    for number in range(30):
        bar.begin(f"a_node_with_a_long_name_{number}")

    [line] = screen_of(bar.line(width))
    assert len(line) <= width
    assert "10 of 38" in line


def test_the_expected_time_is_that_of_earlier_runs(shown, screen):
    with shown():
        wait_for(lambda: "of about 0:01:40" in screen.getvalue())


def test_it_has_no_colours_where_none_are_wanted(screen, counts, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")

    with streams_at(screen):
        assert "\x1b[3" not in bars.Bar(counts, lambda: None).line(79)


def test_a_run_of_less_than_a_second_shows_nothing(screen, counts):
    with streams_at(screen):
        bar = bars.Bar(counts, lambda: None)
        bar.start()
        time.sleep(0.3)
        bar.stop()

    assert screen.getvalue() == ""


def test_what_others_print_stays_above_it(shown, screen):
    with shown():
        for text in ("one\n", "two\n"):
            wait_for(lambda: "10 of 38" in screen.lines()[-1])
            sys.stdout.write(text)
            sys.stderr.write(text)
        wait_for(lambda: "10 of 38" in screen.lines()[-1])

    assert screen.lines() == ["one", "one", "two", "two", ""]


def test_it_waits_while_a_node_has_a_line_that_is_not_finished(shown, screen):
    with shown():
        sys.stdout.write("own bar: 10 %\rown bar: 90 %")
        drawn = screen.getvalue().count("10 of 38")
        time.sleep(0.2)
        assert screen.getvalue().count("10 of 38") == drawn

        sys.stdout.write("\n\x1b[?25h")  # rich shows the cursor again
        wait_for(lambda: screen.getvalue().count("10 of 38") > drawn)
    assert screen.lines() == ["own bar: 90 %", ""]


def test_what_is_logged_goes_above_the_bar_of_a_node(shown, screen):
    with shown():
        sys.stderr.write("\rown bar: 10 %")
        sys.stderr.for_log.write("WARNING one\n")
        sys.stderr.write("\rown bar: 90 %")
        sys.stderr.for_log.write("WARNING two\n")
        sys.stderr.write("\n")

    lines = ["WARNING one", "WARNING two", "own bar: 90 %", ""]
    assert screen.lines() == lines


def test_threads_do_not_write_into_the_lines_of_each_other(shown, screen):
    def other(text):
        thread = Thread(target=sys.stdout.write, args=[text])
        thread.start()
        thread.join()

    with shown():
        for text in ("\rown bar: 10 %", "\rown bar: 90 %", "\n"):
            sys.stdout.write(text)
            other("printed\n")
        sys.stdout.write("not finished")
        other("printed\n")

    lines = ["printed", "printed", "own bar: 90 %", "printed", "printed"]
    assert screen.lines() == [*lines, "not finished", ""]


def test_several_bars_of_tqdm_can_move_the_cursor(shown, screen):
    with shown():
        for text in ("\rbar 0", "\n", "\rbar 1", "\x1b[A", "\rbar 0"):
            sys.stderr.write(text)
        drawn = screen.getvalue().count("10 of 38")
        time.sleep(0.1)
        assert screen.getvalue().count("10 of 38") == drawn

    assert "\x1b[2K" not in screen.getvalue().partition("bar 1")[2]


def test_the_cursor_is_never_hidden_and_the_line_is_clear_in_the_end(shown, screen):
    with shown() as bar:
        wait_for(lambda: "10 of 38" in screen.getvalue())
        bar.stop()
        assert sys.stdout is screen
        assert sys.stderr is screen

    assert "\x1b[?25l" not in screen.getvalue()
    assert screen.lines()[-1] == ""


def test_it_learns_from_workers_what_they_begin(shown, screen, counts):
    with shown() as bar:
        file = bar.file_for_workers()
        assert bar.file_for_workers() == file
        counts.nodes.add("over")
        for node in ("over", "fit_model"):
            bars.BarOfParent(file).begin(node)
        wait_for(lambda: "fit_model" in screen.getvalue())

    assert "over" not in screen.getvalue()
    assert not os.path.exists(file)


def test_a_worker_clears_the_line_of_the_bar(screen):
    with streams_at(screen):
        bars.BarOfParent("")
        for text in ("a", " b", "\n", "c\n"):
            sys.stdout.write(text)

            screen.write("\r\x1b[2Kthe bar\r")

    assert screen.lines()[:-1] == ["a b", "c"]


def test_a_worker_goes_on_with_its_line_where_the_bar_was_drawn(screen):
    with streams_at(screen):
        bars.BarOfParent("")
        for text in ("\rown bar: 10 %", "\rown bar: 90 %", " of it", "\n"):
            sys.stdout.write(text)
            screen.write("\r\x1b[2Kthe bar, which is longer\r")

    assert screen.lines()[0] == "own bar: 90 % of it"


@pytest.mark.parametrize(
    ("variable", "value", "wanted"),
    [
        ("TERM", "xterm", True),
        ("CI", "true", False),
        ("TERM", "dumb", False),
    ],
)
def test_there_is_one_at_a_terminal(screen, monkeypatch, variable, value, wanted):
    monkeypatch.setenv(variable, value)

    with streams_at(screen):
        assert log.can_show_bar() is wanted


def test_there_is_none_in_a_pipe():
    with streams_at(io.StringIO()):
        assert not log.can_show_bar()

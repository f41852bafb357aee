"""What commands share: how they show tables, times and sizes, and open the project."""

import io
import subprocess
import sys
import time

import click
import pytest
from botocore.exceptions import NoCredentialsError
from click.testing import CliRunner
from kedro.io import DatasetError
from kit import PACKAGE, PROJECT, ops
from rich.console import Console

formats, terminal = ops("core.formats"), ops("core.terminal")


@pytest.mark.parametrize(
    "seconds, said",
    [(None, ""), (0.0123, "12 ms"), (0.9999, "1.0 s"), (1.26, "1.3 s")]
    + [(59.99, "1 min 00 s"), (78, "1 min 18 s"), (3599.9, "1 h 00 min")]
    + [(7500, "2 h 05 min")],
)
def test_a_duration(seconds, said):
    assert formats.duration(seconds) == said


@pytest.mark.parametrize(
    "count, said",
    [(None, ""), (0, "0 B"), (812, "812 B"), (1000, "1.0 kB"), (82_600, "82.6 kB")]
    + [(999_600, "1.0 MB"), (123_456_789, "123 MB"), (5 * 10**15, "5000 TB")],
)
def test_a_size(count, said):
    assert formats.size(count) == said


def test_a_time_is_local_and_has_its_zone(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        assert formats.local_time(1_795_000_000) == "2026-11-18 12:06:40 CET"
        assert formats.local_time(None) == ""
    finally:
        monkeypatch.undo()
        time.tzset()


def test_no_character_steers_a_terminal():
    assert formats.printable("a\x1b[31mb\x9b2J\u202e\ud800\r\0") == "a�[31mb�2J����"
    assert formats.printable("naïve\t名前 👩‍💻\n") == "naïve\t名前 👩‍💻\n"


BRANCH = "feature/ABC-1234-improve-the-model-of-penguins"
ROW = {"run": "5d6d49a1", "state": "not selected", "nodes": "10 of 10"} | {
    "started": "2026-11-26 17:05:03 CET",
    "branch": BRANCH,
    "reason": "the input `penguins` has changed since the last run",
}


@pytest.mark.parametrize("width", [80, 120, 200])
def test_a_table_fits_and_breaks_no_word(capsys, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    whole = ("run", "state", "nodes")
    terminal.print_long(terminal.table([ROW], "Title", whole))

    said = capsys.readouterr().out
    assert max(map(len, said.splitlines())) <= width
    words = {ROW[key] for key in whole}
    words |= {part for key in ("started", "reason") for part in ROW[key].split()}
    assert all(word in said for word in words)
    assert all(part in said for part in BRANCH.split("-"))
    assert (BRANCH in said) is (width == 200)


def test_a_table_is_narrower_than_its_words_if_it_has_to_be(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    terminal.print_long(terminal.table([ROW]))

    assert max(map(len, capsys.readouterr().out.splitlines())) <= 30


def test_a_name_in_a_sentence_is_broken_between_its_parts(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    terminal.print_long(
        terminal.table([{"why": "`pipelines/toes/__init__.py` changed"}])
    )

    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert lines[2:] == ["`pipelines/toes/__", "init__.py` changed"]


def test_the_title_of_a_small_table_is_not_broken(capsys):
    title = f"main and {BRANCH}"
    terminal.show(title, [{"dataset": "a"}], as_json=False)

    assert capsys.readouterr().out.splitlines()[0] == title


@pytest.mark.parametrize(
    ("rows", "ci", "paged"), [(30, None, True), (5, None, False), (30, "true", False)]
)
def test_what_is_longer_than_the_terminal_is_paged(monkeypatch, rows, ci, paged):
    out, pages = io.StringIO(), []
    monkeypatch.delenv("CI", raising=False)
    if ci:
        monkeypatch.setenv("CI", ci)
    screen = Console(file=out, force_terminal=True, width=80, height=24)
    monkeypatch.setattr(terminal, "console", lambda: screen)
    monkeypatch.setattr(terminal.click, "echo_via_pager", pages.append)
    terminal.show("Runs", [{"run": number} for number in range(rows)], as_json=False)

    assert (bool(pages), bool(out.getvalue())) == (paged, not paged)


PROGRAM = f"""
import sys
sys.path.insert(0, "src")
from {PACKAGE} import hooks
from {PACKAGE}.cli import COMMANDS, cli
for name in COMMANDS:
    assert cli.get_command(None, name)
print([name for name in sys.modules if name.startswith("rich.")])
"""


def test_help_does_not_wait_for_what_prints_tables():
    said = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert said.stdout.splitlines()[-1] == "[]"


class DatabaseError(Exception):
    """As every driver of a database has one."""


@pytest.mark.parametrize(
    "error", [DatabaseError("locked"), NoCredentialsError(), DatasetError("locked")]
)
def test_a_place_that_cannot_be_reached_is_one_line(error):
    cli = ops("core.cli")
    group = cli.Commands("group")
    for kind in (cli.Command, ops("core.run_options").PlanCommand):

        @click.command(cls=kind)
        def ask(**options):
            raise error

        group.add_command(click.command("part")(ask.callback))
        for command, args in ((ask, []), (group, ["part"])):
            result = CliRunner().invoke(command, args)
            assert result.exit_code == 1
            assert result.output == f"Error: {type(error).__name__}: {error}\n"

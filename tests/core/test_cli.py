"""How times, sizes and names are written for a person."""

import subprocess
import sys
import time

import pytest
from kit import PACKAGE, PROJECT, ops

module = ops("core.cli")


@pytest.mark.parametrize(
    "seconds, said",
    [(None, ""), (0.0123, "12 ms"), (0.9999, "1.0 s"), (1.26, "1.3 s")]
    + [(59.99, "1 min 00 s"), (78, "1 min 18 s"), (3599.9, "1 h 00 min")]
    + [(7500, "2 h 05 min")],
)
def test_a_duration(seconds, said):
    assert module.duration(seconds) == said


@pytest.mark.parametrize(
    "count, said",
    [(None, ""), (0, "0 B"), (812, "812 B"), (1000, "1.0 kB"), (82_600, "82.6 kB")]
    + [(999_600, "1.0 MB"), (123_456_789, "123 MB"), (5 * 10**15, "5000 TB")],
)
def test_a_size(count, said):
    assert module.size(count) == said


def test_a_time_is_local_and_has_its_zone(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        assert module.local_time(1_795_000_000) == "2026-11-18 12:06:40 CET"
        assert module.local_time(None) == ""
    finally:
        monkeypatch.undo()
        time.tzset()


def test_no_character_steers_a_terminal():
    assert module.printable("a\x1b[31mb\x9b2J\u202e\ud800\r\0") == "a�[31mb�2J����"
    assert module.printable("naïve\t名前 👩‍💻\n") == "naïve\t名前 👩‍💻\n"


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

"""A terminal of 80 columns, and what a command shows on it."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping
from pathlib import Path

from helpers import environment

COLUMNS = 80


class Terminal:
    """A command at a pseudo terminal."""

    def __init__(self, *args: str, cwd: Path, env: Mapping[str, str] = {}) -> None:
        self.master, other = pty.openpty()
        size = struct.pack("HHHH", 24, COLUMNS, 0, 0)
        fcntl.ioctl(other, termios.TIOCSWINSZ, size)
        variables = environment() | {"TERM": "xterm-256color"} | dict(env)
        del variables["COLUMNS"]
        self.process = subprocess.Popen(
            args,
            cwd=cwd,
            env=variables,
            stdin=other,
            stdout=other,
            stderr=other,
            start_new_session=True,
        )
        os.close(other)
        self.output = ""

    def read_until(self, text: str, seconds: float = 120) -> None:
        """Read until a text is there."""
        end = time.monotonic() + seconds
        while text not in self.output:
            assert time.monotonic() < end, self.output
            assert self._read() or text in self.output, self.output

    def read_all(self) -> int:
        """Read all that the command says until it ends; return its exit code."""
        while self._read():
            pass
        return self.process.wait()

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process."""
        self.process.send_signal(number)

    def _read(self) -> bool:
        select.select([self.master], [], [], 60)
        try:
            data = os.read(self.master, 65536)
        except OSError:  # Linux: the other end is closed
            return False
        self.output += data.decode(errors="replace")
        return bool(data)

    def screen(self) -> list[str]:
        """The lines that are left in the end, without colours."""
        return screen_of(self.output)

    def bars(self) -> list[str]:
        """Every state of the bar that was drawn."""
        text = re.sub(r"\x1b\[[0-9;]*m", "", self.output)
        return re.findall(r"\x1b\[2K([^\r\n\x1b]+)\r", text)


def screen_of(output: str) -> list[str]:
    """What a terminal shows: with carriage returns and erased lines."""
    lines, column = [""], 0
    for part in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|[\r\n]|[^\x1b\r\n]+", output):
        if part == "\n":
            lines.append("")
            column = 0
        elif part == "\r":
            column = 0
        elif part == "\x1b[2K":
            lines[-1] = ""
        elif not part.startswith("\x1b"):
            before = lines[-1].ljust(column)
            lines[-1] = before[:column] + part + before[column + len(part) :]
            column += len(part)
    return [line.rstrip() for line in lines]

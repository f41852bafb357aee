"""Interruptions: signals keep their meaning, and the reason is known."""

import signal
import subprocess
import sys

import pytest
from kit import PACKAGE, PROJECT, ops

module = ops("core.interruption")

PROGRAM = f"""
import os, signal, sys, time
sys.path.insert(0, "src")
from {PACKAGE}.ops.core import interruption
interruption.on_the_end(lambda reason: os.write(1, f"[{{reason}}]".encode()))
"""


def run(rest):
    return subprocess.run(
        [sys.executable, "-c", PROGRAM + rest],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "rest, said, code",
    [
        ("os.kill(os.getpid(), signal.SIGTERM); time.sleep(9)", "[SIGTERM]", -15),
        ("os.kill(os.getpid(), signal.SIGINT); time.sleep(9)", "[SIGINT]", -2),
        ("sys.exit(3)", "[the process ended]", 3),
        ("1 / 0", "[the process ended]", 1),
        ("interruption.forget(interruption._ENDINGS[0])", "", 0),
    ],
)
def test_the_reason_is_told_and_the_exit_code_stays(rest, said, code):
    result = run(rest)

    assert (result.stdout, result.returncode) == (said, code)


FORK = """
child = os.fork()
if not child:
    {act}
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), end="", flush=True)
interruption.forget(interruption._ENDINGS[0])
"""


@pytest.mark.parametrize(
    "act, code",
    [("sys.exit(4)", 4), ("os.kill(os.getpid(), signal.SIGTERM); time.sleep(9)", -15)],
)
def test_the_end_of_a_fork_is_not_that_of_the_run(act, code):
    result = run(FORK.format(act=act))

    assert (result.stdout, result.stderr) == (str(code), "")


def test_handlers_of_others_stay():
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        module.on_the_end(print)
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN
        module.forget(print)
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)


def test_afterwards_handlers_are_what_they_were():
    before = [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)]
    module.on_the_end(print)
    module.forget(print)

    after = [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)]
    assert after == before

"""Which process is this, is another one alive, and how does this one end?"""

import os
import signal
import subprocess
import sys

import pytest
from kit import PACKAGE, PROJECT, ops

module = ops("core.process")


@pytest.fixture
def child():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


def of(pid):
    return module.identity() | {"pid": pid, "born": module._born(pid)}


def test_this_process_is_alive():
    assert module.is_alive(module.identity())


def test_a_process_that_was_killed_is_not(child):
    who = of(child.pid)
    assert module.is_alive(who)

    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it is a zombie now

    assert module.is_alive(who) is False
    child.wait()
    assert module.is_alive(who) is False


def test_another_process_with_the_same_id_is_not_it(child):
    assert module.is_alive(of(child.pid) | {"born": 1}) is False


@pytest.mark.parametrize("machine", ["", "another one"])
def test_of_another_machine_it_is_not_known(machine):
    assert module.is_alive(module.identity() | {"machine": machine}) is None
    assert module.is_alive({}) is None


def test_without_proc_its_id_is_asked_for(child, monkeypatch, tmp_path):
    monkeypatch.setattr(module, "_PROC", tmp_path)
    who = of(child.pid)
    assert who["born"] is None
    assert module.is_alive(who)
    child.kill()
    child.wait()

    assert module.is_alive(who) is False


def test_the_process_of_another_user_is_there(monkeypatch, tmp_path):
    def refuse(pid, number):
        raise PermissionError

    monkeypatch.setattr(module, "_PROC", tmp_path)
    monkeypatch.setattr(module.os, "kill", refuse)

    assert module.is_alive(of(1))


def test_on_windows_nobody_asks(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "_PROC", tmp_path)
    monkeypatch.setattr(module.sys, "platform", "win32")

    assert module.is_alive(module.identity()) is None


@pytest.mark.parametrize("pid", [None, "1", 0, -1, 2**40, 1.5])
def test_what_no_process_wrote_is_not_known(pid, monkeypatch, tmp_path):
    monkeypatch.setattr(module, "_PROC", tmp_path)

    assert module.is_alive(module.identity() | {"pid": pid}) is None


def test_a_process_here_is_gone_at_once_and_elsewhere_after_silence(child):
    here = of(child.pid)
    there = here | {"machine": "another one"}
    assert not module.is_gone(here, 10_000)
    child.kill()
    child.wait()

    assert module.is_gone(here, 0)
    assert not module.is_gone(there, module.LOST)
    assert module.is_gone(there, module.LOST + 1)


def test_the_user_is_who_the_system_says(monkeypatch):
    monkeypatch.setenv("LOGNAME", "ada")
    assert module.user() == "ada"


@pytest.mark.parametrize("error", [ImportError, KeyError, OSError])
def test_a_container_may_not_know_who_it_is(monkeypatch, error):
    def refuse():
        raise error

    monkeypatch.setattr(module.getpass, "getuser", refuse)
    assert module.user() == ""


# The end of this process: signals keep their meaning, and the reason is known

PROGRAM = f"""
import os, signal, sys, time
sys.path.insert(0, "src")
from {PACKAGE}.ops.core import process
process.call_at_end(lambda reason: os.write(1, f"[{{reason}}]".encode()))
"""


def run(rest, *within):
    return subprocess.run(
        [*within, sys.executable, "-c", PROGRAM + rest],
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
        ("process.do_not_call_at_end(process._AT_END[0])", "", 0),
    ],
)
def test_the_reason_is_told_and_the_exit_code_stays(rest, said, code):
    result = run(rest)

    assert (result.stdout, result.returncode) == (said, code)


def test_the_first_process_of_a_container_ends_when_it_is_asked_to():
    container = ["unshare", "--map-root-user", "--pid", "--fork", "--kill-child"]
    try:
        subprocess.run([*container, "true"], check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("This user may not start a process with the id 1.")

    result = run("os.kill(1, signal.SIGTERM); time.sleep(9); print('on')", *container)

    assert (result.stdout, result.returncode) == ("[SIGTERM]", 128 + signal.SIGTERM)


FORK = """
child = os.fork()
if not child:
    {act}
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), end="", flush=True)
process.do_not_call_at_end(process._AT_END[0])
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
        module.call_at_end(print)
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN
        module.do_not_call_at_end(print)
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)


def test_afterwards_handlers_are_what_they_were():
    before = [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)]
    module.call_at_end(print)
    module.do_not_call_at_end(print)

    after = [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)]
    assert after == before

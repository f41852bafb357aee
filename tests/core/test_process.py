"""Which process is this, who runs it, and is another process still alive?"""

import os
import subprocess
import sys

import pytest
from kit import ops

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

"""Liveness: who is still there."""

import os
import subprocess
import sys

import pytest
from kit import ops

module = ops("run_status.process")


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

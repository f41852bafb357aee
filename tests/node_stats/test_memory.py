"""Memory: the most that the process took while a node ran."""

import time

import psutil
import pytest
from kit import ops

module = ops("node_stats.memory")


def test_memory_that_was_given_back_is_seen():
    peaks = module.Peaks()
    peaks.begin("small")
    small = peaks.end("small")
    peaks.begin("large")
    block = bytearray(200_000_000)
    block[::4096] = b"x" * len(block[::4096])
    time.sleep(4 * module._EVERY)
    del block

    assert peaks.end("large") > small + 150_000_000


def test_short_nodes_share_a_look():
    peaks = module.Peaks()
    peaks.begin("first")
    peaks.end("first")
    looks = []
    look = peaks._sample
    peaks._sample = lambda: looks.append(1) or look()
    began = time.monotonic()
    for number in range(100):
        peaks.begin(number)
        assert peaks.end(number) > 1_000_000

    assert len(looks) <= 2 + 2 * (time.monotonic() - began) / module._EVERY


def test_nodes_at_the_same_time_have_a_peak_each():
    peaks = module.Peaks()
    peaks.begin("one")
    peaks.begin("two")

    assert peaks.end("one") > 1_000_000
    assert peaks.end("two") > 1_000_000


def test_what_has_not_begun_has_none():
    assert module.Peaks().end("one") is None


@pytest.mark.parametrize("statm", [module._STATM, "nowhere"])
def test_it_is_as_the_system_tells_it(monkeypatch, statm):
    monkeypatch.setattr(module, "_STATM", statm)

    told = psutil.Process().memory_info().rss
    assert abs(module.resident()() - told) < 20_000_000

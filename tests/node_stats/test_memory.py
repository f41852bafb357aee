"""Memory: the most that the process took while a node ran."""

import time

import psutil
from kit import ops

module = ops("node_stats.hook")


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


def test_nodes_at_the_same_time_have_a_peak_each():
    peaks = module.Peaks()
    peaks.begin("one")
    peaks.begin("two")

    assert peaks.end("one") > 1_000_000
    assert peaks.end("two") > 1_000_000


def test_what_has_not_begun_has_none():
    assert module.Peaks().end("one") is None


def test_it_is_the_memory_of_the_process():
    peaks = module.Peaks()
    peaks.begin("one")

    expected = psutil.Process().memory_info().rss
    assert abs(peaks.end("one") - expected) < 20_000_000

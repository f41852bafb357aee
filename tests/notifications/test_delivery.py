"""Sending through several channels, within a time that holds."""

import threading
import time

from kit import ops

from .told_runs import Broken, Kept, Slow, made

module = ops("notifications.delivery")


def letters(*classes):
    return [module.Letter(cls(cls.__name__, {}, None), ["#a"]) for cls in classes]


def send(*classes, seconds=5.0):
    return module.send(made(), letters(*classes), time.monotonic() + seconds)


def test_each_channel_answers_whatever_others_do():
    answers = send(Broken, Kept)

    assert [answer.ok for answer in answers] == [False, True]
    text = "RuntimeError: it does not work, and nobody knows why"
    assert [answer.text for answer in answers] == [text, "kept"]


def test_who_takes_too_long_is_left_alone():
    began = time.monotonic()
    kept, slow = send(Kept, Slow, seconds=0.1)

    assert time.monotonic() - began < 0.4
    assert kept.ok
    assert (slow.ok, slow.text) == (False, "no answer within 0 seconds")


def test_where_no_thread_can_be_started_it_is_sent_all_the_same(monkeypatch):
    def refuse(self):
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert [answer.ok for answer in send(Kept, Broken)] == [True, False]


def test_what_a_teller_is_asked_is_done_in_order_though_something_fails():
    teller, done = module.Teller(), []
    teller.ask(lambda: done.append(1))
    failing = teller.ask(lambda: 1 // 0)
    last = teller.ask(lambda: done.append(2))
    teller.end()

    assert last.wait(5)
    assert failing.is_set()
    assert done == [1, 2]

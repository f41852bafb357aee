"""Messages and runs to test with, and channels of a team's own."""

import time

from kit import ops
from run_status.some_runs import START, failed, run

send = ops("notifications.send")
message = ops("notifications.message")
Kind = ops("notifications.rules").Kind


class Recorder(send.Channel):
    """A channel that keeps what it is given."""

    sent = []

    def send(self, message, to, seconds):
        self.sent.append((message, to))
        return "recorded"


class Broken(Recorder):
    def send(self, message, to, seconds):
        raise RuntimeError("it does not work,\nand nobody knows why")


class Slow(Recorder):
    def send(self, message, to, seconds):
        time.sleep(0.5)
        return "at last"


def sample(kind=Kind.FAILURE, **known):
    """A message with something in each part."""
    parts = {
        "title": "cars failed in fit: ValueError: no such column",
        "key": "r2",
        "thread": "0123",
        "facts": {"Branch": "main at 0123abcd", "Run": "r2"},
        "errors": [
            message.ErrorReport("fit", "ValueError: no such column", "Traceback\n  1")
        ],
        "sections": {"Unusual": ["cars: 1 row, usually 9"]},
        "resume": "kedro run --from-nodes=fit",
        "link": "https://ops.example.com/runs/index.html#run=r2",
    }
    return message.Message(kind=kind, **{**parts, **known})


def succeeded(key, seconds=4.0, **known):
    """A run that succeeded after so many seconds."""
    return run(key, **known, ended=START + seconds)


__all__ = [
    "START",
    "Broken",
    "Kind",
    "Recorder",
    "Slow",
    "failed",
    "sample",
]
__all__ += ["succeeded"]

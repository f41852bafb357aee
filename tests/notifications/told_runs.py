"""What is told of runs, and a channel that keeps what it was told."""

from kit import ops
from run_status.some_runs import START, failed, run

channel = ops("notifications.channel")
message = ops("notifications.message")
record = ops("notifications.run_record")
Kind = message.Kind


class Kept(channel.Channel):
    """A channel of a team."""

    told = []
    prepared = []

    def prepare(self):
        self.prepared.append(self.name)

    def send(self, message, to, seconds):
        self.told.append((message, to))
        return "kept"


class Broken(Kept):
    def send(self, message, to, seconds):
        raise RuntimeError("it does not work,\nand nobody knows why")


class Slow(Kept):
    def send(self, message, to, seconds):
        import time  # noqa: PLC0415

        time.sleep(0.5)
        return "at last"


def made(kind=Kind.FAILURE, **known):
    """A message with something in each part."""
    told = {
        "title": "cars failed in fit: ValueError: no such column",
        "key": "r2",
        "thread": "0123",
        "at": START,
        "facts": [
            message.Fact("Branch", "main at 0123abcd"),
            message.Fact("Run", "r2"),
        ],
        "faults": [
            message.Fault("fit", "ValueError: no such column", "Traceback\n  1")
        ],
        "sections": [message.Section("Unusual", ["cars: 1 row, usually 9"])],
        "resume": "kedro run --from-nodes=fit",
        "link": "https://ops.example.com/runs/index.html#run=r2",
    }
    return message.Message(kind=kind, **{**told, **known})


def past(store, *runs, parameters=None):
    """Enter what is kept of runs, the oldest first; return the keys."""
    for each in runs:
        store.put(f"{each.key}/vm-1.jsonl", b"")
        record.Record.of(each, parameters or {}).claim(store)


def good(key, seconds=4.0, **known):
    """A run that ended well after so many seconds."""
    return run(key, **known, ended=START + seconds)


__all__ = ["START", "Broken", "Kept", "Kind", "Slow", "failed", "good", "made", "past"]

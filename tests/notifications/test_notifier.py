"""Which runs in a store get a notification, and that it is sent once."""

import json
import time

import pytest
from kit import ops
from run_status.test_replay import ENDED, main, text

from .notification_samples import Kind, Recorder

module = ops("notifications.notifier")
options = ops("notifications.settings")
record = ops("notifications.record")
OpsError = ops("core.errors").OpsError
OLD = 15 * 86_400


@pytest.fixture
def notifier(tmp_path, monkeypatch):
    monkeypatch.setattr(Recorder, "sent", [])
    cls = f"{__package__}.notification_samples.Recorder"
    settings = options.NotificationOptions(
        when=options.When(success=True),
        channels={"mine": {"type": cls, "to": ["#a"]}},
    )
    store = ops("run_status.journal").RunStore(str(tmp_path))
    return module.Notifier(settings, store, tmp_path, {})


def enter(notifier, key="r1", ago=100.0, events=None, **attempt):
    """A run that ended so long ago."""
    events = main(ENDED) if events is None else events
    entry = {"event": record.EVENT, "at": events[-1]["at"], **attempt}
    moved = time.time() - ago - max(event["at"] for event in events)
    shifted = [{**each, "at": each["at"] + moved} for each in [*events, entry]]
    shifted[0]["key"] = key
    notifier.store.put(f"{key}/vm-1.jsonl", text(shifted))


def notify(notifier, *keys, **known):
    channels, _ = notifier.open_channels()
    return notifier.notify(keys or ["r1"], channels, time.monotonic() + 5, **known)


def test_a_notification_is_sent_once(notifier):
    enter(notifier)

    assert [result.ok for result in notify(notifier)] == [True]
    assert notify(notifier) == []
    [(message, to)] = Recorder.sent
    assert (message.kind, to) == (Kind.SUCCESS, ["#a"])
    assert json.loads(notifier.store.get("r1/notified.json"))["sent"] == "success"


def test_a_run_that_is_not_selected_is_only_recorded(notifier):
    enter(notifier, notify=False)
    assert notify(notifier) == []
    assert Recorder.sent == []
    assert json.loads(notifier.store.get("r1/notified.json"))["sent"] == ""


def test_a_run_that_goes_on_gets_none(notifier):
    enter(notifier, events=main()[:2], ago=1)
    assert notify(notifier) == []
    assert notifier.store.get("r1/notified.json") is None
    with pytest.raises(OpsError, match="has not ended"):
        notifier.compose("r1", [])


def test_a_damaged_run_does_not_hold_up_the_others(notifier, monkeypatch):
    enter(notifier, "broken")
    enter(notifier, "key")
    read = module.replay.read

    def refuse(store, key):
        if key == "broken":
            raise ValueError("damaged")
        return read(store, key)

    monkeypatch.setattr(module.replay, "read", refuse)
    assert [result.run for result in notify(notifier, "broken", "key")] == ["key"]


def test_the_last_task_notifies_of_a_shared_run(notifier):
    enter(notifier, shared=True, events=main(ENDED))
    assert notify(notifier, last="r1")


def test_what_was_killed_is_unnotified_until_it_is_notified(notifier):
    enter(notifier, "key", ago=100)
    enter(notifier, "fresh", ago=1)
    enter(notifier, "old", ago=OLD)
    enter(notifier, "quiet", ago=100, notify=False)

    assert notifier.unnotified() == ["key"]
    assert notifier.unnotified(but="key") == []
    notify(notifier, "key")
    assert notifier.unnotified() == []


def test_a_notification_can_be_composed_again(notifier):
    enter(notifier)
    message, deliveries = notifier.compose("r1", notifier.open_channels()[0])

    assert message.kind == Kind.SUCCESS
    assert [delivery.to for delivery in deliveries] == [["#a"]]

"""The desk: what is told, and by whom, of the runs in a store."""

import json
import time

import pytest
from kit import ops
from run_status.test_replay import ENDED, main, text

from .told_runs import Kept, Kind

module = ops("notifications.sender")
options = ops("notifications.settings")
marks = ops("notifications.run_marks")
OLD = 15 * 86_400


@pytest.fixture
def desk(tmp_path, monkeypatch):
    monkeypatch.setattr(Kept, "told", [])
    settings = options.NotificationOptions(
        when=options.When(success=True),
        channels={"mine": {"type": f"{__package__}.told_runs.Kept", "to": ["#a"]}},
    )
    store = ops("run_status.run_store").RunStore(str(tmp_path))
    return module.Desk(settings, store, tmp_path, {})


def enter(desk, key="r1", ago=100.0, **mark):
    """A run that has ended so long ago."""
    events = main(ENDED)
    told = {"event": marks.EVENT, **marks.Mark(**mark).as_event()}
    moved = time.time() - ago - max(event["at"] for event in events)
    told["at"] = events[-1]["at"]
    shifted = [{**each, "at": each["at"] + moved} for each in [*events, told]]
    shifted[0]["key"] = key
    desk.store.put(f"{key}/vm-1.jsonl", text(shifted))


def tell(desk, key="r1", **known):
    channels, _ = desk.channels()
    return desk.tell(key, time.monotonic() + 5, channels, **known)


def test_a_run_is_told_once(desk):
    enter(desk)

    assert [answer.ok for answer in tell(desk)] == [True]
    assert tell(desk) == []
    [(message, to)] = Kept.told
    assert (message.kind, to) == (Kind.SUCCESS, ["#a"])
    record = json.loads(desk.store.get("r1/notified.json"))
    assert record["said"] == "success"


def test_what_is_not_watched_is_only_recorded(desk):
    enter(desk, watched=False)
    assert tell(desk) == []
    assert Kept.told == []
    assert json.loads(desk.store.get("r1/notified.json"))["said"] == ""


def test_a_run_that_others_go_on_with_is_not_over(desk):
    enter(desk, shared=True)
    run = ops("run_status.replay").read(desk.store, "r1")
    assert tell(desk, final=True)
    assert run.state.value == "complete"


def test_what_was_killed_is_untold_until_it_is_told(desk):
    enter(desk, "key", ago=100)
    enter(desk, "fresh", ago=1)
    enter(desk, "old", ago=OLD)
    enter(desk, "quiet", ago=100, watched=False)

    assert desk.untold() == ["key"]
    assert desk.untold(but="key") == []
    tell(desk, "key")
    assert desk.untold() == []


def test_a_run_can_be_told_again(desk):
    enter(desk)
    message, letters = desk.again("r1", desk.channels()[0])

    assert message.kind == Kind.SUCCESS
    assert [letter.to for letter in letters] == [["#a"]]

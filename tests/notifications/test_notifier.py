"""Which runs in a store get a notification, and that it is sent once."""

import json
import time

import pytest
from kit import ops
from run_status.test_replay import ENDED, main, text
from run_status.test_session import START as STARTED

from .notification_samples import START, Kind, Recorder, failed, succeeded

module = ops("notifications.hook")
options = ops("notifications.rules")
State = ops("run_status.model").State
OpsError = ops("core.errors").OpsError
finished = module.is_finished
OLD = 15 * 86_400


@pytest.fixture
def notifier(tmp_path, monkeypatch):
    monkeypatch.setattr(Recorder, "sent", [])
    cls = f"{__package__}.notification_samples.Recorder"
    settings = options.NotificationOptions(
        when=options.When(success=True),
        channels={"mine": {"type": cls, "to": ["#a"]}},
    )
    store = ops("core.store").Store(str(tmp_path))
    return module.Notifier(settings, store, tmp_path, {})


def enter(notifier, key="r1", ago=100.0, events=None, notify=True):
    """A run that ended so long ago."""
    events = main(ENDED) if events is None else events
    entry = {"event": "notify", "at": events[-1]["at"]}
    moved = time.time() - ago - max(event["at"] for event in events)
    events = [*events, entry] if notify else events
    shifted = [{**each, "at": each["at"] + moved} for each in events]
    shifted[0]["key"] = key
    notifier.store.write(f"{key}/vm-1.jsonl", text(shifted))


def whole(**start):
    """The events of a run of all nodes that succeeded."""
    nodes = [{**node, "selected": True} for node in STARTED["nodes"]]
    return main(ENDED, nodes=nodes, **start)


def notify(notifier, *keys, **known):
    channels, _ = notifier.open_channels()
    deadline = time.monotonic() + 5
    seen = notifier.look()
    return notifier.notify(keys or ["r1"], seen, channels, deadline, **known)


def test_a_notification_is_sent_once(notifier):
    enter(notifier)

    assert [result.ok for result in notify(notifier)] == [True]
    assert notify(notifier) == []
    [(message, to)] = Recorder.sent
    assert (message.kind, to) == (Kind.SUCCESS, ["#a"])
    assert json.loads(notifier.store.read("r1/notified.json"))["sent"] == "success"


def test_a_run_that_is_not_selected_is_only_recorded(notifier):
    enter(notifier, notify=False)
    assert notify(notifier) == []
    assert Recorder.sent == []
    assert json.loads(notifier.store.read("r1/notified.json"))["sent"] == ""


def test_a_run_that_goes_on_gets_none(notifier):
    enter(notifier, events=main()[:2], ago=1)
    assert notify(notifier) == []
    assert notifier.store.read("r1/notified.json") is None
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
    enter(notifier, events=main(ENDED, shared=True))
    assert notify(notifier, last="r1")


def test_what_was_killed_is_unnotified_until_it_is_notified(notifier):
    enter(notifier, "key", ago=100)
    enter(notifier, "fresh", ago=1)
    enter(notifier, "old", ago=OLD)
    enter(notifier, "quiet", ago=100, notify=False)

    assert notifier.unnotified(notifier.look().files) == ["key"]
    assert notifier.unnotified(notifier.look().files, but="key") == []
    notify(notifier, "key")
    assert notifier.unnotified(notifier.look().files) == []


def test_other_runs_are_read_at_once(notifier, monkeypatch):
    """In a bucket, each read takes its time, and the end of a run waits for them."""
    for number in range(9):
        enter(notifier, f"killed-{number}", events=main()[:2], notify=False)
        enter(notifier, f"main-{number}", events=whole(branch=f"b{number}"))
        notify(notifier, f"main-{number}")
    enter(notifier, "r1", events=whole())
    kind, reads = type(notifier.store), []
    for name in ("read", "read_many"):
        plain = getattr(kind, name)
        monkeypatch.setattr(
            kind, name, lambda *a, plain=plain: reads.append(a) or plain(*a)
        )

    seen, run = notifier.look(), ops("run_status.replay").read(notifier.store, "r1")
    reads.clear()
    assert notifier.unnotified(seen.files, but="r1") == []
    assert len(reads) == 1
    assert notifier._earlier_runs(run, seen) == []
    assert len(reads) == 1 + 2  # five at once, of those that have ended


def test_with_a_page_no_run_of_another_branch_is_read(notifier, monkeypatch):
    """What a run costs must not grow with what the team does."""
    page, read = ops("run_status.page"), ops("run_status.replay").read
    for number in range(99):
        key = f"{number:02}"
        enter(notifier, key, events=whole(branch=f"b{number}"), ago=200 - number)
        notify(notifier, key)
    enter(notifier, "r1", events=whole(branch="b0"), ago=1)
    page.write(
        notifier.store.write,
        [read(notifier.store, key) for key in ("r1", *(f"{n:02}" for n in range(99)))],
    )
    run, seen = read(notifier.store, "r1"), notifier.look()
    kind, names = type(notifier.store), []
    plain = kind.read_many
    monkeypatch.setattr(
        kind, "read_many", lambda self, these: names.extend(these) or plain(self, these)
    )

    assert [each.key for each in notifier._earlier_runs(run, seen)] == ["00"]
    assert names == ["00/vm-1.jsonl"]


@pytest.mark.parametrize(
    "damage",
    ["", "[]", "7", '{"format": 3}', '{"format": 3, "runs": [{}]}']
    + ['{"format": 3, "runs": [{"key": "r0", "state": 7, "pipelines": 7}]}'],
)
def test_a_damaged_list_of_runs_holds_up_no_notification(notifier, damage):
    enter(notifier, "r0", events=whole(), ago=200)
    notify(notifier, "r0")
    enter(notifier)
    notifier.store.write("runs.json", damage.encode())

    assert [result.ok for result in notify(notifier)] == [True]


def test_a_run_that_is_not_in_the_list_of_runs_is_found(notifier):
    """After `page: false`, the list is old or incomplete."""
    enter(notifier, "r0", events=whole(), ago=300)
    notify(notifier, "r0")
    read = ops("run_status.replay").read
    for number in range(7):
        enter(notifier, f"b{number}", events=whole(branch="b"), ago=200)
        notify(notifier, f"b{number}")
    enter(notifier, "r1", events=whole(), ago=1)
    ops("run_status.page").write(notifier.store.write, [read(notifier.store, "b0")])

    earlier = notifier._earlier_runs(read(notifier.store, "r1"), notifier.look())
    assert [each.key for each in earlier] == ["r0"]


def test_a_notification_can_be_composed_again(notifier):
    enter(notifier)
    message, deliveries = notifier.compose("r1", notifier.open_channels()[0])

    assert message.kind == Kind.SUCCESS
    assert [delivery.to for delivery in deliveries] == [["#a"]]


def test_earlier_runs_are_those_of_the_same_thread_since_the_last_good_one(notifier):
    for key in ("r1", "r2", "r3", "r4"):
        enter(notifier, key, events=whole())
        notify(notifier, key)
    notifier.store.write("r3/notified.json", b'{"thread": "another"}')
    notifier.store.write("r4/notified.json", b"damaged")

    run = module.replay.read(notifier.store, "r4")
    assert [each.key for each in notifier._earlier_runs(run, notifier.look())] == ["r2"]


def test_parameters_that_changed_since_the_last_good_run_are_named(notifier):
    before = {"a": "1", "b": "2", "c": "3"}
    enter(notifier, "r1", events=whole(parameter_hashes=before))
    notify(notifier, "r1")
    after = {"a": "1", "b": "9", "d": "4"}
    enter(notifier, "r2", events=main(ENDED, parameter_hashes=after))

    message, _ = notifier.compose("r2", [])
    assert message.sections["Parameters changed since the last good run"] == [
        "b",
        "c",
        "d",
    ]


def test_a_run_of_one_process_is_finished_when_it_has_ended():
    assert finished(succeeded("r1"), START)
    assert finished(failed("r1"), START)
    assert finished(succeeded("r1", state=State.INTERRUPTED), START)
    assert not finished(succeeded("r1", state=State.RUNNING), START)


def test_a_shared_run_is_finished_when_all_nodes_are_done():
    run = succeeded("r1", shared=True)
    assert finished(run, START)

    run.nodes["fit"].state = State.NOT_SELECTED
    assert not finished(run, START)
    run.shared = False
    assert finished(run, START)


def test_a_shared_run_fails_with_its_first_failure():
    assert finished(failed("r1", shared=True), START)


@pytest.mark.parametrize("state", [State.FAILED, State.INTERRUPTED])
def test_a_shared_run_is_not_finished_while_airflow_tries_again(state):
    run = succeeded("r1", state=state, shared=True, tries_left=1)
    assert not finished(run, run.last_news + 60)
    assert finished(run, run.last_news + 3600)
    run.tries_left = 0
    assert finished(run, run.last_news)


def test_the_last_task_sends_nothing_while_another_goes_on(notifier):
    silent = main(shared=True)
    silent[0] |= {"machine": "another"}
    enter(notifier, ago=100, events=silent)

    assert notify(notifier, last="r1") == []
    assert notifier.store.read("r1/notified.json") is None


def test_a_shared_run_that_was_killed_may_be_started_again():
    run = succeeded("r1", state=State.INTERRUPTED, shared=True)
    assert not finished(run, run.last_news + 60)
    assert finished(run, run.last_news + 3600)

"""What is kept of runs for the messages of later ones."""

import pytest
from kit import ops

from .told_runs import failed, good, past

module = ops("notifications.run_record")
State = ops("run_status.model").State


@pytest.fixture
def store(tmp_path):
    return ops("run_status.run_store").RunStore(str(tmp_path))


def test_of_many_who_claim_a_run_one_speaks(store):
    run = good("r1")
    store.put("r1/vm-1.jsonl", b"")

    claims = [module.Record.of(run, {}).claim(store) for _ in range(3)]

    assert claims == [True, False, False]


def test_only_runs_of_the_same_line_are_earlier_ones(store):
    past(store, good("r1", branch="main"), good("r2"), good("r3", env="prod"))

    found = [record.key for record in module.Earlier(store, good("r9"))]

    assert found == ["r2"]


def test_what_is_torn_or_of_another_version_is_left_out(store):
    past(store, good("r1"))
    store.put("r2/notified.json", b'{"format": 1, "key"')
    store.put("r3/notified.json", b'{"format": 2, "key": "r3"}')
    store.put("r4/notified.json", b'{"format": 1, "new": "r3"}')

    assert [record.key for record in module.Earlier(store, good("r9"))] == ["r1"]


def test_three_runs_make_a_time_usual(store):
    past(store, good("r1", 4), good("r2", 9), failed("r3"))
    record = module.Record.of(good("r9"), {})
    assert module.Earlier(store, good("r9")).median(record.shape) is None

    past(store, good("r4", 5))
    earlier = module.Earlier(store, good("r9"))
    assert earlier.median(record.shape) == 5
    assert earlier.median("another shape") is None


def test_bad_runs_are_counted_since_the_last_good_one_of_all_nodes(store):
    part = good("r5")
    part.nodes["fit"].state = State.NOT_SELECTED
    past(store, failed("r0"), good("r1"), failed("r2"), failed("r3"), part)

    earlier = module.Earlier(store, good("r9"))

    assert [record.key for record in earlier.red()] == ["r3", "r2"]
    assert earlier.green().key == "r1"


def test_what_a_bad_run_left_is_left_until_it_is_done(store):
    past(store, failed("r1"))
    assert module.Earlier(store, good("r9")).left() == {"fit", "score"}

    part = good("r2")
    part.nodes["score"].state = State.NOT_SELECTED
    past(store, part)
    assert module.Earlier(store, good("r9")).left() == {"score"}

    past(store, good("r3"))
    assert module.Earlier(store, good("r9")).left() == set()
    assert module.Earlier(store, good("r9", branch="new")).left() == set()

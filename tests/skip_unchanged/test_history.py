"""What was made from what: records that survive kills, damage and many runs."""

import json
import time

import attrs
import numpy as np
import pandas as pd
import pytest
from kit import ops

module = ops("skip_unchanged.history")
GroupRecord, NodeHistory, NEVER = module.GroupRecord, module.NodeHistory, module.NEVER
store_module = ops("core.store")


def made(key="k", how="h", **details):
    return GroupRecord(key, how, {"a": "i"}, {"b": "o"}, **details)


@pytest.fixture(params=["local", "memory"])
def url(request, tmp_path):
    if request.param == "local":
        return str(tmp_path / "store")
    return f"memory://made-{tmp_path.name}"


def log(url, branch="dev"):
    return NodeHistory(url, {}, branch)


def run(url, branch, *found):
    """What a run on a branch remembers."""
    one = log(url, branch)
    for each in found:
        one.add(each)
    one.close()


def found(log, how="h"):
    """The branches on which it was made, one's own first."""
    return [made.branch for same in log.find(how) for made in same]


def test_nothing_is_there_at_first(url):
    assert log(url).last("k") is NEVER
    assert found(log(url)) == []


def test_a_record_is_a_plain_json_line(url):
    run(url, "dev", made(items={"größe": "1"}))
    store = store_module.Store(url)
    [name] = store.files("made/dev")
    record = json.loads(store.read(name).splitlines()[0])

    assert (record["key"], record["how"]) == ("k", "h")
    assert record["items"] == {"größe": "1"}
    assert log(url).last("k") == made(items={"größe": "1"})


def test_the_last_record_of_the_same_nodes_counts(url):
    first, second = log(url), log(url)
    for one, how in ((first, "h1"), (second, "h2"), (first, "h3")):
        one.last("k")
        one.add(made(how=how))
    first.close()
    second.close()

    assert log(url).last("k").how == "h3"
    assert [*map(len, log(url).find("h2"))] == [1, 0, 0]


def test_ones_own_branch_comes_first_then_main_then_others(url):
    for branch in ("other", "main", "dev"):
        run(url, branch, made(branch=branch))

    assert found(log(url, "dev")) == ["dev", "main", "other"]
    assert found(log(url, "main")) == ["main", "dev"]  # which made the same as "other"
    assert log(url, "new").last("k").branch == "main"


def test_with_many_branches_main_s_results_are_seen(url, monkeypatch):
    """Whatever their names, and although others are later."""
    run(url, "main", made(branch="main"))
    for number in range(25):
        run(url, f"z-{number}", made(branch=f"z-{number}"))

    assert log(url, "new").last("k").branch == "main"
    assert "main" in found(log(url, "new"))


def test_of_many_branches_the_last_ones_are_looked_at(url, monkeypatch):
    clock = iter(range(1, 100))
    monkeypatch.setattr(
        store_module.time, "strftime", lambda *_: f"2026{next(clock):04d}T000000"
    )
    for number in reversed(range(25)):
        run(
            url,
            f"z-{number}",
            GroupRecord("k", "h", {"a": str(number)}, branch=str(number)),
        )

    assert sorted(found(log(url, "new"))) == sorted(map(str, range(20)))


def test_what_is_on_ones_own_branch_needs_no_look_at_others(url, monkeypatch):
    for branch in ("other", "main", "dev"):
        run(url, branch, made(branch=branch))
    read, names = store_module.Store.read_many, []

    def note(self, starts):
        names.extend(starts)
        return read(self, starts)

    monkeypatch.setattr(store_module.Store, "read_many", note)
    one = log(url)
    assert next(one.find("h")) and one.last("k")

    assert {name.split("/")[1] for name in names} == {"dev"}


def test_many_old_files_become_one_with_the_last_records(url, monkeypatch):
    for number in range(12):
        run(url, "dev", made(how=f"h{number}"))
    later = time.time() + 4 * 3600
    monkeypatch.setattr(ops("core.records").time, "time", lambda: later)
    one = log(url)
    one.last("k")
    one.add(made(how="new"))
    one.close()

    assert len(store_module.Store(url).files("made/dev")) <= 8
    known = [how for how in range(12) if any(log(url).find(f"h{how}"))]
    assert len(known) < 12
    assert known[-7:] == list(range(5, 12))


@pytest.mark.parametrize(
    "line",
    [
        "",
        "1 k h i o {}",
        "\x00",
        '{"at": 5}',
        '{"at": 5, "key": "k", "how": "h", "inputs": {}, "outputs": {}}',
        json.dumps({"at": 5, **attrs.asdict(made()), "outputs": 3}),
        json.dumps({"at": 5, **attrs.asdict(made()), "seconds": {"a": "1"}}),
    ],
)
def test_a_damaged_record_is_no_record(url, line):
    run(url, "dev", made(how="good"))
    store_module.Store(url).write("made/dev/1.jsonl", f"{line}\n".encode())

    assert log(url).last("k").how == "good"
    assert not any(log(url).find("h"))


# Small outputs in memory are kept as they are, and nothing else is.


@pytest.fixture
def kept(tmp_path):
    store = ops("core.store").Store(str(tmp_path))
    return module.KeptValues(store, 1_000)


class Text(str):
    """A text with a class of its own."""


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        -0.1,
        float("inf"),
        "text \ud800 é",
        [1, [2.0, "3"], []],
        (1, (2,)),
        {"r2": 0.5, "tuple": (1,), "dict": {}},
        np.float64(0.1),
        np.float32(0.1),
        np.int64(3),
        np.bool_(True),
    ],
)
def test_plain_values_come_back_as_they_were(kept, value):
    found = kept.load(kept.keep(value))

    assert type(found) is type(value) and found == value


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (pd.DataFrame({"a": [1]}), "it is or holds a DataFrame"),
        (np.zeros(3), "it is or holds a ndarray"),
        (Text("a"), "it is or holds a Text"),
        ([lambda: 1], "it is or holds a function"),
        ({1: 2}, "it is or holds a dict"),
        ("x" * 1_000, "it is larger than 1000 bytes"),
        (["x" * 100] * 20, "it is larger than 1000 bytes"),
        ([0] * 10**7, "it is larger than 1000 bytes"),
        ({"password": "abcdef"}, "it may hold a secret"),
        ("mysql://me:abcdef@host/db", "it may hold a secret"),
    ],
)
def test_other_values_are_not_kept(kept, tmp_path, value, why):
    with pytest.raises(module.NotKeptError, match=why):
        kept.keep(value)
    assert list(tmp_path.iterdir()) == []


def test_a_list_that_holds_itself_is_not_kept(kept):
    value = []
    value.append(value)

    with pytest.raises(module.NotKeptError, match="holds itself"):
        kept.keep(value)


def test_a_value_that_somebody_changed_in_the_store_is_not_taken(kept, tmp_path):
    fingerprint = kept.keep({"r2": 0.5})
    [file] = tmp_path.rglob("*.json")
    file.write_text(json.dumps({"dict": {"r2": 1.0}}))

    with pytest.raises(LookupError):
        kept.load(fingerprint)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "xxh3:../a", "nothing"])
def test_what_is_not_there_is_not_taken(kept, name):
    with pytest.raises(LookupError):
        kept.load(name)

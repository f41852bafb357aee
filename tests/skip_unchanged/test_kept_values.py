"""Small outputs in memory are kept as they are, and nothing else is."""

import json

import numpy as np
import pandas as pd
import pytest
from kit import ops

kept_values = ops("skip_unchanged.history")


@pytest.fixture
def kept(tmp_path):
    store = ops("core.store").Store(str(tmp_path))
    return kept_values.KeptValues(store, 1_000)


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
    with pytest.raises(kept_values.NotKeptError, match=why):
        kept.keep(value)
    assert list(tmp_path.iterdir()) == []


def test_a_list_that_holds_itself_is_not_kept(kept):
    value = []
    value.append(value)

    with pytest.raises(kept_values.NotKeptError, match="holds itself"):
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

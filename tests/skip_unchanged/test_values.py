"""Values are told apart by value and type."""

import datetime
import decimal
import enum
import itertools
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from attrs import frozen
from kit import ops

spelled = ops("skip_unchanged.values").spelled


class Colour(enum.Enum):
    RED = 1


@dataclass
class Model:
    depth: object


@frozen
class Other:
    depth: object


DIFFERENT = [
    *(None, True, 1, 1.0, "1", b"1", 1j, 2, "", -0.0, 0.0),
    *([1, 2], [2, 1], (1, 2), {1, 2}, [], {}, {"a": 1, "b": 2}, {"b": 2, "a": 1}),
    *(
        {"a": [1]},
        {"a": (1,)},
        Colour.RED,
        datetime.date(2020, 1, 1),
        decimal.Decimal(1),
    ),
    *(Model(1), Model(1.0), Model([Model(1)]), Other(1), SimpleNamespace(a=1)),
    datetime.datetime(2020, 1, 1),
]


@pytest.mark.parametrize("pair", [*itertools.combinations(DIFFERENT, 2)], ids=repr)
def test_different_values_are_different_texts(pair):
    assert spelled(pair[0]) != spelled(pair[1])


def test_sets_have_no_order():
    assert spelled({"a", "b", "c"}) == spelled({"c", "b", "a"})


@pytest.mark.parametrize("value", [object(), len, iter([1]), [object()]])
def test_what_cannot_be_told_is_refused(value):
    with pytest.raises(ops("skip_unchanged.values").NotTold):
        spelled(value)


def test_a_structure_that_contains_itself_is_refused():
    value = []
    value.append(value)
    with pytest.raises(ops("skip_unchanged.values").NotTold):
        spelled(value)


def test_nested_settings_are_named_by_their_path():
    leaves = ops("skip_unchanged.values").leaves

    assert dict(leaves("params:m", {"a": {"b": 1}, "c": {}})) == {
        "params:m.a.b": 1,
        "params:m.c": {},
    }
    assert dict(leaves("parameters", {"a": 1})) == {"params:a": 1}

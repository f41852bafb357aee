"""Values as texts: what differs differs, and what is the same is the same."""

import collections
import copy
import datetime
import decimal
import enum
import fractions
import functools
import os
import pathlib
import re
import types
import typing
from dataclasses import dataclass
from pathlib import Path

import attrs
import pytest
from kit import ops

by_value = ops("skip_unchanged.values")
code_version = ops("skip_unchanged.code_version")


@attrs.define
class Point:
    x: int
    y: object = None


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Slots:
    __slots__ = ("a", "b")

    def __init__(self, a, b):
        self.a, self.b = a, b


class Tuple(typing.NamedTuple):
    a: int


def written(value, project=Path("/project")):
    is_own = code_version.CodeVersions(project).modules.is_own
    writer = by_value.ValueWriter(project, is_own)
    return writer.write(value), writer.code, writer.opaque


def circle(value):
    found = [value]
    found.append(found)
    return found


DIFFERENT = [
    None, ..., NotImplemented, 0, 0.0, -0.0, False, "", b"", 1, 1.0, True, "1", b"1", 1j,
    float("nan"), float("inf"), [], (), {}, set(), frozenset(), [1, 2], [2, 1], (1, 2),
    [[1], 2], [1, [2]], {1, 2}, {1, 3}, frozenset({1, 2}), {"a": 1, "b": 2},
    {"b": 2, "a": 1}, {"a": {1}}, {"a": {2}}, Point(1), Point(2), Point(1, Point(2)),
    Colour.RED, Colour.BLUE, Slots(1, 2), Slots(1, 3), Tuple(1), Tuple(2),
    Path("a"), Path("b"), "a", re.compile("a"), re.compile("a", re.I), re.compile(b"a"),
    datetime.date(2026, 1, 1), datetime.datetime(2026, 1, 1), datetime.timedelta(1),
    decimal.Decimal("1"), decimal.Decimal("1.0"), fractions.Fraction(1, 2),
    collections.OrderedDict(a=1), collections.Counter("a"), collections.deque([1]),
    collections.defaultdict(list, a=1), collections.defaultdict(set, a=1), range(3),
    range(4), slice(1), bytearray(b"1"), len, max, "a".join, "b".join, str.join, [].append,
    list[int], list[str], int | None, int | str, typing.Literal[1, 2],
    types.SimpleNamespace(a=1), types.MappingProxyType({"a": 1}),
    functools.partial(max, 1), functools.partial(max, 2), circle(1), circle(2),
    typing.ForwardRef("A"), typing.ForwardRef("B"), object(),
]  # fmt: skip


def test_values_that_differ_differ():
    seen = {}
    for value in DIFFERENT:
        digest, targets, opaque = written(value)
        other = seen.setdefault((digest, *map(repr, targets)), value)
        assert other is value, (other, value)
        assert opaque == []


@pytest.mark.parametrize("value", DIFFERENT, ids=range(len(DIFFERENT)))
def test_a_copy_is_the_same(value):
    try:
        other = copy.deepcopy(value)
    except TypeError:
        other = value

    assert written(other)[0] == written(value)[0]


def test_who_shares_a_value_does_not_matter():
    shared = ["a"]

    assert written([shared, shared])[0] == written([["a"], ["a"]])[0]


def test_the_folder_of_the_project_does_not_matter():
    for kind in (str, pathlib.PurePosixPath):
        one = written(kind("/one/data/a.csv"), Path("/one"))
        assert one == written(kind("/two/data/a.csv"), Path("/two"))
        assert one != written(kind("/data/a.csv"), Path("/two"))


def test_the_environment_is_not_looked_at(monkeypatch):
    before = written(os.environ)
    monkeypatch.setenv("A_SECRET", "1")

    assert written(os.environ) == before


def test_code_is_left_to_who_asks_in_its_order():
    first = lambda: 1  # noqa: E731
    second = lambda: 2  # noqa: E731

    assert written([first, {"a": second}, Point])[1] == [first, second, Point]
    assert written({first, second})[1] == written({second, first})[1]


def test_what_cannot_be_taken_apart_is_named(tmp_path):
    with (tmp_path / "file").open("w") as file:
        assert written([file])[2] == ["_io.TextIOWrapper"]


def test_arrays_and_tables_are_taken_by_their_content():
    numpy = pytest.importorskip("numpy")
    pandas = pytest.importorskip("pandas")
    different = [
        numpy.array([1, 2]),
        numpy.array([2, 1]),
        numpy.array([[1, 2]]),
        numpy.array([1.0, 2.0]),
        numpy.array([1, 2], dtype="int8"),
        numpy.array(["a", None], dtype=object),
        numpy.array(["b", None], dtype=object),
        numpy.float64(1),
        numpy.float32(1),
        pandas.DataFrame({"a": [1, 2], "b": ["x", "y"]}),
        pandas.DataFrame({"a": [1, 2], "b": ["x", "z"]}),
        pandas.DataFrame({"b": ["x", "y"], "a": [1, 2]}),
        pandas.DataFrame({"a": [1, 2], "b": ["x", "y"]}, index=[5, 6]),
        pandas.Series([1.0]),
        pandas.Timestamp("2026-01-01"),
    ]
    digests = [written(value)[0] for value in different]

    assert len(set(digests)) == len(different)
    assert [written(copy.deepcopy(value))[0] for value in different] == digests
    assert not any(written(value)[2] for value in different)


def test_nested_settings_are_named_by_their_path():
    leaves = ops("skip_unchanged.recipe").leaves

    assert dict(leaves("params:m", {"a": {"b": 1}, "c": {}})) == {
        "params:m.a.b": 1,
        "params:m.c": {},
    }
    assert dict(leaves("parameters", {"a": 1})) == {"params:a": 1}


@dataclass
class Model:
    depth: object


def test_a_parameter_is_compared_by_value_and_type(tmp_path):
    different = [
        1,
        1.0,
        True,
        "1",
        [1],
        (1,),
        {"a": 1},
        Model(1),
        Model(1.0),
        Colour.RED,
    ]
    version = code_version.CodeVersions(tmp_path).version

    assert len({version(value).digest for value in different}) == len(different)
    assert version(Model([1])).digest == version(Model([1])).digest
    assert version({"a": (each for each in [])}).opaque

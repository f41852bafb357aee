"""Edits of code, and whether a node that was run before has to run again.

Each has files, of which ``nodes.py`` defines ``node``, and a text in them with what it
is replaced by.
"""

import re
from typing import NamedTuple

STALE, FRESH = "stale", "up to date"
# Unused code beside an import inside a function, for which the whole file counts, and a
# call of the project's own at the top of a file, which might set a seed: the node runs once
# more than it has to, and the rule is simple.
NEEDLESS = "needless, accepted"


class Edit(NamedTuple):
    """An edit by its name."""

    name: str
    node: str  # STALE, FRESH or NEEDLESS
    files: str
    old: str
    new: str

    def before(self):
        """The files by their names, as they were."""
        return _split(self.files)

    def after(self):
        """The files after the edit."""
        assert self.old in self.files, f"{self.name}: nothing is edited"
        return _split(self.files.replace(self.old, self.new))


def _split(text):
    parts = re.split(r"^## (\S+)\n", text, flags=re.MULTILINE)
    names = iter(parts[1:])
    files = dict(zip(names, names, strict=True))
    return {"nodes.py": parts[0]} | files


HELPER = """
def node(data):
    return trim(data)

def trim(data):
    # not too much
    return [
        each for each in data
    ]

def other(data):
    return data
"""
IMPORTED = """
import numbers
from . import helpers
from .helpers import trim as cut

def node(data):
    '''Clean.'''
    return helpers.clean(cut(data)), helpers.LIMIT

## helpers.py
LIMIT = 3

def clean(data):
    return deeper(data)

def deeper(data):
    return data[:5]

def trim(data):
    return data[1:]

def unused(data):
    return data[2:]
"""
CONSTANT = """
VALUE = {}
OTHER = 1
def node(data):
    return VALUE
"""
LAZY = """
def node(data):
    from .helpers import trim
    return trim(data)

## helpers.py
import json as loader
from .deep import deep

LIMIT = 3
REGISTER = []
TABLE = {}

def trim(data):
    return deep(data)[:LIMIT] + REGISTER + TABLE["entered"](data)

def unused(data):
    return 1

REGISTER.append("a")

def enter(function):
    TABLE[function.__name__] = function

@enter
def entered(data):
    return 3

## deep.py
def deep(data):
    return data + 7

def unused(data):
    return 2
"""
CLASSES = """
class Base:
    factor = 2
    def scale(self, data):
        return data * self.factor

class Cleaner(Base):
    '''It cleans.'''
    limit = 3

    def __init__(self, limit):
        self.limit = limit

    def clean(self, data):
        return self.scale(data)[: self.limit]

    @property
    def double(self):
        return 2 * self.limit

    @staticmethod
    def fixed():
        return 5

    @classmethod
    def make(cls):
        return cls(6)

Base.extra = property(lambda self: 40)
Base.more = staticmethod(lambda data: 41)
Made = type("Made", (Cleaner,), {})
node = Made(7).clean
"""
WRAPPED = """
import functools

def twice(times=2):
    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args):
            return [function(*args) for _ in range(times)]
        return wrapper
    return decorate

def bare(function):
    return lambda data: function(data) + 10

@twice(times=4)
def wrapped(data):
    return data + 20

@bare
def replaced(data):
    return data + 30

def node(data):
    return wrapped(data), replaced(data)
"""
HINTS = """
from dataclasses import dataclass, field
from enum import Enum

class Colour(Enum):
    RED = 1

@dataclass
class Settings:
    size: int = 3
    names: list = field(default_factory=list)
    colour: Colour = Colour.RED

@dataclass
class Others:
    size: int = 3

def node(data, settings: Settings, text: "Others | None" = None):
    return data
"""
MANY = """
from functools import lru_cache, partial, singledispatch, cached_property

@lru_cache
def cached(data):
    return data + 1

@singledispatch
def general(data):
    return data + 2

@general.register
def _(data: int):
    return data + 3

def power(base, exponent):
    return base**exponent

square = partial(power, exponent=4)
halve = lambda data: data / 5

def generate(data):
    yield data + 6

async def wait(data):
    return data + 7

def outer(number):
    def inner(data):
        return data + number
    return inner

def given(number, other):
    def inner(data, more=number, *, keyword=other):
        return data
    return inner

def unset():
    def inner(data):
        return data + later + 32
    return inner
    later = 1

closed = outer(8)
unknown = unset()
filled = given(18, 19)

def even(number):
    return number == 0 or odd(number - 9)

def odd(number):
    return number != 0 and even(number - 1)

TABLE = {"a": power, "b": [lambda data: data - 11]}

class Scaler:
    def __init__(self):
        self.state = {"factor": 12}
    def __call__(self, data):
        return data * self.state["factor"] + 13

scale = Scaler()

def defaults(data, more=15, *, keyword=16):
    return data, "text"

def local(data):
    trim = data
    def inner():
        return trim
    return [trim for trim in data], (lambda trim: trim)(data), inner

def trim():
    return 17

steps_of_table = {"a": even, "b": odd}
steps_of_set = {
    lambda data: data + 20,
    lambda data: data + 21,
}

def node(data):
    steps = [cached, general, square, halve, generate, wait, closed, even, scale]
    steps += [defaults, local, filled, odd, unknown, steps_of_table, steps_of_set]
    return steps, TABLE["a"]
"""
MODULES = """
import own.far.away as far_away
import own.near
from own.stars import *

def node(data):
    return far_away.go(data), own.near.go(data), starred(data), getattr(far_away, "x")

def sibling():
    return 0

## far/__init__.py
## far/away.py
x = 1
def go(data):
    return data + 2
## near.py
def go(data):
    return data + 3
def unused(data):
    return data + 4
## stars.py
def starred(data):
    return data + 5
def not_used(data):
    return data + 6
"""

SCOPES = """
import importlib
from . import package
from .package import register, swapped
from .package.inner import Worker, Left, Right

LIMIT, SHADOW, INNER, STARRED, COUNT, OUTER = 1, 2, 3, 4, 5, 6
REST = FOUND = ERROR = 30
go = package.late

def trim(data):
    return data + 7

trim.size = 8

def unused(data):
    return trim

if LIMIT:
    def chosen(data):
        return data + 9
else:
    def chosen(data):
        return data + 10

def make(number):
    return lambda data: data + number

first, second = make(11), make(12)
one, two = (lambda data: data + 13), (lambda data: data + 14)

class Both(Left, Right):
    pass

def lazily(data):
    import own.package.inner
    import own.package.deep.deeper as deepest
    from .package import lazy
    from .package.deep.deeper import Child
    module = importlib.import_module("own.named")
    return own.package.inner.used(data), deepest.deep(data), lazy(data), module, Child

def node(data, clean=trim, /, *more, **others):
    class Local:
        size = INNER
    def inner():
        return [SHADOW for SHADOW in data], [each for each in STARRED]
    match data:
        case {"a": OUTER, **REST}:
            return OUTER, REST
    try:
        found = any((FOUND := each) for each in data), FOUND
    except ValueError as ERROR:
        found = ERROR
    if (COUNT := 15) and LIMIT:
        return Worker().work(data), Local, inner, COUNT
    with package.opened() as OUTER:
        return first(one(data)) - second(two(data)), chosen, lazily, Both().go, go
    return package.made_up, register.TABLE, swapped

## package/__init__.py
from contextlib import contextmanager
from . import register
from .register import first, second
from .inner import late
try:
    from .fast import lazy
except ImportError:
    from .slow import lazy

@contextmanager
def opened():
    yield 16

def __getattr__(name):
    return 17

swapped = {"a": first, "b": second}
## package/slow.py
def lazy(data):
    return data + 18
## package/register.py
TABLE = {}

def entered(function):
    TABLE[function.__name__] = function
    return function

@entered
def first(data):
    return data + 19

@entered
def second(data):
    return data + 20

def beside(data):
    return data + 21
## package/inner.py
def used(data):
    return data + 22

def late(data):
    return data + 23

class Tool:
    def use(self, data):
        return data + 24

class Worker:
    def __init__(self):
        self.tool = Tool()
    def work(self, data):
        return self.tool.use(data)

class Left:
    def go(self):
        return 25

class Right:
    def go(self):
        return 26
## package/deep/__init__.py
## package/deep/deeper.py
from ..inner import Tool
from ...starred import *

class Child(Tool):
    number = STAR

def timed(function):
    return function

@timed
def deep(data):
    return data + 27

@timed
def shallow(data):
    return data + 28
## named.py
NAMED = 29
## starred.py
STAR = 31
"""

PRESET = """
import decimal
import logging
import random
from decimal import getcontext
from . import more

SEED, LEVEL = 1, 10
random.seed(SEED)
getcontext().prec = 20
decimal.DefaultContext.prec += 30
logging.basicConfig(level=LEVEL)
more.enter(40)
more.note(size=1)
try:
    random.setstate(more.STATE)
except TypeError:
    decimal.setcontext(decimal.Context(50))

def node(data):
    return random.random(), more.trim(data)

## more.py
import random
import sys
from . import unused
STATE = 80
sys.setrecursionlimit(5000)
def enter(number):
    random.seed(number + 90)
def note(size):
    pass
def trim(data):
    return data
## unused.py
import random
random.random() + 60
random.seed(70)
## beside.py
import random
random.seed(75)
## __init__.py
import sys
sys.setrecursionlimit(6000)
"""
LOADED = """
import importlib
import random

for name in ["one"]:
    importlib.import_module(f"own.seed_{name}")

def node(data):
    return random.random()

## seed_one.py
import random
random.seed(1)
"""


CORNERS = """
import functools
from typing import Optional, List
from . import far, tools

LIMIT, SCALE, WIDTH = 1, 2, 3

class Inner:
    size = 4

def build(cls):
    cls.extra = lambda self: 5
    return cls

def choose(function):
    return lambda data: function(data) + 6

@build
class Built:
    pass

def node(data: Optional["Inner"], more: "List[Inner]" = ()):
    import importlib
    import own
    from importlib import import_module as load
    global COUNT
    COUNT = 7

    @choose
    def step(given, limit=LIMIT):
        return given

    class Local(Built):
        scale = SCALE

    async def wait():
        return [each.rjust(WIDTH) async for each in data]

    named = importlib.import_module(".named", __package__)
    return own.far.go(data), step(data), Local(), wait, named, many

def many(data):
    numbers = [NUMBERS]
    return numbers, tools.late(data)

MANY_LINES

## far.py
def go(data):
    return data + 8
## named.py
NAMED = 9
## tools.py
def late(data):
    return data + 10
""".replace("NUMBERS", ", ".join(f"n{i}" for i in range(300))).replace(
    "MANY_LINES", "\n".join(f"n{i} = {i}" for i in range(300))
)

BY_NAME = """
import importlib, operator, pickle, pkgutil, pydoc, runpy, sys
from importlib.metadata import entry_points
import own
from . import models

MODELS = {"linear": "own.models.Model"}

def build(name):
    return pkgutil.resolve_name(name)

def near(data):
    return data + 1

def node(data, path="", more=None):
    {}

## models.py
class Model:
    def fit(self, data):
        return data + 1

## deep/__init__.py

## deep/far.py
def far(data):
    return data + 1

OTHERS = {"far": "own.beside.beside"}

## beside.py
def beside(data):
    return data + 3
"""


def _by_name(name, what, node=STALE, old="data + 1", new="data + 10"):
    return Edit(f"by name: {name}", node, BY_NAME.replace("{}", what), old, new)


def _constant(name, node, old, new):
    return Edit(
        f"constant: {name}",
        node,
        CONSTANT.replace("{}", old),
        f"VALUE = {old}",
        f"VALUE = {new}",
    )


EDITS = [
    # The function alone
    Edit("nothing", FRESH, HELPER, "", ""),
    Edit("body", STALE, IMPORTED, "cut(data)", "cut(data + 1)"),
    Edit("comment", FRESH, HELPER, "# not too much", "# far too much"),
    Edit("line above", FRESH, HELPER, "\ndef node", "\n\n\n# new\n\ndef node"),
    Edit("docstring", FRESH, IMPORTED, "'''Clean.'''", "'''Tidy.'''"),
    Edit("no docstring", FRESH, IMPORTED, "    '''Clean.'''\n", ""),
    Edit("statement over lines", FRESH, HELPER, "trim(data)\n\n", "trim(\n  data\n )\n\n"),
    Edit("quotes", FRESH, CONSTANT, "VALUE = {}", "VALUE = (  {}  )"),
    Edit("local renamed", STALE, HELPER, "each for each in", "one for one in"),
    Edit("default", STALE, MANY, "more=15", "more=150"),
    Edit("default of another type", STALE, MANY, "more=15", "more=15.0"),
    Edit("default of a keyword", STALE, MANY, "keyword=16", "keyword=160"),
    Edit("hint", STALE, HINTS, "settings: Settings", "settings: dict"),
    Edit("field of a hint", STALE, HINTS, "class Settings:\n    size: int", "class Settings:\n    size: str"),
    Edit("default of a field", STALE, HINTS, "class Settings:\n    size: int = 3", "class Settings:\n    size: int = 4"),
    Edit("class of a hint in quotes", STALE, HINTS, "class Others:\n    size: int = 3", "class Others:\n    size: int = 4"),
    Edit("enumeration", STALE, HINTS, "RED = 1", "RED = 2"),
    # Helpers, however they are reached
    Edit("helper", STALE, HELPER, "in data\n", "in data[1:]\n"),
    Edit("another function", FRESH, HELPER, "    return data\n", "    return 1\n"),
    Edit("another function removed", FRESH, HELPER, "def other(data):\n    return data\n", ""),
    Edit("helper through a module", STALE, IMPORTED, "deeper(data)\n\n", "deeper(data[1:])\n\n"),
    Edit("helper of a helper", STALE, IMPORTED, "data[:5]", "data[:50]"),
    Edit("helper by another name", STALE, IMPORTED, "data[1:]", "data[10:]"),
    Edit("constant through a module", STALE, IMPORTED, "LIMIT = 3", "LIMIT = 4"),
    Edit("unused helper of a module", FRESH, IMPORTED, "data[2:]", "data[20:]"),
    Edit("order of imports", FRESH, IMPORTED, "import numbers\nfrom . import helpers\n", "from . import helpers\nimport numbers\n"),
    Edit("unused import", FRESH, IMPORTED, "import numbers\n", "import string\n"),
    Edit("import of a module by its path", STALE, MODULES, "data + 2", "data + 20"),
    Edit("import without another name", STALE, MODULES, "data + 3", "data + 30"),
    Edit("unused beside it", FRESH, MODULES, "data + 4", "data + 40"),
    Edit("import of all names", STALE, MODULES, "data + 5", "data + 50"),
    Edit("unused of all names", FRESH, MODULES, "data + 6", "data + 60"),
    Edit("attribute of a module by name", STALE, MODULES, "x = 1", "x = 10"),
    Edit("sibling", FRESH, MODULES, "return 0", "return 1"),
    # Imports inside functions
    Edit("lazy helper", STALE, LAZY, "deep(data)[:LIMIT]", "deep(data)[: LIMIT + 1]"),
    Edit("constant of a lazy helper", STALE, LAZY, "LIMIT = 3", "LIMIT = 4"),
    Edit("register of a lazy helper", STALE, LAZY, '"a"', '"b"'),
    Edit("function in a register of a lazy helper", STALE, LAZY, "return 3", "return 30"),
    Edit("helper of a lazy helper", STALE, LAZY, "data + 7", "data + 70"),
    Edit("unused beside a lazy helper", NEEDLESS, LAZY, "return 1", "return 10"),
    Edit("unused beside its helper", NEEDLESS, LAZY, "return 2", "return 20"),
    Edit("unused import of a lazy module", NEEDLESS, LAZY, "json as loader", "csv as loader"),
    # Constants
    _constant("value", STALE, "3", "4"),
    _constant("float", STALE, "1", "1.0"),
    _constant("bool", STALE, "1", "True"),
    _constant("order", STALE, "[1, 2]", "[2, 1]"),
    _constant("list or tuple", STALE, "[1, 2]", "(1, 2)"),
    _constant("order of a set", FRESH, "{'a', 'b', 'c'}", "{'c', 'b', 'a'}"),
    _constant("set", STALE, "{'a', 'b', 'c'}", "{'a', 'b', 'd'}"),
    _constant("nested", STALE, "{'a': [{'b': {1, 2}}]}", "{'a': [{'b': {1, 3}}]}"),
    _constant("order of a dict", STALE, "{'a': 1, 'b': 2}", "{'b': 2, 'a': 1}"),
    _constant("how it is written", FRESH, "1000", "1_000"),
    Edit("how a text is written", FRESH, MANY, '"text"', "u'text'"),
    _constant("how it is computed", FRESH, "6", "2 * 3"),
    _constant("unknown to others", FRESH, "object()", "object( )"),
    _constant("pattern", STALE, "__import__('re').compile('a')", "__import__('re').compile('b')"),
    _constant("flags of a pattern", STALE, "__import__('re').compile('a')", "__import__('re').compile('a', 2)"),
    _constant("date", STALE, "__import__('datetime').date(2026, 1, 1)", "__import__('datetime').date(2026, 1, 2)"),
    _constant("path in the project", STALE, "__file__", "__file__ + '.txt'"),
    _constant("function of Python", STALE, "__import__('math').sin", "__import__('math').cos"),
    _constant("that holds itself", STALE, "(lambda a: a.append(a) or a)([1])", "(lambda a: a.append(a) or a)([2])"),
    Edit("unused constant", FRESH, CONSTANT, "OTHER = 1", "OTHER = 2"),
    # Decorators
    Edit("decorated function", STALE, WRAPPED, "data + 20", "data + 21"),
    Edit("decorator", STALE, WRAPPED, "for _ in", "for one in"),
    Edit("argument of a decorator", STALE, WRAPPED, "times=4", "times=5"),
    Edit("decorator that hides the function", STALE, WRAPPED, "data) + 10", "data) + 11"),
    Edit("hidden function", STALE, WRAPPED, "data + 30", "data + 31"),
    Edit("decorator removed", STALE, WRAPPED, "@twice(times=4)\n", ""),
    Edit("cached function", STALE, MANY, "data + 1\n", "data + 100\n"),
    Edit("function by type of argument", STALE, MANY, "data + 2\n", "data + 200\n"),
    Edit("its case", STALE, MANY, "data + 3\n", "data + 300\n"),
    # Other callables
    Edit("partial", STALE, MANY, "exponent=4", "exponent=40"),
    Edit("function of a partial", STALE, MANY, "base**exponent", "base*exponent"),
    Edit("lambda", STALE, MANY, "data / 5", "data / 50"),
    Edit("generator", STALE, MANY, "data + 6", "data + 60"),
    Edit("coroutine", STALE, MANY, "data + 7", "data + 70"),
    Edit("closure", STALE, MANY, "outer(8)", "outer(80)"),
    Edit("default from a function around", STALE, MANY, "given(18,", "given(180,"),
    Edit("default of a keyword from there", STALE, MANY, ", 19)", ", 190)"),
    Edit("inner function", STALE, MANY, "data + number", "data - number"),
    Edit("recursion", STALE, MANY, "number - 9", "number - 90"),
    Edit("recursion over two", STALE, MANY, "number != 0", "number != 10"),
    Edit("entry of a table", STALE, MANY, '"a": power', '"a": even'),
    Edit("entries exchanged", STALE, MANY, '"a": even, "b": odd', '"a": odd, "b": even'),
    Edit("function in a set", STALE, MANY, "data + 21", "data + 210"),
    Edit("lambda in a table", STALE, MANY, "data - 11", "data - 110"),
    Edit("state of a callable object", STALE, MANY, "12", "120"),
    Edit("method of a callable object", STALE, MANY, "+ 13", "+ 130"),
    Edit("function of a local's name", FRESH, MANY, "return 17", "return 170"),
    Edit("closure that is not filled", STALE, MANY, "later + 32", "later + 320"),
    # What is set in libraries
    Edit("seed", STALE, PRESET, "seed(SEED)", "seed(SEED + 1)"),
    Edit("constant of a seed", STALE, PRESET, "= 1, 10", "= 100, 10"),
    Edit("setting through a call", STALE, PRESET, "prec = 20", "prec = 21"),
    Edit("setting that is counted up", STALE, PRESET, "+= 30", "+= 31"),
    Edit("setting beside a helper", STALE, PRESET, "limit(5000)", "limit(5001)"),
    Edit("setting in a try", STALE, PRESET, "Context(50)", "Context(51)"),
    Edit("constant of a setting in a try", STALE, PRESET, "STATE = 80", "STATE = 81"),
    Edit("setting in a function that the import calls", STALE, PRESET, "number + 90", "number + 91"),
    Edit("argument of that function", STALE, PRESET, "enter(40)", "enter(41)"),
    Edit("setting of the log", FRESH, PRESET, "level=LEVEL", "level=LEVEL + 1"),
    Edit("call of the project's own", NEEDLESS, PRESET, "note(size=1)", "note(size=2)"),
    Edit("setting of a module that is only imported", STALE, PRESET, "seed(70)", "seed(71)"),
    Edit("setting of a package", STALE, PRESET, "limit(6000)", "limit(6001)"),
    Edit("setting of a module that is not imported", FRESH, PRESET, "seed(75)", "seed(76)"),
    Edit("setting of a module that the import finds by a name", STALE, LOADED, "seed(1)", "seed(2)"),
    # Classes
    Edit("method", STALE, CLASSES, "self.scale(data)", "self.scale(data * 2)"),
    Edit("base class", STALE, CLASSES, "data * self", "data + self"),
    Edit("attribute of a base class", STALE, CLASSES, "factor = 2", "factor = 3"),
    Edit("class attribute", STALE, CLASSES, "limit = 3", "limit = 4"),
    Edit("state of an instance", STALE, CLASSES, "Made(7)", "Made(8)"),
    Edit("property", STALE, CLASSES, "2 * self", "3 * self"),
    Edit("static method", STALE, CLASSES, "return 5", "return 6"),
    Edit("class method", STALE, CLASSES, "cls(6)", "cls(7)"),
    Edit("docstring of a class", FRESH, CLASSES, "It cleans.", "It tidies."),
    Edit("comment in a class", FRESH, CLASSES, "    limit = 3", "    # most\n    limit = 3"),
    Edit("class that is made by a call", STALE, CLASSES, '"Made", (Cleaner,)', '"Made", (Cleaner, str)'),
    Edit("attribute by assignment", STALE, CLASSES, "\nMade =", "\nBase.factor = 8\nMade ="),
    Edit("property by assignment", STALE, CLASSES, "self: 40", "self: 400"),
    Edit("static method by assignment", STALE, CLASSES, "data: 41", "data: 410"),
    Edit("method by assignment", STALE, CLASSES, "\nMade =", "\nCleaner.scale = lambda self, data: data\nMade ="),
    # Names, wherever they are bound
    Edit("constant in a condition", STALE, SCOPES, "LIMIT, SHADOW, INNER, STARRED, COUNT, OUTER = 1,", "LIMIT, SHADOW, INNER, STARRED, COUNT, OUTER = 100,"),
    Edit("name that a comprehension binds", FRESH, SCOPES, "= 1, 2,", "= 1, 200,"),
    Edit("constant of an inner class", STALE, SCOPES, "1, 2, 3,", "1, 2, 300,"),
    Edit("constant of an inner function", STALE, SCOPES, "3, 4,", "3, 400,"),
    Edit("name that a walrus binds", FRESH, SCOPES, "4, 5,", "4, 500,"),
    Edit("name that a match binds", FRESH, SCOPES, "5, 6\n", "5, 600\n"),
    Edit("name that other statements bind", FRESH, SCOPES, "ERROR = 30", "ERROR = 300"),
    Edit("function as a default", STALE, SCOPES, "data + 7", "data + 70"),
    Edit("attribute of a function", STALE, SCOPES, "size = 8", "size = 80"),
    Edit("definition that is taken", STALE, SCOPES, "data + 9", "data + 90"),
    Edit("definition that is not taken", FRESH, SCOPES, "data + 10", "data + 100"),
    Edit("closures exchanged", STALE, SCOPES, "make(11), make(12)", "make(12), make(11)"),
    Edit("lambdas on a line exchanged", STALE, SCOPES, "one, two = (", "two, one = ("),
    Edit("one lambda of a line", STALE, SCOPES, "data + 14", "data + 140"),
    Edit("order of base classes", STALE, SCOPES, "(Left, Right)", "(Right, Left)"),
    Edit("class of a local object", STALE, SCOPES, "self.tool.use(data)", "self.tool.use(data) + 1"),
    Edit("class of its attribute", STALE, SCOPES, "data + 24", "data + 240"),
    Edit("method that is new", STALE, SCOPES, "(Left, Right):\n    pass", "(Left, Right):\n    def go(self):\n        return 0"),
    Edit("function by another name", STALE, SCOPES, "data + 23", "data + 230"),
    Edit("module whose names are made up", STALE, SCOPES, "return 17", "return 170"),
    Edit("context manager", STALE, SCOPES, "yield 16", "yield 160"),
    Edit("table exchanged", STALE, SCOPES, '"a": first, "b": second', '"a": second, "b": first'),
    Edit("function in a register", STALE, SCOPES, "data + 19", "data + 190"),
    Edit("function that is new in a register", STALE, SCOPES, "def beside", "@entered\ndef beside"),
    Edit("function beside a register", NEEDLESS, SCOPES, "data + 21", "data + 210"),
    Edit("lazy import by its path", STALE, SCOPES, "data + 22", "data + 220"),
    Edit("lazy import as another name", STALE, SCOPES, "data + 27", "data + 270"),
    Edit("unused beside it, too", NEEDLESS, SCOPES, "data + 28", "data + 280"),
    Edit("lazy import through a try", STALE, SCOPES, "data + 18", "data + 180"),
    Edit("module by name", STALE, SCOPES, "NAMED = 29", "NAMED = 290"),
    Edit("lazy import of all names", STALE, SCOPES, "STAR = 31", "STAR = 310"),
    Edit("unused function", FRESH, SCOPES, "    return trim\n", "    return 0\n"),
    # Corners
    Edit("class of a hint in quotes in brackets", STALE, CORNERS, "size = 4", "size = 40"),
    Edit("decorator of a class", STALE, CORNERS, "self: 5", "self: 50"),
    Edit("decorator of an inner function", STALE, CORNERS, "(data) + 6", "(data) + 60"),
    Edit("default of an inner function", STALE, CORNERS, "= 1, 2, 3", "= 10, 2, 3"),
    Edit("attribute of an inner class", STALE, CORNERS, "= 1, 2, 3", "= 1, 20, 3"),
    Edit("width in an inner coroutine", STALE, CORNERS, "= 1, 2, 3", "= 1, 2, 30"),
    Edit("module of a package that is imported inside", STALE, CORNERS, "data + 8", "data + 80"),
    Edit("module by name in a package", STALE, CORNERS, "NAMED = 9", "NAMED = 90"),
    Edit("last of 300 names", STALE, CORNERS, "n299 = 299", "n299 = 0"),
    Edit("attribute after 300 names", STALE, CORNERS, "data + 10", "data + 100"),
    Edit("signature", STALE, SCOPES, "clean=trim, /,", "clean=trim,"),
    # Code that a text names
    _by_name("constant", 'return pkgutil.resolve_name("own.models.Model")'),
    _by_name("argument", "return pkgutil.resolve_name(path)"),
    _by_name("argument of import_module", "return importlib.import_module(path).Model"),
    _by_name("parts of a name", 'return pkgutil.resolve_name(f"own.{path}")'),
    _by_name("attribute of an argument", 'return pkgutil.resolve_name(more["model"])'),
    _by_name("default", "return pkgutil.resolve_name(path)", old='path=""', new='path="own.models.Model"'),
    _by_name("in a helper", "return build(path)"),
    _by_name("in a table", "return pkgutil.resolve_name(MODELS[path])"),
    _by_name("table changed", "return pkgutil.resolve_name(MODELS[path])", old="models.Model", new="beside.beside"),
    _by_name("under another name", "from importlib import import_module as load\n    return load(path)"),
    _by_name("passed on", "return [*map(importlib.import_module, more)]"),
    _by_name("resolve_name", 'return pkgutil.resolve_name("own.models:Model")'),
    _by_name("resolve_name of an argument", "return pkgutil.resolve_name(path)"),
    _by_name("locate", 'return pydoc.locate("own.models.Model.fit")'),
    _by_name("locate of an argument", "return pydoc.locate(path)"),
    _by_name("run_module", 'return runpy.run_module("own.models")["Model"]'),
    _by_name("subclasses", "return [each().fit(data) for each in object.__subclasses__()]"),
    _by_name("run_path", "return runpy.run_path(path)"),
    _by_name("modules", 'return sys.modules["own.models"].Model'),
    _by_name("modules by an argument", "return sys.modules[path].Model"),
    _by_name("modules by get", "return sys.modules.get(path)"),
    _by_name("its own module", "return getattr(sys.modules[__name__], path)"),
    _by_name("names of a module", "return models.__dict__[path]"),
    _by_name("vars", "return vars(models)[path]"),
    _by_name("vars of a package", "return vars(own)[path].Model"),
    _by_name("globals", "return globals()[path]"),
    _by_name("getattr", "return getattr(models, path)"),
    _by_name("getattr of a package", "return getattr(own, path).Model"),
    _by_name("attrgetter", 'return operator.attrgetter("models.Model")(own)'),
    _by_name("__import__", "return __import__(path)"),
    _by_name("entry points", "return entry_points(group=path)"),
    _by_name("unpickled", "return pickle.loads(data).fit"),
    _by_name("unpickled under another name", "from pickle import loads as load\n    return load(data)"),
    _by_name("relative to another package", 'return importlib.import_module(".far", "own.deep")', old="def far(data):\n    return data + 1", new="def far(data):\n    return data + 10"),
    _by_name("in a table that is imported inside", "from .deep.far import OTHERS as MODELS\n    return pkgutil.resolve_name(MODELS[path])", old="data + 3", new="data + 30"),
    _by_name("beside a constant", 'return pkgutil.resolve_name("own.models.Model")', FRESH, "data + 3", "data + 30"),
    _by_name("beside a table", "return pkgutil.resolve_name(MODELS[path])", FRESH, "data + 3", "data + 30"),
    _by_name("beside resolve_name", 'return pkgutil.resolve_name("own.models:Model")', FRESH, "data + 3", "data + 30"),
    _by_name("beside an attribute of data", "return getattr(data, path)", FRESH, "data + 3", "data + 30"),
]  # fmt: skip

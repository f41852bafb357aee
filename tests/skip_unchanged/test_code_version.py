"""What of the code decides whether a node has to run again."""

import importlib
import shutil
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest
from kit import PACKAGE, ops

from .code_edits import EDITS, FRESH, NEEDLESS

module = ops("skip_unchanged.code_version")


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write files of a package and import it anew; returns its module ``nodes``."""

    def write(files, folder="one"):
        for name, text in files.items():
            path = tmp_path / "own" / folder / "own" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        forget()
        rest = [each for each in sys.path if Path(each).parent != tmp_path / "own"]
        monkeypatch.setattr(sys, "path", [str(tmp_path / "own" / folder), *rest])
        return importlib.import_module("own.nodes")

    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield write
    forget()


def forget():
    for name in [name for name in sys.modules if name.partition(".")[0] == "own"]:
        del sys.modules[name]
    importlib.invalidate_caches()


@pytest.fixture
def code(write, tmp_path):
    """The code of ``node`` in ``nodes.py``, by its text or by several files."""

    def code(files, folder="one"):
        files = {"nodes.py": files} if isinstance(files, str) else files
        node = write(files, folder).node
        return module.CodeVersions(tmp_path / "own" / folder).version(node)

    return code


BEFORE = {}  # many edits start with the same files


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name.replace(" ", "-"))
def test_an_edit_is_seen_if_and_only_if_it_matters(code, edit):
    before = BEFORE.get(edit.files) or code(edit.before(), "one")
    BEFORE[edit.files] = before
    after = code(edit.after(), "two")

    assert (before.digest != after.digest) == (edit.node != FRESH)
    assert (before.opaque, after.opaque) == ((), ())


def test_six_edits_make_a_node_run_needlessly():
    assert [edit.name for edit in EDITS if edit.node == NEEDLESS] == [
        "unused beside a lazy helper",
        "unused beside its helper",
        "unused import of a lazy module",
        "call of the project's own",
        "function beside a register",
        "unused beside it, too",
    ]


def test_its_items_are_named_as_people_look_for_them(code):
    found = code(
        {
            "nodes.py": "from . import helpers\nfrom .far import trim\n"
            "def node(): return helpers.trim(), helpers.LIMIT, trim()",
            "helpers.py": "LIMIT = 1\nimport attrs\ndef trim(): return attrs.define",
            "far/__init__.py": "def trim(): ...",
        }
    )

    *titles, attrs = sorted(found.items)
    assert attrs.startswith("own/nodes.py: node") or attrs.startswith("own")
    assert [each for each in found.items if each.startswith("attrs ")]
    assert {*titles, attrs} >= {
        "own/nodes.py: node()",
        "own/helpers.py: LIMIT",
        "own/helpers.py: trim()",
        "own/far/__init__.py: trim()",
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import threading\nX = threading.Lock()", "own/nodes.py: X holds a _thread"),
        ("X = open(__file__)", "own/nodes.py: X holds a _io.TextIOWrapper"),
        ("X = (each for each in [])", "own/nodes.py: X holds a builtins.generator"),
        ("X = {'a': [iter({}.items())]}\nX['a'] += [lambda: memoryview(b'')]", ""),
        ("X = [memoryview(b'')]", "own/nodes.py: X holds a builtins.memoryview"),
        (
            "class A:\n    def __reduce_ex__(self, protocol): 1 / 0\nX = A()",
            "own/nodes.py: X holds a own.nodes.A",
        ),
        (
            "class A(type):\n    __bases__ = property(lambda cls: 1 / 0)\n"
            "class X(metaclass=A): ...",
            "X cannot be followed: ZeroDivisionError('division by zero')",
        ),
    ],
)
def test_what_cannot_be_followed_is_said_once(code, text, words):
    found = code(f"{text}\ndef node(): return X, X\n")

    assert len(found.opaque) == bool(words)
    assert all(each.startswith(words) for each in found.opaque)


def test_it_says_which_call_makes_all_code_of_the_package_count(code):
    text = "import importlib\ndef node(name): return importlib.import_module(name)"
    found = code({"nodes.py": text, "beside.py": "a = 1"}, "one")
    after = code({"nodes.py": text, "beside.py": "a = 2"}, "two")

    words = "importlib.import_module in own/nodes.py: node()"
    differ = [each for each in found.items if found.items[each] != after.items[each]]
    assert differ == [f"all code of own, which {words} may use"]
    assert found.opaque == ()


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("return load_obj(path)", True),
        ("return load_obj('own.models.Model')", True),
        ("return load_obj(path['model'].name)", True),
        ("path = 'own.' + path\n    return load_obj(path)", False),
        ("return [load_obj(path) for path in other]", False),
        ("return (lambda path: load_obj(path))('own.' + path)", False),
        ("return load_obj('own.' + path)", False),
        ("return load_obj(other)", False),
        ("return load_obj(path, other)", False),
        ("return load_obj(TABLE[path])", True),
        ("return (lambda TABLE: load_obj(TABLE[path]))({path: 'own.' + other})", False),
        ("TABLE = {path: 'own.' + other}\n    return load_obj(TABLE[path])", False),
    ],
)
def test_code_that_a_parameter_names_is_found_with_its_value(
    write, tmp_path, text, known
):
    head = "from kedro.utils import load_obj\nTABLE = {'a': 'b'}\n"
    text = f"{head}def node(path, other):\n    {text}"

    def digest(value):
        files = {"nodes.py": text, "beside.py": f"a = {value}"}
        node = write(files, str(value)).node
        versions = module.CodeVersions(tmp_path / "own" / str(value))
        return versions.version(node, frozenset({"path"})).digest

    assert (digest(1) == digest(2)) == known


@pytest.mark.parametrize(
    "value",
    [
        "own.models.Model",
        "own.models:Model.fit",
        "own.models",
        {"model": ["own.models.Model"]},
    ],
)
def test_a_value_that_names_code_of_the_project_counts_with_it(write, tmp_path, value):
    def found(number):
        write({"nodes.py": "", "models.py": f"Model = {number}"}, str(number))
        versions = module.CodeVersions(tmp_path / "own" / str(number))
        return versions.version(value)

    assert "own/models.py" in found(1).items
    assert found(1).digest != found(2).digest


def test_a_text_that_names_nothing_of_the_project_is_a_text(write, tmp_path):
    write({"nodes.py": ""})
    versions = module.CodeVersions(tmp_path / "own" / "one")

    for text in ("data.csv", "own.", "own models", "a.b.c", "1.5", "models", "os.path"):
        assert list(versions.version(text).items) == ["str"]


def test_a_function_without_a_source_file_cannot_be_followed(code):
    found = code("exec('def written(): return 1')\nnode = written")

    assert found.opaque == ("own/nodes.py: written() has no source file",)


def test_a_function_of_no_module_cannot_be_followed(tmp_path):
    names = {}
    exec("def written(): return 1", names)
    found = module.CodeVersions(tmp_path).version(names["written"])

    assert found.opaque == ("code without a file: written() has no source file",)


def test_a_function_that_is_no_longer_that_of_its_file_is_not_trusted(write, tmp_path):
    nodes = write({"nodes.py": "def node(): return 1"})
    path = tmp_path / "own" / "one" / "own" / "nodes.py"

    def opaque():
        return module.CodeVersions(tmp_path / "own" / "one").version(nodes.node).opaque

    assert opaque() == ()
    path.write_text("def node(): return 2")
    assert opaque() == ("own/nodes.py: node() was edited after it was imported",)
    path.write_text("# A comment\n\ndef node(): return 1")
    assert len(opaque()) == 1  # by its line: what stands there is unknown


LIBRARY = """
class Machinery:
    def __init__(self, function):
        self.function = function

def retried(function):
    machinery = Machinery(function)
    def wrapper(*args):
        return machinery.function(*args)
    wrapper.__wrapped__ = function
    return wrapper

def given(argument):
    def decorate(function):
        def wrapper(*args):
            return function(*args), argument
        return wrapper
    return decorate

class Deferred:
    def __getattr__(self, name):
        return Deferred()
    def __call__(self):
        return Deferred()
    def __reduce_ex__(self, protocol):
        raise TypeError

deferred, box = Deferred(), []

def tool():
    return {}
"""


@pytest.fixture
def library(tmp_path, monkeypatch):
    """Install a library; returns what installs another version of it."""
    site = tmp_path / "site-packages"
    monkeypatch.setattr(sys, "path", [*sys.path, str(site)])

    def install(version):
        shutil.rmtree(site, ignore_errors=True)
        (site / f"a_library-{version}.dist-info").mkdir(parents=True)
        (site / "a_lib.py").write_text(LIBRARY.replace("{}", version))
        (site / f"a_library-{version}.dist-info" / "RECORD").write_text("a_lib.py,,\n")
        sys.modules.pop("a_lib", None)
        ops("skip_unchanged.source_code").installed.cache_clear()

    yield install
    sys.modules.pop("a_lib", None)
    ops("skip_unchanged.source_code").installed.cache_clear()


@pytest.mark.parametrize(
    "text",
    [
        "import a_lib\ndef node(): return a_lib.tool()",
        "import a_lib as other\ndef node(): return other.tool()",
        "from a_lib import tool\ndef node(): return tool()",
        "import a_lib\ndef node(data: a_lib.Machinery): return data",
        "import a_lib\nX = [a_lib.Machinery(1)]\ndef node(): return X",
        "import a_lib\nclass A(a_lib.Machinery): ...\ndef node(): return A(1)",
        "def node():\n    import a_lib\n    return a_lib.tool()",
        "def node():\n    from a_lib import tool\n    return tool()",
        "import a_lib\n@a_lib.retried\ndef node(): return 1",
        "from a_lib import deferred\ndef node(): return deferred.name",
    ],
)
def test_another_version_of_a_library_that_is_used_matters(code, library, text):
    library("1.0")
    before = code(text, "one")
    library("1.1")
    after = code(text, "two")

    assert before.digest != after.digest
    assert before.items.keys() - after.items.keys() == {"a_library 1.0"}
    assert after.items.keys() - before.items.keys() == {"a_library 1.1"}
    assert after.opaque == ()


def test_a_library_that_is_imported_and_not_used_does_not(code, library):
    text = "import a_lib\ndef node(): return 1\ndef other(): return a_lib.tool()"
    library("1.0")
    before = code(text, "one")
    library("1.1")

    assert code(text, "two") == before


def test_what_the_project_puts_into_an_object_of_a_library_matters(code, library):
    library("1.0")
    text = "from a_lib import box\nbox.append({})\ndef node(): return box"
    before = code(text.format(1), "one")
    library("1.0")

    assert code(text.format(2), "two").digest != before.digest


def test_a_function_behind_a_decorator_of_a_library_is_followed(code, library):
    library("1.0")
    text = "import a_lib\n@a_lib.retried\ndef node(): return {}"

    assert code(text.format(1), "one").digest != code(text.format(2), "two").digest


@pytest.mark.parametrize(
    "argument",
    ["date(2024, 1, {})", "frozenset([{}])", "[Decimal({})]", "Path('{}')", "Own({})"],
)
def test_what_a_decorator_of_a_library_holds_matters(code, library, argument):
    library("1.0")
    text = f"""
import a_lib
from datetime import date
from decimal import Decimal
from pathlib import Path

class Own:
    def __init__(self, value):
        self.value = value

def plain():
    return 1

node = a_lib.given({argument})(plain)
"""
    before, after = code(text.format(1), "one"), code(text.format(2), "two")

    assert before.digest != after.digest
    assert after.opaque == ()


WRAPT = """
import wrapt

@wrapt.decorator
def twice(wrapped, instance, args, kwargs):
    return wrapped(*args, **kwargs) * {0}

def times(number):
    @wrapt.decorator
    def multiply(wrapped, instance, args, kwargs):
        return wrapped(*args, **kwargs) * number
    return multiply

def plain():
    return 1

@twice
def decorated():
    return 1

def uses():
    return decorated()

later, counted = twice(plain), times({0})(plain)
"""


@pytest.mark.parametrize("name", ["decorated", "uses", "later", "counted"])
def test_a_decorator_that_is_made_by_wrapt_matters(write, tmp_path, name):
    def version(number, folder):
        names = write({"nodes.py": WRAPT.format(number)}, folder)
        return module.CodeVersions(tmp_path / "own" / folder).version(
            getattr(names, name)
        )

    before, same, after = version(2, "one"), version(2, "two"), version(3, "three")

    assert before.digest == same.digest != after.digest
    assert after.opaque == ()


def test_a_module_of_the_project_whose_name_begins_as_the_guards_is_its_own():
    is_of_guards = ops("skip_unchanged.source_code").is_of_guards

    assert is_of_guards(f"{PACKAGE}.ops")
    assert is_of_guards(f"{PACKAGE}.ops.expectations.validator.SuiteValidator")
    assert not is_of_guards(f"{PACKAGE}.ops_hooks")


def test_nothing_is_imported_to_look_at_it(code):
    text = "def node():\n    from .lazy import go\n    import wave, csv\n    return go, wave"
    before = set(sys.modules)
    found = code({"nodes.py": text, "lazy.py": "import chunk\ndef go(): 1 / 0"})

    assert "own/lazy.py" in found.items
    assert set(sys.modules) - before == {"own", "own.nodes"}


def test_it_is_the_same_whether_a_lazy_module_was_imported_or_not(code, tmp_path):
    text = "def node():\n    from . import lazy\n    return lazy.go()"
    before = code({"nodes.py": text, "lazy.py": "def go(): return 1"})
    importlib.import_module("own.lazy")
    node = sys.modules["own.nodes"].node

    assert module.CodeVersions(tmp_path / "own" / "one").version(node) == before


def test_an_extension_that_was_built_in_place_is_taken_as_it_is(write, tmp_path):
    nodes = write(
        {"nodes.py": "fast = None\ndef node(name): return getattr(fast, name)"}
    )
    nodes.fast = ModuleType("own.fast")
    nodes.fast.__file__ = str(tmp_path / "fast.so")

    def code(content):
        (tmp_path / "fast.so").write_bytes(content)
        return module.CodeVersions(tmp_path / "own" / "one").version(nodes.node)

    assert code(b"one").digest == code(b"one").digest != code(b"two").digest
    assert list(code(b"one").items) == ["own/nodes.py: node()", "own/fast.py"]


def test_a_thing_that_is_no_function_can_be_a_node(code):
    text = "import functools\ndef f(a): return a\nnode = functools.partial(f, {})"

    found = code(text.format(1), "one")
    assert found.digest != code(text.format(2), "two").digest
    assert list(found.items) == ["partial", "own/nodes.py: f()"]


def test_the_code_of_a_class_of_the_project_is_that_of_its_methods(write, tmp_path):
    text = "class Reader:\n    def load(self): return {}\nclass More(Reader): pass"

    def digest(value):
        nodes = write({"nodes.py": text.format(value)}, str(value))
        home = tmp_path / "own" / str(value)
        return module.CodeVersions(home).version(nodes.More).digest

    assert len({digest(1), digest(2)}) == 2


def test_a_class_of_a_library_is_its_version(tmp_path):
    found = module.CodeVersions(tmp_path).version(pytest.Item)

    assert list(found.items) == [f"pytest {pytest.__version__}"]


def test_a_thousand_nodes_are_planned_at_once(write, tmp_path):
    text = "".join(f"def f{i}(data): return shared(data) + {i}\n" for i in range(20))
    nodes = write({"nodes.py": f"def shared(data): return data\n{text}"})
    functions = [getattr(nodes, f"f{index % 20}") for index in range(1000)]
    versions = module.CodeVersions(tmp_path / "own" / "one")
    start = time.perf_counter()
    found = {versions.version(each).digest for each in functions}

    assert len(found) == 20
    assert time.perf_counter() - start < 1  # a tenth of it on a quiet machine

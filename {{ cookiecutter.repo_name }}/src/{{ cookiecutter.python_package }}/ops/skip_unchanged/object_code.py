"""The project's own code behind the objects that a dataset holds.

A pickle has the content of an object and the name of its class, but not what the class
does. So whoever reads it depends on that code, too, although nothing in the file tells
when it changed.
"""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from attrs import define, field

from ..core.checksum import of_local_file, of_parts
from .code_version import CodeVersions

# Types of Kedro's own datasets that keep data, and no objects with code.
_DATA = re.compile(
    r"(?:kedro_datasets\.)?(?:pandas|polars|dask|spark|snowflake|databricks|ibis|json|yaml"
    r"|text|toml|plotly|pillow|geopandas|networkx|svmlight|biosequence"
    r"|holoviews|video|api|tracking)\.\w+"
)
_LOCAL = re.compile(r"[^:*?\[]+$")  # a path, and no URL or pattern
_COMPRESSED = (
    *(b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x5d\x00\x00", b"\x28\xb5\x2f\xfd"),
    *(b"\x04\x22\x4d\x18", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda", b"ZF"),
    b"PK",
)
_BLOCK = 1 << 24  # bytes read at a time
_LONGEST = 512  # bytes of a name that may be cut in two by the end of a block


@define(slots=False)
class ObjectCode:
    """The code behind objects, found by the names of modules in the bytes of a file."""

    codes: CodeVersions
    package: str = __name__.partition(".")[0]
    _modules: dict[str, str | None] = field(factory=dict)

    def of(self, entry: dict[str, Any] | None, place: str) -> str | None:
        """A digest of the code that what is in a dataset may need.

        Args:
            entry: the dataset's configuration; none for one that has none.
            place: where the data is.

        Returns:
            An empty text if it needs none of the project's own code; None if that code
            cannot be told from other code.
        """
        if entry is not None and not _may_hold_objects(entry):
            return ""
        names = _names_in(Path(place), self._roots) if _LOCAL.match(place) else None
        if names is None:
            return self._all
        digests = [self._of_module(name) for name in sorted(names)]
        if None in digests:
            return None
        told = [each for each in digests if each]
        return of_parts(told) if told else ""

    def _of_module(self, name: str) -> str | None:
        if name not in self._modules:
            module = _module(name)
            self._modules[name] = self._defined_in(module) if module else self._all
        return self._modules[name]

    def _defined_in(self, module: ModuleType) -> str | None:
        found = [self.codes.version(each) for each in _definitions(module)]
        if any(code.opaque for code in found):
            return None
        return " ".join(code.digest for code in found)

    @cached_property
    def _roots(self) -> list[str]:
        own = self.codes.is_own
        tops = {name.partition(".")[0] for name in list(sys.modules)}
        return sorted({self.package, *filter(own, tops - {"__main__"})})

    @cached_property
    def _all(self) -> str:
        """Of all of the project's code, where nobody knows which is needed."""
        kit = Path(__file__).parents[1]
        package = kit.parent
        files = ((path.relative_to(package), path) for path in package.rglob("*.py"))
        return of_parts(
            f"{name.as_posix()} {of_local_file(str(path))}"
            for name, path in sorted(files)
            if name.parts[0] != kit.name
        )


def _may_hold_objects(entry: dict[str, Any]) -> bool:
    given: Any = entry
    while isinstance(given, dict):
        if given.get("file_format") == "pickle" or "type" not in given:
            return True
        inner = given.get("dataset")
        if inner is None:
            return not _DATA.fullmatch(str(given["type"]))
        given = {"type": inner} if isinstance(inner, str) else inner
    return True


def _names_in(path: Path, roots: list[str]) -> set[str] | None:
    """The names that begin with one of ``roots``; none if the file does not show them."""
    name = re.compile(rb"(?:%s)(?:\.\w+)*" % b"|".join(map(_escaped, roots)))
    found: set[str] = set()
    rest = b""
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                if not rest and block.startswith(_COMPRESSED):
                    return None
                found |= {each.decode() for each in name.findall(rest + block)}
                rest = block[-_LONGEST:]
    except OSError:  # a folder of many, say
        return None
    return found


def _escaped(root: str) -> bytes:
    return re.escape(root).encode()


def _module(name: str) -> ModuleType | None:
    """The module that a name is of, or that has something of that name."""
    within = ""
    while name:
        try:
            # Whoever reads the object imports it, too.
            module = sys.modules.get(name) or importlib.import_module(name)
        except ModuleNotFoundError:
            name, _, within = name.rpartition(".")
        except Exception:  # what a module of the team's may raise; a load says it
            return None
        else:
            return module if not within or hasattr(module, within) else None
    return None


def _definitions(module: ModuleType) -> Iterator[Any]:
    for value in list(vars(module).values()):
        if inspect.isclass(value) or inspect.isfunction(value):
            if value.__module__ == module.__name__:
                yield value

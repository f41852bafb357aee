"""Whose code a module is: the project's, an installed package's, or Python's own."""

from __future__ import annotations

import sys
from difflib import SequenceMatcher
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

from attrs import frozen

_INSTALLED = {"site-packages", "dist-packages"}


@frozen
class Package:
    """An installed package, by the first part of its modules' names."""

    name: str

    @classmethod
    def of(cls, module: str) -> Package:
        """The package of a module; the same for all of Python's own."""
        top = module.partition(".")[0]
        return cls("" if _is_of_python(top) else top)

    @property
    def versions(self) -> tuple[str, ...]:
        """What is installed of it, with versions; nothing for Python's own modules."""
        if not self.name:
            return ()
        return distributions(self.name) or (f"{self.name} of no known version",)


@frozen
class Own:
    """What is the project's own code.

    All that is neither Python's nor installed: the team may keep code beside the
    project, too, or install it in place.
    """

    project: Path
    package: str = ""  # of the project; its own code even where it is installed

    def has(self, module: str) -> bool:
        """Whether a module is the project's own, by its whole name."""
        top = module.partition(".")[0]
        if top in {self.package, "__main__"}:
            return True
        if _is_of_python(top):
            return False
        folders = _folders(top)
        return not folders or any(not _is_installed(each) for each in folders)

    def title(self, module: str, is_package: bool | None = None) -> str:
        """A module as people look for it: its file, from the project's package on."""
        if not module:
            return "code without a file"
        if is_package is None:
            is_package = hasattr(sys.modules.get(module), "__path__")
        path = module.removeprefix(f"{self.package}.").replace(".", "/")
        return f"{path}/__init__.py" if is_package else f"{path}.py"

    def relative(self, path: str) -> str | None:
        """A path without where the project lies; none if it is elsewhere."""
        homes = (str(self.project), self.project.as_posix())
        if not path.startswith(homes):
            return None
        rest = path[len(homes[0]) :].replace("\\", "/")
        return rest if rest[:1] in {"", "/"} else None


def _is_of_python(top: str) -> bool:
    # Cython puts its types into modules that are nowhere.
    return top in sys.stdlib_module_names or top.startswith("_cython_")


def module_of(cls: type) -> str:
    """The module of a class."""
    name: object = cls.__module__  # some classes of C have something else there
    return name if isinstance(name, str) else "builtins"


def find(module: str) -> ModuleSpec | None:
    """Where a module is, without importing it or what is above it."""
    path: list[str] | None = None
    spec = None
    for depth, _ in enumerate(names := module.split(".")):
        try:
            spec = PathFinder.find_spec(".".join(names[: depth + 1]), path)
        except (ImportError, ValueError):
            spec = None
        if spec is None:
            return None
        path = list(spec.submodule_search_locations or [])
    return spec


@cache
def distributions(top: str) -> tuple[str, ...]:
    """The installed packages that a module comes from, with their versions.

    None for a module that no package tells of.
    """
    found = set()
    for name, folder in _likely_first(top):
        files = _files_of(folder)
        if any(_lists(files, word) for word in (f"{top}/", f"{top}.", f"{top}\n")):
            found.add(name)
            if f"{top}/__init__.py".encode() in files:
                break  # otherwise several packages may share it
    return tuple(sorted(found))


def _likely_first(top: str) -> list[tuple[str, Path]]:
    # To read all of them takes a tenth of a second, and half of one with
    # importlib.metadata.packages_distributions; most have the name of their module.
    match = SequenceMatcher(None, "", top.lower())

    def unlikeness(each: tuple[str, Path]) -> tuple[float, str]:
        match.set_seq1(each[0].partition(" ")[0].lower())
        return -match.ratio(), each[0]

    return sorted(_notes(), key=unlikeness)


@cache
def _notes() -> list[tuple[str, Path]]:
    """The notes that pip keeps on what is installed, by name and version."""
    folders = [folder for top in sys.path for folder in Path(top).glob("*.*-info")]
    return [(" ".join(each.stem.split("-")[:2]), each) for each in folders]


def _files_of(notes: Path) -> bytes:
    for name in ("RECORD", "top_level.txt"):
        try:
            return (notes / name).read_bytes() + b"\n"
        except OSError:
            pass
    return b""


def _lists(files: bytes, start: str) -> bool:
    word = start.encode()
    return files.startswith(word) or b"\n" + word in files


@cache
def _folders(top: str) -> tuple[Path, ...]:
    """The folders that hold a module or package."""
    module: ModuleType | None = sys.modules.get(top)
    spec = getattr(module, "__spec__", None) or find(top)
    file = getattr(module, "__file__", None) or getattr(spec, "origin", None)
    places = [file] if file else []
    places += getattr(spec, "submodule_search_locations", None) or []
    return tuple(Path(place).parent for place in places)


@cache
def _is_installed(folder: Path) -> bool:
    # Some platforms put packages elsewhere: what tells is that pip has noted them.
    if _INSTALLED & set(folder.parts):
        return True
    return any(folder.glob("*.dist-info/RECORD"))
